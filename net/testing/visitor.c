/* SPDX-License-Identifier: MIT */
#include "net/testing/visitor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/list.h"
#include "net/testing/host.h"

static void on_open(struct fc_conn *conn)
{
    struct visitor *visitor = fc_conn_user(conn);
    visitor->conn = conn;
    if (visitor->opened) {
        visitor->opened(visitor);
    }
    sem_post(&visitor->is_open);
}

static void on_message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    struct visitor *visitor = fc_conn_user(conn);
    const size_t shown =
        payload.size < VISITOR_TEXT_SIZE - 1 ? payload.size : VISITOR_TEXT_SIZE - 1;
    visitor->kind = kind;
    visitor->size = payload.size;
    if (shown > 0) {
        memcpy(visitor->text, payload.data, shown);
    }
    visitor->text[shown] = '\0';
    sem_post(&visitor->is_heard);
}

static void on_closed(struct fc_conn *conn)
{
    struct visitor *visitor = fc_conn_user(conn);
    visitor->conn = NULL;
    visitor->close_code = fc_conn_close_code(conn);
    snprintf(visitor->close_reason, sizeof(visitor->close_reason), "%s",
             fc_conn_close_reason(conn));
    sem_post(&visitor->is_closed);
}

static void on_failed(struct fc_client *client, const char *why, int64_t retry_ns)
{
    struct visitor *visitor = fc_client_user(client);
    snprintf(visitor->why, sizeof(visitor->why), "%s", why);
    if (visitor->failures < 8) {
        visitor->retry_ns[visitor->failures++] = retry_ns;
    }
    if (visitor->failing) {
        visitor->failing(visitor);
    }
    sem_post(&visitor->is_failed);
}

static void *thread_main(void *arg)
{
    struct visitor *visitor = arg;
    fc_loop_run(visitor->loop);
    return NULL;
}

void visitor_prepare(struct visitor *visitor)
{
    struct fc_error error;
    sem_init(&visitor->is_open, 0, 0);
    sem_init(&visitor->is_heard, 0, 0);
    sem_init(&visitor->is_closed, 0, 0);
    sem_init(&visitor->is_failed, 0, 0);
    if (fc_loop_new(&visitor->loop, &(struct fc_loop_options){ 0 }, &error) != 0) {
        fail_msg("%s", error.text);
    }
}

void visitor_go(struct visitor *visitor, struct fc_client_options options)
{
    static const struct fc_conn_handler handler = { .open = on_open,
                                                    .message = on_message,
                                                    .closed = on_closed };
    struct fc_error error;
    options.handler = &handler;
    options.user = visitor;
    options.failed = on_failed;
    if (fc_client_open(&visitor->client, visitor->loop, &options, &error) != 0) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(pthread_create(&visitor->thread, NULL, thread_main, visitor), 0);
}

void visitor_start(struct visitor *visitor, struct fc_client_options options)
{
    visitor_prepare(visitor);
    visitor_go(visitor, options);
}

struct errand {
    struct fc_task task;
    struct visitor *visitor;
    void (*run)(struct visitor *visitor, void *ctx);
    void *ctx;
    sem_t is_done;
};

static void run_errand(struct fc_task *task)
{
    struct errand *errand = container_of(task, struct errand, task);
    errand->run(errand->visitor, errand->ctx);
    sem_post(&errand->is_done);
}

void visitor_run(struct visitor *visitor, void (*run)(struct visitor *visitor, void *ctx),
                 void *ctx)
{
    struct errand errand = { .task.run = run_errand, .visitor = visitor, .run = run, .ctx = ctx };
    sem_init(&errand.is_done, 0, 0);
    assert_true(fc_loop_post(visitor->loop, &errand.task));
    visitor_wait(&errand.is_done);
    sem_destroy(&errand.is_done);
}

void visitor_stop(struct visitor *visitor)
{
    fc_loop_stop(visitor->loop);
    pthread_join(visitor->thread, NULL);
    fc_client_close(&visitor->client, FC_WS_CODE_NORMAL, NULL);
    fc_loop_free(&visitor->loop);
    sem_destroy(&visitor->is_open);
    sem_destroy(&visitor->is_heard);
    sem_destroy(&visitor->is_closed);
    sem_destroy(&visitor->is_failed);
}

void visitor_wait(sem_t *semaphore)
{
    host_wait(semaphore);
}
