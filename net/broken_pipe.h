/* SPDX-License-Identifier: MIT */
#ifndef NET_BROKEN_PIPE_H
#define NET_BROKEN_PIPE_H

#include <signal.h>

/*
 * SIGPIPE, which ends a program, is raised by sendfile() on a socket whose peer has gone, and
 * unlike sendmsg() it cannot be asked not to. It goes to the thread that made the call, so that
 * thread has it blocked.
 */

/** Block it on this thread. */
void broken_pipe_block(sigset_t *before);

/** Have the thread's signals as they were; what was raised in the meantime is forgotten. */
void broken_pipe_restore(const sigset_t *before);

#endif
