/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_WS_H
#define FRAMECAST_WS_H

#include <stdbool.h>
#include <stdint.h>

#include <framecast/attr.h>
#include <framecast/bytes.h>
#include <framecast/code.h>
#include <framecast/deflate.h>

/*
 * The WebSocket protocol (RFC 6455) after the opening handshake, without any I/O.
 *
 * Input and output are buffer pairs of the same shape: ask for a buffer, then say how much of it
 * was used. Events are pulled. Time is an argument. Failure sticks: once the peer broke the
 * protocol or left, the engine wants no input, offers nothing after its close frame, and every call
 * is harmless. Memory that runs out is such a failure too, with the code 1011.
 *
 *     struct fc_space in = fc_ws_input(ws);
 *     ssize_t n = read(fd, in.data, in.size);
 *     fc_ws_input_done(ws, n > 0 ? (size_t)n : 0, now_ns);      // 0: end of the stream
 *     for (struct fc_ws_event ev; fc_ws_next_event(ws, &ev);) { ... }
 *     for (struct fc_bytes out; (out = fc_ws_output(ws)).size > 0;) {
 *         ssize_t w = write(fd, out.data, out.size);
 *         fc_ws_output_done(ws, w > 0 ? (size_t)w : 0);          // 0: the peer is gone
 *     }
 */

FC_BEGIN

struct fc_ws; /* Threads: one at a time, for every call below. */

enum fc_ws_role { FC_WS_SERVER, FC_WS_CLIENT };

/** Zero means "the default", so { 0 } is a working server engine. */
struct fc_ws_options {
    enum fc_ws_role role;
    uint64_t message_max_bytes;   /* of one received message; 0: 16 MiB */
    uint64_t output_max_bytes;    /* queued by fc_ws_send and not yet taken; 0: 1 MiB */
    int64_t close_timeout_ns;     /* from our close frame to giving up; 0: 2 s */
    int64_t ping_every_ns;        /* after this long without input; 0: never */
    int64_t pong_timeout_ns;      /* from a ping, or input after it, to giving up; 0: 20 s */
    uint32_t fragments_max;       /* of one message, up to 65535; 0: 16384 */
    struct fc_space input_space;  /* lent for the engine's life and shareable between all engines of
                                     one thread, at least 1 KiB; {0}: the engine has its own 16 KiB.
                                     All events must be pulled before another engine uses it. */
    bool may_hold_input;          /* part of a message may stay in a lent input_space, which is then
                                     another's only after fc_ws_input_release() */
    uint8_t mask_secret[16];      /* client: random bytes that the masking keys come from */
    struct fc_deflate deflate;    /* what the opening handshake agreed on */
    struct fc_inflater *inflater; /* lent and shareable as input_space is; used where the peer sends
                                     each message by itself. NULL: one is made when needed */
};

enum fc_ws_event_type {
    FC_WS_EVENT_MESSAGE, /* kind, payload: a whole message */
    FC_WS_EVENT_PING,    /* payload; the pong is already queued */
    FC_WS_EVENT_PONG,    /* payload; rtt_ns when it answers our last ping, else -1 */
    FC_WS_EVENT_CLOSE,   /* code, payload (the reason): the last event there is */
};

/** payload is borrowed and valid until the next fc_ws_next_event() or fc_ws_input() call. */
struct fc_ws_event {
    enum fc_ws_event_type type;
    enum fc_ws_kind kind;
    struct fc_bytes payload;
    int64_t rtt_ns;
    uint16_t code; /* what the peer sent, or what we sent when it broke a rule */
    bool is_clean; /* close: both close frames were seen */
};

/**
 * Make an engine for a connection whose opening handshake is done.
 *
 * Errors:    NULL without memory.
 * Ownership: gives; release with fc_ws_free(). Borrows options for the call.
 * Threads:   any.
 */
FC_API FC_NODISCARD struct fc_ws *fc_ws_new(const struct fc_ws_options *options);

/** Release an engine and set the pointer to NULL. Ownership: takes *ws; ignores NULL. */
FC_API void fc_ws_free(struct fc_ws **ws);

/**
 * Offer room for the next bytes from the peer.
 *
 * In the middle of a large message the room is that message's own buffer, so that its bytes are
 * never copied. Room of size 0 means that no more input is wanted.
 *
 * Ownership: borrowed until fc_ws_input_done().
 */
FC_API struct fc_space fc_ws_input(struct fc_ws *ws);

#define FC_WS_INPUT_PARTS 2

/**
 * As fc_ws_input(), for readv(): in the middle of a large message a second part for what follows
 * it. Fill the first before the second. Gives the count of parts; 0: no more input is wanted.
 *
 * Ownership: borrowed until fc_ws_input_done().
 */
FC_API uint32_t fc_ws_input_parts(struct fc_ws *ws, struct fc_space parts[FC_WS_INPUT_PARTS]);

/** Say how many bytes were put into the room that was offered; 0 is the end of the stream. */
FC_API void fc_ws_input_done(struct fc_ws *ws, size_t size, int64_t now_ns);

/**
 * Give the lent input space up to others: what lies there of a message is copied to memory of the
 * engine's own. Call it before another engine is offered input, after all events were pulled, if
 * the options say may_hold_input; costs nothing when nothing is held.
 *
 * Errors:    false without memory: the connection failed, with an event to be pulled.
 */
FC_API bool fc_ws_input_release(struct fc_ws *ws);

/** Take the next event. Call until it returns false before offering more input. Errors: false, with
 * *event untouched, when there is none. */
FC_API bool fc_ws_next_event(struct fc_ws *ws, struct fc_ws_event *event);

/**
 * Queue one whole message in a single frame; the payload is copied.
 *
 * That text is UTF-8 is the caller's to see to; it is not checked.
 *
 * Errors:    false, with nothing queued, once closing has begun, when it would not fit in
 *            output_max_bytes, or while a message in parts has not ended.
 * Spec:      RFC 6455 section 5.6.
 */
FC_API bool fc_ws_send(struct fc_ws *ws, enum fc_ws_kind kind, struct fc_bytes payload);

/** As fc_ws_send(), of what fc_deflater_run() made, and only where permessage-deflate was agreed.
 * Spec: RFC 7692 section 7.2.1. */
FC_API bool fc_ws_send_deflated(struct fc_ws *ws, enum fc_ws_kind kind, struct fc_bytes payload);

/**
 * Queue the next part of a message of unknown length, as a frame of its own. The first call begins
 * the message, is_last ends it; until then fc_ws_send() refuses. kind is that of the whole message.
 *
 * Errors:    as fc_ws_send().
 * Spec:      RFC 6455 section 5.4.
 */
FC_API bool fc_ws_send_part(struct fc_ws *ws, enum fc_ws_kind kind, struct fc_bytes part,
                            bool is_last);

/**
 * Queue a ping whose pong will carry the measured round trip.
 *
 * Errors:    false once closing has begun or while an earlier ping is unanswered.
 * Spec:      RFC 6455 section 5.5.2.
 */
FC_API bool fc_ws_ping(struct fc_ws *ws, int64_t now_ns);

/**
 * Begin the closing handshake. A reason longer than 123 bytes is cut at a character.
 *
 * Does nothing when closing has begun already. code is one that may be sent, 3000 to 4999 included,
 * or FC_WS_CODE_NO_STATUS for an empty close frame. reason may be NULL. Messages that the peer
 * sends before its own close frame are discarded.
 *
 * Spec:      RFC 6455 section 7.1.2.
 */
FC_API void fc_ws_close(struct fc_ws *ws, enum fc_ws_code code, const char *reason, int64_t now_ns);

/** Give the bytes that wait to be sent; size 0 when there are none. Ownership: borrowed until the
 * next call on ws. */
FC_API struct fc_bytes fc_ws_output(struct fc_ws *ws);

/** Say how many of them were sent; 0 when the peer is gone, not when it is busy. */
FC_API void fc_ws_output_done(struct fc_ws *ws, size_t size);

/**
 * Let time pass: pings and time-outs happen here.
 *
 * Ask anew when fc_ws_is_open() has turned false since: the close frame's time-out counts from
 * fc_ws_close(), or from the first call of this after a failure.
 *
 * Units:     nanoseconds of any steady clock; returns when to call again at the latest,
 *            INT64_MAX when never.
 */
FC_API int64_t fc_ws_tick(struct fc_ws *ws, int64_t now_ns);

/**
 * Say that the peer has not yet taken all that it was sent, so that a ping may still be on its way
 * to it: the time-out of the pong counts from now. Threads: the one that owns ws.
 */
FC_API void fc_ws_postpone_pong(struct fc_ws *ws, int64_t now_ns);

/** True while messages may be sent. */
FC_API bool fc_ws_is_open(const struct fc_ws *ws);

/** True once the transport should be closed: nothing to read, nothing left to send. */
FC_API bool fc_ws_is_done(const struct fc_ws *ws);

FC_END

#endif
