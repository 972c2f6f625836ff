/* SPDX-License-Identifier: MIT */
#ifndef NET_TESTING_HOST_H
#define NET_TESTING_HOST_H

#include <pthread.h>
#include <semaphore.h>

#include <framecast/server.h>

/*
 * A server on a thread of its own, and a small application, for tests that speak to it over real
 * sockets. Nothing here waits for a guessed time: every wait is for something, with a bound.
 *
 *     /           "hello"                /stream     an endless answer that begins with "begin\n"
 *     /N          "N", any number N      /ws         a WebSocket: echoes
 *     /never      no answer              /slow       holds the loop for over 100 ms
 *     /304, /204  that status            /late       answers twice
 *
 * The message "close" has /ws close with 4001.
 */

#define HOST_MESSAGE_MAX_BYTES (64 * 1024)
#define HOST_SECONDS 20 /* a wait that takes longer has failed */

struct host {
    struct fc_handler handler;
    struct fc_server *server;
    pthread_t thread;
    int result;                  /* of fc_server_run(), after host_stop() */
    struct fc_conn *latest;      /* of /stream or /ws; the loop's */
    sem_t is_closed;             /* posted for each closed() */
    _Atomic unsigned close_code; /* of the last */
    sem_t is_slow;               /* posted for each slow() */
    _Atomic unsigned started_count;
    _Atomic uint64_t started_tag; /* of the last */
};

/** Options with no listener get 127.0.0.1:0; with no threads, one. */
void host_start(struct host *host, struct fc_server_options options);

/** The same, with routes that are looked at first. */
void host_start_with(struct host *host, struct fc_server_options options,
                     const struct fc_route *routes, uint32_t route_count);

/** Stop, wait for the end, release. */
void host_stop(struct host *host);

/** Run something on the first loop, and wait for it. */
void host_run(struct host *host, void (*run)(struct host *host, void *ctx), void *ctx);

/** Connect to its first listener; reading and writing are bounded. */
int host_connect(const struct host *host);

/** As host_connect(), with a receive buffer that small. */
int host_connect_small(const struct host *host, int receive_bytes);

/** Wait for a semaphore; fails the test after HOST_SECONDS. */
void host_wait(sem_t *semaphore);

#endif
