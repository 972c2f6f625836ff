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

enum cli_command { CLI_SERVE, CLI_WATCH, CLI_COMMAND_COUNT };

struct cli_stream {
    char name[STREAM_NAME_MAX + 1];
    const char *source;
};

/** Zero means "not said": the default of whoever is given it. */
struct cli_serve {
    struct option_list listen; /* never empty */
    struct cli_stream streams[CLI_STREAMS_MAX];
    unsigned stream_count; /* never 0 */
    const char *predict;   /* of every stream; NULL: none */
    double fps;
    int64_t width, quality;
    bool is_once, is_fast;
    int64_t threads;
    double idle_viewer_s;
    int64_t viewers_max;
    int64_t per_address_max; /* 0: not said */
    const char *log;         /* applied already */
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
};

struct cli_config {
    enum cli_command command;
    bool wants_help, wants_version;
    struct cli_serve serve; /* filled for its command only, as is watch */
    struct cli_watch watch;
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
