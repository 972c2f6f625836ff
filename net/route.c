/* SPDX-License-Identifier: MIT */
/* From a request's path to what is behind it. */
#include "net/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/conn.h"
#include "net/error.h"

#define REST '+' /* at the end of a route's path: and all that begins like this */

/* "null" or SCHEME://HOST[:PORT], as it is compared. Spec: RFC 6454 section 6.2. */
static bool is_origin(const char *text)
{
    const char *host = strstr(text, "://");
    for (const char *c = text; *c != '\0'; c++) {
        if ((*c >= 'A' && *c <= 'Z') || *c <= ' ') {
            return false;
        }
    }
    return host ? host > text && host[3] != '\0' && !strchr(host + 3, '/')
                : strcmp(text, "null") == 0;
}

int routes_new(struct route **out, const struct fc_handler *handler,
               const struct fc_conn_options *options, struct fc_error *error)
{
    struct route *routes = calloc(handler->route_count + 1, sizeof(*routes));
    if (!routes) {
        error_set(error, "out of memory");
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < handler->route_count; i++) {
        const struct fc_route *given = &handler->routes[i];
        if (!given->path || given->path[0] != '/' || (!given->handler && !given->request)) {
            error_set(error,
                      "route %u: it needs a path that begins with '/', and a handler or a "
                      "request hook",
                      i);
            free(routes);
            return -EINVAL;
        }
        for (size_t k = 0; given->origins && given->origins[k]; k++) {
            if (!is_origin(given->origins[k])) {
                error_set(error,
                          "route %u: '%.100s' is not as browsers say an origin: write "
                          "https://example.com, in lower case and without a path",
                          i, given->origins[k]);
                free(routes);
                return -EINVAL;
            }
        }
        routes[i].given = given;
        if (given->conn) {
            routes[i].options = *given->conn;
            conn_options_inherit(&routes[i].options, options);
        }
    }
    *out = routes;
    return 0;
}

static bool matches(const char *path, struct fc_bytes asked)
{
    const size_t size = strlen(path);
    const bool has_rest = path[size - 1] == REST;
    const size_t common = has_rest ? size - 1 : size;
    return (has_rest ? asked.size >= common : asked.size == common) &&
           memcmp(asked.data, path, common) == 0;
}

static const char *choose_subprotocol(const struct fc_route *route,
                                      const struct fc_http_request *request)
{
    for (size_t i = 0; route->subprotocols && route->subprotocols[i]; i++) {
        if (fc_ws_offers_subprotocol(request, route->subprotocols[i])) {
            return route->subprotocols[i];
        }
    }
    return NULL;
}

/* Browsers say where a page is from, in lower case, and pages cannot make them lie. */
static bool is_from_allowed_page(const struct fc_route *route,
                                 const struct fc_http_request *request)
{
    const struct fc_bytes *origin =
        fc_http_header_find(request->headers, request->header_count, "Origin");
    for (size_t i = 0; origin && route->origins && route->origins[i]; i++) {
        if (origin->size == strlen(route->origins[i]) &&
            memcmp(origin->data, route->origins[i], origin->size) == 0) {
            return true;
        }
    }
    return !origin || !route->origins;
}

static void accept_at(struct fc_conn *conn, const struct fc_http_request *request,
                      const struct route *route)
{
    const char *subprotocol = choose_subprotocol(route->given, request);
    if (!subprotocol && route->given->needs_subprotocol) {
        conn->host->count(conn->host, CONN_BAD_REQUESTS);
        conn_respond_error(conn, 400, "none of the subprotocols offered is spoken here",
                           "offer one in Sec-WebSocket-Protocol");
        return;
    }
    if (route->given->conn) {
        conn->options = &route->options;
    }
    (void)fc_conn_accept(conn, request,
                         &(struct fc_accept_options){
                             .subprotocol = subprotocol,
                             .handler = route->given->handler,
                         });
}

bool routes_take(const struct route *routes, uint32_t count, struct fc_conn *conn,
                 const struct fc_http_request *request)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct fc_route *route = routes[i].given;
        if (!matches(route->path, request->path)) {
            continue;
        }
        if (!is_from_allowed_page(route, request)) {
            conn->host->count(conn->host, CONN_BAD_REQUESTS);
            conn_respond_error(conn, 403, "the page that asks is not among those that may",
                               "its origin must be one of those that the server allows");
        } else if (!route->request || route->request(conn, request) == FC_ACCEPT) {
            accept_at(conn, request, &routes[i]);
        }
        return true;
    }
    return false;
}
