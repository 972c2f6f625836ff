/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_CONN_H
#define FRAMECAST_CONN_H

#include <framecast/handshake.h>
#include <framecast/http.h>
#include <framecast/loop.h>
#include <framecast/message.h>
#include <framecast/ws.h>

/*
 * A connection of a server: HTTP requests first, then perhaps an endless response or a WebSocket.
 *
 * Two ways to send, which never share a queue. Reliable: in order, none lost, within a bound; who
 * exceeds it is closed with 1013. Newest: a slot per kind of thing, where a newer message replaces
 * one that has not begun; the next one begins only when about one is in flight.
 *
 * Nothing is written during a call: what one turn of the loop queues leaves in one system call.
 */

FC_BEGIN

struct fc_conn; /* Threads: its loop's. */

#define FC_CONN_SLOTS_MAX 64

/** A whole answer. Zero means the default. */
struct fc_response {
    int status;               /* 0: 200 */
    const char *content_type; /* NULL: none */
    const char *headers;      /* more header lines, each ending in CRLF; NULL: none */
    struct fc_bytes content;  /* copied, or {0} and */
    struct fc_body *body;     /* shared */
};

/** Answer the request whole. The connection then takes the next request, if the client wants. */
FC_API void fc_conn_respond(struct fc_conn *conn, const struct fc_response *response);

/** Begin an endless answer: status, type and headers. Then send, put, and at last finish. */
FC_API void fc_conn_stream(struct fc_conn *conn, const struct fc_response *response);

/**
 * Answer a WebSocket handshake.
 *
 * @param subprotocol        one that the client offers, or NULL
 * @param message_max_bytes  of what the client may send; 0: 64 KiB
 *
 * Errors:    false when the handshake is not in order: it has been answered and refused.
 * Spec:      RFC 6455 section 4.2.2.
 */
FC_API bool fc_conn_accept(struct fc_conn *conn, const struct fc_http_request *request,
                           const char *subprotocol, uint64_t message_max_bytes);

/**
 * Queue a message reliably.
 *
 * Errors:    false when the connection is closing, or now is, because its queue was full.
 * Ownership: shares message.
 */
FC_API bool fc_conn_send(struct fc_conn *conn, struct fc_message *message);

/** Bytes that fc_conn_send() queued and that have not begun to leave. */
FC_API size_t fc_conn_queued(const struct fc_conn *conn);

/** Put the newest message of a slot, below FC_CONN_SLOTS_MAX. Shares message; as fc_conn_send(). */
FC_API bool fc_conn_put(struct fc_conn *conn, uint32_t slot, struct fc_message *message);

/** Hold a slot: nothing of it begins until it is released. */
FC_API void fc_conn_hold(struct fc_conn *conn, uint32_t slot, bool is_held);

/** Empty a slot; what has begun is finished. */
FC_API void fc_conn_clear(struct fc_conn *conn, uint32_t slot);

/** Messages of all slots that were replaced before they began. */
FC_API uint64_t fc_conn_dropped(const struct fc_conn *conn);

/** End an endless answer once what is queued has gone. */
FC_API void fc_conn_finish(struct fc_conn *conn);

/**
 * Close a WebSocket once what is queued reliably has gone; anything else at once.
 *
 * @param code    of enum fc_ws_code, or an application's own (3000 to 4999)
 * @param reason  a sentence of at most 123 bytes of UTF-8
 */
FC_API void fc_conn_close(struct fc_conn *conn, uint16_t code, const char *reason);

/** The loop that the connection lives on. */
FC_API struct fc_loop *fc_conn_loop(const struct fc_conn *conn);

/** The other side, for people: "127.0.0.1:51234" or "unix". Borrowed until the next such call. */
FC_API const char *fc_conn_peer(const struct fc_conn *conn);

/** Tie something of the application's to the connection; NULL at first. Borrows user. */
FC_API void fc_conn_set_user(struct fc_conn *conn, void *user);
/** What fc_conn_set_user() was given last. */
FC_API void *fc_conn_user(const struct fc_conn *conn);

FC_END

#endif
