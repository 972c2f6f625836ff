/* SPDX-License-Identifier: MIT */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "net/error.h"

#define UNIX_PREFIX "unix:"
#define PORT_MAX 65535
#define HOST_SIZE 64

static int fail(const char *text, const char *problem, struct fc_error *error)
{
    error_set(error,
              "cannot listen on '%s': %s; write it as 127.0.0.1:8765, [::]:8765 or unix:/path",
              text, problem);
    return -EINVAL;
}

static int parse_unix(const char *text, struct address *out, struct fc_error *error)
{
    const char *path = text + strlen(UNIX_PREFIX);
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    const size_t length = strlen(path);
    if (length == 0 || length >= sizeof(local.sun_path)) {
        return fail(text, length ? "the path is too long" : "the path is missing", error);
    }
    memcpy(local.sun_path, path, length);
    memcpy(&out->storage, &local, sizeof(local));
    out->size = (socklen_t)sizeof(local);
    return 0;
}

static bool parse_port(const char *text, uint16_t *port)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    const unsigned long value = strtoul(text, &end, 10);
    if (*end != '\0' || value > PORT_MAX) {
        return false;
    }
    *port = (uint16_t)value;
    return true;
}

int address_parse(const char *text, struct address *out, struct fc_error *error)
{
    if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0) {
        return parse_unix(text, out, error);
    }
    const char *colon = strrchr(text, ':');
    uint16_t port = 0;
    if (!colon || !parse_port(colon + 1, &port)) {
        return fail(text, "the port is not a number from 0 to 65535", error);
    }
    size_t length = (size_t)(colon - text);
    const bool is_v6 = length >= 2 && text[0] == '[' && text[length - 1] == ']';
    const char *from = is_v6 ? text + 1 : text;
    length -= is_v6 ? 2 : 0;
    char host[HOST_SIZE];
    if (length >= sizeof(host)) {
        return fail(text, "the address is not an IP address", error);
    }
    memcpy(host, from, length);
    host[length] = '\0';

    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    if (!is_v6 && strcmp(host, "localhost") == 0) {
        memcpy(host, "127.0.0.1", sizeof("127.0.0.1"));
    }
    if (!is_v6 && inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
        memcpy(&out->storage, &v4, sizeof(v4));
        out->size = (socklen_t)sizeof(v4);
    } else if (is_v6 && inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
        memcpy(&out->storage, &v6, sizeof(v6));
        out->size = (socklen_t)sizeof(v6);
    } else {
        return fail(text, "the address is not an IP address", error);
    }
    return 0;
}

bool address_is_internet(const struct address *address)
{
    return address->storage.ss_family == AF_INET || address->storage.ss_family == AF_INET6;
}

bool address_is_loopback(const struct address *address)
{
    if (address->storage.ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, &address->storage, sizeof(v4));
        return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    if (address->storage.ss_family != AF_INET6) {
        return false;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, &address->storage, sizeof(v6));
    const struct in6_addr *a = &v6.sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == IN_LOOPBACKNET);
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
    char host[INET6_ADDRSTRLEN] = "";
    if (address->storage.ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, &address->storage, sizeof(v4));
        inet_ntop(AF_INET, &v4.sin_addr, host, sizeof(host));
        snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(v4.sin_port));
    } else if (address->storage.ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, &address->storage, sizeof(v6));
        inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof(host));
        snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, ntohs(v6.sin6_port));
    } else {
        struct sockaddr_un local;
        memcpy(&local, &address->storage, sizeof(local));
        const bool is_named = address->size > offsetof(struct sockaddr_un, sun_path);
        snprintf(text, ADDRESS_TEXT_SIZE, is_named && local.sun_path[0] ? "unix:%s" : "unix",
                 local.sun_path);
    }
}
