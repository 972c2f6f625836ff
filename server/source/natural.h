/* SPDX-License-Identifier: MIT */
#ifndef SOURCE_NATURAL_H
#define SOURCE_NATURAL_H

/** As strcmp(), but numbers count as numbers: img-2 comes before img-10. Threads: any. */
int natural_compare(const char *a, const char *b);

#endif
