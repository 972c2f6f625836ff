/* SPDX-License-Identifier: MIT */
/* Options and files: what is wrong with them, and reading them again. */
#include "net/tls_context.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/testing/tls_pair.h"

static struct pki pki;

/* ---- what cannot be ---- */

static void expect_refusal(struct fc_tls_options options, int err, const char *sentence)
{
    struct fc_tls *tls = NULL;
    struct fc_error error;
    const int result = fc_tls_new(&tls, &options, &error);
    if (result != err || !strstr(error.text, sentence)) {
        fail_msg("%d: %s", result, error.text);
    }
    assert_null(tls);
    assert_int_equal(strncmp(error.text, "TLS: ", 5), 0);
    assert_int_equal(fc_tls_new(&tls, &options, NULL), err); /* nobody wants to know */
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const char *const empty[] = { "http/1.1", "", NULL };
    static char large[257];
    memset(large, 'a', 256);
    const char *const too_long[] = { large, NULL };
    const char *const many[] = { "1", "1", "1", "1", "1", "1", "1", "1", "1",
                                 "1", "1", "1", "1", "1", "1", "1", "1", NULL };
    const struct fc_tls_certificate no_name = { NULL, "x", "x" }, no_file = { "x", NULL, NULL };
    const struct {
        struct fc_tls_options options;
        const char *sentence;
    } rows[] = {
        { { 0 }, "a server needs a certificate" },
        { { .key_file = "x" }, "without cert_file" },
        { { .cert_file = "x", .ca_file = "x" }, "client_ca_file" },
        { { .cert_file = "x", .server_name = "x" }, "server_name is for clients" },
        { { .cert_file = "x", .is_insecure = true }, "is_insecure is for clients" },
        { { .cert_file = "x", .clients_may_be_unknown = true }, "without client_ca_file" },
        { { .cert_file = "x", .certificates = &no_name, .certificate_count = 1 }, "no name" },
        { { .cert_file = "x", .certificates = &no_file, .certificate_count = 1 }, "no cert_file" },
        { { .cert_file = "x", .certificates = &no_file, .certificate_count = 65537 }, "too many" },
        { { .is_client = true, .key_file = "x" }, "without cert_file" },
        { { .is_client = true, .client_ca_file = "x" }, "a client has ca_file" },
        { { .is_client = true, .clients_may_be_unknown = true }, "is for servers" },
        { { .is_client = true, .certificates = &no_name, .certificate_count = 1 }, "for servers" },
        { { .is_client = true, .ca_file = "x", .is_insecure = true }, "does nothing" },
        { { .is_client = true, .protocols = empty }, "1 to 255 bytes" },
        { { .is_client = true, .protocols = too_long }, "1 to 255 bytes" },
        { { .is_client = true, .protocols = many }, "at most 16" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect_refusal(rows[i].options, -EINVAL, rows[i].sentence);
    }
    large[255] = '\0'; /* as long as may be */
    struct fc_tls *tls =
        tls_pair_context((struct fc_tls_options){ .is_client = true, .protocols = too_long });
    fc_tls_unref(&tls);
    tls = tls_pair_context((struct fc_tls_options){ .is_client = true, .protocols = &many[1] });
    fc_tls_unref(&tls);
}

static void files_that_cannot_be_used_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *cert, *key, *ca;
        int err;
        const char *sentence;
    } rows[] = {
        { "none", "server.key", NULL, -ENOENT, "none': No such file or directory; give a PEM" },
        { "server.pem", "none", NULL, -ENOENT, "cannot read the key" },
        { "server.pem", "server.key", "none", -ENOENT, "cannot read the authorities' file" },
        { "empty", "server.key", NULL, -EBADMSG, "there is none in the file; give a PEM" },
        { "folder", "server.key", NULL, -EBADMSG, "folder' cannot be used" },
        { "garbled", "server.key", NULL, -EBADMSG, "garbled' cannot be used" },
        { "server.key", "server.key", NULL, -EBADMSG, "there is none in the file" },
        { "half", "server.key", NULL, -EBADMSG, "half' cannot be used" },
        { "server.pem", "empty", NULL, -EBADMSG, "the key" },
        { "server.pem", "garbled", NULL, -EBADMSG, "the key" },
        { "server.pem", NULL, NULL, -EBADMSG, "the key" },
        { "server.pem", "other.key", NULL, -EBADMSG, "is not that of the certificate" },
        { "server.pem", "server.locked", NULL, -EBADMSG, "protected by a passphrase" },
        { "server.pem", "server.key", "empty", -EBADMSG, "authorities" },
        { "server.pem", "server.key", "server.key", -EBADMSG, "authorities" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct fc_tls_options options = {
            .cert_file = pki_path(&pki, rows[i].cert),
            .key_file = rows[i].key ? pki_path(&pki, rows[i].key) : NULL,
            .client_ca_file = rows[i].ca ? pki_path(&pki, rows[i].ca) : NULL,
        };
        expect_refusal(options, rows[i].err, rows[i].sentence);
    }
    const struct fc_tls_certificate named = { "x", pki_path(&pki, "none"), NULL };
    struct fc_tls_options options = tls_pair_server(&pki, "server");
    options.certificates = &named;
    options.certificate_count = 1;
    expect_refusal(options, -ENOENT, "none': No such file");
}

static void a_certificate_out_of_its_time_is_a_warning(void **state)
{
    (void)state;
    struct fc_tls *tls = NULL;
    struct fc_error error = { "before" };
    struct fc_tls_options options = tls_pair_server(&pki, "expired");
    assert_int_equal(fc_tls_new(&tls, &options, &error), 0);
    assert_non_null(strstr(error.text, "expired.pem' has expired; clients will refuse it"));
    fc_tls_unref(&tls);
    options = tls_pair_server(&pki, "server");
    assert_int_equal(fc_tls_new(&tls, &options, &error), 0);
    assert_string_equal(error.text, "");
    fc_tls_unref(&tls);
}

/* One file may have it all. */
static void a_key_may_be_in_the_certificates_file(void **state)
{
    (void)state;
    struct fc_tls *server =
        tls_pair_context((struct fc_tls_options){ .cert_file = pki_path(&pki, "together.pem") });
    struct fc_tls *client = tls_pair_context(tls_pair_client(&pki));
    assert_true(tls_pair_agrees(server, client, "localhost", NULL, NULL));
    fc_tls_unref(&server);
    fc_tls_unref(&client);
}

/* ---- reading again ---- */

static void expect_subject(struct fc_tls *server, struct fc_tls *client, const char *subject)
{
    struct tls_pair pair;
    tls_pair_open(&pair, server, client, "localhost", 0);
    assert_true(tls_pair_shake(&pair));
    assert_string_equal(tls_subject(pair.client), subject);
    tls_pair_close(&pair);
}

static void a_reload_is_for_new_connections(void **state)
{
    (void)state;
    pki_issue(&pki, "changing", (struct pki_request){ "first", "DNS:localhost", 0 });
    struct fc_tls *server = tls_pair_context(tls_pair_server(&pki, "changing"));
    struct fc_tls *client = tls_pair_context(tls_pair_client(&pki));
    struct tls_pair begun, opened;
    tls_pair_open(&begun, server, client, "localhost", 0);
    assert_int_equal(tls_handshake(begun.client), TLS_WANT_READ);
    tls_pair_open(&opened, server, client, "localhost", 0);
    assert_true(tls_pair_shake(&opened));

    pki_issue(&pki, "changing", (struct pki_request){ "second", "DNS:localhost", 0 });
    expect_subject(server, client, "CN=first"); /* files alone change nothing */
    struct fc_error error = { "before" };
    assert_int_equal(fc_tls_reload(server, &error), 0);
    assert_string_equal(error.text, "");
    expect_subject(server, client, "CN=second");

    assert_true(tls_pair_shake(&begun));
    assert_string_equal(tls_subject(begun.client), "CN=first");
    tls_pair_carry(opened.server, opened.client, "still there");
    tls_pair_close(&begun);
    tls_pair_close(&opened);

    pki_write(&pki, "changing.pem", "nothing");
    assert_int_equal(fc_tls_reload(server, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "changing.pem"));
    assert_int_equal(fc_tls_reload(server, NULL), -EBADMSG);
    expect_subject(server, client, "CN=second");
    fc_tls_unref(&server);
    fc_tls_unref(&client);
}

static void a_client_reloads_its_authorities(void **state)
{
    (void)state;
    struct pki other;
    pki_open(&other, "others");
    pki_issue(&other, "server", (struct pki_request){ "the server", "DNS:localhost", 0 });
    struct fc_tls *server = tls_pair_context(tls_pair_server(&other, "server"));
    char both[128];
    snprintf(both, sizeof(both), "%s", pki_path(&other, "both.pem"));
    assert_int_equal(link(pki_path(&pki, "ca.pem"), both), 0);
    struct fc_tls *client =
        tls_pair_context((struct fc_tls_options){ .is_client = true, .ca_file = both });
    assert_false(tls_pair_agrees(server, client, "localhost", NULL, NULL));
    assert_int_equal(unlink(both), 0);
    assert_int_equal(link(pki_path(&other, "ca.pem"), both), 0);
    assert_int_equal(fc_tls_reload(client, NULL), 0);
    assert_true(tls_pair_agrees(server, client, "localhost", NULL, NULL));
    fc_tls_unref(&server);
    fc_tls_unref(&client);
    pki_close(&other);
}

#define RELOADS 100

static void *reload_often(void *server)
{
    uintptr_t failed = 0;
    for (int i = 0; i < RELOADS; i++) {
        failed += fc_tls_reload(server, NULL) != 0;
    }
    return (void *)failed;
}

static void a_reload_goes_on_beside_handshakes(void **state)
{
    (void)state;
    struct fc_tls *server = tls_pair_context(tls_pair_server(&pki, "server"));
    struct fc_tls *client = tls_pair_context(tls_pair_client(&pki));
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, reload_often, server), 0);
    }
    for (int i = 0; i < RELOADS; i++) {
        expect_subject(server, client, "CN=the server");
    }
    for (int i = 0; i < 2; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    fc_tls_unref(&server);
    fc_tls_unref(&client);
}

/* ---- the table ---- */

/* The first half of a file, or two of them as one. */
static void join_files(const char *out, const char *first, const char *second, size_t limit)
{
    char text[8192];
    size_t size = 0;
    const char *const names[] = { first, second };
    for (int i = 0; i < 2 && names[i]; i++) {
        FILE *in = fopen(pki_path(&pki, names[i]), "r");
        assert_non_null(in);
        size += fread(text + size, 1, sizeof(text) - 1 - size, in);
        fclose(in);
    }
    text[size < limit ? size : limit] = '\0';
    pki_write(&pki, out, text);
}

static int setup(void **state)
{
    (void)state;
    pki_open(&pki, "ours");
    pki_issue(&pki, "server", (struct pki_request){ "the server", "DNS:localhost", 0 });
    pki_issue(&pki, "other", (struct pki_request){ "another", NULL, 0 });
    pki_issue(&pki, "expired", (struct pki_request){ "expired", NULL, -1 });
    pki_lock_key(&pki, "server");
    pki_write(&pki, "empty", "");
    pki_write(&pki, "garbled",
              "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n"
              "-----BEGIN PRIVATE KEY-----\nbm9uc2Vuc2U=\n-----END PRIVATE KEY-----\n");
    join_files("half", "server.pem", "server.pem", 900);
    join_files("together.pem", "server.pem", "server.key", SIZE_MAX);
    assert_int_equal(mkdir(pki_path(&pki, "folder"), 0700), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(rmdir(pki_path(&pki, "folder")), 0);
    pki_close(&pki);
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, tls_pair_queue_is_empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(options_that_cannot_be_are_refused),
        TEST(files_that_cannot_be_used_are_named),
        TEST(a_certificate_out_of_its_time_is_a_warning),
        TEST(a_key_may_be_in_the_certificates_file),
        TEST(a_reload_is_for_new_connections),
        TEST(a_client_reloads_its_authorities),
        TEST(a_reload_goes_on_beside_handshakes),
    };
    return cmocka_run_group_tests_name("net/tls_context", tests, setup, teardown);
}
