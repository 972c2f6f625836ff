/* SPDX-License-Identifier: MIT */
/*
 * compressed [--check]: what compression costs who sends to many. A text of 200 bytes goes to 1,000
 * clients that all agreed on permessage-deflate, as it is and compressed (once for all), in turn.
 * One line of JSON: processor time of the server's loop for each message and client, the median of
 * the rounds. With --check it fails when compressed costs 1.3 times as much or more.
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <framecast/deflate.h>
#include <framecast/group.h>
#include <framecast/server.h>

#define CLIENTS 1000
#define MESSAGES 100 /* in a round, one after the other */
#define ROUNDS 9     /* of each kind; the first is not counted */
#define RATIO_MAX 1.3
#define HEAD_BYTES 1024

static const char text[] =
    "{\"type\":\"prediction\",\"stream\":\"cam\",\"seq\":1204,\"captured_at\":1763688000.123456,"
    "\"predictor\":\"motion\",\"latency_ms\":12.31,\"objects\":[{\"label\":\"moving to the "
    "left\",\"score\":"
    "0.912,\"box\":[0.1,0.2,0.3,0.4]}]}";

static struct fc_group *group;
static struct fc_deflater *deflater; /* the loop's */
static sem_t is_joined;
static int clients[CLIENTS];
static int epoll;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "compressed: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* ---- the server ---- */

static void on_open(struct fc_conn *conn)
{
    if (!fc_group_join(group, conn, FC_RELIABLE, 0)) {
        fail("joining");
    }
    sem_post(&is_joined);
}

struct sending {
    struct fc_task task;
    bool is_compressed;
};

/* On the loop, so that its time has all of it: encoding, compressing, queueing, writing. */
static void send_one(struct fc_task *task)
{
    const struct sending *sending = (struct sending *)task;
    struct fc_message *message = fc_message_new(&(struct fc_message_options){
        .ws_kind = FC_WS_TEXT,
        .head = { (const uint8_t *)text, sizeof(text) - 1 },
        .deflater = sending->is_compressed ? deflater : NULL,
    });
    if (!message || !fc_group_send(group, message)) {
        fail("sending");
    }
    fc_message_unref(&message);
}

static void *serve(void *server)
{
    (void)!fc_server_run(server);
    return NULL;
}

/* ---- the clients ---- */

static void say_hello(int fd)
{
    static const char hello[] =
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    char head[HEAD_BYTES + 1] = "";
    size_t size = 0;
    if (send(fd, hello, sizeof(hello) - 1, 0) != sizeof(hello) - 1) {
        fail("hello");
    }
    while (!strstr(head, "\r\n\r\n")) {
        const ssize_t got = recv(fd, head + size, HEAD_BYTES - size, 0);
        if (got <= 0) {
            fail("the answer");
        }
        size += (size_t)got;
        head[size] = '\0';
    }
    if (!strstr(head, "permessage-deflate")) {
        fail("the server does not compress");
    }
}

static void clients_open(const char *address)
{
    const char *colon = strrchr(address, ':');
    const struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < CLIENTS; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)i };
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (clients[i] < 0 || connect(clients[i], (const struct sockaddr *)&to, sizeof(to)) != 0) {
            fail("connecting");
        }
        say_hello(clients[i]);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i], &event) != 0) {
            fail("epoll_ctl");
        }
        while (sem_wait(&is_joined) != 0) {
        }
    }
}

/* Take one message from each; returns the size of one on the wire. */
static size_t clients_hear(void)
{
    struct epoll_event events[256];
    char bytes[1024];
    ssize_t size = 0;
    for (int heard = 0; heard < CLIENTS;) {
        const int count = epoll_wait(epoll, events, 256, 10000);
        if (count <= 0) {
            fail("a message that did not come");
        }
        for (int i = 0; i < count; i++, heard++) {
            size = recv(clients[events[i].data.u32], bytes, sizeof(bytes), 0);
            if (size <= 0) {
                fail("hearing");
            }
        }
    }
    return (size_t)size;
}

/* ---- rounds ---- */

static double thread_us(pthread_t thread)
{
    clockid_t clock;
    struct timespec time;
    if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &time) != 0) {
        fail("the clock of a thread");
    }
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double round_us(struct fc_loop *loop, pthread_t thread, bool is_compressed, size_t *wire)
{
    struct sending sending = { .task.run = send_one, .is_compressed = is_compressed };
    const double before_us = thread_us(thread);
    for (int i = 0; i < MESSAGES; i++) {
        if (!fc_loop_post(loop, &sending.task)) {
            fail("posting");
        }
        *wire = clients_hear();
    }
    return (thread_us(thread) - before_us) / ((double)MESSAGES * CLIENTS);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static int measure(struct fc_server *server, pthread_t thread, bool checks)
{
    double us[2][ROUNDS];
    size_t wire[2] = { 0 };
    for (int round = 0; round < ROUNDS; round++) {
        for (int kind = 0; kind < 2; kind++) {
            us[kind][round] = round_us(fc_server_loop(server, 0), thread, kind == 1, &wire[kind]);
        }
    }
    double median[2];
    for (int kind = 0; kind < 2; kind++) {
        qsort(us[kind] + 1, ROUNDS - 1, sizeof(double), by_size);
        median[kind] = us[kind][1 + (ROUNDS - 1) / 2];
    }
    const double ratio = median[1] / median[0];
    printf(
        "{\"bench\":\"compressed\",\"clients\":%d,\"bytes\":%zu,\"wire\":%zu,\"wire_compressed\":"
        "%zu,\"us_plain\":%.2f,\"us_compressed\":%.2f,\"ratio\":%.2f}\n",
        CLIENTS, sizeof(text) - 1, wire[0], wire[1], median[0], median[1], ratio);
    return checks && (ratio >= RATIO_MAX || wire[1] >= wire[0]);
}

int main(int argc, char **argv)
{
    static const struct fc_conn_handler handler = { .open = on_open };
    static const struct fc_route route = { .path = "/", .handler = &handler };
    static const struct fc_handler server_handler = { .routes = &route, .route_count = 1 };
    static const char *const listen[] = { "127.0.0.1:0" };
    const struct fc_server_options options = { .listen = listen,
                                               .listen_count = 1,
                                               .threads = 1,
                                               .ignores_signals = true,
                                               .conn.compression = FC_COMPRESSION_ON };
    struct fc_server *server = NULL;
    struct fc_error error = { "" };
    pthread_t thread;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    sem_init(&is_joined, 0, 0);
    group = fc_group_new(NULL);
    deflater = fc_deflater_new(NULL);
    if (!group || !deflater || fc_server_new(&server, &options, &server_handler, &error) != 0 ||
        pthread_create(&thread, NULL, serve, server) != 0) {
        fail(error.text);
    }
    clients_open(fc_server_address(server, 0));
    const int result = measure(server, thread, argc > 1 && strcmp(argv[1], "--check") == 0);
    fc_server_stop(server);
    pthread_join(thread, NULL);
    fc_group_free(&group);
    fc_server_free(&server);
    fc_deflater_free(&deflater);
    return result;
}
