/* SPDX-License-Identifier: MIT */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

/* Which known word a misspelt one was meant to be. Threads: any. */

#define SUGGEST_WORD_MAX 32

/** Letters to insert, remove, change or swap with their neighbour; longer words are cut. */
unsigned suggest_distance(const char *typed, size_t typed_len, const char *word);

/** The largest distance at which a word of that length is still taken for a misspelling. */
unsigned suggest_limit(size_t typed_len);

#endif
