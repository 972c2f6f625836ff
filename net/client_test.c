/* SPDX-License-Identifier: MIT */
/* Clients over real sockets: against our server, and against scripts that answer exact bytes. */
#include "net/testing/visitor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/testing/host.h"

#define MS INT64_C(1000000)
#define HEAD_SIZE 8192

static struct host host;
static char url[128];

static const char *address_of_host(const char *path)
{
    snprintf(url, sizeof(url), "ws://%s%s", fc_server_address(host.server, 0), path);
    return url;
}

/* ---- scripts: a listening socket, and what it says to each who comes ---- */

struct script {
    const char *const *answers; /* one for each connection, ended by NULL; "" hangs up at once */
    int fd;
    pthread_t thread;
    char head[HEAD_SIZE]; /* what the newest visitor said first */
};

static void read_head(int fd, char head[HEAD_SIZE])
{
    size_t size = 0;
    head[0] = '\0';
    while (size < HEAD_SIZE - 1 && !strstr(head, "\r\n\r\n")) {
        const ssize_t got = recv(fd, head + size, HEAD_SIZE - 1 - size, 0);
        if (got <= 0) {
            return;
        }
        size += (size_t)got;
        head[size] = '\0';
    }
}

static void *script_main(void *arg)
{
    struct script *script = arg;
    for (size_t i = 0; script->answers[i]; i++) {
        char rest[64];
        const int fd = accept(script->fd, NULL, NULL);
        if (fd < 0) {
            return NULL;
        }
        if (script->answers[i][0]) {
            read_head(fd, script->head);
            (void)!send(fd, script->answers[i], strlen(script->answers[i]), MSG_NOSIGNAL);
            (void)shutdown(fd, SHUT_WR);
            while (recv(fd, rest, sizeof(rest), 0) > 0) {
            }
        }
        close(fd);
    }
    return NULL;
}

static void script_start(struct script *script, const char *const *answers)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    script->answers = answers;
    script->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(script->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(script->fd, 8), 0);
    assert_int_equal(getsockname(script->fd, (struct sockaddr *)&address, &size), 0);
    snprintf(url, sizeof(url), "ws://127.0.0.1:%u/there?x", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&script->thread, NULL, script_main, script), 0);
}

static void script_stop(struct script *script)
{
    (void)shutdown(script->fd, SHUT_RDWR);
    pthread_join(script->thread, NULL);
    close(script->fd);
}

/* ---- against our server ---- */

static void say(struct visitor *visitor, void *ctx)
{
    assert_true(fc_conn_send_text(visitor->conn, ctx));
}

static void say_much(struct visitor *visitor, void *ctx)
{
    const struct fc_bytes *payload = ctx;
    assert_true(fc_conn_send_bytes(visitor->conn, FC_WS_BINARY, *payload, FC_COMPRESS_AUTO));
}

static void it_opens_echoes_and_closes(void **state)
{
    (void)state;
    static struct visitor v;
    static uint8_t much[60000];
    struct fc_bytes payload = { much, sizeof(much) };
    host_start(&host, (struct fc_server_options){ 0 });
    v = (struct visitor){ 0 };
    visitor_start(&v, (struct fc_client_options){ .url = address_of_host("/ws") });
    visitor_wait(&v.is_open);
    visitor_run(&v, say, "Hello");
    visitor_wait(&v.is_heard);
    assert_string_equal(v.text, "Hello");
    assert_int_equal(v.kind, FC_WS_TEXT);
    visitor_run(&v, say_much, &payload);
    visitor_wait(&v.is_heard);
    assert_int_equal(v.size, sizeof(much));
    visitor_run(&v, say, "close");
    visitor_wait(&v.is_closed);
    assert_int_equal(v.close_code, 4001);
    assert_string_equal(v.close_reason, "as you wish");
    visitor_stop(&v);
    host_stop(&host);
}

static void a_unix_socket_will_do(void **state)
{
    (void)state;
    char path[64];
    static struct visitor v;
    snprintf(path, sizeof(path), "unix:/tmp/fc-client-%d", (int)getpid());
    const char *const listen_at[] = { path };
    host_start(&host, (struct fc_server_options){ .listen = listen_at, .listen_count = 1 });
    snprintf(url, sizeof(url), "%s:/ws", path);
    v = (struct visitor){ 0 };
    visitor_start(&v, (struct fc_client_options){ .url = url });
    visitor_wait(&v.is_open);
    visitor_stop(&v);
    host_stop(&host);
}

static void close_now(struct visitor *visitor)
{
    fc_client_close(&visitor->client, 4002, "at once");
}

static void it_may_be_closed_from_inside(void **state)
{
    (void)state;
    static struct visitor v;
    host_start(&host, (struct fc_server_options){ 0 });
    v = (struct visitor){ .opened = close_now };
    visitor_start(&v, (struct fc_client_options){ .url = address_of_host("/ws") });
    visitor_wait(&v.is_closed);
    assert_int_equal(v.close_code, 4002);
    visitor_stop(&v);

    v = (struct visitor){ .failing = close_now };
    visitor_start(&v,
                  (struct fc_client_options){ .url = address_of_host("/"), .reconnects = true });
    visitor_wait(&v.is_failed);
    visitor_stop(&v);
    host_stop(&host);
}

/* Whatever it is doing when the loop ends. */
static void a_loop_may_end_at_any_time(void **state)
{
    (void)state;
    static struct visitor v;
    static const char *const silence[] = { " ", NULL };
    struct script script;
    script_start(&script, silence); /* says a space, and no more */
    v = (struct visitor){ 0 };
    visitor_start(&v, (struct fc_client_options){ .url = url });
    visitor_stop(&v);
    v = (struct visitor){ 0 };
    visitor_start(&v, (struct fc_client_options){ .url = "ws://name.invalid/" });
    visitor_stop(&v);
    script_stop(&script);
}

/* ---- what is asked for ---- */

static void what_is_asked_for_is_in_the_request(void **state)
{
    (void)state;
    static struct visitor v;
    static const char *const answers[] = { "HTTP/1.1 403 Forbidden\r\n\r\n", NULL };
    static const char *const subprotocols[] = { "one", "two", NULL };
    struct script script;
    script_start(&script, answers);
    v = (struct visitor){ 0 };
    visitor_start(&v, (struct fc_client_options){
                          .url = url,
                          .subprotocols = subprotocols,
                          .headers = "X-One: 1\r\nX-Two: 2\r\n",
                          .username = "Aladdin",
                          .password = "open sesame",
                          .conn.compression = FC_COMPRESSION_ON,
                      });
    visitor_wait(&v.is_failed);
    assert_non_null(strstr(v.why, "403"));
    assert_int_equal(v.retry_ns[0], -1);
    static const char *const lines[] = {
        "GET /there?x HTTP/1.1\r\n",
        "\r\nSec-WebSocket-Protocol: one, two\r\n",
        "\r\nX-One: 1\r\nX-Two: 2\r\n",
        "\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n", /* RFC 7617 section 2 */
        "\r\nSec-WebSocket-Extensions: permessage-deflate",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_non_null(strstr(script.head, lines[i]));
    }
    visitor_stop(&v);
    script_stop(&script);
}

static void a_bearer_token_is_sent(void **state)
{
    (void)state;
    static struct visitor v;
    static const char *const answers[] = { "HTTP/1.1 401 Unauthorized\r\n\r\n", NULL };
    struct script script;
    script_start(&script, answers);
    v = (struct visitor){ 0 };
    visitor_start(&v, (struct fc_client_options){ .url = url, .bearer_token = "mF_9.B5f-4.1JqM" });
    visitor_wait(&v.is_failed);
    assert_non_null(strstr(script.head, "\r\nAuthorization: Bearer mF_9.B5f-4.1JqM\r\n"));
    visitor_stop(&v);
    script_stop(&script);
}

static void a_proxy_is_asked_to_connect(void **state)
{
    (void)state;
    static struct visitor v;
    static const char *const answers[] = { "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
                                           NULL };
    struct script script;
    char proxy[160];
    script_start(&script, answers);
    snprintf(proxy, sizeof(proxy), "http://me:secret@%s",
             url + strlen("ws://")); /* with its path, which does not matter */
    v = (struct visitor){ 0 };
    visitor_start(&v, (struct fc_client_options){ .url = "ws://far.invalid:81/x", .proxy = proxy });
    visitor_wait(&v.is_failed);
    assert_non_null(strstr(v.why, "the proxy answered 407"));
    assert_int_equal(
        strncmp(script.head, "CONNECT far.invalid:81 HTTP/1.1\r\nHost: far.invalid:81\r\n", 55), 0);
    assert_non_null(strstr(script.head, "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
    visitor_stop(&v);
    script_stop(&script);
}

/* A proxy for one visitor: agrees to CONNECT, then carries bytes both ways until either ends. */
struct proxy {
    int listener;
    char target[64]; /* "HOST:PORT" that must be asked for */
    pthread_t thread;
};

static bool carry(int from, int to)
{
    char bytes[4096];
    const ssize_t size = recv(from, bytes, sizeof(bytes), 0);
    return size > 0 && send(to, bytes, (size_t)size, MSG_NOSIGNAL) == size;
}

static void *proxy_main(void *arg)
{
    static const char agreed[] = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
    struct proxy *proxy = arg;
    char head[HEAD_SIZE], wanted[128];
    const int near = accept(proxy->listener, NULL, NULL);
    const int far = host_connect(&host);
    read_head(near, head);
    snprintf(wanted, sizeof(wanted), "CONNECT %s HTTP/1.1\r\n", proxy->target);
    if (strncmp(head, wanted, strlen(wanted)) == 0) {
        (void)!send(near, agreed, sizeof(agreed) - 1, MSG_NOSIGNAL);
        struct pollfd both[] = { { .fd = near, .events = POLLIN },
                                 { .fd = far, .events = POLLIN } };
        while (poll(both, 2, HOST_SECONDS * 1000) > 0 &&
               (both[0].revents ? carry(near, far) : carry(far, near))) {
        }
    }
    close(near);
    close(far);
    return NULL;
}

static void a_proxy_carries_the_conversation(void **state)
{
    (void)state;
    static struct visitor v;
    struct script none;
    struct proxy proxy;
    char through[160];
    static const char *const nobody[] = { NULL };
    host_start(&host, (struct fc_server_options){ 0 });
    script_start(&none, nobody); /* for its listening socket */
    pthread_join(none.thread, NULL);
    proxy.listener = none.fd;
    snprintf(through, sizeof(through), "http://%s", url + strlen("ws://"));
    snprintf(proxy.target, sizeof(proxy.target), "%s", fc_server_address(host.server, 0));
    assert_int_equal(pthread_create(&proxy.thread, NULL, proxy_main, &proxy), 0);
    v = (struct visitor){ 0 };
    visitor_start(&v,
                  (struct fc_client_options){ .url = address_of_host("/ws"), .proxy = through });
    visitor_wait(&v.is_open);
    visitor_run(&v, say, "through the proxy");
    visitor_wait(&v.is_heard);
    assert_string_equal(v.text, "through the proxy");
    visitor_run(&v, say, "close");
    visitor_wait(&v.is_closed);
    assert_int_equal(v.close_code, 4001);
    visitor_stop(&v);
    pthread_join(proxy.thread, NULL);
    close(proxy.listener);
    host_stop(&host);
}

/* ---- descriptors that run out ---- */

static void give_descriptors_back(struct visitor *visitor)
{
    const struct rlimit *limit = visitor->ctx;
    (void)setrlimit(RLIMIT_NOFILE, limit);
}

static void without_descriptors_it_says_so_and_tries_again(void **state)
{
    (void)state;
    static struct visitor v;
    struct rlimit before, none;
    host_start(&host, (struct fc_server_options){ 0 });
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    v = (struct visitor){ .opened = NULL, .failing = give_descriptors_back, .ctx = &before };
    visitor_prepare(&v);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    visitor_go(&v, (struct fc_client_options){ .url = address_of_host("/ws"),
                                               .reconnects = true,
                                               .backoff_min_ns = 5 * MS,
                                               .backoff_max_ns = 20 * MS });
    visitor_wait(&v.is_failed);
    assert_non_null(strstr(v.why, "Too many open files"));
    visitor_wait(&v.is_open);
    visitor_run(&v, say, "at last");
    visitor_wait(&v.is_heard);
    assert_string_equal(v.text, "at last");
    visitor_stop(&v);
    host_stop(&host);
}

/* ---- what is answered ---- */

static void some_answers_are_final(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        const char *word;
        bool is_final;
    } rows[] = {
        { "HTTP/1.1 301 Moved Permanently\r\nLocation: ws://h/\r\n\r\n", "redirects", true },
        { "HTTP/1.1 404 Not Found\r\n\r\n", "404 Not Found", true },
        { "HTTP/1.1 429 Too Many Requests\r\n\r\n", "429", false },
        { "HTTP/1.1 503 Service Unavailable\r\n\r\n", "503", false },
        { "SSH-2.0-x\r\n\r\n", "not HTTP", true },
        { "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
          "does not answer the key", true },
        { "HTTP/1.1 101", "hung up", false },
        { "", "hung up", false },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct visitor v;
        const char *const answers[] = { rows[i].answer, NULL };
        struct script script;
        script_start(&script, answers);
        v = (struct visitor){ 0 };
        visitor_start(&v, (struct fc_client_options){ .url = url,
                                                      .reconnects = true,
                                                      .backoff_min_ns = 60000 * MS,
                                                      .backoff_max_ns = 90000 * MS });
        visitor_wait(&v.is_failed);
        if (!strstr(v.why, rows[i].word) || (v.retry_ns[0] < 0) != rows[i].is_final) {
            fail_msg("%s: %s, %lld", rows[i].answer, v.why, (long long)v.retry_ns[0]);
        }
        visitor_stop(&v);
        script_stop(&script);
    }
}

static void an_attempt_has_its_time(void **state)
{
    (void)state;
    static struct visitor v;
    static const char *const answers[] = { NULL };
    struct script script;
    script_start(&script, answers); /* takes nobody: they wait in the kernel's queue */
    v = (struct visitor){ 0 };
    visitor_start(&v, (struct fc_client_options){ .url = url, .open_timeout_ns = 50 * MS });
    visitor_wait(&v.is_failed);
    assert_non_null(strstr(v.why, "took too long"));
    visitor_stop(&v);
    script_stop(&script);
}

static void pauses_grow_within_their_bounds(void **state)
{
    (void)state;
    static struct visitor v;
    v = (struct visitor){ 0 };
    visitor_start(&v, (struct fc_client_options){ .url = "ws://127.0.0.1:9/",
                                                  .reconnects = true,
                                                  .backoff_min_ns = 8 * MS,
                                                  .backoff_max_ns = 30 * MS });
    for (int i = 0; i < 6; i++) {
        visitor_wait(&v.is_failed);
    }
    static const int64_t most[] = { 8, 16, 30, 30, 30 };
    for (int i = 0; i < 5; i++) {
        assert_in_range(v.retry_ns[i], most[i] * MS / 2, most[i] * MS);
    }
    visitor_stop(&v);
}

static void it_comes_back(void **state)
{
    (void)state;
    static struct visitor v;
    char address[64];
    host_start(&host, (struct fc_server_options){ 0 });
    snprintf(address, sizeof(address), "%s", fc_server_address(host.server, 0));
    v = (struct visitor){ 0 };
    visitor_start(&v, (struct fc_client_options){ .url = address_of_host("/ws"),
                                                  .reconnects = true,
                                                  .backoff_min_ns = 5 * MS,
                                                  .backoff_max_ns = 20 * MS });
    visitor_wait(&v.is_open);
    host_stop(&host);
    visitor_wait(&v.is_closed);
    assert_int_equal(v.close_code, FC_WS_CODE_GOING_AWAY);
    visitor_wait(&v.is_failed);
    const char *const listen_at[] = { address };
    host_start(&host, (struct fc_server_options){ .listen = listen_at, .listen_count = 1 });
    visitor_wait(&v.is_open);
    visitor_run(&v, say, "again");
    visitor_wait(&v.is_heard);
    assert_string_equal(v.text, "again");
    visitor_stop(&v);
    host_stop(&host);
}

/* ---- options that cannot be ---- */

static void mistakes_are_told_at_once(void **state)
{
    (void)state;
    static const char *const twice[] = { "a", "a", NULL };
    static const char *const spaced[] = { "a b", NULL };
    static const struct fc_client_options rows[] = {
        { .url = "h:80" },
        { .url = "ws://h/", .headers = "X: 1" },
        { .url = "ws://h/", .headers = "X: 1\r\nHost: other\r\n" },
        { .url = "ws://h/", .headers = "sec-websocket-key: x\r\n" },
        { .url = "ws://h/", .headers = "X: 1\r\n\r\nGET" },
        { .url = "ws://h/", .headers = "X: \x01\r\n" },
        { .url = "ws://h/", .subprotocols = twice },
        { .url = "ws://h/", .subprotocols = spaced },
        { .url = "ws://h/", .username = "a:b" },
        { .url = "ws://name@h/" },
        { .url = "ws://h/", .bearer_token = "two words" },
        { .url = "ws://h/", .bearer_token = "x\r\nY: z" },
        { .url = "ws://h/", .proxy = "https://p/" },
        { .url = "unix:/x", .proxy = "http://p/" },
    };
    struct fc_loop *loop = NULL;
    assert_int_equal(fc_loop_new(&loop, &(struct fc_loop_options){ 0 }, NULL), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fc_client *client = NULL;
        struct fc_error error = { "" };
        assert_int_equal(fc_client_open(&client, loop, &rows[i], &error), -EINVAL);
        assert_null(client);
        assert_true(strlen(error.text) > 10);
    }
    fc_loop_free(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_echoes_and_closes),
        cmocka_unit_test(a_unix_socket_will_do),
        cmocka_unit_test(it_may_be_closed_from_inside),
        cmocka_unit_test(a_loop_may_end_at_any_time),
        cmocka_unit_test(what_is_asked_for_is_in_the_request),
        cmocka_unit_test(a_bearer_token_is_sent),
        cmocka_unit_test(a_proxy_is_asked_to_connect),
        cmocka_unit_test(a_proxy_carries_the_conversation),
        cmocka_unit_test(without_descriptors_it_says_so_and_tries_again),
        cmocka_unit_test(some_answers_are_final),
        cmocka_unit_test(an_attempt_has_its_time),
        cmocka_unit_test(pauses_grow_within_their_bounds),
        cmocka_unit_test(it_comes_back),
        cmocka_unit_test(mistakes_are_told_at_once),
    };
    return cmocka_run_group_tests_name("net/client", tests, NULL, NULL);
}
