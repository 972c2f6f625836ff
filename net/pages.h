/* SPDX-License-Identifier: MIT */
#ifndef NET_PAGES_H
#define NET_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>
#include <framecast/bytes.h>

/*
 * Bytes in pages of the kernel's own, which a socket takes as they are: what goes to many is not
 * copied for each of them (sendfile(2)).
 *
 * All of a program's are ranges of one file in memory (memfd_create(2)). No range is used a second
 * time, since sockets may hold its pages long after it was given back; given back, it takes no
 * memory once the sockets are done with it. A forked child has none: the file is its parent's.
 */

#define PAGES_MAX_BYTES (64 * 1024 * 1024)        /* of all that have not been given back */
#define PAGES_MAX_MESSAGE_BYTES (8 * 1024 * 1024) /* copying more would hold up the loop */

struct pages {
    int64_t offset; /* in the file */
    size_t size;
};

/** Copy parts into pages, one after the other. Errors: false when there are too many already, or
 *  the system has none. Threads: any. */
FC_NODISCARD bool pages_put(const struct fc_bytes *parts, size_t count, struct pages *out);

/** Give them back. Threads: any. */
void pages_drop(const struct pages *pages);

/** Give a socket up to size bytes, from the skip'th on. Returns how many it took, or -errno. Raises
 *  SIGPIPE when the peer has gone, so the thread has it blocked. Threads: any. */
long pages_send(int socket, const struct pages *pages, size_t skip, size_t size);

#endif
