/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_MESSAGE_H
#define FRAMECAST_MESSAGE_H

#include <framecast/attr.h>
#include <framecast/bytes.h>
#include <framecast/code.h>

/*
 * What is sent to many: bytes ready for the wire, immutable, counted by reference.
 *
 * A body is the payload itself. A message is one way to send a body: with a WebSocket frame
 * header, or a multipart part header, written once beside it. Sending a message to one more
 * connection costs a reference and no copy.
 */

FC_BEGIN

struct fc_body;    /* Threads: any. */
struct fc_message; /* Threads: any. */

/** A body from a copy of bytes. Errors: NULL without memory. Ownership: gives. Threads: any. */
FC_API FC_NODISCARD struct fc_body *fc_body_new(struct fc_bytes bytes);

/**
 * A body around bytes that somebody else keeps until release(owner), which runs on whatever thread
 * drops the last reference.
 *
 * Errors:    NULL without memory; release is not called then.
 * Ownership: gives; takes owner on success.
 * Threads:   any.
 */
FC_API FC_NODISCARD struct fc_body *fc_body_wrap(struct fc_bytes bytes,
                                                 void (*release)(void *owner), void *owner);

/** Take one more reference. Threads: any. */
FC_API struct fc_body *fc_body_ref(struct fc_body *body);
/** Drop a reference and set the pointer to NULL; ignores NULL. Threads: any. */
FC_API void fc_body_unref(struct fc_body **body);
/** The payload. Borrowed: valid while the body is. Threads: any. */
FC_API struct fc_bytes fc_body_bytes(const struct fc_body *body);

#define FC_MESSAGE_HEAD_MAX 256
#define FC_MESSAGE_TAIL_MAX 64

struct fc_message_options {
    enum fc_ws_kind ws_kind; /* 0: not a WebSocket message; else head, body and tail together are
                                the payload of one frame, whose header is put before them */
    struct fc_bytes head;    /* copied; at most FC_MESSAGE_HEAD_MAX */
    struct fc_body *body;    /* shared; may be NULL */
    struct fc_bytes tail;    /* copied; at most FC_MESSAGE_TAIL_MAX */
    uint64_t tag;            /* the sender's own number, such as a picture's */
    /* Makes a compressed form as well, once for all, where that gets smaller; borrowed for the
       call. Not for pictures, nor with skipped_at. NULL: none. */
    struct fc_deflater *deflater;
    int skipped_at; /* offset in head of a 16-bit big-endian field that is filled, for each
                       receiver, with how many messages it did not get before this one;
                       0: none */
};

/** Make a message. Errors: NULL without memory. Ownership: gives; shares options->body. */
FC_API FC_NODISCARD struct fc_message *fc_message_new(const struct fc_message_options *options);

/** A WebSocket message from a copy of a payload. Otherwise as fc_message_new(). */
FC_API FC_NODISCARD struct fc_message *fc_message_new_ws(enum fc_ws_kind kind,
                                                         struct fc_bytes payload);

/** Take one more reference. Threads: any. */
FC_API struct fc_message *fc_message_ref(struct fc_message *message);

/** Drop a reference and set the pointer to NULL; ignores NULL. Threads: any. */
FC_API void fc_message_unref(struct fc_message **message);

/** The sender's own number, as it was made with. Threads: any. */
FC_API uint64_t fc_message_tag(const struct fc_message *message);

/** Bytes on the wire. */
FC_API size_t fc_message_size(const struct fc_message *message);

FC_END

#endif
