/* SPDX-License-Identifier: MIT */
#ifndef NET_TESTING_TLS_PAIR_H
#define NET_TESTING_TLS_PAIR_H

#include "net/tls.h"

/* A server's and a client's TLS at the two ends of a pair of sockets, moved by turns. */

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

/** Open, shake, close: whether they agreed. Reasons, if wanted, have 256 bytes. */
bool tls_pair_agrees(struct fc_tls *server, struct fc_tls *client, const char *server_name,
                     char *server_reason, char *client_reason);

/** Write text on one side and read it on the other. */
void tls_pair_carry(struct tls *from, struct tls *to, const char *text);

#endif
