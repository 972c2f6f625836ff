/* SPDX-License-Identifier: MIT */
#ifndef NET_CONN_HELLO_H
#define NET_CONN_HELLO_H

#include <framecast/handshake.h>
#include <framecast/tls.h>

#include "net/url.h"

/*
 * What a client asks for when it opens a connection: perhaps the way through a proxy, perhaps TLS,
 * then a WebSocket. Made by client.c, done by conn_hello.c, forgotten once the connection is open.
 */

struct conn_hello {
    const struct url *url;           /* borrowed from the client */
    const struct url *proxy;         /* borrowed; NULL: none */
    const char *const *subprotocols; /* borrowed; ended by NULL; NULL: none */
    const char *headers;             /* borrowed; the client's, authorization included */
    const char *proxy_headers;       /* borrowed; "" or authorization */
    struct fc_tls *tls;              /* shared; NULL: plain */
    char key[FC_WS_KEY_SIZE];        /* new for each connection */
    struct fc_deflate deflate;       /* what is offered, then agreed */
    bool is_through;                 /* the proxy has opened the way */
    bool is_secured;                 /* TLS is agreed on */
};

/** Ignores NULL. */
void conn_hello_free(struct conn_hello **hello);

#endif
