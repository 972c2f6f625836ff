/* SPDX-License-Identifier: MIT */
/*
 * The command `watch`: a client of the library on a loop of its own, which makes the connection
 * again when it is lost. What is said and heard there is the session's.
 *
 * Who names no stream gets the server's first, so its list is fetched while the connection is
 * already open: on the executor, for that blocks.
 */
#include "cli/cli.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/client.h>
#include <framecast/executor.h>

#include "base/clock.h"
#include "cli/fetch.h"
#include "cli/session.h"
#include "cli/trust.h"
#include "net/list.h"

#define WHY_SIZE 512
#define ADDRESS_SIZE (sizeof("wss://") + URL_TARGET_SIZE + URL_PATH_SIZE)
#define MESSAGE_MAX_BYTES (UINT64_C(64) * 1024 * 1024)
#define OPEN_TIMEOUT_NS (5 * NS_PER_S)
#define GOODBYE_NS NS_PER_S
#define STATS_NS NS_PER_S
#define RETRY_MIN_NS (250 * NS_PER_MS)
#define RETRY_MAX_NS (10 * NS_PER_S)

/* The server's list of streams, fetched on the executor. */
struct list_job {
    struct fc_job job;
    const struct watch *watch;
    bool is_under_way;
    int err;
    struct fc_space body;
    char why[WHY_SIZE];
};

struct watch {
    const struct cli_watch *options;
    struct url url;
    struct session session;
    struct fc_loop *loop;
    struct fc_executor *executor;
    struct fc_tls *tls;       /* NULL: the system's authorities */
    struct fc_timer *stats;   /* runs from the first connection on */
    struct fc_client *client; /* NULL: it is over */
    struct list_job list;
    int status;
};

/* The end */

static void finish(struct watch *w, int status)
{
    if (w->client) {
        w->status = status;
        if (w->list.is_under_way) {
            fc_job_cancel(&w->list.job);
        }
        fc_client_close(&w->client, FC_WS_CODE_NORMAL, "that is all");
        fc_loop_stop(w->loop);
    }
}

static void on_signalled(struct fc_loop *loop)
{
    finish(fc_loop_user(loop), EXIT_SUCCESS);
}

/* The list of streams */

static bool list_is_cancelled(void *ctx)
{
    return fc_job_is_cancelled(ctx);
}

static void list_run(struct fc_job *job)
{
    struct list_job *list = container_of(job, struct list_job, job);
    list->err = fetch(
        &(struct fetch){
            .url = &list->watch->url,
            .path = "/streams",
            .trust = &list->watch->options->trust,
            .is_cancelled = list_is_cancelled,
            .ctx = job,
        },
        &list->body, list->why, sizeof(list->why));
}

static void follow(struct watch *w, enum session_step step);

/* The connection may be another one by now, for which the list is as good, or gone. */
static void list_done(struct fc_job *job)
{
    struct list_job *list = container_of(job, struct list_job, job);
    struct watch *w = container_of(list, struct watch, list);
    const bool has_list = !job->is_cancelled && !list->err;
    list->is_under_way = false;
    if (has_list && w->client && w->session.conn) {
        follow(w,
               session_choose(&w->session, (struct fc_bytes){ list->body.data, list->body.size }));
    } else if (!has_list && w->client) {
        cli_complain("%s", list->why);
        if (list->err == -EPROTO || !w->options->has_reconnect) {
            finish(w, EXIT_FAILURE);
        } else if (w->session.conn) {
            struct fc_conn *conn = w->session.conn;
            w->session.conn = NULL; /* the session is over before the connection is */
            fc_conn_close(conn, FC_WS_CODE_NORMAL, "no list of streams");
        }
    }
    free(list->body.data);
    list->body = (struct fc_space){ 0 };
}

static void list_ask(struct watch *w)
{
    struct list_job *list = &w->list;
    if (list->is_under_way) {
        return;
    }
    list->watch = w;
    list->job = (struct fc_job){ .run = list_run, .done = list_done };
    list->is_under_way = fc_executor_submit(w->executor, w->loop, &list->job) == 0;
    if (!list->is_under_way) {
        cli_complain("no thread can be started to fetch the list of streams; name one by --stream");
        finish(w, EXIT_FAILURE);
    }
}

/* The connection */

static void follow(struct watch *w, enum session_step step)
{
    switch (step) {
    case SESSION_GOES_ON:
        break;
    case SESSION_WANTS_LIST:
        list_ask(w);
        break;
    case SESSION_CLOSED:
    case SESSION_LOST:
        if (w->options->has_reconnect) {
            cli_complain("trying again");
            break;
        }
        finish(w, step == SESSION_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE);
        break;
    case SESSION_DONE:
        finish(w, EXIT_SUCCESS);
        break;
    case SESSION_FAILED:
        finish(w, EXIT_FAILURE);
        break;
    }
}

static void on_stats(struct fc_timer *timer, void *ctx)
{
    struct watch *w = ctx;
    (void)timer;
    if (w->session.conn) {
        session_stats(&w->session, clock_steady_ns());
    } else {
        meter_begin(&w->session.meter, clock_steady_ns()); /* nobody wants lines of zeros */
    }
}

static void on_open(struct fc_conn *conn)
{
    struct watch *w = fc_conn_user(conn);
    if (w->options->has_stats && w->session.meter.began_ns == 0) {
        fc_timer_start(w->stats, STATS_NS, STATS_NS);
    }
    follow(w, session_begin(&w->session, conn));
}

/* What was read with the last message that counts comes as well. */
static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    struct watch *w = fc_conn_user(conn);
    if (w->client) {
        follow(w, session_message(&w->session, kind, payload));
    }
}

static void on_closed(struct fc_conn *conn)
{
    struct watch *w = fc_conn_user(conn);
    if (w->client) {
        follow(w, w->session.conn ? session_over(&w->session) : SESSION_LOST);
    }
    w->session.conn = NULL;
}

static void on_failed(struct fc_client *client, const char *why, int64_t retry_ns)
{
    struct watch *w = fc_client_user(client);
    cli_complain("%s; is framecast running there? Its streams are listed at /streams", why);
    if (retry_ns < 0) {
        finish(w, EXIT_FAILURE);
    } else {
        cli_complain("trying again in %.1f s", (double)retry_ns / (double)NS_PER_S);
    }
}

/* The command */

static int client_open(struct watch *w, struct fc_error *why)
{
    static const struct fc_conn_handler handler = { .open = on_open,
                                                    .message = on_message,
                                                    .closed = on_closed };
    const char *const subprotocols[] = { session_subprotocol(&w->session), NULL };
    char user[URL_USER_SIZE];
    memcpy(user, w->url.user, sizeof(user));
    char *colon = strchr(user, ':');
    if (colon) {
        *colon = '\0';
    }
    char address[ADDRESS_SIZE];
    if (w->url.is_unix) {
        snprintf(address, sizeof(address), "unix:%s:%s", w->url.socket, session_path(&w->session));
    } else {
        snprintf(address, sizeof(address), "%s://%s%s", w->url.is_secure ? "wss" : "ws",
                 w->url.authority, session_path(&w->session));
    }
    return fc_client_open(&w->client, w->loop,
                          &(struct fc_client_options){
                              .url = address,
                              .username = w->url.user[0] != '\0' ? user : NULL,
                              .password = colon ? colon + 1 : NULL,
                              .subprotocols = subprotocols,
                              .tls = w->tls,
                              .open_timeout_ns = OPEN_TIMEOUT_NS,
                              .reconnects = w->options->has_reconnect,
                              .backoff_min_ns = RETRY_MIN_NS,
                              .backoff_max_ns = RETRY_MAX_NS,
                              .handler = &handler,
                              .user = w,
                              .failed = on_failed,
                              .conn.message_max_bytes = MESSAGE_MAX_BYTES,
                          },
                          why);
}

static int run(struct watch *w, struct fc_error *why)
{
    const struct fc_loop_options options = {
        .user = w,
        .handles_signals = true,
        .signalled = on_signalled,
        .stop_timeout_ns = GOODBYE_NS,
    };
    *why = (struct fc_error){ "out of memory" };
    if (fetch_init() ||
        fc_executor_new(&w->executor, &(struct fc_executor_options){ .threads = 1 })) {
        return -ENOMEM;
    }
    int err = trust_make(&w->tls, &w->options->trust, why);
    err = err ? err : fc_loop_new(&w->loop, &options, why);
    if (!err) {
        w->stats = fc_timer_new(w->loop, on_stats, w);
        err = w->stats ? client_open(w, why) : -ENOMEM;
    }
    if (!err) {
        fc_loop_run(w->loop);
    }
    return err;
}

static void release(struct watch *w)
{
    fc_client_close(&w->client, FC_WS_CODE_NORMAL, NULL);
    fc_timer_free(&w->stats);
    fc_loop_free(&w->loop);
    fc_executor_free(&w->executor);
    fc_tls_unref(&w->tls);
}

int cli_watch(const struct cli_watch *options)
{
    char text[WHY_SIZE];
    struct fc_error why;
    struct album *album = NULL;
    struct watch watch = { .options = options };
    if (url_parse(options->url, &watch.url, &why) != 0) {
        cli_complain("%s", why.text);
        return CLI_STATUS_USAGE;
    }
    if (options->save && album_open(&album, options->save, text, sizeof(text)) != 0) {
        cli_complain("%s", text);
        return EXIT_FAILURE;
    }
    session_init(&watch.session, options, &watch.url, album);
    if (run(&watch, &why) != 0) {
        cli_complain("%s", why.text);
        watch.status = EXIT_FAILURE;
    }
    if (options->has_stats && meter_has_news(&watch.session.meter)) {
        session_stats(&watch.session, clock_steady_ns());
    }
    release(&watch);
    album_close(&album);
    return watch.status;
}
