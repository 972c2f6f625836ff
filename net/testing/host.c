/* SPDX-License-Identifier: MIT */
#include "net/testing/host.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/address.h"
#include "net/list.h"

#define SLOW_NS 120000000

/* The loop's user is the host. */
static struct host *host_of(const struct fc_conn *conn)
{
    return fc_loop_user(fc_conn_loop(conn));
}

static void *on_loop_open(struct fc_loop *loop, void *ctx)
{
    (void)loop;
    return ctx;
}

static bool is_at(const struct fc_http_request *request, const char *path)
{
    return request->path.size == strlen(path) &&
           memcmp(request->path.data, path, request->path.size) == 0;
}

static void respond(struct fc_conn *conn, int status, const char *text, size_t size)
{
    fc_conn_respond(conn, &(struct fc_response){
                              .status = status,
                              .content_type = "text/plain",
                              .content = { (const uint8_t *)text, size },
                          });
}

static void hold_loop(void)
{
    struct timespec from, now;
    clock_gettime(CLOCK_MONOTONIC, &from);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - from.tv_sec) * 1000000000 + now.tv_nsec - from.tv_nsec < SLOW_NS);
}

static void open_endless(struct fc_conn *conn, const struct fc_http_request *request)
{
    struct host *host = host_of(conn);
    if (is_at(request, "/ws")) {
        if (!fc_conn_accept(conn, request, NULL)) {
            return;
        }
    } else {
        fc_conn_stream(conn, &(struct fc_response){
                                 .content_type = "text/plain",
                                 .content = { (const uint8_t *)"begin\n", 6 },
                             });
    }
    fc_conn_set_user(conn, host);
    host->latest = conn;
}

static void on_request(struct fc_conn *conn, const struct fc_http_request *request)
{
    if (is_at(request, "/ws") || is_at(request, "/stream")) {
        open_endless(conn, request);
    } else if (is_at(request, "/never")) {
        fc_conn_set_user(conn, host_of(conn));
        host_of(conn)->latest = conn;
    } else if (is_at(request, "/304") || is_at(request, "/204")) {
        respond(conn, is_at(request, "/304") ? 304 : 204, "", 0);
    } else if (is_at(request, "/")) {
        respond(conn, 0, "hello", 5);
    } else {
        if (is_at(request, "/slow")) {
            hold_loop();
        }
        respond(conn, 0, (const char *)request->path.data + 1, request->path.size - 1);
        if (is_at(request, "/late")) {
            respond(conn, 0, "twice", 5);
        }
    }
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    if (payload.size == 5 && memcmp(payload.data, "close", 5) == 0) {
        fc_conn_close(conn, 4001, "as you wish");
        return;
    }
    struct fc_message *message = fc_message_new_ws(kind, payload);
    if (message) {
        (void)fc_conn_send(conn, message);
    }
    fc_message_unref(&message);
}

static void on_started(struct fc_conn *conn, uint32_t slot, const struct fc_message *message)
{
    (void)slot;
    host_of(conn)->started_count++;
    host_of(conn)->started_tag = fc_message_tag(message);
}

static void on_closed(struct fc_conn *conn)
{
    struct host *host = host_of(conn);
    if (host->latest == conn) {
        host->latest = NULL;
    }
    host->close_code = fc_conn_close_code(conn);
    sem_post(&host->is_closed);
}

static void on_slow(struct fc_loop *loop, const char *what, int64_t duration_ns)
{
    struct host *host = fc_loop_user(loop);
    if (strcmp(what, "request") == 0 && duration_ns >= SLOW_NS) {
        sem_post(&host->is_slow);
    }
}

static void *thread_main(void *arg)
{
    struct host *host = arg;
    host->result = fc_server_run(host->server);
    return NULL;
}

void host_start(struct host *host, struct fc_server_options options)
{
    host_start_with(host, options, NULL, 0);
}

void host_start_with(struct host *host, struct fc_server_options options,
                     const struct fc_route *routes, uint32_t route_count)
{
    static const char *const listen[] = { "127.0.0.1:0" };
    *host = (struct host){
        .handler = {
            .loop_open = on_loop_open,
            .request = on_request,
            .conn = { .message = on_message, .started = on_started, .closed = on_closed },
            .slow = on_slow,
            .routes = routes,
            .route_count = route_count,
            .ctx = host,
        },
    };
    sem_init(&host->is_closed, 0, 0);
    sem_init(&host->is_slow, 0, 0);
    if (options.listen_count == 0) {
        options.listen = listen;
        options.listen_count = 1;
    }
    options.threads = options.threads ? options.threads : 1;
    if (options.conn.message_max_bytes == 0) {
        options.conn.message_max_bytes = HOST_MESSAGE_MAX_BYTES;
    }
    struct fc_error error;
    if (fc_server_new(&host->server, &options, &host->handler, &error) != 0) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(pthread_create(&host->thread, NULL, thread_main, host), 0);
}

void host_stop(struct host *host)
{
    fc_server_stop(host->server);
    pthread_join(host->thread, NULL);
    assert_int_equal(host->result, 0);
    fc_server_free(&host->server);
    sem_destroy(&host->is_closed);
    sem_destroy(&host->is_slow);
}

struct errand {
    struct fc_task task;
    struct host *host;
    void (*run)(struct host *host, void *ctx);
    void *ctx;
    sem_t is_done;
};

static void run_errand(struct fc_task *task)
{
    struct errand *errand = container_of(task, struct errand, task);
    errand->run(errand->host, errand->ctx);
    sem_post(&errand->is_done);
}

void host_run(struct host *host, void (*run)(struct host *host, void *ctx), void *ctx)
{
    struct errand errand = { .task.run = run_errand, .host = host, .run = run, .ctx = ctx };
    sem_init(&errand.is_done, 0, 0);
    assert_true(fc_loop_post(fc_server_loop(host->server, 0), &errand.task));
    host_wait(&errand.is_done);
    sem_destroy(&errand.is_done);
}

int host_connect_small(const struct host *host, int receive_bytes)
{
    struct fc_error error;
    struct address address;
    assert_int_equal(address_parse(fc_server_address(host->server, 0), &address, &error), 0);
    const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    const struct timeval limit = { .tv_sec = HOST_SECONDS };
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
    if (receive_bytes > 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    }
    if (connect(fd, (const struct sockaddr *)&address.storage, address.size) != 0) {
        fail_msg("cannot connect to %s: %s", fc_server_address(host->server, 0), strerror(errno));
    }
    return fd;
}

int host_connect(const struct host *host)
{
    return host_connect_small(host, 0);
}

void host_wait(sem_t *semaphore)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += HOST_SECONDS;
    assert_int_equal(sem_timedwait(semaphore, &until), 0);
}
