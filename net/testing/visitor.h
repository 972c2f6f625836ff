/* SPDX-License-Identifier: MIT */
#ifndef NET_TESTING_VISITOR_H
#define NET_TESTING_VISITOR_H

#include <pthread.h>
#include <semaphore.h>

#include <framecast/client.h>

/*
 * A client on a loop and a thread of its own, that notes what happens to it. Nothing waits for a
 * guessed time: every wait is for something, with a bound.
 */

#define VISITOR_TEXT_SIZE 256

struct visitor {
    struct fc_loop *loop;
    struct fc_client *client; /* the loop's */
    struct fc_conn *conn;     /* the loop's; the open connection */
    pthread_t thread;
    sem_t is_open, is_heard, is_closed, is_failed; /* posted each time */
    /* Of the newest; read after the semaphore. */
    enum fc_ws_kind kind;
    size_t size;
    char text[VISITOR_TEXT_SIZE]; /* of the message, or as much as goes in */
    uint16_t close_code;
    char close_reason[VISITOR_TEXT_SIZE];
    char why[FC_ERROR_TEXT_SIZE];
    int64_t retry_ns[8]; /* of the first failures */
    int failures;
    void (*opened)(struct visitor *visitor); /* called on the loop; NULL: nothing */
    void (*failing)(struct visitor *visitor);
    void *ctx; /* of the test */
};

/** The two halves of visitor_start(): its loop, and then its client. */
void visitor_prepare(struct visitor *visitor);
void visitor_go(struct visitor *visitor, struct fc_client_options options);

/** Begin with those options; handler, user and failed are the visitor's. */
void visitor_start(struct visitor *visitor, struct fc_client_options options);

/** Run something on its loop, and wait for it. */
void visitor_run(struct visitor *visitor, void (*run)(struct visitor *visitor, void *ctx),
                 void *ctx);

/** Close the client, end the loop, release. */
void visitor_stop(struct visitor *visitor);

/** Wait for one of its semaphores; fails the test when it takes too long. */
void visitor_wait(sem_t *semaphore);

#endif
