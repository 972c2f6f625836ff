/* SPDX-License-Identifier: MIT */
/*
 * Memory that runs out, for us and inside of OpenSSL: an error, or a handshake that fails, or all
 * goes well without; never a crash, a leak, or a connection that only seems to be one.
 */
#include "net/tls.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/testing/alloc.h"
#include "net/testing/tls_pair.h"

#define EACH_UP_TO 100 /* then every few, or it would take a minute */
#define STEP 31
#define ROUNDS_MAX 100000

static struct pki pki;

/* OpenSSL's memory comes from the malloc that can be told to fail. */
static void *take(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(size);
}

static void *resize(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return realloc(old, size);
}

static void release(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    free(old);
}

/* ---- rounds ---- */

/* Run it with each allocation failing in turn, until there are no more; how many there are. */
static unsigned with_each_failing(void (*run)(void))
{
    int has_failed = 1;
    unsigned n = 1;
    while (has_failed && n < ROUNDS_MAX) {
        alloc_fail_at(n);
        run();
        has_failed = alloc_has_failed();
        alloc_fail_at(0);
        assert_int_equal(ERR_peek_error(), 0);
        n += n < EACH_UP_TO ? 1 : STEP;
    }
    assert_true(n < ROUNDS_MAX);
    return n;
}

static void make_contexts(void)
{
    const struct fc_tls_certificate named = { "x", pki_path(&pki, "server.pem"),
                                              pki_path(&pki, "server.key") };
    struct fc_tls_options options = tls_pair_server(&pki, "server");
    options.certificates = &named;
    options.certificate_count = 1;
    options.client_ca_file = pki_path(&pki, "ca.pem");
    struct fc_tls *tls = NULL;
    struct fc_error error = { "" };
    int err = fc_tls_new(&tls, &options, &error);
    assert_int_equal(err != 0, tls == NULL);
    assert_int_equal(err != 0, error.text[0] != '\0');
    if (tls) {
        err = fc_tls_reload(tls, &error);
        assert_int_equal(err != 0, error.text[0] != '\0');
    }
    fc_tls_unref(&tls);
}

static void any_allocation_of_a_context_may_fail(void **state)
{
    (void)state;
    make_contexts(); /* what OpenSSL makes once */
    assert_true(with_each_failing(make_contexts) > EACH_UP_TO);
}

/* ---- a connection ---- */

static struct fc_tls *server, *client;

/* Turns until both are done, or one has failed; those of a blocked pair end as well. */
static bool shake(struct tls *at_server, struct tls *at_client)
{
    enum tls_step mine = TLS_WANT_READ, theirs = TLS_WANT_READ;
    for (int turn = 0; turn < 20 && mine != TLS_FAILED && theirs != TLS_FAILED; turn++) {
        theirs = theirs == TLS_DONE ? theirs : tls_handshake(at_client);
        mine = mine == TLS_DONE ? mine : tls_handshake(at_server);
        if (mine == TLS_DONE && theirs == TLS_DONE) {
            return true;
        }
    }
    assert_true(mine != TLS_FAILED || tls_reason(at_server)[0] != '\0');
    assert_true(theirs != TLS_FAILED || tls_reason(at_client)[0] != '\0');
    return false;
}

/* What arrives is what was said, as far as it does. */
static void carry(struct tls *from, struct tls *to)
{
    static uint8_t said[40000], heard[40000];
    enum tls_step wants = TLS_DONE;
    memset(said, 'a', sizeof(said));
    const struct iovec parts[] = { { said, 2 }, { said, sizeof(said) - 2 } };
    const long taken = tls_write(from, parts, 2, &wants);
    long got = 0;
    for (long size = 1; size > 0; got += size > 0 ? size : 0) {
        size = tls_read(to, (struct fc_space){ heard + got, sizeof(heard) - (size_t)got }, &wants);
        if (size == 0 || got == (long)sizeof(heard)) {
            break;
        }
    }
    assert_true(got <= (taken > 0 ? taken : 0));
    assert_memory_equal(heard, said, (size_t)got);
}

static void converse(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    const int bytes = 20000;
    (void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    struct tls *at_server = NULL, *at_client = NULL;
    const int err = tls_open(&at_server, server, fds[0], NULL);
    assert_true(err == 0 || err == -ENOMEM);
    if (err == 0 && tls_open(&at_client, client, fds[1], "localhost") == 0 &&
        shake(at_server, at_client)) {
        assert_string_equal(tls_subject(at_client), "CN=the server");
        carry(at_server, at_client);
        carry(at_client, at_server);
        tls_shutdown(at_server);
    }
    tls_free(&at_server);
    tls_free(&at_client);
    close(fds[0]);
    close(fds[1]);
}

static void any_allocation_of_a_connection_may_fail(void **state)
{
    (void)state;
    server = tls_pair_context(tls_pair_server(&pki, "server"));
    client = tls_pair_context(tls_pair_client(&pki));
    converse();
    assert_true(with_each_failing(converse) > EACH_UP_TO);
    assert_true(tls_pair_agrees(server, client, "localhost", NULL, NULL));
    fc_tls_unref(&server);
    fc_tls_unref(&client);
}

/* ---- the table ---- */

static int setup(void **state)
{
    (void)state;
    pki_open(&pki, "ours");
    pki_issue(&pki, "server", (struct pki_request){ "the server", "DNS:localhost", 0 });
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
    if (CRYPTO_set_mem_functions(take, resize, release) != 1) {
        return 1; /* it has allocated already */
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_allocation_of_a_context_may_fail),
        cmocka_unit_test(any_allocation_of_a_connection_may_fail),
    };
    return cmocka_run_group_tests_name("net/tls_memory", tests, setup, teardown);
}
