/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/help.h"

#define COMPLAINT_SIZE 1024

void cli_complain(const char *format, ...)
{
    char text[COMPLAINT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    /* What came from outside cannot break the line or colour a terminal. */
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = '?';
        }
    }
    fprintf(stderr, "%s: %s\n", config_table.program, text);
}

/* What was just printed must have arrived. */
static int output_status(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return EXIT_SUCCESS;
    }
    cli_complain("standard output cannot be written");
    return EXIT_FAILURE;
}

enum cli_outcome cli_parse(char *const *argv, struct cli_config *config, int *status)
{
    *config = (struct cli_config){ 0 };
    int used = 0;
    char *const *arguments = argv[0] ? argv + 1 : argv;
    config->command = (enum cli_command)option_command_find(&config_table, arguments, &used);
    struct option_reader reader = { .table = &config_table,
                                    .command = config->command,
                                    .result = config };

    int err = option_read(&reader, arguments + used);
    if (config->wants_help) { /* also when something after it is wrong */
        help_print(&config_table, config->command, stdout);
        *status = output_status();
        return CLI_EXIT;
    }
    if (config->wants_version) {
        printf("%s %s\n", config_table.program, FRAMECAST_VERSION);
        *status = output_status();
        return CLI_EXIT;
    }
    if (!err) {
        err = config_resolve(config, &reader.operands, reader.why, sizeof(reader.why));
    }
    if (!err && config->serve.log && !log_configure(config->serve.log)) {
        snprintf(reader.why, sizeof(reader.why),
                 "--log %.80s: must be error, warn, info, debug or trace, or per module: "
                 "info,net=debug",
                 config->serve.log);
        err = -1;
    }
    if (err) {
        cli_complain("%s", reader.why);
        *status = CLI_STATUS_USAGE;
        return CLI_EXIT;
    }
    return CLI_RUN;
}
