/* SPDX-License-Identifier: MIT */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <framecast/attr.h>

/*
 * The options of a program as a table, and a parser that knows nothing but the table.
 *
 * GNU conventions: --name value, --name=value, -l value, -lvalue, bundled flags (-ab), options and
 * operands in any order, "--" ends the options, "-" is an operand. The last of two wins unless the
 * option is a list. An option that is not given gets its default, read like any other value.
 */

#define OPTION_LIST_MAX 64
#define OPTION_ROWS_MAX 64
#define OPTION_WHY_SIZE 512

/** What the field of the result is. */
enum option_kind {
    OPTION_FLAG,    /* bool */
    OPTION_INTEGER, /* int64_t, from min to max */
    OPTION_NUMBER,  /* double, from min to max */
    OPTION_TEXT,    /* const char *, not empty */
    OPTION_LIST,    /* struct option_list: given more than once */
    OPTION_CHOICE,  /* int: the index of one of the words in choices */
};

struct option_list {
    const char *item[OPTION_LIST_MAX]; /* borrowed from the command line or the table */
    unsigned count;
};

struct option {
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    enum option_kind kind;
    unsigned commands;    /* bit n: belongs to command n */
    size_t field;         /* offset in the result */
    const char *argument; /* what the help calls the value; NULL for a flag */
    const char *initial;  /* the default as it would be typed; NULL: the field stays zero */
    const char *unset;    /* what the help says of a default that cannot be typed, or NULL */
    double min, max;
    const char *choices; /* "jpeg h264" */
    const char *help;    /* a clause without its full stop */
};

struct option_command {
    const char *name;
    const char *synopsis; /* what follows the program's name */
    const char *summary;  /* one sentence */
    const char *notes;    /* printed after the options, as it is; or NULL */
};

/** One program's whole command line. The first command is the default. Threads: any. */
struct option_table {
    const char *program;
    const struct option_command *commands;
    unsigned command_count;
    const struct option *options;
    unsigned option_count; /* at most OPTION_ROWS_MAX */
};

/** Reading one command line: set the first three, then call option_read(). Threads: one at a time.
 */
struct option_reader {
    const struct option_table *table;
    unsigned command;
    void *result;                /* the struct whose fields the table names */
    struct option_list operands; /* what is no option, in order */
    uint64_t given;              /* bit n: row n of the table was given */
    char why[OPTION_WHY_SIZE];   /* a sentence, after a failure */
};

/** Which command the first argument names; sets *used to how many arguments (0 or 1) said so. */
unsigned option_command_find(const struct option_table *table, char *const *argv, int *used);

/**
 * Read a command's arguments (without the names of program and command, NULL at the end).
 *
 * What the result held before remains where neither the arguments nor a default say otherwise.
 *
 * Errors:    -EINVAL with a sentence in reader->why; result and operands may be half filled.
 * Ownership: result and operands borrow from argv and the table.
 */
FC_NODISCARD int option_read(struct option_reader *reader, char *const *argv);

#endif
