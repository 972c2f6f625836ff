/* SPDX-License-Identifier: MIT */
#include "net/broken_pipe.h"

#include <time.h>

static sigset_t broken_pipe(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

void broken_pipe_block(sigset_t *before)
{
    const sigset_t set = broken_pipe();
    pthread_sigmask(SIG_BLOCK, &set, before);
}

void broken_pipe_restore(const sigset_t *before)
{
    static const struct timespec at_once = { 0 };
    const sigset_t set = broken_pipe();
    while (!sigismember(before, SIGPIPE) && sigtimedwait(&set, NULL, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
