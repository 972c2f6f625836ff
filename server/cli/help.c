/* SPDX-License-Identifier: MIT */
#include "cli/help.h"

#include <string.h>

/*
 *       -l, --listen ADDR:PORT    where to listen, may be given several times
 *                                 (default 127.0.0.1:8765)
 */

enum { HELP_COLUMN = 28, HELP_WIDTH = 90, TEXT_SIZE = 512 };

/* Words from HELP_COLUMN on, wrapped; the cursor stands at column. */
static void words_print(const char *text, int column, FILE *out)
{
    if (column + 2 > HELP_COLUMN) {
        fputc('\n', out);
        column = 0;
    }
    bool is_first = true;
    for (const char *word = text; *word != '\0';) {
        const int len = (int)strcspn(word, " ");
        if (!is_first && column + 1 + len > HELP_WIDTH) {
            fputc('\n', out);
            column = 0;
            is_first = true;
        }
        if (is_first) {
            fprintf(out, "%*s", HELP_COLUMN - column, "");
            column = HELP_COLUMN;
        } else {
            fputc(' ', out);
            column++;
        }
        fwrite(word, 1, (size_t)len, out);
        column += len;
        is_first = false;
        word += len;
        word += strspn(word, " ");
    }
    fputc('\n', out);
}

static void option_print(const struct option *option, FILE *out)
{
    char text[TEXT_SIZE];
    const char *preset = option->initial ? option->initial : option->unset;
    int column = option->letter ? fprintf(out, "  -%c, --%s", option->letter, option->name)
                                : fprintf(out, "      --%s", option->name);
    if (option->argument) {
        column += fprintf(out, " %s", option->argument);
    }
    snprintf(text, sizeof(text), "%s%s%s%s%s", option->help,
             option->kind == OPTION_LIST ? "; may be given more than once" : "",
             preset ? " (default " : "", preset ? preset : "", preset ? ")" : "");
    words_print(text, column, out);
}

static void synopsis_print(const struct option_table *table, unsigned command, FILE *out)
{
    const unsigned last = command == 0 ? table->command_count : command + 1;
    for (unsigned i = command; i < last; i++) {
        fprintf(out, "%s%s %s\n", i == command ? "usage: " : "       ", table->program,
                table->commands[i].synopsis);
    }
    if (command == 0) {
        fprintf(out, "       %s [COMMAND] --help | --version\n", table->program);
    }
}

void help_print(const struct option_table *table, unsigned command, FILE *out)
{
    const struct option_command *page = &table->commands[command];
    synopsis_print(table, command, out);
    fprintf(out, "\n%s\n\n", page->summary);
    for (unsigned i = 0; i < table->option_count; i++) {
        if (table->options[i].commands >> command & 1u) {
            option_print(&table->options[i], out);
        }
    }
    if (page->notes) {
        fprintf(out, "\n%s", page->notes);
    }
    if (command != 0 || table->command_count < 2) {
        return;
    }
    fputs("\nOther commands:\n", out);
    for (unsigned i = 1; i < table->command_count; i++) {
        words_print(table->commands[i].summary, fprintf(out, "  %s", table->commands[i].name), out);
    }
}
