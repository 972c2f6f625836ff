/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "cli/session.h"

/* The command `watch`: one session after the other, with pauses between them. */

#define WHY_SIZE 512
#define RETRY_MIN_NS (250 * NS_PER_MS)
#define RETRY_MAX_NS (10 * NS_PER_S)

/* SIGINT and SIGTERM as a descriptor that every wait looks at. */
static int interrupt_open(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0) {
        return -1;
    }
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* True when interrupted meanwhile. */
static bool pause_is_interrupted(int interrupt_fd, int64_t pause_ms)
{
    struct pollfd fd = { .fd = interrupt_fd, .events = POLLIN };
    return poll(&fd, 1, (int)pause_ms) > 0;
}

/* The sessions; the exit status. */
static int watch_run(struct session *session)
{
    struct backoff backoff = { .min_ns = RETRY_MIN_NS, .max_ns = RETRY_MAX_NS };
    for (;;) {
        const enum session_end end = session_run(session);
        if (end == SESSION_DONE) {
            return EXIT_SUCCESS;
        }
        if (end == SESSION_FAILED) {
            return EXIT_FAILURE;
        }
        if (!session->options->has_reconnect) {
            return end == SESSION_CLOSED ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        if (session->was_up) {
            backoff_reset(&backoff);
        }
        uint32_t random = 0;
        (void)!getrandom(&random, sizeof(random), 0); /* without it the pause is the shortest */
        const int64_t pause_ms = backoff_next(&backoff, random) / NS_PER_MS;
        cli_complain("trying again in %.1f s", (double)pause_ms / 1000);
        if (pause_is_interrupted(session->interrupt_fd, pause_ms)) {
            return EXIT_SUCCESS;
        }
    }
}

int cli_watch(const struct cli_watch *options)
{
    struct url url;
    char why[WHY_SIZE];
    struct fc_error error;
    if (url_parse(options->url, &url, &error) != 0) {
        cli_complain("%s", error.text);
        return CLI_STATUS_USAGE;
    }
    if (url.is_secure) {
        cli_complain("address '%s': TLS is not possible here; use the server's ws:// address",
                     options->url);
        return CLI_STATUS_USAGE;
    }
    struct album *album = NULL;
    if (options->save && album_open(&album, options->save, why, sizeof(why)) != 0) {
        cli_complain("%s", why);
        return EXIT_FAILURE;
    }

    int status = EXIT_FAILURE;
    struct session session = {
        .options = options, .url = &url, .album = album, .interrupt_fd = interrupt_open()
    };
    if (session.interrupt_fd < 0) {
        cli_complain("cannot wait for signals: %s", strerror(errno));
    } else {
        status = watch_run(&session);
        session_finish(&session);
        close(session.interrupt_fd);
    }
    album_close(&album);
    return status;
}
