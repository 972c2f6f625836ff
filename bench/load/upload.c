/* SPDX-License-Identifier: MIT */
/*
 * Every connection sends as fast as the server takes it. The measured time ends when the server has
 * read everything, so what the kernel holds does not count as done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"
#include "process.h"

#define EVENTS_MAX 256

struct sender {
    int fd;
    size_t offset; /* in the block */
    uint64_t sent; /* bytes on the wire */
};

static struct sender *open_senders(const struct load *load, int epoll)
{
    struct sender *senders = calloc((size_t)load->connections, sizeof(*senders));
    if (!senders) {
        die("connections", strerror(ENOMEM));
    }
    for (int i = 0; i < load->connections; i++) {
        struct epoll_event event = { .events = EPOLLOUT, .data.ptr = &senders[i] };
        senders[i].fd = link_open(load, i);
        link_set_blocking(senders[i].fd, false);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, senders[i].fd, &event) < 0) {
            die("epoll_ctl", strerror(errno));
        }
    }
    return senders;
}

static void push(struct sender *sender, const struct block *block)
{
    size_t size = block->size - sender->offset;
    if (size > block->transfer_size) {
        size = block->transfer_size;
    }
    const ssize_t sent = send(sender->fd, block->data + sender->offset, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        die("sending", strerror(errno));
    }
    if (sent > 0) {
        sender->sent += (size_t)sent;
        sender->offset = (sender->offset + (size_t)sent) % block->size;
    }
}

/* Completes the message that has begun, and waits until the server has read it. */
static void finish(const struct load *load, struct sender *sender, const struct block *block)
{
    const size_t into = sender->offset % block->frame_size;
    link_set_blocking(sender->fd, true);
    if (into > 0) {
        link_send_all(sender->fd, block->data + sender->offset, block->frame_size - into);
        sender->sent += block->frame_size - into;
    }
    link_drain(load, sender->fd);
    close(sender->fd);
}

static void run_for(const struct load *load, const struct block *block, double seconds,
                    struct result *result)
{
    const int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct sender *senders = open_senders(load, epoll);
    const int64_t cpu = process_cpu_ns(load->pid);
    const int64_t began = now_ns();
    const int64_t end = began + (int64_t)(seconds * 1e9);
    struct epoll_event events[EVENTS_MAX];
    while (now_ns() < end) {
        const int count = epoll_wait(epoll, events, EVENTS_MAX, 100);
        for (int i = 0; i < count; i++) {
            push(events[i].data.ptr, block);
        }
    }
    for (int i = 0; i < load->connections; i++) {
        finish(load, &senders[i], block);
        result->messages += senders[i].sent / block->frame_size;
    }
    result->wall_s = (double)(now_ns() - began) / 1e9;
    result->cpu_s = (double)(process_cpu_ns(load->pid) - cpu) / 1e9;
    result->bytes = result->messages * load->size;
    free(senders);
    close(epoll);
}

void upload_run(const struct load *load, struct result *result)
{
    struct block block = block_make(load);
    struct result ignored = { 0 };
    run_for(load, &block, load->warm_s, &ignored);
    run_for(load, &block, load->measured_s, result);
    free(block.data);
}
