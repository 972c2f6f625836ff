/* SPDX-License-Identifier: MIT */
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
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

#include "net/testing/pki.h"
#include "net/testing/tls_pair.h"

static struct pki pki, stranger;
static struct fc_tls *server, *client; /* the plain ones */

static struct fc_tls *make(struct fc_tls_options options)
{
    struct fc_tls *tls = NULL;
    struct fc_error error;
    if (fc_tls_new(&tls, &options, &error) != 0) {
        fail_msg("%s", error.text);
    }
    return tls;
}

static struct fc_tls_options server_options(const char *name)
{
    char cert[32], key[32];
    snprintf(cert, sizeof(cert), "%s.pem", name);
    snprintf(key, sizeof(key), "%s.key", name);
    return (struct fc_tls_options){
        .cert_file = pki_path(&pki, cert),
        .key_file = pki_path(&pki, key),
    };
}

static struct fc_tls_options client_options(void)
{
    return (struct fc_tls_options){ .is_client = true, .ca_file = pki_path(&pki, "ca.pem") };
}

/* ---- agreeing ---- */

static void both_roles_shake_hands(void **state)
{
    (void)state;
    struct tls_pair pair;
    tls_pair_open(&pair, server, client, "localhost", 0);
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

static int setup(void **state)
{
    (void)state;
    pki_open(&pki);
    pki_open(&stranger);
    pki_issue(&pki, "server",
              (struct pki_request){ "the server", "DNS:localhost,IP:127.0.0.1", 0 });
    server = make(server_options("server"));
    client = make(client_options());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fc_tls_unref(&server);
    fc_tls_unref(&client);
    pki_close(&pki);
    pki_close(&stranger);
    return 0;
}

/* What one connection leaves in the thread's queue of errors would be taken for another's. */
static int queue_is_empty(void **state)
{
    (void)state;
    const unsigned long code = ERR_peek_error();
    if (code != 0) {
        print_error("left in the queue: %s\n", ERR_error_string(code, NULL));
    }
    ERR_clear_error();
    return code == 0 ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_teardown(name, queue_is_empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_roles_shake_hands),
    };
    return cmocka_run_group_tests_name("net/tls", tests, setup, teardown);
}
