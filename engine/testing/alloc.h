/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_TESTING_ALLOC_H
#define ENGINE_TESTING_ALLOC_H

/* Memory that fails on demand; the test is linked with --wrap for malloc, calloc, realloc and free.
 */

/** Let the n-th allocation from now on fail, counted from 1; 0: none. */
void alloc_fail_at(unsigned n);

/** True when that allocation has been asked for. */
int alloc_has_failed(void);

/** Allocations made and not released; how many bytes they have. */
long alloc_live(void);
long alloc_bytes(void);

/** The most that alloc_bytes() has been since alloc_peak_reset(). */
long alloc_peak_bytes(void);
void alloc_peak_reset(void);

#endif
