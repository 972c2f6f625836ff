/* SPDX-License-Identifier: MIT */
/* Who agrees with whom, and what each says who does not. */
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/testing/tls_pair.h"

static struct pki pki, stranger, namesake;

/* ---- agreeing ---- */

static void both_roles_shake_hands(void **state)
{
    (void)state;
    struct fc_tls *server = tls_pair_context(tls_pair_server(&pki, "server"));
    struct fc_tls *client = tls_pair_context(tls_pair_client(&pki));
    struct tls_pair pair;
    tls_pair_open(&pair, server, client, "localhost", 0);
    fc_tls_unref(&server); /* the connections keep what they need */
    fc_tls_unref(&client);
    assert_true(tls_pair_shake(&pair));
    assert_string_equal(tls_version(pair.server), "TLSv1.3");
    assert_string_equal(tls_version(pair.client), "TLSv1.3");
    assert_string_equal(tls_cipher(pair.server), tls_cipher(pair.client));
    assert_string_equal(tls_server_name(pair.server), "localhost");
    assert_string_equal(tls_subject(pair.client), "CN=the server");
    assert_null(tls_subject(pair.server));
    assert_int_equal(tls_protocol(pair.server).size, 8);
    assert_memory_equal(tls_protocol(pair.client).data, "http/1.1", 8);
    assert_string_equal(tls_reason(pair.server), "");
    tls_pair_carry(pair.client, pair.server, "to the server");
    tls_pair_carry(pair.server, pair.client, "to the client");
    tls_pair_close(&pair);
}

static void a_handshake_goes_through_a_tiny_socket(void **state)
{
    (void)state;
    struct fc_tls_options options = tls_pair_server(&pki, "long"); /* more than it holds */
    struct fc_tls *server = tls_pair_context(options);
    struct fc_tls *client = tls_pair_context(tls_pair_client(&pki));
    struct tls_pair pair;
    tls_pair_open(&pair, server, client, "localhost", 1);
    assert_int_equal(tls_handshake(pair.client), TLS_WANT_READ);
    assert_int_equal(tls_handshake(pair.server), TLS_WANT_WRITE);
    assert_true(tls_has_pending_output(pair.server));
    assert_true(tls_pair_shake(&pair));
    assert_false(tls_has_pending_output(pair.server));
    tls_pair_close(&pair);
    fc_tls_unref(&server);
    fc_tls_unref(&client);
}

static void contexts_know_their_role(void **state)
{
    (void)state;
    struct fc_tls *server = tls_pair_context(tls_pair_server(&pki, "server"));
    struct fc_tls *client = tls_pair_context(tls_pair_client(&pki));
    struct tls *tls = NULL;
    assert_true(tls_context_is_client(client));
    assert_false(tls_context_is_client(server));
    assert_int_equal(tls_open(&tls, server, 0, "localhost"), -EINVAL);
    assert_int_equal(tls_open(&tls, client, 0, NULL), -EINVAL);
    assert_int_equal(tls_open(&tls, client, 0, ""), -EINVAL);
    assert_null(tls);
    fc_tls_unref(&server);
    fc_tls_unref(&client);
    fc_tls_unref(&client); /* NULL */
    tls_free(&tls);
}

/* ---- whom a client believes ---- */

enum belief { OWN, SYSTEM, OTHER, NAMESAKE, INSECURE };

static struct fc_tls_options believing(enum belief belief)
{
    return (struct fc_tls_options){
        .is_client = true,
        .ca_file = belief == OWN        ? pki_path(&pki, "ca.pem")
                   : belief == OTHER    ? pki_path(&stranger, "ca.pem")
                   : belief == NAMESAKE ? pki_path(&namesake, "ca.pem")
                                        : NULL,
        .is_insecure = belief == INSECURE,
    };
}

static void a_client_believes_only_whom_it_should(void **state)
{
    (void)state;
    static const struct {
        const char *certificate, *name, *why; /* NULL: agreed */
        enum belief belief;
    } rows[] = {
        { "server", "localhost", NULL, OWN },
        { "server", "LOCALHOST.", NULL, OWN },
        { "server", "127.0.0.1", NULL, OWN },
        { "server", "::1", NULL, OWN },
        { "server", "a.example.org", NULL, OWN },
        { "server", "elsewhere", "not for elsewhere", OWN },
        { "server", "example.org", "not for example.org", OWN },
        { "server", "b.a.example.org", "not for b.a.example.org", OWN },
        { "server", "127.0.0.2", "not for this address", OWN },
        { "server", "::2", "not for this address", OWN },
        { "server", "the server", "not for", OWN }, /* its common name is no host */
        { "server", "localhost", "ca_file", OTHER },
        { "server", "localhost", "ca_file", NAMESAKE },
        { "server", "localhost", "ca_file", SYSTEM },
        { "server", "localhost", NULL, INSECURE },
        { "server", "elsewhere", NULL, INSECURE },
        { "expired", "localhost", "expired", OWN },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fc_tls *server = tls_pair_context(tls_pair_server(&pki, rows[i].certificate));
        struct fc_tls *client = tls_pair_context(believing(rows[i].belief));
        char why[TLS_PAIR_REASON_SIZE];
        char heard[TLS_PAIR_REASON_SIZE];
        const bool agrees = tls_pair_agrees(server, client, rows[i].name, heard, why);
        if (agrees != !rows[i].why || (rows[i].why && !strstr(why, rows[i].why))) {
            fail_msg("row %zu: %s", i, agrees ? "agreed" : why);
        }
        assert_true(agrees == (heard[0] == '\0'));
        fc_tls_unref(&server);
        fc_tls_unref(&client);
    }
}

static void a_client_may_expect_another_name(void **state)
{
    (void)state;
    struct fc_tls *server = tls_pair_context(tls_pair_server(&pki, "server"));
    struct fc_tls_options options = tls_pair_client(&pki);
    options.server_name = "a.example.org";
    struct fc_tls *client = tls_pair_context(options);
    struct tls_pair pair;
    tls_pair_open(&pair, server, client, "10.0.0.1", 0);
    assert_true(tls_pair_shake(&pair));
    assert_string_equal(tls_server_name(pair.server), "a.example.org");
    tls_pair_close(&pair);
    fc_tls_unref(&server);
    fc_tls_unref(&client);
}

static void who_was_not_verified_has_no_subject(void **state)
{
    (void)state;
    struct fc_tls *server = tls_pair_context(tls_pair_server(&pki, "server"));
    struct fc_tls *client = tls_pair_context(believing(INSECURE));
    struct tls_pair pair;
    tls_pair_open(&pair, server, client, "localhost", 0);
    assert_true(tls_pair_shake(&pair));
    assert_null(tls_subject(pair.client));
    tls_pair_close(&pair);
    fc_tls_unref(&server);
    fc_tls_unref(&client);
}

/* ---- whom a server believes ---- */

static void a_server_wants_certificates_of_its_clients(void **state)
{
    (void)state;
    static const struct {
        const char *certificate; /* of the client; NULL: none */
        bool is_stranger, may_be_unknown;
        enum fc_tls_version version;
        const char *subject;                 /* NULL: refused, or nobody */
        const char *server_why, *client_why; /* NULL: agreed */
    } rows[] = {
        { "camera", false, false, FC_TLS_1_3, "CN=kamera \xc3\xbc", NULL, NULL },
        { "camera", false, true, FC_TLS_1_3, "CN=kamera \xc3\xbc", NULL, NULL },
        { NULL, false, true, FC_TLS_1_3, NULL, NULL, NULL },
        { NULL, false, false, FC_TLS_1_3, NULL, "has no certificate", "give cert_file" },
        { "camera", true, false, FC_TLS_1_3, NULL, "client_ca_file", "authority" },
        { "camera", true, true, FC_TLS_1_3, NULL, "client_ca_file", "authority" },
        { "expired", false, false, FC_TLS_1_3, NULL, "has expired", "has expired" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fc_tls_options options = tls_pair_server(&pki, "server");
        options.client_ca_file = pki_path(&pki, "ca.pem");
        options.clients_may_be_unknown = rows[i].may_be_unknown;
        struct fc_tls *server = tls_pair_context(options);
        options = tls_pair_client(&pki);
        if (rows[i].certificate) {
            const struct fc_tls_options own =
                tls_pair_server(rows[i].is_stranger ? &stranger : &pki, rows[i].certificate);
            options.cert_file = own.cert_file;
            options.key_file = own.key_file;
        }
        struct fc_tls *client = tls_pair_context(options);
        struct tls_pair pair;
        tls_pair_open(&pair, server, client, "localhost", 0);
        const bool agrees = tls_pair_shake(&pair);
        if (agrees != !rows[i].server_why ||
            (!agrees && (!strstr(tls_reason(pair.server), rows[i].server_why) ||
                         !strstr(tls_reason(pair.client), rows[i].client_why)))) {
            fail_msg("row %zu: server: %s; client: %s", i, tls_reason(pair.server),
                     tls_reason(pair.client));
        }
        if (rows[i].subject) {
            assert_string_equal(tls_subject(pair.server), rows[i].subject);
        } else {
            assert_null(tls_subject(pair.server));
        }
        tls_pair_close(&pair);
        fc_tls_unref(&server);
        fc_tls_unref(&client);
    }
}

/* ---- names ---- */

static void the_name_asked_for_chooses_the_certificate(void **state)
{
    (void)state;
    const struct fc_tls_options a = tls_pair_server(&pki, "a");
    const struct fc_tls_options wild = tls_pair_server(&pki, "wild");
    const struct fc_tls_certificate certificates[] = {
        { "*.example.com", wild.cert_file, wild.key_file },
        { "a.example.com", a.cert_file, a.key_file },
    };
    static const struct {
        const char *name, *subject;
    } rows[] = {
        { "a.example.com", "CN=a" },        { "A.Example.COM", "CN=a" },
        { "b.example.com", "CN=wild" },     { "c.b.example.com", "CN=the server" },
        { "example.com", "CN=the server" }, { "localhost", "CN=the server" },
        { "127.0.0.1", "CN=the server" },
    };
    struct fc_tls_options options = tls_pair_server(&pki, "server");
    options.certificates = certificates;
    options.certificate_count = 2;
    options.client_ca_file = pki_path(&pki, "ca.pem"); /* holds for all names */
    struct fc_tls *server = tls_pair_context(options);
    options = tls_pair_server(&pki, "camera");
    options.is_client = true;
    options.ca_file = pki_path(&pki, "ca.pem");
    struct fc_tls *client = tls_pair_context(options);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tls_pair pair;
        tls_pair_open(&pair, server, client, rows[i].name, 0);
        assert_true(tls_pair_shake(&pair));
        assert_string_equal(tls_subject(pair.client), rows[i].subject);
        assert_string_equal(tls_subject(pair.server), "CN=kamera \xc3\xbc");
        assert_int_equal(tls_protocol(pair.server).size, 8);
        tls_pair_close(&pair);
    }
    fc_tls_unref(&server);
    fc_tls_unref(&client);
}

/* ---- what is spoken ---- */

static void protocols_are_agreed_on(void **state)
{
    (void)state;
    static const char *const none[] = { NULL }, *const usual[] = { "http/1.1", NULL };
    static const char *const ab[] = { "a", "b", NULL }, *const ba[] = { "b", "a", NULL };
    static const char *const c[] = { "c", NULL };
    static const struct {
        const char *const *server, *const *client;
        const char *agreed; /* NULL: refused */
    } rows[] = {
        { NULL, usual, "http/1.1" },
        { ab, ba, "a" },
        { ba, ab, "b" },
        { none, ab, "" },
        { ab, none, "" },
        { none, none, "" },
        { ab, c, NULL },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fc_tls_options options = tls_pair_server(&pki, "server");
        options.protocols = rows[i].server;
        struct fc_tls *server = tls_pair_context(options);
        options = tls_pair_client(&pki);
        options.protocols = rows[i].client;
        struct fc_tls *client = tls_pair_context(options);
        struct tls_pair pair;
        tls_pair_open(&pair, server, client, "localhost", 0);
        assert_int_equal(tls_pair_shake(&pair), rows[i].agreed != NULL);
        if (rows[i].agreed) {
            const struct fc_bytes heard = tls_protocol(pair.client);
            assert_int_equal(heard.size, strlen(rows[i].agreed));
            assert_memory_equal(heard.size ? heard.data : (const uint8_t *)"", rows[i].agreed,
                                heard.size);
        } else {
            assert_non_null(strstr(tls_reason(pair.server), "ALPN"));
            assert_non_null(strstr(tls_reason(pair.client), "ALPN"));
        }
        tls_pair_close(&pair);
        fc_tls_unref(&server);
        fc_tls_unref(&client);
    }
}

/* A peer that speaks versions up to this one only, whatever is thought of it. */
static SSL *old_peer(SSL_CTX **ctx, int fd, int version)
{
    *ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(*ctx);
    SSL_CTX_set_security_level(*ctx, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(*ctx, TLS1_VERSION), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(*ctx, version), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(*ctx, "ALL"), 1);
    SSL *ssl = SSL_new(*ctx);
    assert_non_null(ssl);
    assert_int_equal(SSL_set_fd(ssl, fd), 1);
    SSL_set_connect_state(ssl);
    return ssl;
}

static void old_versions_are_refused(void **state)
{
    (void)state;
    static const struct {
        int version;
        enum fc_tls_version min;
        bool is_welcome;
    } rows[] = {
        { TLS1_VERSION, FC_TLS_1_2, false },  { TLS1_1_VERSION, FC_TLS_1_2, false },
        { TLS1_2_VERSION, FC_TLS_1_2, true }, { TLS1_2_VERSION, FC_TLS_1_3, false },
        { TLS1_3_VERSION, FC_TLS_1_3, true },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fc_tls_options options = tls_pair_server(&pki, "server");
        options.version_min = rows[i].min;
        struct fc_tls *server = tls_pair_context(options);
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        SSL_CTX *ctx = NULL;
        SSL *ssl = old_peer(&ctx, fds[1], rows[i].version);
        struct tls *tls = NULL;
        assert_int_equal(tls_open(&tls, server, fds[0], NULL), 0);
        enum tls_step step = TLS_WANT_READ;
        for (int turn = 0; turn < 10 && step == TLS_WANT_READ; turn++) {
            (void)SSL_do_handshake(ssl);
            step = tls_handshake(tls);
        }
        assert_int_equal(step, rows[i].is_welcome ? TLS_DONE : TLS_FAILED);
        if (!rows[i].is_welcome) {
            assert_non_null(strstr(tls_reason(tls), "no version of TLS that is allowed"));
        }
        tls_free(&tls);
        SSL_free(ssl);
        SSL_CTX_free(ctx);
        ERR_clear_error(); /* the old peer's */
        close(fds[0]);
        close(fds[1]);
        fc_tls_unref(&server);
    }
}

/* ---- what is no TLS ---- */

static void other_things_than_a_handshake_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *why;
    } rows[] = {
        { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP without TLS" },
        { "\x81\x85nonsense that is long enough", "does not speak TLS" },
        { "", "ended the connection during the handshake" },
        { "\x16\x03\x01\x02", "ended the connection during the handshake" },
    };
    struct fc_tls *server = tls_pair_context(tls_pair_server(&pki, "server"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        struct tls *tls = NULL;
        assert_int_equal(tls_open(&tls, server, fds[0], NULL), 0);
        assert_int_equal(tls_handshake(tls), TLS_WANT_READ);
        assert_int_equal(send(fds[1], rows[i].bytes, strlen(rows[i].bytes), MSG_NOSIGNAL),
                         strlen(rows[i].bytes));
        assert_int_equal(shutdown(fds[1], SHUT_WR), 0);
        assert_int_equal(tls_handshake(tls), TLS_FAILED);
        if (!strstr(tls_reason(tls), rows[i].why)) {
            fail_msg("row %zu: %s", i, tls_reason(tls));
        }
        assert_int_equal(tls_handshake(tls), TLS_FAILED); /* it sticks */
        enum tls_step wants = TLS_DONE;
        uint8_t byte = 0;
        assert_int_equal(tls_read(tls, (struct fc_space){ &byte, 1 }, &wants), -EPROTO);
        assert_int_equal(tls_write(tls, NULL, 0, &wants), -EPROTO);
        tls_shutdown(tls);
        tls_free(&tls);
        close(fds[0]);
        close(fds[1]);
    }
    fc_tls_unref(&server);
}

/* ---- the table ---- */

static int setup(void **state)
{
    (void)state;
    static char names[6000] = "DNS:localhost";
    for (int i = 0; strlen(names) < 5000; i++) {
        char name[64];
        snprintf(name, sizeof(name), ",DNS:host-%d.example.org", i);
        strncat(names, name, sizeof(names) - strlen(names) - 1);
    }
    pki_open(&pki, "ours");
    pki_open(&stranger, "a stranger's");
    pki_open(&namesake, "ours");
    const char *usual = "DNS:localhost,IP:127.0.0.1,IP:::1,DNS:*.example.org,"
                        "DNS:c.b.example.com,DNS:example.com";
    pki_issue(&pki, "server", (struct pki_request){ "the server", usual, 0 });
    pki_issue(&pki, "long", (struct pki_request){ "the server", names, 0 });
    pki_issue(&pki, "expired", (struct pki_request){ "expired", usual, -1 });
    pki_issue(&pki, "a", (struct pki_request){ "a", "DNS:a.example.com", 0 });
    pki_issue(&pki, "wild", (struct pki_request){ "wild", "DNS:*.example.com", 0 });
    pki_issue(&pki, "camera", (struct pki_request){ "kamera \xc3\xbc", NULL, 0 });
    pki_issue(&stranger, "camera", (struct pki_request){ "a stranger", NULL, 0 });
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pki_close(&pki);
    pki_close(&stranger);
    pki_close(&namesake);
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, tls_pair_queue_is_empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_roles_shake_hands),
        TEST(a_handshake_goes_through_a_tiny_socket),
        TEST(contexts_know_their_role),
        TEST(a_client_believes_only_whom_it_should),
        TEST(a_client_may_expect_another_name),
        TEST(who_was_not_verified_has_no_subject),
        TEST(a_server_wants_certificates_of_its_clients),
        TEST(the_name_asked_for_chooses_the_certificate),
        TEST(protocols_are_agreed_on),
        TEST(old_versions_are_refused),
        TEST(other_things_than_a_handshake_are_refused),
    };
    return cmocka_run_group_tests_name("net/tls", tests, setup, teardown);
}
