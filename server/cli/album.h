/* SPDX-License-Identifier: MIT */
#ifndef CLI_ALBUM_H
#define CLI_ALBUM_H

#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>
#include <framecast/bytes.h>

/* The directory of `watch --save`. Each picture appears whole, by rename. Threads: one at a time.
 */

struct album; /* heap; owns a descriptor */

/** Open a directory, made when it is missing. Errors: -errno with a sentence in why. */
FC_NODISCARD int album_open(struct album **out, const char *dir, char *why, size_t why_size);

/**
 * Write STREAM-SEQ.jpg, SEQ in at least eight digits.
 *
 * @param stream  a valid name of a stream; anything else could name a file elsewhere
 *
 * Errors:    -errno; album_why() has the sentence.
 */
FC_NODISCARD int album_add(struct album *album, const char *stream, uint64_t seq,
                           struct fc_bytes picture);

/** What went wrong last. Borrowed. */
const char *album_why(const struct album *album);

void album_close(struct album **album); /* ignores NULL */

#endif
