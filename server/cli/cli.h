/* SPDX-License-Identifier: MIT */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "cli/config.h"

/* What main() needs of the command line. */

enum cli_outcome {
    CLI_RUN, /* do what config->command says */
    CLI_EXIT /* all is said and done: end with *status */
};

/** A wrong command line or configuration. */
#define CLI_STATUS_USAGE 2

/**
 * Read the command line. Prints help or version, or on standard error what is wrong; sets the log's
 * levels.
 *
 * Ownership: *config borrows from argv.
 * Threads:   before any other thread starts.
 */
FC_NODISCARD enum cli_outcome cli_parse(char *const *argv, struct cli_config *config, int *status);

/** Say one sentence on standard error, with the program's name before it. Threads: any. */
void cli_complain(const char *format, ...) FC_PRINTF(1, 2);

/**
 * The command `watch`: connect, receive, print, until interrupted or there is nothing more to come.
 *
 * Gives the exit status. SIGINT and SIGTERM end it.
 */
int cli_watch(const struct cli_watch *options);

/** The command `bench`: load, measure, report. Gives the exit status. */
int cli_bench(const struct cli_bench *options);

#endif
