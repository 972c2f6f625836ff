/* SPDX-License-Identifier: MIT */
/* From an address to an endpoint. The table is the list of addresses that there are. */
#include "serve/routes.h"

#include <stdio.h>
#include <string.h>

#include "base/live_wire.h"
#include "serve/answer.h"

#define PATH_SIZE 256

enum route_kind {
    ROUTE_HTTP,   /* an answer over HTTP only */
    ROUTE_WS,     /* a WebSocket only */
    ROUTE_EITHER, /* both */
};

struct route {
    const char *prefix;
    const char *suffix; /* NULL: the prefix is the whole path; else a stream's name lies between */
    const char *action; /* of the query, NULL: any */
    enum route_kind kind;
    bool is_first_stream; /* stands for the first stream */
    void (*visit)(const struct visit *visit);
};

/* Longer suffixes before shorter ones: the first that fits is taken. */
static const struct route routes[] = {
    { "/", NULL, "stream", ROUTE_HTTP, true, mjpeg_visit },
    { "/", NULL, "snapshot", ROUTE_HTTP, true, snapshot_visit },
    { "/stream", NULL, NULL, ROUTE_HTTP, true, mjpeg_visit },
    { "/snapshot", NULL, NULL, ROUTE_HTTP, true, snapshot_visit },
    { "/ws", NULL, NULL, ROUTE_WS, true, predictions_visit },
    { LIVE_PATH, NULL, NULL, ROUTE_WS, false, live_visit },
    { "/streams", NULL, NULL, ROUTE_HTTP, false, status_list_visit },
    { "/healthz", NULL, NULL, ROUTE_HTTP, false, status_health_visit },
    { "/readyz", NULL, NULL, ROUTE_HTTP, false, status_ready_visit },
    { "/streams/", "/predictions", NULL, ROUTE_EITHER, false, predictions_visit },
    { "/streams/", "/frames", NULL, ROUTE_WS, false, frames_visit },
    { "/streams/", ".mjpg", NULL, ROUTE_HTTP, false, mjpeg_visit },
    { "/streams/", ".jpg", NULL, ROUTE_HTTP, false, snapshot_visit },
    { "/streams/", "", NULL, ROUTE_HTTP, false, status_stream_visit },
    { "/publish/", "", NULL, ROUTE_WS, false, publish_visit },
};

static const struct route page_route = { "/", NULL, NULL, ROUTE_HTTP, false, page_visit };

/* Whether a path fits a route; name gets what lies between prefix and suffix. */
static bool route_fits(const struct route *route, const char *path, struct fc_bytes query,
                       char name[PATH_SIZE])
{
    const size_t size = strlen(path);
    const size_t prefix = strlen(route->prefix);
    if (strncmp(path, route->prefix, prefix) != 0) {
        return false;
    }
    if (!route->suffix) {
        char action[16] = "";
        const bool has_action =
            route->action && fc_http_query_get(query, "action", action, sizeof(action));
        return size == prefix &&
               (!route->action || (has_action && strcmp(action, route->action) == 0));
    }
    const size_t suffix = strlen(route->suffix);
    if (size <= prefix + suffix || strcmp(path + size - suffix, route->suffix) != 0) {
        return false;
    }
    memcpy(name, path + prefix, size - prefix - suffix);
    name[size - prefix - suffix] = '\0';
    return strchr(name, '/') == NULL;
}

/* A browser says where the page came from that wants the connection; only ours may have it. */
static bool is_foreign(const struct fc_http_request *request)
{
    const struct fc_bytes *origin =
        fc_http_header_find(request->headers, request->header_count, "Origin");
    const struct fc_bytes *host =
        fc_http_header_find(request->headers, request->header_count, "Host");
    if (!origin) {
        return false;
    }
    for (size_t i = 0; i + 2 < origin->size; i++) {
        if (memcmp(origin->data + i, "://", 3) == 0) {
            const size_t from = i + 3;
            return !host || origin->size - from != host->size ||
                   memcmp(origin->data + from, host->data, host->size) != 0;
        }
    }
    return true; /* "null" */
}

static void answer_no_stream(const struct visit *visit, const char *name)
{
    if (visit->is_upgrade) {
        if (fc_conn_accept(visit->conn, visit->request, NULL)) {
            fc_conn_close(visit->conn, LIVE_CLOSE_NO_STREAM,
                          "there is no such stream; see /streams");
        }
        return;
    }
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    char error[STREAM_NAME_MAX + 32] = "there is no such stream"; /* JSON takes no other bytes */
    const size_t size = strlen(name);
    if (size <= STREAM_NAME_MAX && strspn(name, allowed) == size) {
        snprintf(error, sizeof(error), "there is no stream '%s'", name);
    }
    answer_error(visit, 404, error, "see /streams for those there are");
}

static bool is_method_allowed(const struct visit *visit)
{
    return visit->request->method == FC_HTTP_GET ||
           (visit->request->method == FC_HTTP_HEAD && !visit->is_upgrade);
}

static void route_visit(const struct route *route, struct visit *visit, const char *name)
{
    if (!is_method_allowed(visit)) {
        answer_refusal(visit, 405, "Allow: GET, HEAD\r\n", "this address takes GET and HEAD only",
                       "use GET");
        return;
    }
    if (visit->is_upgrade && is_foreign(visit->request)) {
        answer_error(visit, 403, "pages from another origin may not connect",
                     "open the page from this server");
        return;
    }
    if (route->kind == ROUTE_WS && !visit->is_upgrade) {
        answer_refusal(visit, 426,
                       "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
                       "this address speaks WebSocket",
                       "connect with a WebSocket client, as in ws://HOST:PORT/ws");
        return;
    }
    visit->stream = route->is_first_stream ? visit->site->streams[0] : NULL;
    if (route->suffix) {
        visit->stream = site_find(visit->site, name);
        if (!visit->stream) {
            answer_no_stream(visit, name);
            return;
        }
    }
    if (route->kind == ROUTE_HTTP) {
        visit->is_upgrade = false; /* an upgrade may be ignored: RFC 9110 section 7.8 */
    }
    route->visit(visit);
}

void routes_visit(struct visit *visit)
{
    char path[PATH_SIZE];
    char name[PATH_SIZE] = "";
    visit->is_upgrade = fc_ws_is_upgrade(visit->request);
    if (!fc_http_path_decode(visit->request->path, path, sizeof(path))) {
        answer_error(visit, 404, "there is nothing at this address", "see / and /streams");
        return;
    }
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (route_fits(&routes[i], path, visit->request->query, name)) {
            route_visit(&routes[i], visit, name);
            return;
        }
    }
    route_visit(&page_route, visit, "");
}
