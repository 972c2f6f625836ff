/* SPDX-License-Identifier: MIT */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <framecast/attr.h>
#include <framecast/error.h>

/* Where to listen: "127.0.0.1:8765", "[::1]:0", "unix:/path". Names are not looked up. */

#define ADDRESS_TEXT_SIZE 160

struct address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/** Errors: -EINVAL with a sentence. */
FC_NODISCARD int address_parse(const char *text, struct address *out, struct fc_error *error);

/** IPv4 or IPv6, not a Unix socket. */
bool address_is_internet(const struct address *address);

/** 127.0.0.0/8 and ::1, also as ::ffff:127.0.0.1. */
bool address_is_loopback(const struct address *address);

/** Write it in the form that address_parse() reads; "unix" for an unnamed Unix socket. */
void address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

#endif
