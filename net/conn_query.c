/* SPDX-License-Identifier: MIT */
/* What the application may ask of a connection, and the defaults of its options. */
#include "net/conn.h"

#include <string.h>

#include "net/address.h"

#define SECONDS(n) ((int64_t)(n)*1000000000)
#define NS_PER_US 1000
#define MIB (1024u * 1024)

/* Take over what is not given. */
#define INHERIT(field) (options->field = options->field ? options->field : from->field)

void conn_options_inherit(struct fc_conn_options *options, const struct fc_conn_options *from)
{
    INHERIT(message_max_bytes);
    INHERIT(queue_max_bytes);
    INHERIT(high_water_bytes);
    INHERIT(low_water_bytes);
    INHERIT(ping_every_ns);
    INHERIT(pong_timeout_ns);
    INHERIT(close_timeout_ns);
    INHERIT(idle_viewer_ns);
    INHERIT(compression);
}

void conn_options_resolve(struct fc_conn_options *options)
{
    static const struct fc_conn_options defaults = {
        .message_max_bytes = MIB,
        .queue_max_bytes = MIB,
        .ping_every_ns = SECONDS(20),
        .pong_timeout_ns = SECONDS(20),
        .close_timeout_ns = SECONDS(2),
        .idle_viewer_ns = SECONDS(30),
        .compression = FC_COMPRESSION_OFF,
    };
    conn_options_inherit(options, &defaults);
    const struct fc_conn_options water = {
        .high_water_bytes = options->queue_max_bytes / 2,
        .low_water_bytes = options->high_water_bytes ? options->high_water_bytes / 4
                                                     : options->queue_max_bytes / 8,
    };
    conn_options_inherit(options, &water);
}

bool fc_conn_is_open(const struct fc_conn *conn)
{
    return conn_can_send(conn);
}

uint16_t fc_conn_close_code(const struct fc_conn *conn)
{
    return conn->close_code;
}

const char *fc_conn_close_reason(const struct fc_conn *conn)
{
    return conn->close_reason ? conn->close_reason : "";
}

struct fc_loop *fc_conn_loop(const struct fc_conn *conn)
{
    return conn->loop;
}

const char *fc_conn_peer(const struct fc_conn *conn)
{
    struct address address = { .size = sizeof(address.storage) };
    char text[ADDRESS_TEXT_SIZE] = "gone";
    if (conn->watch.fd >= 0 &&
        getpeername(conn->watch.fd, (struct sockaddr *)&address.storage, &address.size) == 0) {
        address_format(&address, text);
    }
    memcpy(conn->loop->peer, text, sizeof(text));
    return conn->loop->peer;
}

const char *fc_conn_subprotocol(const struct fc_conn *conn)
{
    return conn->subprotocol;
}

bool fc_conn_is_deflated(const struct fc_conn *conn)
{
    return conn->is_deflated;
}

const char *fc_conn_tls_version(const struct fc_conn *conn)
{
    return conn->tls ? tls_version(conn->tls) : NULL;
}

const char *fc_conn_tls_subject(const struct fc_conn *conn)
{
    return conn->tls ? tls_subject(conn->tls) : NULL;
}

int64_t fc_conn_rtt(const struct fc_conn *conn)
{
    return conn->rtt_us == UINT32_MAX ? -1 : (int64_t)conn->rtt_us * NS_PER_US;
}

void fc_conn_set_user(struct fc_conn *conn, void *user)
{
    conn->user = user;
}

void *fc_conn_user(const struct fc_conn *conn)
{
    return conn->user;
}

uint64_t fc_conn_dropped(const struct fc_conn *conn)
{
    return outbox_dropped(&conn->outbox);
}

size_t fc_conn_queued(const struct fc_conn *conn)
{
    return conn->outbox.queued_bytes;
}
