/* SPDX-License-Identifier: MIT */
#include "net/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define ALIGNMENT 4096 /* a hole is made of whole pages; where they are larger, some are kept */

enum { NO_FILE = -1, NO_FILE_OF_OURS = -2 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic int file = NO_FILE; /* for the life of the program */
static _Atomic uint64_t end;       /* of what was ever used */
static _Atomic uint64_t bytes_in_use;

static void forget_file(void)
{
    atomic_store_explicit(&file, NO_FILE_OF_OURS, memory_order_relaxed);
}

static void watch_forks(void)
{
    (void)pthread_atfork(NULL, NULL, forget_file);
}

/* The file, made if need be; below 0 without one. Out of descriptors, the next call tries again. */
static int file_get(void)
{
    int before = atomic_load_explicit(&file, memory_order_relaxed);
    if (before != NO_FILE) {
        return before;
    }
    pthread_once(&once, watch_forks);
    const int fd = memfd_create("framecast-messages", MFD_CLOEXEC);
    if (fd >= 0 && !atomic_compare_exchange_strong_explicit(
                       &file, &before, fd, memory_order_relaxed, memory_order_relaxed)) {
        close(fd); /* another thread was faster */
        return before;
    }
    return fd;
}

static uint64_t round_up(size_t size)
{
    return ((uint64_t)size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static bool reserve(uint64_t size)
{
    const uint64_t before = atomic_fetch_add_explicit(&bytes_in_use, size, memory_order_relaxed);
    if (before + size <= PAGES_MAX_BYTES) {
        return true;
    }
    atomic_fetch_sub_explicit(&bytes_in_use, size, memory_order_relaxed);
    return false;
}

static bool write_all(int fd, struct fc_bytes bytes, uint64_t offset)
{
    for (size_t done = 0; done < bytes.size;) {
        const ssize_t size =
            pwrite(fd, bytes.data + done, bytes.size - done, (off_t)(offset + done));
        if (size > 0) {
            done += (size_t)size;
        } else if (size == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool pages_put(const struct fc_bytes *parts, size_t count, struct pages *out)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += parts[i].size;
    }
    const int fd = file_get();
    if (fd < 0 || size > PAGES_MAX_BYTES || !reserve(round_up(size))) {
        return false;
    }
    const uint64_t begin = atomic_fetch_add_explicit(&end, round_up(size), memory_order_relaxed);
    *out = (struct pages){ .offset = (int64_t)begin, .size = size };
    uint64_t at = begin;
    for (size_t i = 0; i < count; i++) {
        if (!write_all(fd, parts[i], at)) {
            pages_drop(out);
            return false;
        }
        at += parts[i].size;
    }
    return true;
}

void pages_drop(const struct pages *pages)
{
    const int fd = atomic_load_explicit(&file, memory_order_relaxed);
    const uint64_t room = round_up(pages->size);
    if (fd >= 0) {
        (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pages->offset, (off_t)room);
        atomic_fetch_sub_explicit(&bytes_in_use, room, memory_order_relaxed);
    }
}

long pages_send(int socket, const struct pages *pages, size_t skip, size_t size)
{
    off_t offset = (off_t)(pages->offset + (int64_t)skip);
    const ssize_t sent =
        sendfile(socket, atomic_load_explicit(&file, memory_order_relaxed), &offset, size);
    return sent >= 0 ? sent : -errno;
}
