/* SPDX-License-Identifier: MIT */
#include "cli/suggest.h"

#include <string.h>

/*
 * Optimal string alignment. Three rows of the table are kept: the one being filled, the one above,
 * and the one above that, which a swap of neighbours looks at.
 */

enum { ROWS = 3, COLUMNS = SUGGEST_WORD_MAX + 1, LETTERS_PER_FAULT = 3 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned suggest_distance(const char *typed, size_t typed_len, const char *word)
{
    const size_t word_len = strnlen(word, SUGGEST_WORD_MAX);
    if (typed_len > SUGGEST_WORD_MAX) {
        typed_len = SUGGEST_WORD_MAX;
    }

    unsigned row[ROWS][COLUMNS];
    for (unsigned j = 0; j <= word_len; j++) {
        row[0][j] = j;
    }
    for (unsigned i = 1; i <= typed_len; i++) {
        const unsigned *twice = row[(i + 1) % ROWS];
        const unsigned *above = row[(i - 1) % ROWS];
        unsigned *now = row[i % ROWS];
        now[0] = i;
        for (unsigned j = 1; j <= word_len; j++) {
            const unsigned change = above[j - 1] + (typed[i - 1] != word[j - 1]);
            now[j] = least(change, least(above[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && typed[i - 1] == word[j - 2] && typed[i - 2] == word[j - 1]) {
                now[j] = least(now[j], twice[j - 2] + 1);
            }
        }
    }
    return row[typed_len % ROWS][word_len];
}

unsigned suggest_limit(size_t typed_len)
{
    const size_t faults = typed_len / LETTERS_PER_FAULT;
    return faults > 0 ? (unsigned)(faults < 3 ? faults : 3) : 1;
}
