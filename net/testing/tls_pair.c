/* SPDX-License-Identifier: MIT */
#include "net/testing/tls_pair.h"

#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define TURNS_MAX 1000

struct fc_tls *tls_pair_context(struct fc_tls_options options)
{
    struct fc_tls *tls = NULL;
    struct fc_error error;
    if (fc_tls_new(&tls, &options, &error) != 0) {
        fail_msg("%s", error.text);
    }
    return tls;
}

struct fc_tls_options tls_pair_server(const struct pki *pki, const char *certificate)
{
    char cert[32], key[32];
    snprintf(cert, sizeof(cert), "%s.pem", certificate);
    snprintf(key, sizeof(key), "%s.key", certificate);
    return (struct fc_tls_options){
        .cert_file = pki_path(pki, cert),
        .key_file = pki_path(pki, key),
    };
}

struct fc_tls_options tls_pair_client(const struct pki *pki)
{
    return (struct fc_tls_options){ .is_client = true, .ca_file = pki_path(pki, "ca.pem") };
}

void tls_pair_open(struct tls_pair *pair, struct fc_tls *server, struct fc_tls *client,
                   const char *server_name, int buffer_bytes)
{
    *pair = (struct tls_pair){ .server_step = TLS_WANT_READ, .client_step = TLS_WANT_READ };
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair->fds),
                     0);
    for (int i = 0; i < 2 && buffer_bytes > 0; i++) {
        assert_int_equal(
            setsockopt(pair->fds[i], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof(buffer_bytes)),
            0);
    }
    assert_int_equal(tls_open(&pair->server, server, pair->fds[0], NULL), 0);
    assert_int_equal(tls_open(&pair->client, client, pair->fds[1], server_name), 0);
}

/* One that has failed hangs up, as a connection does. */
static void step(struct tls *tls, enum tls_step *at, int fd)
{
    if (*at == TLS_WANT_READ || *at == TLS_WANT_WRITE) {
        *at = tls_handshake(tls);
        if (*at == TLS_FAILED) {
            assert_int_equal(shutdown(fd, SHUT_WR), 0);
        }
    }
}

/* A client of TLS 1.3 is done before the server has looked at its certificate. */
static void hear_verdict(struct tls_pair *pair)
{
    if (pair->client_step == TLS_DONE && pair->server_step == TLS_FAILED) {
        uint8_t byte = 0;
        enum tls_step wants = TLS_DONE;
        if (tls_read(pair->client, (struct fc_space){ &byte, 1 }, &wants) < 0) {
            pair->client_step = TLS_FAILED;
        }
    }
}

bool tls_pair_shake(struct tls_pair *pair)
{
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        step(pair->client, &pair->client_step, pair->fds[1]);
        step(pair->server, &pair->server_step, pair->fds[0]);
        const bool is_over = (pair->client_step == TLS_DONE || pair->client_step == TLS_FAILED) &&
                             (pair->server_step == TLS_DONE || pair->server_step == TLS_FAILED);
        if (is_over) {
            hear_verdict(pair);
            return pair->client_step == TLS_DONE && pair->server_step == TLS_DONE;
        }
    }
    fail_msg("the handshake does not end: server %d, client %d", (int)pair->server_step,
             (int)pair->client_step);
    return false;
}

void tls_pair_close(struct tls_pair *pair)
{
    tls_free(&pair->server);
    tls_free(&pair->client);
    close(pair->fds[0]);
    close(pair->fds[1]);
}

bool tls_pair_agrees(struct fc_tls *server, struct fc_tls *client, const char *server_name,
                     char server_reason[TLS_PAIR_REASON_SIZE],
                     char client_reason[TLS_PAIR_REASON_SIZE])
{
    struct tls_pair pair;
    tls_pair_open(&pair, server, client, server_name, 0);
    const bool has_agreed = tls_pair_shake(&pair);
    if (server_reason) {
        snprintf(server_reason, TLS_PAIR_REASON_SIZE, "%s", tls_reason(pair.server));
    }
    if (client_reason) {
        snprintf(client_reason, TLS_PAIR_REASON_SIZE, "%s", tls_reason(pair.client));
    }
    tls_pair_close(&pair);
    return has_agreed;
}

void tls_pair_carry(struct tls *from, struct tls *to, const char *text)
{
    uint8_t heard[256];
    const size_t size = strlen(text);
    const struct iovec iov = { (void *)(uintptr_t)text, size };
    enum tls_step wants = TLS_DONE;
    assert_int_equal(tls_write(from, &iov, 1, &wants), size);
    assert_int_equal(tls_read(to, (struct fc_space){ heard, sizeof(heard) }, &wants), size);
    assert_memory_equal(heard, text, size);
}

int tls_pair_queue_is_empty(void **state)
{
    (void)state;
    const unsigned long code = ERR_peek_error();
    if (code != 0) {
        print_error("left in the queue: %s\n", ERR_error_string(code, NULL));
    }
    ERR_clear_error();
    return code == 0 ? 0 : -1;
}
