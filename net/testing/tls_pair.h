/* SPDX-License-Identifier: MIT */
#ifndef NET_TESTING_TLS_PAIR_H
#define NET_TESTING_TLS_PAIR_H

#include "net/testing/pki.h"
#include "net/tls.h"

/* A server's and a client's TLS at the two ends of a pair of sockets, moved by turns. Everything
 * fails the test when it does not work. */

#define TLS_PAIR_REASON_SIZE 256

/** fc_tls_new(), which must work. */
struct fc_tls *tls_pair_context(struct fc_tls_options options);

/** Options with a certificate of the authority's; of a client that believes the authority. */
struct fc_tls_options tls_pair_server(const struct pki *pki, const char *certificate);
struct fc_tls_options tls_pair_client(const struct pki *pki);

struct tls_pair {
    int fds[2]; /* the server's, the client's */
    struct tls *server, *client;
    enum tls_step server_step, client_step;
};

/** Open both. buffer_bytes: what a socket holds, about; 0: the usual. */
void tls_pair_open(struct tls_pair *pair, struct fc_tls *server, struct fc_tls *client,
                   const char *server_name, int buffer_bytes);

/** Shake hands until both are done, or one has failed and the other has heard of it. True when
 *  both are done. */
bool tls_pair_shake(struct tls_pair *pair);

void tls_pair_close(struct tls_pair *pair);

/** Open, shake, close: whether they agreed. Reasons may be NULL. */
bool tls_pair_agrees(struct fc_tls *server, struct fc_tls *client, const char *server_name,
                     char server_reason[TLS_PAIR_REASON_SIZE],
                     char client_reason[TLS_PAIR_REASON_SIZE]);

/** Write text on one side and read it on the other. */
void tls_pair_carry(struct tls *from, struct tls *to, const char *text);

/** Check that OpenSSL's queue of errors is empty: what one connection leaves in it would be taken
 *  for another's. A teardown of cmocka. */
int tls_pair_queue_is_empty(void **state);

#endif
