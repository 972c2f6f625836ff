/* SPDX-License-Identifier: MIT */
#include "base/quota.h"

bool quota_take(struct quota *quota, int64_t now_ns, uint64_t *left_out)
{
    if (quota->taken == 0 || now_ns - quota->began_ns >= quota->window_ns) {
        quota->began_ns = now_ns;
        quota->taken = 0;
    }
    if (quota->taken >= quota->most) {
        quota->left_out++;
        return false;
    }
    quota->taken++;
    *left_out = quota->left_out;
    quota->left_out = 0;
    return true;
}
