/* SPDX-License-Identifier: MIT */
#include "source/stop.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

int stop_init(struct stop *stop)
{
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        return -errno;
    }
    stop->fd = fd;
    atomic_init(&stop->is_set, false);
    return 0;
}

void stop_fini(struct stop *stop)
{
    close(stop->fd);
    stop->fd = -1;
}

/* The release in stop_set() pairs with the acquire in stop_is_set(). */
void stop_set(struct stop *stop)
{
    atomic_store_explicit(&stop->is_set, true, memory_order_release);
    eventfd_write(stop->fd, 1);
}

void stop_clear(struct stop *stop)
{
    eventfd_t value;
    eventfd_read(stop->fd, &value);
    atomic_store_explicit(&stop->is_set, false, memory_order_release);
}

bool stop_is_set(const struct stop *stop)
{
    return atomic_load_explicit(&stop->is_set, memory_order_acquire);
}

enum stop_wake stop_wait(const struct stop *stop, int fd, int64_t until_ns)
{
    struct pollfd polled[2] = {
        { .fd = stop->fd, .events = POLLIN },
        { .fd = fd, .events = POLLIN }, /* poll() passes over -1 */
    };
    for (;;) {
        int64_t left = until_ns - clock_steady_ns();
        left = left < 0 ? 0 : left;
        const struct timespec timeout = { .tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S };
        const int ready = ppoll(polled, 2, &timeout, NULL);
        if (ready < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOMEM)) {
            continue;
        }
        if (stop_is_set(stop)) {
            return STOP_WAKE_STOPPED;
        }
        return ready != 0 ? STOP_WAKE_READY : STOP_WAKE_TIME;
    }
}
