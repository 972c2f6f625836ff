/* SPDX-License-Identifier: MIT */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/option.h"

/** Print what the table knows of one command; the first command's page lists the others too. */
void help_print(const struct option_table *table, unsigned command, FILE *out);

#endif
