/* SPDX-License-Identifier: MIT */
/* From a request's path to what is behind it. */
#include "net/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/conn.h"
#include "net/error.h"

#define REST '+' /* at the end of a route's path: and all that begins like this */

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
        if (!route->request || route->request(conn, request) == FC_ACCEPT) {
            accept_at(conn, request, &routes[i]);
        }
        return true;
    }
    return false;
}
