/* SPDX-License-Identifier: MIT */
#ifndef CLI_URL_H
#define CLI_URL_H

#include <stdbool.h>
#include <stddef.h>

#include <framecast/attr.h>

/*
 * The address of a server: ws://HOST[:PORT][/PATH], the same with http://, unix:/SOCKET[:/PATH].
 * Threads: any.
 */

#define URL_HOST_SIZE 256
#define URL_PORT_SIZE 6
#define URL_SOCKET_SIZE 108 /* of sun_path */
#define URL_PATH_SIZE 2048

struct url {
    bool is_unix;
    char socket[URL_SOCKET_SIZE]; /* is_unix */
    char host[URL_HOST_SIZE];     /* without the brackets of an IPv6 address; else */
    char port[URL_PORT_SIZE];
    char authority[URL_HOST_SIZE + URL_PORT_SIZE + 2]; /* as the Host header says it */
    char path[URL_PATH_SIZE];                          /* with the query; "/" when none was given */
};

/** Errors: -EINVAL with a sentence in why. */
FC_NODISCARD int url_parse(const char *text, struct url *out, char *why, size_t why_size);

#endif
