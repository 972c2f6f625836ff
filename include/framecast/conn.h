/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_CONN_H
#define FRAMECAST_CONN_H

#include <framecast/loop.h>
#include <framecast/message.h>
#include <framecast/ws.h>

/*
 * A WebSocket connection of a server or a client, or an answer of a server that does not end.
 *
 * Two ways to send, which never share a queue. Reliable: in order, none lost, within a bound; who
 * exceeds it is closed with 1013. Newest: a slot per kind of thing, where a newer message replaces
 * one that has not begun; the next one begins only when about one is in flight.
 *
 * Nothing is written during a call: what one turn of the loop queues leaves in one system call.
 * Every call is harmless when the connection is over.
 */

FC_BEGIN

struct fc_conn; /* Threads: its loop's. */

#define FC_CONN_SLOTS_MAX 64

/** What happens on a connection. All are called on its loop; unset ones are ignored. */
struct fc_conn_handler {
    /* The opening handshake is done: from now on messages may be sent. */
    void (*open)(struct fc_conn *conn);
    /* A whole message; payload is valid during the call only. */
    void (*message)(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload);
    /* The answer to a ping, ours or that of fc_conn_ping(). */
    void (*pong)(struct fc_conn *conn, int64_t rtt_ns);
    /* The first byte of a message from fc_conn_put() went out. */
    void (*started)(struct fc_conn *conn, uint32_t slot, const struct fc_message *message);
    /* The last of what was queued reliably has been given to the kernel. */
    void (*drained)(struct fc_conn *conn);
    /* The queue has grown over the high water mark, or, is_high being false, shrunk to the low. */
    void (*pressure)(struct fc_conn *conn, bool is_high);
    /* It is over; fc_conn_close_code() says how. Never called within a call of the application's,
       and once only, for what was opened, streamed, or given a user. */
    void (*closed)(struct fc_conn *conn);
};

/** Whether permessage-deflate is spoken, if the peer speaks it (RFC 7692). */
enum fc_compression {
    FC_COMPRESSION_DEFAULT, /* off, or what the server says */
    FC_COMPRESSION_OFF,
    FC_COMPRESSION_ON,       /* each message by itself: no memory between messages */
    FC_COMPRESSION_TAKEOVER, /* the peer may refer to its earlier messages: what it sends is
                                smaller, and each connection costs some 40 KiB */
};

/** How messages are bounded and kept alive. Zero means the default; where a server has such options
 *  too, it means the server's. */
struct fc_conn_options {
    uint64_t message_max_bytes; /* of one received message, inflated; 0: 1 MiB */
    /* Reliable messages that wait, each counted with 64 bytes for itself; a single one may be
       larger. 0: 1 MiB */
    uint32_t queue_max_bytes;
    uint32_t high_water_bytes; /* fc_conn_handler.pressure; 0: half of queue_max_bytes */
    uint32_t low_water_bytes;  /* 0: a quarter of high_water_bytes */
    int64_t ping_every_ns;     /* of silence; 0: 20 s, INT64_MAX: never */
    int64_t pong_timeout_ns;   /* 0: 20 s */
    int64_t close_timeout_ns;  /* from our close frame to giving up; 0: 2 s */
    int64_t idle_viewer_ns;    /* taking nothing of what waits for it; 0: 30 s */
    enum fc_compression compression;
};

/* ---- Sending ---- */

/**
 * Queue a message reliably. A message that has a compressed form goes compressed where that was
 * agreed.
 *
 * Errors:    false when the connection is closing, or now is, because its queue was full.
 * Ownership: shares message.
 */
FC_API bool fc_conn_send(struct fc_conn *conn, struct fc_message *message);

enum fc_compress {
    FC_COMPRESS_AUTO,  /* what is agreed, large enough and gets smaller */
    FC_COMPRESS_NEVER, /* pictures, and whatever is compressed already */
};

/** Queue a copy of a text, which is UTF-8; otherwise as fc_conn_send(). */
FC_API bool fc_conn_send_text(struct fc_conn *conn, const char *text);

/** Queue a copy of bytes; otherwise as fc_conn_send(). */
FC_API bool fc_conn_send_bytes(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload,
                               enum fc_compress compress);

/**
 * Queue the next part of a message whose length is not known: each part is a frame. The first call
 * begins the message, is_last ends it. What is sent meanwhile by other calls waits behind it.
 *
 * Parts are not compressed. kind is that of the whole message.
 *
 * Errors:    as fc_conn_send().
 * Spec:      RFC 6455 section 5.4.
 */
FC_API bool fc_conn_send_part(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes part,
                              bool is_last);

/** Bytes queued reliably that have not begun to leave. */
FC_API size_t fc_conn_queued(const struct fc_conn *conn);

/** Put the newest message of a slot, below FC_CONN_SLOTS_MAX. Shares message; as fc_conn_send(). */
FC_API bool fc_conn_put(struct fc_conn *conn, uint32_t slot, struct fc_message *message);

/** Hold a slot: nothing of it begins until it is released. */
FC_API void fc_conn_hold(struct fc_conn *conn, uint32_t slot, bool is_held);

/** Empty a slot; what has begun is finished. */
FC_API void fc_conn_clear(struct fc_conn *conn, uint32_t slot);

/** Messages of all slots that were replaced before they began. */
FC_API uint64_t fc_conn_dropped(const struct fc_conn *conn);

/* ---- Receiving ---- */

/** Receive no more until fc_conn_resume(). What has been read already (up to 256 KiB) still comes.
 */
FC_API void fc_conn_pause(struct fc_conn *conn);
/** Receive again. */
FC_API void fc_conn_resume(struct fc_conn *conn);

/** Send a ping; fc_conn_handler.pong tells its round trip. Errors: false while one is under way. */
FC_API bool fc_conn_ping(struct fc_conn *conn);

/** The newest measured round trip; -1 before the first. Units: ns, in steps of a microsecond. */
FC_API int64_t fc_conn_rtt(const struct fc_conn *conn);

/* ---- The end ---- */

/** End an endless answer once what is queued has gone. */
FC_API void fc_conn_finish(struct fc_conn *conn);

/**
 * Close a WebSocket once what is queued reliably has gone; anything else at once.
 *
 * @param code    of enum fc_ws_code, or an application's own (3000 to 4999)
 * @param reason  a sentence of at most 123 bytes of UTF-8
 */
FC_API void fc_conn_close(struct fc_conn *conn, uint16_t code, const char *reason);

/** True while messages may be sent. */
FC_API bool fc_conn_is_open(const struct fc_conn *conn);

/** The peer's close code, or ours when it broke a rule; 1006 when it just went. 0: not closed. */
FC_API uint16_t fc_conn_close_code(const struct fc_conn *conn);
/** The reason that came with it; "" when there is none. Borrowed. */
FC_API const char *fc_conn_close_reason(const struct fc_conn *conn);

/**
 * Keep the object, for work that outlasts a call, such as a job on an executor: it stays valid,
 * though the connection may be over. Not for another thread to use. Ownership: gives.
 */
FC_API struct fc_conn *fc_conn_ref(struct fc_conn *conn);
/** Drop a reference and set the pointer to NULL; ignores NULL. */
FC_API void fc_conn_unref(struct fc_conn **conn);

/* ---- What is known of it ---- */

/** The loop that the connection lives on. */
FC_API struct fc_loop *fc_conn_loop(const struct fc_conn *conn);

/** The other side, for people: "127.0.0.1:51234" or "unix". Borrowed until the next such call. */
FC_API const char *fc_conn_peer(const struct fc_conn *conn);

/** The subprotocol that was agreed, or NULL. Borrowed for the connection's life. */
FC_API const char *fc_conn_subprotocol(const struct fc_conn *conn);

/** True when permessage-deflate was agreed. */
FC_API bool fc_conn_is_deflated(const struct fc_conn *conn);

/** What TLS agreed on, such as "TLSv1.3"; NULL without TLS. Borrowed. */
FC_API const char *fc_conn_tls_version(const struct fc_conn *conn);
/** The subject of the peer's verified certificate; NULL without. Borrowed. */
FC_API const char *fc_conn_tls_subject(const struct fc_conn *conn);

/** Tie something of the application's to the connection; NULL at first. Borrows user. */
FC_API void fc_conn_set_user(struct fc_conn *conn, void *user);
/** What fc_conn_set_user() was given last. */
FC_API void *fc_conn_user(const struct fc_conn *conn);

FC_END

#endif
