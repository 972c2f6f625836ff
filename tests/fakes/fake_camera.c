/* SPDX-License-Identifier: MIT */
/*
 * A camera for machines that have none: preloaded, it answers the calls that libavdevice makes on
 * /dev/video0. Its descriptor is a timer that ticks at the frame rate, so that poll() works on it
 * as on a real one.
 *
 *     FAKE_CAMERA_JPEGS=folder   its pictures, in the order of their names; without it the camera
 *                                has no MJPEG and gives generated YUYV, 320x240
 *     FAKE_CAMERA_PLUG=file      it is plugged in while this file exists; not set: always
 *     FAKE_CAMERA_SILENT=file    while this file exists it delivers nothing
 *     FAKE_CAMERA_FPS=30
 *
 * One camera, opened once at a time.
 */
#undef _FILE_OFFSET_BITS /* open and open64 are both defined here, so neither may be renamed */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <framecast/attr.h>

#include "picture/jpeg_check.h"

#define DEVICE "/dev/video0"
#define DEVICE_MAJOR 81
#define BUFFERS_MAX 32
#define BUFFER_BYTES (4u << 20)
#define PICTURES_MAX 1024
#define RAW_WIDTH 320
#define RAW_HEIGHT 240

struct buffer {
    void *memory; /* as mapped */
    bool is_queued;
};

struct camera {
    pthread_mutex_t lock; /* guards everything here */
    int fd;               /* timerfd; -1 while closed */
    bool is_blocking, is_streaming;
    uint32_t pixel_format, width, height;
    uint32_t buffer_count, next_buffer;
    struct buffer buffers[BUFFERS_MAX];
    uint32_t sequence;
    char *paths[PICTURES_MAX];
    uint32_t path_count;
};

static struct camera camera = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

/* The real one; the union because ISO C has no cast from object to function pointer. */
#define REAL(name, type) \
    union {              \
        void *object;    \
        type function;   \
    } real = { .object = dlsym(RTLD_NEXT, name) }

typedef int (*open_fn)(const char *, int, ...);
typedef int (*close_fn)(int);
typedef int (*ioctl_fn)(int, unsigned long, ...);
typedef void *(*mmap_fn)(void *, size_t, int, int, int, off_t);
typedef int (*stat_fn)(const char *, struct stat *);
typedef int (*fstat_fn)(int, struct stat *);

static bool file_exists(const char *variable, bool otherwise)
{
    const char *path = getenv(variable);
    return path ? access(path, F_OK) == 0 : otherwise;
}

static bool is_plugged(void)
{
    return file_exists("FAKE_CAMERA_PLUG", true);
}

static int fail(int err)
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

static int camera_open(int flags)
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

static int camera_ioctl(unsigned long request, void *arg)
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

/* Whether fd is the camera's; if so the lock is held. */
static bool camera_enter(int fd)
{
    pthread_mutex_lock(&camera.lock);
    if (fd >= 0 && fd == camera.fd) {
        return true;
    }
    pthread_mutex_unlock(&camera.lock);
    return false;
}

static int either_open(const char *name, const char *path, int flags, mode_t mode)
{
    if (strcmp(path, DEVICE) == 0) {
        pthread_mutex_lock(&camera.lock);
        const int fd = camera_open(flags);
        pthread_mutex_unlock(&camera.lock);
        return fd;
    }
    REAL(name, open_fn);
    return real.function(path, flags, mode);
}

static mode_t mode_take(int flags, va_list args)
{
    return flags & (O_CREAT | __O_TMPFILE) ? (mode_t)va_arg(args, unsigned) : 0;
}

FC_API int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = mode_take(flags, args);
    va_end(args);
    return either_open("open", path, flags, mode);
}

FC_API int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = mode_take(flags, args);
    va_end(args);
    return either_open("open64", path, flags, mode);
}

FC_API int close(int fd)
{
    if (camera_enter(fd)) {
        camera.fd = -1;
        pthread_mutex_unlock(&camera.lock);
    }
    REAL("close", close_fn);
    return real.function(fd);
}

FC_API int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    void *arg = va_arg(args, void *);
    va_end(args);
    if (camera_enter(fd)) {
        /* libavdevice keeps requests in an int, which arrives with its sign. */
        const int result = camera_ioctl(request & 0xffffffffu, arg);
        pthread_mutex_unlock(&camera.lock);
        return result;
    }
    REAL("ioctl", ioctl_fn);
    return real.function(fd, request, arg);
}

static void *either_mmap(const char *name, void *at, size_t size, int protection, int flags, int fd,
                         off_t offset)
{
    REAL(name, mmap_fn);
    if (camera_enter(fd)) {
        const uint32_t index = (uint32_t)(offset / BUFFER_BYTES);
        void *memory = real.function(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (index < BUFFERS_MAX && memory != MAP_FAILED) {
            camera.buffers[index].memory = memory;
        }
        pthread_mutex_unlock(&camera.lock);
        return memory;
    }
    return real.function(at, size, protection, flags, fd, offset);
}

FC_API void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return either_mmap("mmap", at, size, protection, flags, fd, offset);
}

FC_API void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return either_mmap("mmap64", at, size, protection, flags, fd, offset);
}

static int status_fill(struct stat *status)
{
    *status = (struct stat){ .st_mode = S_IFCHR | 0660, .st_rdev = makedev(DEVICE_MAJOR, 0) };
    return 0;
}

static int either_stat(const char *name, const char *path, struct stat *status)
{
    if (strcmp(path, DEVICE) == 0) {
        return is_plugged() ? status_fill(status) : fail(ENOENT);
    }
    REAL(name, stat_fn);
    return real.function(path, status);
}

FC_API int stat(const char *path, struct stat *status)
{
    return either_stat("stat", path, status);
}

static int either_fstat(const char *name, int fd, struct stat *status)
{
    if (camera_enter(fd)) {
        pthread_mutex_unlock(&camera.lock);
        return status_fill(status);
    }
    REAL(name, fstat_fn);
    return real.function(fd, status);
}

FC_API int fstat(int fd, struct stat *status)
{
    return either_fstat("fstat", fd, status);
}

/* On 64-bit machines the same struct, under another name. */
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "stat is stat64");

FC_API int stat64(const char *path, struct stat64 *status)
{
    return either_stat("stat64", path, (struct stat *)(void *)status);
}

FC_API int fstat64(int fd, struct stat64 *status)
{
    return either_fstat("fstat64", fd, (struct stat *)(void *)status);
}
