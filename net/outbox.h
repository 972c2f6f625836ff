/* SPDX-License-Identifier: MIT */
#ifndef NET_OUTBOX_H
#define NET_OUTBOX_H

#include <sys/uio.h>

#include <framecast/message.h>

#include "net/ring.h"

/*
 * What one connection has yet to be sent. Holds references, never copies of payloads.
 *
 * Three places, in the order in which they leave:
 *   current   the message whose first byte has gone; it must be finished
 *   queue     reliable messages, in order, bounded by the connection
 *   slots     one message each, the newest; replaced ones are counted
 *
 * A message in parts holds up everything but what is pushed to the front: its frames must not be
 * mixed with others.
 *
 * Does no I/O: outbox_gather() shows what to write, outbox_advance() is told how much went. An
 * idle outbox owns a few bytes, or none.
 */

#define OUTBOX_NONE UINT16_MAX
#define OUTBOX_IOV_MAX 64

/* No further message is added to a write of so many bytes, which is what a socket with the buffer
 * of a near peer holds. Offered more, it fills to the brim, and the rest leaves in pieces. */
#define OUTBOX_WRITE_BYTES ((size_t)1000 * 1000)

struct outbox_slots;

/** Threads: one at a time. */
struct outbox {
    struct ring queue;
    struct ring *behind;   /* owned; what waits for a message in parts to end, or NULL */
    uint16_t chosen;       /* slot that the last gather offered, or OUTBOX_NONE */
    uint32_t current_slot; /* of current, or OUTBOX_NONE */
    size_t queued_bytes;   /* of the queue, and of what is behind */
    struct fc_message *current;
    size_t current_sent;
    struct outbox_slots *slots; /* NULL until the first put */
};

void outbox_init(struct outbox *outbox);
void outbox_fini(struct outbox *outbox);

/** Put into an empty outbox what must go first, whatever comes: as if it had begun. Shares message.
 */
void outbox_begin(struct outbox *outbox, struct fc_message *message);

/** Append to the queue, or put before it. Shares message. Errors: false without memory. */
FC_NODISCARD bool outbox_push(struct outbox *outbox, struct fc_message *message);
FC_NODISCARD bool outbox_push_front(struct outbox *outbox, struct fc_message *message);

/** Push a frame of a message in parts. As outbox_push(). */
FC_NODISCARD bool outbox_push_part(struct outbox *outbox, struct fc_message *message, bool is_last);

/** Push the last there will be: a message in parts that has not ended, and what is behind it, is
 *  given up. As outbox_push(). */
FC_NODISCARD bool outbox_push_last(struct outbox *outbox, struct fc_message *message);

/** Put a slot's newest message; what it replaces is counted. As outbox_push(). */
FC_NODISCARD bool outbox_put(struct outbox *outbox, uint32_t slot, struct fc_message *message);

/** Hold or release a slot, empty it, empty them all, empty the queue. */
void outbox_hold(struct outbox *outbox, uint32_t slot, bool is_held);
void outbox_clear(struct outbox *outbox, uint32_t slot);
void outbox_clear_slots(struct outbox *outbox);
void outbox_clear_queue(struct outbox *outbox);

/** Whether something must be written now; whether a slot could begin; whether one is only held. */
bool outbox_has_due(const struct outbox *outbox);
bool outbox_has_queued(const struct outbox *outbox); /* of what is due, anything of the queue */
bool outbox_has_ready_slot(const struct outbox *outbox);
bool outbox_has_held_message(const struct outbox *outbox);

/** Whether a message in parts has begun and not ended; how many messages are queued. */
bool outbox_is_in_parts(const struct outbox *outbox);
uint32_t outbox_queued_count(const struct outbox *outbox);

uint64_t outbox_dropped(const struct outbox *outbox);

/** Show what is to be written next, in so many parts: messages until they are OUTBOX_WRITE_BYTES; a
 *  slot's message only when may_begin. */
int outbox_gather(struct outbox *outbox, bool may_begin, struct iovec *iov, int iov_max);

/** Called when the first byte of a slot's message went, and the outbox may be used again. */
typedef void outbox_started_fn(void *ctx, uint32_t slot, const struct fc_message *message);

/** Say how many of the bytes that outbox_gather() showed have gone. */
void outbox_advance(struct outbox *outbox, size_t size, outbox_started_fn *started, void *ctx);

#endif
