/* SPDX-License-Identifier: MIT */
/*
 * Bucket n < 8 holds the value n; from there on each power of two is cut in eight:
 *
 *     value     0 … 7 | 8 … 15 | 16,17  18,19 … 30,31 | 32…35 …
 *     bucket    0 … 7 | 8 … 15 | 16     17    … 23    | 24    …
 *
 * The last bucket begins above two hours and takes whatever is longer.
 */
#include "base/histogram.h"

#define BUCKETS_PER_OCTAVE 8
#define OCTAVE_SHIFT 3

static unsigned bucket_of(uint64_t value)
{
    if (value < BUCKETS_PER_OCTAVE) {
        return (unsigned)value;
    }
    const unsigned exponent = 63u - (unsigned)__builtin_clzll(value);
    const unsigned eighth = (unsigned)(value >> (exponent - OCTAVE_SHIFT)) & 7u;
    const unsigned bucket = (exponent - OCTAVE_SHIFT + 1) * BUCKETS_PER_OCTAVE + eighth;
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The first value that is too large for the bucket. */
static int64_t bucket_end(unsigned bucket)
{
    if (bucket < BUCKETS_PER_OCTAVE) {
        return (int64_t)bucket + 1;
    }
    const unsigned shift = bucket / BUCKETS_PER_OCTAVE - 1;
    return (int64_t)(BUCKETS_PER_OCTAVE + bucket % BUCKETS_PER_OCTAVE + 1) << shift;
}

void histogram_add(struct histogram *histogram, int64_t duration_ns)
{
    const unsigned bucket = bucket_of(duration_ns > 0 ? (uint64_t)duration_ns : 0);
    atomic_fetch_add_explicit(&histogram->bucket[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->count, 1, memory_order_relaxed);
}

int64_t histogram_quantile(const struct histogram *histogram, double fraction)
{
    /* The buckets are summed, not the count read: both may grow meanwhile. */
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t total = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        counts[i] = atomic_load_explicit(&histogram->bucket[i], memory_order_relaxed);
        total += counts[i];
    }
    if (total == 0) {
        return -1;
    }

    const double wanted = fraction * (double)total;
    uint64_t below = 0;
    unsigned last = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (counts[i] == 0) {
            continue;
        }
        last = i;
        below += counts[i];
        if ((double)below >= wanted) {
            break;
        }
    }
    return bucket_end(last);
}
