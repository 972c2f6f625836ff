/* SPDX-License-Identifier: MIT */
#ifndef NET_MESSAGE_H
#define NET_MESSAGE_H

#include <stdatomic.h>

#include <framecast/message.h>
#include <framecast/ws.h>

/*
 * The parts of a message, for the outbox that writes them: head, body, tail, in this order.
 *
 * The head on the wire is the WebSocket frame header, if there is one, and the head that the
 * message was made with. Immutable but for the counter. Threads: any.
 */

struct fc_message {
    _Atomic unsigned refs; /* the decrement that reaches 0 acquires what the others released */
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
