/* SPDX-License-Identifier: MIT */
#include "source/natural.h"

#include <string.h>

static const char digits[] = "0123456789";

/* The sign of the difference of the numbers that both begin with; both are moved behind them. */
static int number_compare(const char **pa, const char **pb)
{
    const char *a = *pa + strspn(*pa, "0");
    const char *b = *pb + strspn(*pb, "0");
    const size_t a_len = strspn(a, digits);
    const size_t b_len = strspn(b, digits);
    *pa = a + a_len;
    *pb = b + b_len;
    if (a_len != b_len) {
        return a_len < b_len ? -1 : 1;
    }
    return memcmp(a, b, a_len);
}

int natural_compare(const char *a, const char *b)
{
    const char *a_at = a, *b_at = b;
    while (*a_at && *b_at) {
        if (strspn(a_at, digits) > 0 && strspn(b_at, digits) > 0) {
            const int order = number_compare(&a_at, &b_at);
            if (order != 0) {
                return order;
            }
        } else {
            if (*a_at != *b_at) {
                break;
            }
            a_at++;
            b_at++;
        }
    }
    const int order = (unsigned char)*a_at - (unsigned char)*b_at;
    return order != 0 ? order : strcmp(a, b); /* 01 and 1 are equal but not the same */
}
