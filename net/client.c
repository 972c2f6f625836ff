/* SPDX-License-Identifier: MIT */
/*
 * A client's life: an attempt (dial, then the opening handshake), an open connection, a pause, an
 * attempt again. One timer serves both as the limit of an attempt and as the pause.
 *
 *     attempt ──open──▶ connection ──over──▶ pause ──▶ attempt
 *        └────────────── failed ───────────────▲
 *
 * The application's handle is gone after fc_client_close(), the object only when its last
 * connection is.
 */
#include <framecast/client.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "net/client_config.h"
#include "net/conn.h"
#include "net/conn_hello.h"
#include "net/dial.h"
#include "net/error.h"

#define SECONDS(n) ((int64_t)(n)*1000000000)
#define OPEN_TIMEOUT_NS SECONDS(10)
#define BACKOFF_MIN_NS (SECONDS(1) / 2)
#define BACKOFF_MAX_NS SECONDS(30)

struct fc_client {
    struct conn_host host; /* of its connection */
    struct loop_guest guest;
    struct client_config config;
    struct fc_loop *loop; /* borrowed; NULL once it has been left */
    struct fc_timer *timer;
    struct dial *dial;    /* NULL: none under way */
    struct fc_conn *conn; /* borrowed; the attempt's, or the open one */
    void *user;
    void (*failed)(struct fc_client *client, const char *why, int64_t retry_ns);
    int64_t open_timeout_ns, backoff_min_ns, backoff_max_ns;
    int64_t backoff_ns; /* of the next pause */
    int64_t opened_ns;
    bool reconnects;
    bool is_open;
    bool is_final;  /* the attempt's failure */
    bool is_closed; /* the application has let go */
    struct fc_error why;
};

static void attempt(struct fc_client *client);

/* ---- the end of an attempt or a connection ---- */

static void client_free(struct fc_client *client)
{
    if (client->loop) {
        list_remove(&client->guest.link);
    }
    dial_cancel(&client->dial);
    fc_timer_free(&client->timer);
    client_config_fini(&client->config);
    free(client);
}

/* At random in the upper half of the back-off, which doubles. */
static int64_t next_pause(struct fc_client *client)
{
    uint64_t random = 0;
    (void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
    const int64_t half_ns = client->backoff_ns / 2;
    const int64_t pause_ns = half_ns + (int64_t)(random % ((uint64_t)half_ns + 1));
    client->backoff_ns = client->backoff_ns < client->backoff_max_ns / 2 ? client->backoff_ns * 2
                                                                         : client->backoff_max_ns;
    return pause_ns;
}

/* Wait, then try again, if that makes sense. -1: it does not. */
static int64_t plan_retry(struct fc_client *client)
{
    if (!client->reconnects || !client->loop || client->is_closed) {
        return -1;
    }
    const int64_t pause_ns = next_pause(client);
    fc_timer_start(client->timer, pause_ns, 0);
    return pause_ns;
}

static void attempt_failed(struct fc_client *client)
{
    struct fc_error why = client->why; /* the client may be gone after the call */
    fc_timer_stop(client->timer);
    const int64_t retry_ns = client->is_final ? -1 : plan_retry(client);
    if (client->failed && !client->is_closed) {
        client->failed(client, why.text, retry_ns);
    }
}

static void connection_over(struct fc_client *client)
{
    const bool has_lasted =
        client->loop && client->loop->now_ns - client->opened_ns > client->backoff_max_ns;
    client->is_open = false;
    client->backoff_ns = has_lasted ? client->backoff_min_ns : client->backoff_ns;
    (void)plan_retry(client);
}

static void on_left(struct conn_host *host, struct fc_conn *conn)
{
    struct fc_client *client = container_of(host, struct fc_client, host);
    (void)conn;
    client->conn = NULL;
    if (client->is_closed) {
        client_free(client);
    } else if (client->is_open) {
        connection_over(client);
    } else {
        attempt_failed(client);
    }
}

static void on_refused(struct conn_host *host, const char *why, bool is_final)
{
    struct fc_client *client = container_of(host, struct fc_client, host);
    const struct url *url = &client->config.url;
    error_set(&client->why, "no WebSocket at %.200s%.100s: %s",
              url->is_unix ? url->socket : url->authority, url->path, why);
    client->is_final = is_final;
}

static void on_opened(struct conn_host *host)
{
    struct fc_client *client = container_of(host, struct fc_client, host);
    fc_timer_stop(client->timer);
    client->is_open = true;
    client->opened_ns = client->loop ? client->loop->now_ns : 0;
}

static void on_count(struct conn_host *host, enum conn_counter counter)
{
    (void)host;
    (void)counter;
}

/* ---- an attempt ---- */

static struct conn_hello *hello_new(const struct client_config *config)
{
    struct conn_hello *hello = calloc(1, sizeof(*hello));
    if (hello) {
        hello->url = &config->url;
        hello->proxy = config->has_proxy ? &config->proxy : NULL;
        hello->subprotocols = (const char *const *)config->subprotocols;
        hello->headers = config->headers;
        hello->proxy_headers = config->proxy_headers;
        hello->tls = config->tls ? fc_tls_ref(config->tls) : NULL;
    }
    return hello;
}

static void on_dialed(void *ctx, int fd, const char *why)
{
    struct fc_client *client = ctx;
    client->dial = NULL;
    struct conn_hello *hello = fd < 0 ? NULL : hello_new(&client->config);
    if (!hello) {
        if (fd >= 0) {
            close(fd);
        }
        error_set(&client->why, "%s", fd < 0 ? why : "out of memory");
        attempt_failed(client);
        return;
    }
    const bool is_tcp = client->config.has_proxy || !client->config.url.is_unix;
    error_set(&client->why, "the connection ended during the opening handshake");
    const struct conn_arrival arrival = {
        .host = &client->host,
        .fd = fd,
        .is_tcp = is_tcp,
        .hello = hello,
        .user = client->user,
    };
    struct fc_conn *conn = conn_open(client->loop, &arrival);
    if (conn) { /* else it has left already, and the client perhaps with it */
        client->conn = conn;
    }
}

static void on_timer(struct fc_timer *timer, void *ctx)
{
    struct fc_client *client = ctx;
    (void)timer;
    if (client->conn) {
        conn_refuse(client->conn, "the opening handshake took too long", false);
    } else if (client->dial) {
        dial_cancel(&client->dial);
        error_set(&client->why, "cannot connect to %.300s: it took too long",
                  client->config.url.authority);
        attempt_failed(client);
    } else {
        attempt(client);
    }
}

static void attempt(struct fc_client *client)
{
    const struct client_config *config = &client->config;
    client->is_final = false;
    client->dial = dial_start(client->loop, config->has_proxy ? &config->proxy : &config->url,
                              on_dialed, client);
    if (!client->dial) {
        error_set(&client->why, "out of memory");
        attempt_failed(client);
        return;
    }
    fc_timer_start(client->timer, client->open_timeout_ns, 0);
}

/* ---- the application's side ---- */

/* The loop stops; a connection is told by the loop itself. */
static void leave(struct loop_guest *guest)
{
    struct fc_client *client = container_of(guest, struct fc_client, guest);
    list_remove(&guest->link);
    client->loop = NULL;
    dial_cancel(&client->dial);
}

static struct fc_client *client_new(struct fc_loop *loop, const struct fc_client_options *options)
{
    static const struct fc_conn_handler nothing;
    struct fc_client *client = calloc(1, sizeof(*client));
    if (!client) {
        return NULL;
    }
    client->open_timeout_ns = options->open_timeout_ns ? options->open_timeout_ns : OPEN_TIMEOUT_NS;
    client->backoff_min_ns = options->backoff_min_ns ? options->backoff_min_ns : BACKOFF_MIN_NS;
    client->backoff_max_ns = options->backoff_max_ns ? options->backoff_max_ns : BACKOFF_MAX_NS;
    client->backoff_ns = client->backoff_min_ns;
    client->host = (struct conn_host){
        .options = options->conn,
        .handler = options->handler ? options->handler : &nothing,
        .head_timeout_ns = client->open_timeout_ns,
        .refused = on_refused,
        .opened = on_opened,
        .count = on_count,
        .left = on_left,
    };
    conn_options_resolve(&client->host.options);
    client->reconnects = options->reconnects;
    client->failed = options->failed;
    client->user = options->user;
    client->loop = loop;
    client->guest.leave = leave;
    list_append(&loop->guests, &client->guest.link);
    return client;
}

int fc_client_open(struct fc_client **out, struct fc_loop *loop,
                   const struct fc_client_options *options, struct fc_error *error)
{
    struct fc_client *client = client_new(loop, options);
    if (!client) {
        error_set(error, "out of memory");
        return -ENOMEM;
    }
    int err = client_config_init(&client->config, options, error);
    if (err) {
        goto out;
    }
    const struct client_config *config = &client->config;
    client->timer = fc_timer_new(loop, on_timer, client);
    client->dial =
        client->timer
            ? dial_start(loop, config->has_proxy ? &config->proxy : &config->url, on_dialed, client)
            : NULL;
    if (!client->dial) {
        error_set(error, "out of memory, or the loop has ended");
        err = -ENOMEM;
        goto out;
    }
    fc_timer_start(client->timer, client->open_timeout_ns, 0);
    *out = client;
    client = NULL;
out:
    if (client) {
        client_free(client);
    }
    return err;
}

void fc_client_close(struct fc_client **client, uint16_t code, const char *reason)
{
    struct fc_client *c = *client;
    *client = NULL;
    if (!c) {
        return;
    }
    c->is_closed = true;
    dial_cancel(&c->dial);
    fc_timer_free(&c->timer);
    if (!c->conn) {
        client_free(c);
    } else if (c->is_open) {
        fc_conn_close(c->conn, code, reason);
    } else {
        conn_kill(c->conn);
    }
}

struct fc_conn *fc_client_conn(const struct fc_client *client)
{
    return client->is_open ? client->conn : NULL;
}

void *fc_client_user(const struct fc_client *client)
{
    return client->user;
}

struct fc_client *fc_conn_client(const struct fc_conn *conn)
{
    if (!conn->host || conn->host->request) {
        return NULL;
    }
    struct fc_client *client = container_of(conn->host, struct fc_client, host);
    return client->is_closed ? NULL : client;
}
