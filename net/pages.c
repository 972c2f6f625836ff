/* SPDX-License-Identifier: MIT */
#include "net/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NO_FILE = -1, NEVER_A_FILE = -2 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint64_t page_bytes;
static _Atomic int file = NO_FILE; /* for the life of the program */
static _Atomic uint64_t end;       /* of what was ever used */
static _Atomic uint64_t bytes_in_use;

/* The file is the parent's, who goes on using it. */
static void forget_file(void)
{
    atomic_store_explicit(&file, NEVER_A_FILE, memory_order_relaxed);
}

static void begin(void)
{
    page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    (void)pthread_atfork(NULL, NULL, forget_file);
}

static bool punch(int fd, uint64_t offset, uint64_t size)
{
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size) ==
           0;
}

/*
 * Whether the system does with such a file what is needed. Where it has large pages
 * (/sys/kernel/mm/transparent_hugepage/shmem_enabled), several messages would share one, and what a
 * hole covers only in part is wiped, under the sockets that hold it. A limit to the size of files
 * is told by a signal that ends the program.
 */
static bool is_usable(int fd)
{
    struct stat about;
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY &&
           pwrite(fd, "", 1, 0) == 1 && fstat(fd, &about) == 0 &&
           (uint64_t)about.st_blksize <= page_bytes && punch(fd, 0, page_bytes);
}

static int file_make(void)
{
    const int fd = memfd_create("framecast-messages", MFD_CLOEXEC);
    if (fd < 0) {
        return NO_FILE; /* out of descriptors, perhaps: the next call tries again */
    }
    if (!is_usable(fd)) {
        close(fd);
        return NEVER_A_FILE;
    }
    return fd;
}

/* The file, made if need be; below 0 without one. */
static int file_get(void)
{
    int before = atomic_load_explicit(&file, memory_order_acquire);
    if (before != NO_FILE) {
        return before;
    }
    pthread_once(&once, begin);
    const int fd = file_make();
    if (!atomic_compare_exchange_strong_explicit(&file, &before, fd, memory_order_release,
                                                 memory_order_relaxed)) {
        if (fd >= 0) {
            close(fd); /* another thread was faster */
        }
        return before;
    }
    return fd;
}

/* A hole must be of whole pages, or what is beside it is wiped. */
static uint64_t round_up(size_t size)
{
    return ((uint64_t)size + page_bytes - 1) / page_bytes * page_bytes;
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
    if (fd < 0 || size > PAGES_MAX_MESSAGE_BYTES || !reserve(round_up(size))) {
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
    if (fd >= 0 && punch(fd, (uint64_t)pages->offset, round_up(pages->size))) {
        atomic_fetch_sub_explicit(&bytes_in_use, round_up(pages->size), memory_order_relaxed);
    }
}

long pages_send(int socket, const struct pages *pages, size_t skip, size_t size)
{
    const int fd = atomic_load_explicit(&file, memory_order_relaxed);
    off_t offset = (off_t)(pages->offset + (int64_t)skip);
    ssize_t sent = 0;
    do {
        sent = sendfile(socket, fd, &offset, size);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0 ? sent : -errno;
}
