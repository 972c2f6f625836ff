/* SPDX-License-Identifier: MIT */
#ifndef NET_TLS_REASON_H
#define NET_TLS_REASON_H

#include <stdbool.h>
#include <stddef.h>

#define TLS_REASON_SIZE 256

/** Write what OpenSSL's queue of errors says, as a clause for people, and empty the queue. The
 *  queue is the thread's. */
void tls_reason_take(char *text, size_t size);

/** Empty the queue: before an operation, of what others left, and after one. */
void tls_reason_clear(void);

/** Whether what went wrong first was memory. */
bool tls_reason_is_memory(void);

#endif
