/* SPDX-License-Identifier: MIT */
#ifndef NET_URL_H
#define NET_URL_H

#include <stdbool.h>
#include <stddef.h>

#include <framecast/attr.h>
#include <framecast/error.h>

/*
 * The address of a server: ws://[NAME:WORD@]HOST[:PORT][/PATH], the same with wss://, http:// and
 * https://; or unix:/SOCKET[:/PATH]. Threads: any.
 */

#define URL_HOST_SIZE 256
#define URL_PORT_SIZE 6
#define URL_SOCKET_SIZE 108 /* of sun_path */
#define URL_PATH_SIZE 2048
#define URL_USER_SIZE 256

struct url {
    bool is_unix;
    bool is_secure;               /* wss, https */
    char socket[URL_SOCKET_SIZE]; /* is_unix */
    char host[URL_HOST_SIZE];     /* without the brackets of an IPv6 address; else */
    char port[URL_PORT_SIZE];
    char authority[URL_HOST_SIZE + URL_PORT_SIZE + 2]; /* as the Host header says it */
    char user[URL_USER_SIZE]; /* "NAME:WORD" or "NAME", percent-decoded; "" when none was given */
    char path[URL_PATH_SIZE]; /* with the query; "/" when none was given */
};

/** Errors: -EINVAL with a sentence. */
FC_NODISCARD int url_parse(const char *text, struct url *out, struct fc_error *error);

#define URL_TARGET_SIZE (URL_HOST_SIZE + URL_PORT_SIZE + 4)

/** Write host and port as CONNECT wants them, "[::1]:443". Spec: RFC 9110 section 9.3.6. */
void url_format_target(const struct url *url, char out[URL_TARGET_SIZE]);

#endif
