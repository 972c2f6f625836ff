/* SPDX-License-Identifier: MIT */
/*
 * Wiring, top to bottom. What is made first is freed last: the server and its loops, the feeds to
 * them, the pool that encodes, the streams, the site that serves them.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "cli/cli.h"
#include "hub/stream.h"
#include "plans.h"
#include "predict/json_arena.h"
#include "serve/audience.h"
#include "serve/site.h"

#define CLEAN_UP_S 4 /* a worker process that ignores every sign takes 2.7 of them */
#define MESSAGE_MAX_BYTES (64 * 1024) /* of what a viewer says */

struct program {
    const struct cli_serve *config;
    struct fc_handler handler;
    struct fc_server *server;
    struct site site;
    struct feed **feeds;         /* one per loop */
    struct audience **audiences; /* one per loop */
    struct pool *encoders;
    struct stream_plans *plans; /* one per stream */
    struct stream **streams;
    struct fc_error why;
};

/* The system's limit on descriptors is what bounds viewers; take all that is allowed. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int make_server(struct program *p)
{
    const struct cli_serve *config = p->config;
    p->handler = site_handler(&p->site);
    return fc_server_new(&p->server,
                         &(struct fc_server_options){
                             .listen = config->listen.item,
                             .listen_count = config->listen.count,
                             .threads = (uint32_t)config->threads,
                             .connections_max = (uint32_t)config->viewers_max,
                             .connections_per_address_max = (uint32_t)config->per_address_max,
                             .conn = {
                                 .message_max_bytes = MESSAGE_MAX_BYTES,
                                 .idle_viewer_ns = (int64_t)(config->idle_viewer_s * NS_PER_S),
                             },
                         },
                         &p->handler, &p->why);
}

/* One feed and one audience per loop; the site is what they all see. */
static int make_audiences(struct program *p)
{
    const uint32_t loop_count = fc_server_loop_count(p->server);
    const uint32_t stream_count = p->config->stream_count;
    p->feeds = calloc(loop_count, sizeof(struct feed *));
    p->audiences = calloc(loop_count, sizeof(struct audience *));
    p->streams = calloc(stream_count, sizeof(struct stream *));
    if (!p->feeds || !p->audiences || !p->streams) {
        return -ENOMEM;
    }
    p->site = (struct site){
        .streams = p->streams,
        .stream_count = stream_count,
        .audiences = p->audiences,
        .loop_count = loop_count,
        .started_ns = clock_steady_ns(),
    };
    for (uint32_t i = 0; i < loop_count; i++) {
        p->audiences[i] = audience_new(&p->site, fc_server_loop(p->server, i));
        p->feeds[i] = p->audiences[i] ? feed_new(audience_wake, p->audiences[i]) : NULL;
        if (!p->feeds[i]) {
            return -ENOMEM;
        }
        audience_set_feed(p->audiences[i], p->feeds[i]);
    }
    return 0;
}

static int make_streams(struct program *p)
{
    const struct cli_serve *config = p->config;
    int err = pool_new(&p->encoders, "encode", 0);
    for (uint32_t i = 0; !err && i < config->stream_count; i++) {
        err = stream_new(&p->streams[i],
                         &(struct stream_options){
                             .name = config->streams[i].name,
                             .id = (uint16_t)(i + 1),
                             .source = {
                                 .spec = config->streams[i].source,
                                 .fps = config->fps,
                                 .width = (uint32_t)config->width,
                                 .is_once = config->is_once,
                                 .is_fast = config->is_fast,
                             },
                             .plans = p->plans[i].plan,
                             .plan_count = p->plans[i].count,
                             .width = (uint32_t)config->width,
                             .quality = (int)config->quality,
                             .encoders = p->encoders,
                             .feeds = p->feeds,
                             .feed_count = p->site.loop_count,
                         },
                         p->why.text, sizeof(p->why.text));
    }
    return err;
}

static int start_streams(struct program *p)
{
    for (uint32_t i = 0; i < p->config->stream_count; i++) {
        const int err = stream_start(p->streams[i]);
        if (err) {
            snprintf(p->why.text, sizeof(p->why.text), "stream '%s' cannot start: %s",
                     p->config->streams[i].name, strerror(-err));
            return err;
        }
    }
    return 0;
}

static bool is_local(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strncmp(address, "[::1]", 5) == 0 ||
           strncmp(address, "unix:", 5) == 0;
}

static void print_addresses(const struct program *p)
{
    const char *address = NULL;
    for (uint32_t i = 0; (address = fc_server_address(p->server, i)); i++) {
        const bool is_unix = strncmp(address, "unix:", 5) == 0;
        printf("framecast: open %s%s%s\n", is_unix ? "" : "http://", address, is_unix ? "" : "/");
        if (!is_local(address)) {
            log_warn("serve", "anybody who reaches %s can watch: there is no TLS and no password",
                     address);
        }
    }
    (void)fflush(stdout);
}

static int run(struct program *p)
{
    snprintf(p->why.text, sizeof(p->why.text), "out of memory");
    int err = make_server(p);
    err = err ? err : make_audiences(p);
    err = err ? err : make_streams(p);
    err = err ? err : start_streams(p);
    if (err) {
        return err;
    }
    print_addresses(p);
    err = fc_server_run(p->server);
    snprintf(p->why.text, sizeof(p->why.text), "cannot serve: %s", strerror(-err));
    return err;
}

static void clean_up(struct program *p)
{
    for (uint32_t i = 0; p->streams && i < p->config->stream_count; i++) {
        if (p->streams[i]) {
            stream_stop(p->streams[i]);
        }
    }
    for (uint32_t i = 0; p->streams && i < p->config->stream_count; i++) {
        stream_free(&p->streams[i]);
    }
    for (uint32_t i = 0; p->feeds && i < p->site.loop_count; i++) {
        feed_free(&p->feeds[i]);
    }
    for (uint32_t i = 0; p->audiences && i < p->site.loop_count; i++) {
        audience_free(&p->audiences[i]);
    }
    pool_free(&p->encoders);
    fc_server_free(&p->server);
    free(p->feeds);
    free(p->audiences);
    free(p->streams);
    free(p->plans);
}

static volatile sig_atomic_t leave_status; /* for a signal handler, which is given nothing */

/* Everybody has been told, and nothing is written that could be cut off. */
static void leave(int number)
{
    (void)number;
    static const char line[] = "error main: a predictor does not return; ending without it\n";
    (void)!write(STDERR_FILENO, line, sizeof(line) - 1);
    _exit(leave_status);
}

/* A plug-in may hang for ever, and its thread cannot be ended from outside. */
static void bound_clean_up(int status)
{
    leave_status = status;
    (void)signal(SIGALRM, leave);
    (void)alarm(CLEAN_UP_S);
}

/* It ends already: another signal must not kill it on the way. */
static void hold_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static int serve(const struct cli_serve *config)
{
    struct program program = { .config = config };
    json_arena_install();
    program.plans = plans_make(config, program.why.text, sizeof(program.why.text));
    if (!program.plans) {
        cli_complain("%s", program.why.text);
        return CLI_STATUS_USAGE;
    }
    raise_descriptor_limit();
    const int err = run(&program);
    hold_signals();
    bound_clean_up(err ? EXIT_FAILURE : EXIT_SUCCESS);
    clean_up(&program);
    (void)alarm(0);
    if (err) {
        cli_complain("%s", program.why.text);
    }
    switch (err) {
    case 0:
        return EXIT_SUCCESS;
    case -EINVAL: /* an address or a source that can never work */
        return CLI_STATUS_USAGE;
    default:
        return EXIT_FAILURE;
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    struct cli_config config;
    int status = EXIT_SUCCESS;
    if (cli_parse(argv, &config, &status) == CLI_EXIT) {
        return status;
    }
    switch (config.command) {
    case CLI_WATCH:
        return cli_watch(&config.watch);
    case CLI_BENCH:
        return cli_bench(&config.bench);
    case CLI_SERVE:
    case CLI_COMMAND_COUNT:
        break;
    }
    return serve(&config.serve);
}
