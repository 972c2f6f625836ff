/* SPDX-License-Identifier: MIT */
/* Connections over TLS, both ends ours, over real sockets: what differs from those without. */
#include "net/testing/visitor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/conn.h"
#include "net/testing/host.h"
#include "net/testing/tls_pair.h"

#define LARGE_BYTES (5 * 1024 * 1024)

static struct pki pki;
static struct host host;
static char url[128];

/* A server with the certificate, perhaps one that wants certificates too. */
static void start(bool wants_certificates)
{
    struct fc_tls_options options = tls_pair_server(&pki, "server");
    options.client_ca_file = wants_certificates ? pki_path(&pki, "ca.pem") : NULL;
    struct fc_tls *tls = tls_pair_context(options);
    host_start(&host,
               (struct fc_server_options){
                   .tls = tls,
                   .conn = { .message_max_bytes = LARGE_BYTES, .queue_max_bytes = 4 * LARGE_BYTES },
               });
    fc_tls_unref(&tls);
    const char *address = fc_server_address(host.server, 0);
    snprintf(url, sizeof(url), "wss://localhost%s/ws", strrchr(address, ':'));
}

static void visit(struct visitor *v, struct fc_tls_options options)
{
    struct fc_tls *tls = tls_pair_context(options);
    visitor_start(
        v, (struct fc_client_options){
               .url = url,
               .tls = tls,
               .conn = { .message_max_bytes = LARGE_BYTES, .queue_max_bytes = 2 * LARGE_BYTES },
           });
    fc_tls_unref(&tls);
}

static void say(struct visitor *visitor, void *ctx)
{
    assert_true(fc_conn_send_text(visitor->conn, ctx));
}

static void say_much(struct visitor *visitor, void *ctx)
{
    const struct fc_bytes *payload = ctx;
    assert_true(fc_conn_send_bytes(visitor->conn, FC_WS_BINARY, *payload, FC_COMPRESS_AUTO));
}

static void small_and_large_messages_are_echoed(void **state)
{
    (void)state;
    static struct visitor v;
    struct fc_bytes payload = { calloc(1, LARGE_BYTES), LARGE_BYTES };
    assert_non_null(payload.data);
    start(false);
    v = (struct visitor){ 0 };
    visit(&v, tls_pair_client(&pki));
    visitor_wait(&v.is_open);
    visitor_run(&v, say, "Hello");
    visitor_wait(&v.is_heard);
    assert_string_equal(v.text, "Hello");
    visitor_run(&v, say_much, &payload);
    visitor_wait(&v.is_heard);
    assert_int_equal(v.size, LARGE_BYTES);
    visitor_run(&v, say, "close");
    visitor_wait(&v.is_closed);
    assert_int_equal(v.close_code, 4001);
    visitor_stop(&v);
    host_stop(&host);
    free((void *)(uintptr_t)payload.data);
}

/* ---- who reads slowly, and is closed meanwhile ---- */

static void pause_reading(struct visitor *visitor)
{
    fc_conn_pause(visitor->conn);
}

static void resume_reading(struct visitor *visitor, void *ctx)
{
    (void)ctx;
    fc_conn_resume(visitor->conn);
}

/* More than the sockets hold, and then the close frame, so that the last records wait in parts. */
static void say_it_all_and_close(struct host *from, void *ctx)
{
    const struct fc_bytes *payload = ctx;
    assert_true(fc_conn_send_bytes(from->latest, FC_WS_BINARY, *payload, FC_COMPRESS_AUTO));
    assert_true(fc_conn_send_bytes(from->latest, FC_WS_BINARY, *payload, FC_COMPRESS_AUTO));
    fc_conn_close(from->latest, 4002, "that is all");
}

static void what_was_queued_arrives_before_the_close(void **state)
{
    (void)state;
    static struct visitor v;
    struct fc_bytes payload = { calloc(1, LARGE_BYTES), LARGE_BYTES };
    assert_non_null(payload.data);
    start(false);
    v = (struct visitor){ .opened = pause_reading };
    visit(&v, tls_pair_client(&pki));
    visitor_wait(&v.is_open);
    host_run(&host, say_it_all_and_close, &payload);
    visitor_run(&v, resume_reading, NULL);
    visitor_wait(&v.is_heard);
    visitor_wait(&v.is_heard);
    assert_int_equal(v.size, LARGE_BYTES);
    visitor_wait(&v.is_closed);
    assert_int_equal(v.close_code, 4002);
    assert_string_equal(v.close_reason, "that is all");
    visitor_stop(&v);
    host_wait(&host.is_closed);
    host_stop(&host);
    free((void *)(uintptr_t)payload.data);
}

static void say_it_all(struct host *from, void *ctx)
{
    const struct fc_bytes *payload = ctx;
    const int bytes = 1; /* the least that the kernel does: far less than a record */
    assert_int_equal(
        setsockopt(from->latest->watch.fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)), 0);
    assert_true(fc_conn_send_bytes(from->latest, FC_WS_BINARY, *payload, FC_COMPRESS_AUTO));
    assert_true(fc_conn_send_bytes(from->latest, FC_WS_BINARY, *payload, FC_COMPRESS_AUTO));
}

static void close_and_resume(struct visitor *visitor, void *ctx)
{
    (void)ctx;
    fc_conn_close(visitor->conn, 4003, "enough");
    fc_conn_resume(visitor->conn);
}

/* The server is done when its answer to the close frame is in a record, of which the socket has
 * taken a part; only then may it end its direction. */
static void the_answer_to_a_close_is_not_cut(void **state)
{
    (void)state;
    static struct visitor v;
    struct fc_bytes payload = { calloc(1, LARGE_BYTES), LARGE_BYTES };
    assert_non_null(payload.data);
    start(false);
    for (int round = 0; round < 2; round++) {
        v = (struct visitor){ .opened = pause_reading };
        visit(&v, tls_pair_client(&pki));
        visitor_wait(&v.is_open);
        host_run(&host, say_it_all, &payload);
        visitor_run(&v, close_and_resume, NULL);
        visitor_wait(&v.is_closed);
        assert_int_equal(v.close_code, 4003);
        visitor_stop(&v);
        host_wait(&host.is_closed);
    }
    host_stop(&host);
    free((void *)(uintptr_t)payload.data);
}

/* ---- who is refused hears why ---- */

/* Under TLS 1.3 the client has long asked for its upgrade when the server refuses it. */
static void a_client_without_a_certificate_hears_of_it(void **state)
{
    (void)state;
    static struct visitor v;
    start(true);
    v = (struct visitor){ 0 };
    visit(&v, tls_pair_client(&pki));
    visitor_wait(&v.is_failed);
    assert_non_null(strstr(v.why, "TLS: the server wants a certificate"));
    visitor_stop(&v);
    host_stop(&host);
}

static void a_stranger_is_not_believed(void **state)
{
    (void)state;
    static struct visitor v;
    struct pki stranger;
    pki_open(&stranger, "a stranger");
    start(false);
    v = (struct visitor){ 0 };
    visit(&v, tls_pair_client(&stranger));
    visitor_wait(&v.is_failed);
    assert_non_null(strstr(v.why, "TLS: "));
    visitor_stop(&v);
    host_stop(&host);
    pki_close(&stranger);
}

static int setup(void **state)
{
    (void)state;
    pki_open(&pki, "an authority");
    pki_issue(&pki, "server",
              (struct pki_request){ .common_name = "the server", .names = "DNS:localhost" });
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pki_close(&pki);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_and_large_messages_are_echoed),
        cmocka_unit_test(what_was_queued_arrives_before_the_close),
        cmocka_unit_test(the_answer_to_a_close_is_not_cut),
        cmocka_unit_test(a_client_without_a_certificate_hears_of_it),
        cmocka_unit_test(a_stranger_is_not_believed),
    };
    return cmocka_run_group_tests_name("net/conn_tls", tests, setup, teardown);
}
