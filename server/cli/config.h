/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIG_H
#define CLI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stream_name.h"
#include "cli/option.h"

/* What the command line asks for, with every default filled in. Everything borrows from argv. */

#define CLI_STREAMS_MAX OPTION_LIST_MAX

enum cli_command { CLI_SERVE, CLI_WATCH, CLI_BENCH, CLI_COMMAND_COUNT };

struct cli_stream {
    char name[STREAM_NAME_MAX + 1];
    const char *source;
};

/** Zero means "not said": the default of whoever is given it. */
struct cli_serve {
    struct option_list listen; /* never empty */
    struct cli_stream streams[CLI_STREAMS_MAX];
    unsigned stream_count;      /* never 0 */
    struct option_list predict; /* of every stream */
    double fps;
    int64_t width, quality;
    bool is_once, is_fast;
    int64_t threads;
    double idle_viewer_s;
    int64_t viewers_max;
    int64_t per_address_max; /* 0: not said */
    const char *log;         /* applied already */
};

/** Whom to believe that it is the server of a wss:// address. */
struct cli_trust {
    const char *ca; /* a file of authorities; NULL: the system's */
    bool is_insecure;
};

struct cli_watch {
    const char *url;
    struct option_list streams; /* empty: the server's first */
    const char *save;           /* a directory; NULL: pictures are not kept */
    bool has_stats, has_reconnect, is_without_predictions;
    int64_t count; /* 0: no end */
    int64_t window;
    double fps;
    int64_t width, quality;
    struct cli_trust trust;
};

enum cli_bench_mode { CLI_BENCH_UPLOAD, CLI_BENCH_FANOUT, CLI_BENCH_ECHO, CLI_BENCH_IDLE };

#define CLI_BENCH_TIMED_MAX_BYTES 65536 /* of an echo, which carries its time */

struct cli_bench {
    enum cli_bench_mode mode;
    const char *url;
    int64_t connections, size;
    double duration_s;
    double rate;     /* messages a second in all; 0: as fast as it goes */
    int64_t go, pid; /* 0: not said */
    struct cli_trust trust;
    bool has_deflate, has_json;
};

struct cli_config {
    enum cli_command command;
    bool wants_help, wants_version;
    struct cli_serve serve; /* filled for its command only, as are the others */
    struct cli_watch watch;
    struct cli_bench bench;
};

/** The commands and options of framecast. Threads: any. */
extern const struct option_table config_table;

/**
 * Turn the operands into streams, or into the address to watch, and check what no single option
 * can.
 *
 * Errors:    -EINVAL with a sentence in why.
 */
FC_NODISCARD int config_resolve(struct cli_config *config, const struct option_list *operands,
                                char *why, size_t why_size);

#endif
