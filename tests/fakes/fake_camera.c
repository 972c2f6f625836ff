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

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <framecast/attr.h>

#include "fake_device.h"

#define DEVICE "/dev/video0"
#define DEVICE_MAJOR 81

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
