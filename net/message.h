/* SPDX-License-Identifier: MIT */
#ifndef NET_MESSAGE_H
#define NET_MESSAGE_H

#include <stdatomic.h>

#include <framecast/message.h>
#include <framecast/ws.h>

#include "net/pages.h"

/*
 * The parts of a message, for the outbox that writes them: head, body, tail, in this order.
 *
 * The head on the wire is the WebSocket frame header, if there is one, and the head that the
 * message was made with. Immutable but for the counter and the pages. Threads: any.
 */

/* Whether its bytes lie in pages as well. Who sees it first has them laid out; others do without
 * while that is in work. */
enum message_layout {
    MESSAGE_NOT_LAID_OUT,
    MESSAGE_IN_WORK,
    MESSAGE_LAID_OUT,
    MESSAGE_NEVER_LAID_OUT, /* it failed */
};

struct fc_message {
    _Atomic unsigned refs; /* the decrement that reaches 0 acquires what the others released */
    _Atomic int laid_out;  /* enum message_layout */
    struct pages pages;    /* once it is MESSAGE_LAID_OUT: head, body, tail */
    uint16_t tail_size;
    uint16_t skipped_at;  /* in the head on the wire, of a 16-bit big-endian field; 0: none */
    size_t head_size;     /* of parts, as on the wire; with the payload of a frame that is masked */
    uint64_t tag;         /* the sender's own number */
    struct fc_body *body; /* a reference; NULL: none */
    struct fc_message
        *deflated;   /* a reference: the same, compressed; NULL: there is no such form */
    uint8_t parts[]; /* the head, then the tail */
};

/** Smaller payloads are not compressed: it would gain less than it costs. */
#define MESSAGE_DEFLATE_MIN_BYTES 128

/**
 * A message of which so many references are held is on its way to about as many connections. From
 * there on it is worth its while to lay one of that size out in pages, rather than to have it
 * copied for each: docs/design/pages.md.
 */
#ifndef MESSAGE_PAGES_MIN_BYTES /* fuzz/outbox.c has less of everything */
#define MESSAGE_PAGES_MIN_BYTES ((size_t)32 * 1024)
#define MESSAGE_PAGES_MIN_REFS 16
#endif

/** The bytes on the wire in pages, laid out when that is worth it, and then for good; NULL: copy
 *  them. Borrowed: valid while the message is. Threads: any. */
const struct pages *message_pages(struct fc_message *message);

/** The compressed form of a message; NULL when there is none that is smaller. Gives. */
FC_NODISCARD struct fc_message *message_new_deflated(enum fc_ws_kind kind, struct fc_bytes payload,
                                                     struct fc_deflater *deflater);

/** The same frame as a client sends it, masked with the engine's next key. Errors: NULL. Gives. */
FC_NODISCARD struct fc_message *message_new_masked(const struct fc_message *message,
                                                   struct fc_ws *ws);

/** A frame of a message that comes in parts; kind 0 for all but the first. As fc_message_new(). */
FC_NODISCARD struct fc_message *message_new_part(enum fc_ws_kind kind, struct fc_bytes part,
                                                 bool is_last);

static inline struct fc_bytes message_head(const struct fc_message *message)
{
    return (struct fc_bytes){ .data = message->parts, .size = message->head_size };
}

static inline struct fc_bytes message_body(const struct fc_message *message)
{
    return message->body ? fc_body_bytes(message->body) : (struct fc_bytes){ 0 };
}

static inline struct fc_bytes message_tail(const struct fc_message *message)
{
    return (struct fc_bytes){ .data = message->parts + message->head_size,
                              .size = message->tail_size };
}

#endif
