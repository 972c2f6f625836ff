/* SPDX-License-Identifier: MIT */
#ifndef FAKES_FAKE_DEVICE_H
#define FAKES_FAKE_DEVICE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* What the fake camera is and does; fake_camera.c puts it behind open(), ioctl() and the rest. */

#define BUFFERS_MAX 32
#define BUFFER_BYTES (4u << 20)
#define PICTURES_MAX 1024

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

/* Threads: any, with its lock held. */
extern struct camera camera;

bool is_plugged(void);

/** Gives its descriptor; -1 and errno. */
int camera_open(int flags);

/** As ioctl() on it. */
int camera_ioctl(unsigned long request, void *arg);

/** Set errno; gives -1. */
int fail(int err);

#endif
