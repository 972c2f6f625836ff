/* SPDX-License-Identifier: MIT */
#ifndef SERVE_ENDPOINT_H
#define SERVE_ENDPOINT_H

#include "serve/audience.h"

/*
 * What stands behind a connection after its request: a viewer, a subscriber, a publisher. Each
 * kind embeds an endpoint and fills a table. The connection's user pointer is the endpoint.
 */

struct endpoint;

struct endpoint_ops {
    void (*message)(struct endpoint *endpoint, enum fc_ws_kind kind, struct fc_bytes payload);
    void (*started)(struct endpoint *endpoint, uint32_t slot, const struct fc_message *message);
    void (*closed)(struct endpoint *endpoint); /* frees it */
};

struct endpoint {
    const struct endpoint_ops *ops;
    struct fc_conn *conn;
    struct audience *audience;
};

/** A request on its way to an endpoint. */
struct visit {
    struct fc_conn *conn;
    const struct fc_http_request *request;
    struct audience *audience;
    struct site *site;
    struct stream *stream; /* of addresses that name one */
    bool is_upgrade;       /* asks for a WebSocket */
};

/** Tie an endpoint to its connection. */
void endpoint_attach(struct endpoint *endpoint, const struct endpoint_ops *ops,
                     const struct visit *visit);

/** Untie it, for one that has answered and is freed by its owner. */
void endpoint_detach(struct endpoint *endpoint);

/* The endpoints, by file. Each answers the visit, now or later. */
void page_visit(const struct visit *visit);          /* page.c */
void status_list_visit(const struct visit *visit);   /* status.c */
void status_stream_visit(const struct visit *visit); /* status.c */
void status_health_visit(const struct visit *visit); /* status.c */
void status_ready_visit(const struct visit *visit);  /* status.c */
void snapshot_visit(const struct visit *visit);      /* snapshot.c */
void mjpeg_visit(const struct visit *visit);         /* pictures.c */
void frames_visit(const struct visit *visit);        /* pictures.c */
void predictions_visit(const struct visit *visit);   /* predictions.c */
void live_visit(const struct visit *visit);          /* live.c */
void publish_visit(const struct visit *visit);       /* publish.c */

#endif
