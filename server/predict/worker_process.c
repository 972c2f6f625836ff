/* SPDX-License-Identifier: MIT */
#include "predict/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL "/bin/sh"
#define STATUS_NOT_FOUND 127      /* what a shell ends with when there is no such command */
#define STATUS_NOT_EXECUTABLE 126 /* and when it may not be run */
#define STATUS_SIGNAL 128         /* and, plus its number, when a signal ended the command */
#define FD_FIRST 16               /* above every number that a descriptor gets in the worker */

void worker_process_close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

/*
 * A pipe whose ends have numbers that no dup2() in the worker overwrites, and of which ours does
 * not block.
 */
static int pipe_open(int *ours, int *theirs, bool is_ours_read)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -errno;
    }
    int err = 0;
    *ours = fcntl(ends[is_ours_read ? 0 : 1], F_DUPFD_CLOEXEC, FD_FIRST);
    *theirs = *ours < 0 ? -1 : fcntl(ends[is_ours_read ? 1 : 0], F_DUPFD_CLOEXEC, FD_FIRST);
    if (*theirs < 0 || fcntl(*ours, F_SETFL, O_NONBLOCK) < 0) {
        err = -errno;
    }
    close(ends[0]);
    close(ends[1]);
    return err;
}

/* Our environment and one variable more; to be released with free(). */
static char **environment_new(char *variable)
{
    size_t count = 0;
    while (environ[count]) {
        count++;
    }
    char **out = malloc((count + 2) * sizeof(*out));
    if (out) {
        memcpy(out, environ, count * sizeof(*out));
        out[count] = variable;
        out[count + 1] = NULL;
    }
    return out;
}

static int actions_fill(posix_spawn_file_actions_t *actions, const int fds[WORKER_SHM_FD + 1])
{
    int err = 0;
    for (int fd = 0; fd <= WORKER_SHM_FD && !err; fd++) {
        err = posix_spawn_file_actions_adddup2(actions, fds[fd], fd);
    }
    return err ? err : posix_spawn_file_actions_addclosefrom_np(actions, WORKER_SHM_FD + 1);
}

static int attributes_fill(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setpgroup(attributes, 0);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSIGMASK);
}

/* fds: what its descriptors 0, 1, … are. 0 or -errno. */
static int spawn(pid_t *pid, const char *command, const int fds[WORKER_SHM_FD + 1])
{
    char variable[32];
    snprintf(variable, sizeof(variable), WORKER_SHM_VARIABLE "=%d", WORKER_SHM_FD);
    char **environment = environment_new(variable);
    char *copy = strdup(command); /* the arguments are not const */
    char shell[] = "sh", flag[] = "-c";
    char *const arguments[] = { shell, flag, copy, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int err = posix_spawn_file_actions_init(&actions);
    if (!err) {
        err = posix_spawnattr_init(&attributes);
        if (!err) {
            err = environment && copy ? 0 : ENOMEM;
            err = err ? err : actions_fill(&actions, fds);
            err = err ? err : attributes_fill(&attributes);
            err =
                err ? err : posix_spawn(pid, SHELL, &actions, &attributes, arguments, environment);
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    free(copy);
    free(environment);
    return -err;
}

int worker_process_open(struct worker_process *process, const char *command, int shm_fd)
{
    struct worker_process started = WORKER_PROCESS_NONE;
    int theirs[WORKER_SHM_FD + 1] = { -1, -1, -1, -1 };
    int err = pipe_open(&started.in, &theirs[0], false);
    err = err ? err : pipe_open(&started.out, &theirs[1], true);
    err = err ? err : pipe_open(&started.err, &theirs[2], true);
    if (!err) {
        theirs[3] = fcntl(shm_fd, F_DUPFD_CLOEXEC, FD_FIRST);
        err = theirs[3] < 0 ? -errno : 0;
    }
    if (!err) {
        err = spawn(&started.pid, command, theirs);
        started.pid = err ? 0 : started.pid;
    }
    if (!err) {
        started.pidfd = pidfd_open(started.pid, 0);
        err = started.pidfd < 0 ? -errno : 0;
    }
    for (int i = 0; i <= WORKER_SHM_FD; i++) {
        worker_process_close_fd(&theirs[i]);
    }
    if (err) {
        worker_process_reap(&started);
    } else {
        *process = started;
    }
    return err;
}

void worker_process_signal(const struct worker_process *process, int signal)
{
    if (process->pid > 0) {
        (void)kill(-process->pid, signal); /* it may have ended */
    }
}

bool worker_process_end_text(const struct worker_process *process, char *text, size_t size)
{
    siginfo_t info = { 0 };
    if (process->pid <= 0 ||
        waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
        info.si_pid == 0) {
        return false;
    }
    if (info.si_code != CLD_EXITED) {
        snprintf(text, size, "was ended by signal %d (%s)", info.si_status,
                 strsignal(info.si_status));
    } else if (info.si_status == STATUS_NOT_FOUND || info.si_status == STATUS_NOT_EXECUTABLE) {
        snprintf(text, size, "ended with status %d: the command %s", info.si_status,
                 info.si_status == STATUS_NOT_FOUND ? "was not found" : "may not be run");
    } else if (info.si_status > STATUS_SIGNAL && info.si_status < STATUS_SIGNAL + NSIG) {
        snprintf(text, size, "ended with status %d (signal %d, %s)", info.si_status,
                 info.si_status - STATUS_SIGNAL, strsignal(info.si_status - STATUS_SIGNAL));
    } else {
        snprintf(text, size, "ended with status %d", info.si_status);
    }
    return true;
}

void worker_process_reap(struct worker_process *process)
{
    if (process->pid > 0) {
        worker_process_signal(process, SIGKILL);
        while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    worker_process_close_fd(&process->pidfd);
    worker_process_close_fd(&process->in);
    worker_process_close_fd(&process->out);
    worker_process_close_fd(&process->err);
    *process = WORKER_PROCESS_NONE;
}
