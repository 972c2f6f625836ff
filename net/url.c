/* SPDX-License-Identifier: MIT */
#include "net/url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <framecast/http.h>

#include "net/error.h"

/*
 * Pieces are cut from the left: scheme, authority, path. Only what a request line and a Host
 * header can carry is let through, so that no address can smuggle in a header of its own.
 */

#define PORT_MAX 65535

struct span {
    const char *at;
    size_t len;
};

static bool span_copy(struct span span, char *out, size_t size)
{
    if (span.len >= size) {
        return false;
    }
    memcpy(out, span.at, span.len);
    out[span.len] = '\0';
    return true;
}

static const char *scheme_skip(const char *text, const char *scheme)
{
    const size_t len = strlen(scheme);
    return strncasecmp(text, scheme, len) == 0 ? text + len : NULL;
}

static bool port_is_valid(struct span port)
{
    unsigned value = 0;
    for (size_t i = 0; i < port.len; i++) {
        if (port.at[i] < '0' || port.at[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(port.at[i] - '0');
        if (value > PORT_MAX) {
            return false;
        }
    }
    return value > 0;
}

static bool host_is_valid(struct span host, bool is_v6)
{
    for (size_t i = 0; i < host.len; i++) {
        const char c = host.at[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool is_other = strchr(is_v6 ? ":.%-_" : ".-_", c) != NULL;
        if (!is_letter && !(c >= '0' && c <= '9') && !is_other) {
            return false;
        }
    }
    return host.len > 0;
}

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT; a static reason when it is none of them. */
static const char *authority_parse(struct span text, struct url *out)
{
    const bool is_v6 = text.len > 0 && text.at[0] == '[';
    struct span host = text;
    struct span rest = { text.at + text.len, 0 };
    const char *cut = text.len > 0 ? memchr(text.at, is_v6 ? ']' : ':', text.len) : NULL;
    if (is_v6 && !cut) {
        return "the ']' after the address is missing";
    }
    if (cut) {
        host.at += is_v6;
        host.len = (size_t)(cut - host.at);
        rest.at = cut + is_v6;
        rest.len = text.len - (size_t)(rest.at - text.at);
    }
    if (!host_is_valid(host, is_v6) || !span_copy(host, out->host, sizeof(out->host))) {
        return host.len == 0 ? "the host is missing" : "the host is not a name or an address";
    }

    snprintf(out->port, sizeof(out->port), "%s", out->is_secure ? "443" : "80");
    if (rest.len > 0) {
        const struct span port = { rest.at + 1, rest.len - 1 };
        if (rest.at[0] != ':' || !port_is_valid(port) ||
            !span_copy(port, out->port, sizeof(out->port))) {
            return "the port is not a number from 1 to 65535";
        }
    }
    return span_copy(text, out->authority, sizeof(out->authority)) ? NULL : "the host is too long";
}

/* Cut "NAME:WORD@" from the front of an authority. */
static const char *user_parse(struct span *authority, struct url *out)
{
    const char *at = authority->len > 0 ? memchr(authority->at, '@', authority->len) : NULL;
    if (!at) {
        return NULL;
    }
    const struct fc_bytes user = { (const uint8_t *)authority->at, (size_t)(at - authority->at) };
    if (!fc_http_path_decode(user, out->user, sizeof(out->user))) {
        return "the name and password before '@' are too long or not percent-encoded properly";
    }
    authority->at = at + 1;
    authority->len -= user.size + 1;
    return NULL;
}

static const char *path_parse(const char *text, struct url *out)
{
    const struct span path = { text, strcspn(text, "#") };
    for (size_t i = 0; i < path.len; i++) {
        if ((signed char)path.at[i] <= 0x20 || path.at[i] == 0x7f) {
            return "a space, a control character or a letter beyond ASCII in the path must be "
                   "percent-encoded";
        }
    }
    const bool has_slash = path.len > 0 && path.at[0] == '/';
    out->path[0] = '/';
    return span_copy(path, out->path + !has_slash, sizeof(out->path) - !has_slash)
               ? NULL
               : "the path is too long";
}

static const char *unix_parse(const char *text, struct url *out)
{
    const char *path = strstr(text, ":/");
    const struct span name = { text, path ? (size_t)(path - text) : strlen(text) };
    out->is_unix = true;
    if (name.len == 0) {
        return "the socket's path is missing";
    }
    if (!span_copy(name, out->socket, sizeof(out->socket))) {
        return "the socket's path is too long";
    }
    memcpy(out->authority, "localhost", sizeof("localhost"));
    return path_parse(path ? path + 1 : "", out);
}

static const char *parse(const char *text, struct url *out)
{
    const char *rest = scheme_skip(text, "unix:");
    if (rest) {
        return unix_parse(rest, out);
    }
    static const struct {
        const char *prefix;
        bool is_secure;
    } schemes[] = {
        { "ws://", false }, { "http://", false }, { "wss://", true }, { "https://", true }
    };
    for (size_t i = 0; !rest && i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        rest = scheme_skip(text, schemes[i].prefix);
        out->is_secure = rest && schemes[i].is_secure;
    }
    if (!rest) {
        return "it does not begin with ws://, wss://, http://, https:// or unix:";
    }
    struct span authority = { rest, strcspn(rest, "/?#") };
    const char *path = rest + authority.len;
    const char *reason = user_parse(&authority, out);
    reason = reason ? reason : authority_parse(authority, out);
    return reason ? reason : path_parse(path, out);
}

int url_parse(const char *text, struct url *out, struct fc_error *error)
{
    struct url url = { 0 };
    const char *reason = parse(text, &url);
    if (reason) {
        error_set(error, "address '%.100s': %s; write it as ws://HOST:PORT/PATH", text, reason);
        return -EINVAL;
    }
    *out = url;
    return 0;
}

void url_format_target(const struct url *url, char out[URL_TARGET_SIZE])
{
    const bool is_v6 = strchr(url->host, ':') != NULL;
    snprintf(out, URL_TARGET_SIZE, is_v6 ? "[%s]:%s" : "%s:%s", url->host, url->port);
}
