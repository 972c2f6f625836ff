/* SPDX-License-Identifier: MIT */
#ifndef FRAMECAST_DEFLATE_H
#define FRAMECAST_DEFLATE_H

#include <framecast/http.h>

/*
 * permessage-deflate (RFC 7692): what is agreed in the opening handshake, and the two machines.
 *
 * What we send is always compressed by itself, without reference to earlier messages. That is valid
 * under everything that can be agreed on, and so one compressed message goes to everybody whose
 * window is large enough. What we receive may refer to what came before.
 */

FC_BEGIN

#define FC_DEFLATE_WINDOW_BITS_MIN 8
#define FC_DEFLATE_WINDOW_BITS_MAX 15
#define FC_DEFLATE_HEADER_SIZE 160 /* of a value that is written here, and a zero */

/** What is offered, or agreed. { 0 } is nothing. Threads: any. */
struct fc_deflate {
    bool is_on;
    bool server_no_context_takeover; /* the server refers to nothing earlier; and so on */
    bool client_no_context_takeover;
    uint8_t server_max_window_bits; /* 0: 15 */
    uint8_t client_max_window_bits; /* 0: 15 */
};

/**
 * Choose among what a client offers, and write the value of Sec-WebSocket-Extensions that answers.
 *
 * @param takes_over  let the client refer to its earlier messages
 *
 * Errors:    false when nothing that can be spoken is offered: answer without the header. Whether
 *            the header is in order at all, fc_ws_accept() checks.
 * Spec:      RFC 7692 sections 5.1 and 7.1.
 */
FC_API bool fc_deflate_choose(const struct fc_http_request *request, bool takes_over,
                              struct fc_deflate *out, char answer[FC_DEFLATE_HEADER_SIZE]);

/** What a client offers, and the value of Sec-WebSocket-Extensions that says so. */
FC_API void fc_deflate_offer(bool takes_over, struct fc_deflate *out,
                             char offer[FC_DEFLATE_HEADER_SIZE]);

/* ---- Compressing ---- */

struct fc_deflater; /* Threads: one at a time. */

/** Zero means the default. */
struct fc_deflater_options {
    int level;       /* 1 to 9; 0: 6 */
    int window_bits; /* 9 to 15; 0: 15 */
};

/** Make one; options may be NULL. It owns some 270 KB. Errors: NULL without memory. Ownership:
 * gives. */
FC_API FC_NODISCARD struct fc_deflater *fc_deflater_new(const struct fc_deflater_options *options);

/** Release it and set the pointer to NULL. Ignores NULL. */
FC_API void fc_deflater_free(struct fc_deflater **deflater);

/**
 * Compress the payload of one message.
 *
 * Errors:    false without memory, or when it would not get smaller: send it as it is.
 * Ownership: *out is borrowed until the next call.
 * Spec:      RFC 7692 section 7.2.1.
 */
FC_API FC_NODISCARD bool fc_deflater_run(struct fc_deflater *deflater, struct fc_bytes payload,
                                         struct fc_bytes *out);

/* ---- Decompressing ---- */

struct fc_inflater; /* Threads: one at a time. */

/** Make one, to be lent to engines; it owns some 45 KB. Errors: NULL. Ownership: gives. */
FC_API FC_NODISCARD struct fc_inflater *fc_inflater_new(void);

/** Release it and set the pointer to NULL. Ignores NULL. */
FC_API void fc_inflater_free(struct fc_inflater **inflater);

FC_END

#endif
