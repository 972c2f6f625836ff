/* SPDX-License-Identifier: MIT */
#include "fake_device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "picture/jpeg_check.h"

#define RAW_WIDTH 320
#define RAW_HEIGHT 240

struct camera camera = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

static bool file_exists(const char *variable, bool otherwise)
{
    const char *path = getenv(variable);
    return path ? access(path, F_OK) == 0 : otherwise;
}

bool is_plugged(void)
{
    return file_exists("FAKE_CAMERA_PLUG", true);
}

int fail(int err)
{
    errno = err;
    return -1;
}

static int name_order(const void *a, const void *b)
{
    const char *const *a_name = a;
    const char *const *b_name = b;
    return strcmp(*a_name, *b_name);
}

static void paths_read(void)
{
    const char *folder = getenv("FAKE_CAMERA_JPEGS");
    DIR *dir = folder && camera.path_count == 0 ? opendir(folder) : NULL;
    if (!dir) {
        return;
    }
    for (const struct dirent *entry = readdir(dir); entry && camera.path_count < PICTURES_MAX;
         entry = readdir(dir)) {
        char *path = NULL;
        if (entry->d_name[0] != '.' && asprintf(&path, "%s/%s", folder, entry->d_name) > 0) {
            camera.paths[camera.path_count++] = path;
        }
    }
    closedir(dir);
    qsort(camera.paths, camera.path_count, sizeof(camera.paths[0]), name_order);
}

/* One file into memory of BUFFER_BYTES; how much it is. */
static size_t file_load(const char *path, void *memory)
{
    FILE *file = fopen(path, "rb");
    const size_t size = file ? fread(memory, 1, BUFFER_BYTES, file) : 0;
    if (file) {
        fclose(file);
    }
    return size;
}

/* The size of its pictures is that of the first. */
static void size_find(void)
{
    camera.pixel_format = camera.path_count > 0 ? V4L2_PIX_FMT_MJPEG : V4L2_PIX_FMT_YUYV;
    camera.width = RAW_WIDTH;
    camera.height = RAW_HEIGHT;
    uint8_t *data = camera.path_count > 0 ? malloc(BUFFER_BYTES) : NULL;
    if (data) {
        size_t bytes;
        const struct fc_bytes jpeg = { .data = data, .size = file_load(camera.paths[0], data) };
        if (jpeg_check(jpeg, &camera.width, &camera.height, &bytes)) {
            fprintf(stderr, "fake camera: '%s' is not a JPEG\n", camera.paths[0]);
        }
        free(data);
    }
}

int camera_open(int flags)
{
    if (!is_plugged()) {
        return fail(ENOENT);
    }
    if (camera.fd >= 0) {
        return fail(EBUSY);
    }
    paths_read();
    size_find();
    camera.is_blocking = !(flags & O_NONBLOCK);
    camera.is_streaming = false;
    camera.buffer_count = camera.next_buffer = camera.sequence = 0;
    camera.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return camera.fd;
}

static int timer_set(bool is_running)
{
    const char *fps = getenv("FAKE_CAMERA_FPS");
    const double rate = fps && atof(fps) >= 1 ? atof(fps) : 30.0;
    const struct timespec step = { .tv_sec = rate <= 1 ? 1 : 0,
                                   .tv_nsec = rate <= 1 ? 0 : (long)(1e9 / rate) };
    const struct itimerspec spec = { .it_interval = step, .it_value = step };
    const struct itimerspec never = { .it_value = { .tv_sec = 0 } };
    return timerfd_settime(camera.fd, 0, is_running ? &spec : &never, NULL);
}

static int get_capability(struct v4l2_capability *capability)
{
    *capability = (struct v4l2_capability){
        .driver = "fake",
        .card = "Fake camera",
        .capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_DEVICE_CAPS,
        .device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING,
    };
    return 0;
}

/* It has one format and one size, and gives that whatever it is asked for. */
static int get_format(struct v4l2_format *format)
{
    const bool is_raw = camera.pixel_format == V4L2_PIX_FMT_YUYV;
    format->fmt.pix = (struct v4l2_pix_format){
        .width = camera.width,
        .height = camera.height,
        .pixelformat = camera.pixel_format,
        .field = V4L2_FIELD_NONE,
        .bytesperline = is_raw ? camera.width * 2 : 0,
        .sizeimage = is_raw ? camera.width * camera.height * 2 : BUFFER_BYTES,
    };
    return 0;
}

static int get_parameters(struct v4l2_streamparm *parameters)
{
    parameters->parm.capture = (struct v4l2_captureparm){
        .capability = V4L2_CAP_TIMEPERFRAME,
        .timeperframe = { .numerator = 1, .denominator = 30 },
    };
    return 0;
}

static int request_buffers(struct v4l2_requestbuffers *request)
{
    if (request->count > BUFFERS_MAX) {
        request->count = BUFFERS_MAX;
    }
    camera.buffer_count = request->count;
    for (uint32_t i = 0; i < camera.buffer_count; i++) {
        camera.buffers[i] = (struct buffer){ .memory = NULL };
    }
    return 0;
}

static int query_buffer(struct v4l2_buffer *buffer)
{
    if (buffer->index >= camera.buffer_count) {
        return fail(EINVAL);
    }
    buffer->m.offset = buffer->index * BUFFER_BYTES;
    buffer->length =
        camera.pixel_format == V4L2_PIX_FMT_YUYV ? camera.width * camera.height * 2 : BUFFER_BYTES;
    return 0;
}

static int queue_buffer(const struct v4l2_buffer *buffer)
{
    if (buffer->index >= camera.buffer_count) {
        return fail(EINVAL);
    }
    camera.buffers[buffer->index].is_queued = true;
    return 0;
}

static size_t picture_fill(uint8_t *memory)
{
    if (camera.pixel_format == V4L2_PIX_FMT_MJPEG) {
        return file_load(camera.paths[camera.sequence % camera.path_count], memory);
    }
    const size_t size = (size_t)camera.width * camera.height * 2;
    for (size_t i = 0; i < size; i += 2) {
        memory[i] = (uint8_t)(16 + (i / 2 + camera.sequence * 3) % 220);
        memory[i + 1] = 128;
    }
    return size;
}

/* Whether a tick has come; waits for it if the camera was opened so. */
static bool tick_take(void)
{
    uint64_t ticks;
    if (camera.is_blocking) {
        struct pollfd polled = { .fd = camera.fd, .events = POLLIN };
        poll(&polled, 1, -1);
    }
    return read(camera.fd, &ticks, sizeof(ticks)) == (ssize_t)sizeof(ticks);
}

static int dequeue_buffer(struct v4l2_buffer *buffer)
{
    if (!camera.is_streaming) {
        return fail(EINVAL);
    }
    if (!tick_take() || file_exists("FAKE_CAMERA_SILENT", false)) {
        return fail(EAGAIN);
    }
    for (uint32_t n = 0; n < camera.buffer_count; n++) {
        const uint32_t index = (camera.next_buffer + n) % camera.buffer_count;
        struct buffer *found = &camera.buffers[index];
        if (found->is_queued && found->memory) {
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            buffer->index = index;
            buffer->bytesused = (uint32_t)picture_fill(found->memory);
            buffer->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
            buffer->timestamp = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
            buffer->sequence = camera.sequence++;
            found->is_queued = false;
            camera.next_buffer = index + 1;
            return 0;
        }
    }
    return fail(EAGAIN);
}

static int stream_on(bool is_on)
{
    camera.is_streaming = is_on;
    return timer_set(is_on);
}

int camera_ioctl(unsigned long request, void *arg)
{
    if (!is_plugged()) {
        return fail(ENODEV);
    }
    switch (request) {
    case VIDIOC_QUERYCAP:
        return get_capability(arg);
    case VIDIOC_G_INPUT:
        *(int *)arg = 0;
        return 0;
    case VIDIOC_ENUMINPUT:
        *(struct v4l2_input *)arg = (struct v4l2_input){ .type = V4L2_INPUT_TYPE_CAMERA };
        return 0;
    case VIDIOC_G_FMT:
    case VIDIOC_S_FMT:
        return get_format(arg);
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
        return get_parameters(arg);
    case VIDIOC_REQBUFS:
        return request_buffers(arg);
    case VIDIOC_QUERYBUF:
        return query_buffer(arg);
    case VIDIOC_QBUF:
        return queue_buffer(arg);
    case VIDIOC_DQBUF:
        return dequeue_buffer(arg);
    case VIDIOC_STREAMON:
        return stream_on(true);
    case VIDIOC_STREAMOFF:
        return stream_on(false);
    default:
        return fail(ENOTTY);
    }
}
