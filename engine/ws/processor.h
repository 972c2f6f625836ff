/* SPDX-License-Identifier: MIT */
#ifndef ENGINE_WS_PROCESSOR_H
#define ENGINE_WS_PROCESSOR_H

#include <stdbool.h>

/*
 * What this processor can do beyond what the build may take for granted. A function marked
 * FC_AVX2 is compiled for AVX2 whatever the build's own target is; it may run only where
 * fc_has_avx2(). The question costs one load and one test, so it is asked at every call: there is
 * no pointer to resolve, and nothing that must run before main().
 */

#if defined(__x86_64__) && defined(__GNUC__)
#define FC_WITH_AVX2 1
#define FC_AVX2 __attribute__((target("avx2")))
#else
#define FC_WITH_AVX2 0
#define FC_AVX2
#endif

/** True when functions marked FC_AVX2 may be called. Threads: any. */
static inline bool fc_has_avx2(void)
{
#if FC_WITH_AVX2
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

#endif
