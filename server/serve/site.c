/* SPDX-License-Identifier: MIT */
#include "serve/site.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "serve/endpoint.h"
#include "serve/routes.h"

struct stream *site_find(const struct site *site, const char *name)
{
    for (uint32_t i = 0; i < site->stream_count; i++) {
        if (strcmp(stream_name(site->streams[i]), name) == 0) {
            return site->streams[i];
        }
    }
    return NULL;
}

static void *loop_open(struct fc_loop *loop, void *ctx)
{
    const struct site *site = ctx;
    return site->audiences[fc_loop_index(loop)];
}

static void request(struct fc_conn *conn, const struct fc_http_request *request)
{
    struct visit visit = {
        .conn = conn,
        .request = request,
        .audience = audience_of(conn),
    };
    visit.site = audience_site(visit.audience);
    routes_visit(&visit);
}

static void message(struct fc_conn *conn, enum fc_ws_kind kind, struct fc_bytes payload)
{
    struct endpoint *endpoint = fc_conn_user(conn);
    if (endpoint && endpoint->ops->message) {
        endpoint->ops->message(endpoint, kind, payload);
    }
}

static void started(struct fc_conn *conn, uint32_t slot, const struct fc_message *message)
{
    struct endpoint *endpoint = fc_conn_user(conn);
    if (endpoint && endpoint->ops->started) {
        endpoint->ops->started(endpoint, slot, message);
    }
}

static void closed(struct fc_conn *conn)
{
    struct endpoint *endpoint = fc_conn_user(conn);
    if (endpoint) {
        endpoint->ops->closed(endpoint);
    }
}

static void slow(struct fc_loop *loop, const char *what, int64_t duration_ns)
{
    log_warn("serve", "everybody on one loop had to wait loop=%" PRIu32 " for=%s ms=%" PRId64,
             fc_loop_index(loop), what, duration_ns / NS_PER_MS);
}

struct fc_handler site_handler(struct site *site)
{
    return (struct fc_handler){
        .loop_open = loop_open,
        .request = request,
        .conn = { .message = message, .started = started, .closed = closed },
        .slow = slow,
        .ctx = site,
    };
}
