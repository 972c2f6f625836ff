/* SPDX-License-Identifier: MIT */
#include "cli/option.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/suggest.h"

/*
 * From the words of a command line to values: find the row, find the value, convert it into the
 * row's field. Every failure is one sentence, so each function returns 0 or -EINVAL.
 */

/* Long arguments are shown by their beginning; a sentence stays a sentence. */
#define SHOWN "%.80s"

static FC_PRINTF(2, 3) int fail(struct option_reader *reader, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reader->why, sizeof(reader->why), format, args);
    va_end(args);
    return -EINVAL;
}

/* Values */

static int integer_store(struct option_reader *reader, const struct option *option,
                         const char *text, int64_t *field)
{
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    const bool is_number = end != text && *end == '\0' && strspn(text, "+-0123456789") > 0;
    if (!is_number) {
        return fail(reader, "--%s " SHOWN ": must be a whole number from %.0f to %.0f",
                    option->name, text, option->min, option->max);
    }
    if (errno == ERANGE || (double)value < option->min || (double)value > option->max) {
        return fail(reader, "--%s " SHOWN ": must be from %.0f to %.0f", option->name, text,
                    option->min, option->max);
    }
    *field = value;
    return 0;
}

static int number_store(struct option_reader *reader, const struct option *option, const char *text,
                        double *field)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    /* Not nan, inf or hexadecimal, which strtod() would read. */
    const bool is_decimal = text[strspn(text, "+-.0123456789eE")] == '\0';
    if (end == text || *end != '\0' || !is_decimal) {
        return fail(reader, "--%s " SHOWN ": must be a number from %g to %g", option->name, text,
                    option->min, option->max);
    }
    if (value < option->min || value > option->max) {
        return fail(reader, "--%s " SHOWN ": must be from %g to %g", option->name, text,
                    option->min, option->max);
    }
    *field = value;
    return 0;
}

static int list_store(struct option_reader *reader, const char *what, const char *text,
                      struct option_list *list)
{
    if (list->count == OPTION_LIST_MAX) {
        return fail(reader, "%s " SHOWN ": that is one more than the %d that are possible", what,
                    text, OPTION_LIST_MAX);
    }
    list->item[list->count++] = text;
    return 0;
}

static int choice_store(struct option_reader *reader, const struct option *option, const char *text,
                        int *field)
{
    const size_t len = strlen(text);
    int index = 0;
    for (const char *word = option->choices; *word != '\0'; index++) {
        const size_t word_len = strcspn(word, " ");
        if (word_len == len && memcmp(word, text, len) == 0) {
            *field = index;
            return 0;
        }
        word += word_len + strspn(word + word_len, " ");
    }
    return fail(reader, "--%s " SHOWN ": must be one of: %s", option->name, text, option->choices);
}

/* text is "" for a flag. */
static int value_store(struct option_reader *reader, const struct option *option, const char *text)
{
    void *field = (char *)reader->result + option->field;
    if (option->kind != OPTION_FLAG && text[0] == '\0') {
        return fail(reader, "--%s: the value is empty; give %s", option->name, option->argument);
    }

    char name[SUGGEST_WORD_MAX + 3];
    snprintf(name, sizeof(name), "--%s", option->name);
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case OPTION_INTEGER:
        return integer_store(reader, option, text, field);
    case OPTION_NUMBER:
        return number_store(reader, option, text, field);
    case OPTION_TEXT:
        *(const char **)field = text;
        return 0;
    case OPTION_LIST:
        return list_store(reader, name, text, field);
    case OPTION_CHOICE:
        return choice_store(reader, option, text, field);
    }
    return -EINVAL;
}

static int option_store(struct option_reader *reader, const struct option *option, const char *text)
{
    reader->given |= UINT64_C(1) << (option - reader->table->options);
    return value_store(reader, option, text);
}

/* Rows */

static bool belongs_to(const struct option *option, unsigned command)
{
    return option->commands >> command & 1u;
}

static bool is_named(const struct option *option, const char *name, size_t len)
{
    return strlen(option->name) == len && memcmp(option->name, name, len) == 0;
}

static const struct option *find_name(const struct option_reader *reader, const char *name,
                                      size_t len)
{
    for (unsigned i = 0; i < reader->table->option_count; i++) {
        const struct option *option = &reader->table->options[i];
        if (belongs_to(option, reader->command) && is_named(option, name, len)) {
            return option;
        }
    }
    return NULL;
}

static const struct option *find_letter(const struct option_reader *reader, char letter)
{
    for (unsigned i = 0; i < reader->table->option_count; i++) {
        const struct option *option = &reader->table->options[i];
        if (belongs_to(option, reader->command) && option->letter == letter) {
            return option;
        }
    }
    return NULL;
}

/* The nearest name, also when only its beginning was typed. */
static const char *nearest_name(const struct option_reader *reader, const char *name, size_t len)
{
    const char *nearest = NULL;
    unsigned best = suggest_limit(len) + 1;
    for (unsigned i = 0; i < reader->table->option_count; i++) {
        const struct option *option = &reader->table->options[i];
        if (!belongs_to(option, reader->command)) {
            continue;
        }
        const bool is_beginning = len > 1 && strncmp(option->name, name, len) == 0;
        const unsigned distance = is_beginning ? 0 : suggest_distance(name, len, option->name);
        if (distance < best) {
            best = distance;
            nearest = option->name;
        }
    }
    return nearest;
}

/* Ends the sentence in why with where to read more. */
static int fail_see_help(struct option_reader *reader)
{
    const char *command = reader->table->commands[reader->command].name;
    const bool is_default = reader->command == 0;
    const size_t len = strlen(reader->why);
    snprintf(reader->why + len, sizeof(reader->why) - len, " see %s%s%s --help",
             reader->table->program, is_default ? "" : " ", is_default ? "" : command);
    return -EINVAL;
}

static int fail_unknown(struct option_reader *reader, const char *name, size_t len)
{
    const int shown = len < 80 ? (int)len : 80;
    for (unsigned i = 0; i < reader->table->option_count; i++) {
        const struct option *option = &reader->table->options[i];
        if (is_named(option, name, len)) {
            (void)fail(reader, "--%s is not an option of '%s %s';", option->name,
                       reader->table->program, reader->table->commands[reader->command].name);
            return fail_see_help(reader);
        }
    }
    const char *nearest = nearest_name(reader, name, len);
    (void)fail(reader, "unknown option '--%.*s'%s%s%s", shown, name,
               nearest ? ": did you mean --" : "", nearest ? nearest : "", nearest ? "?" : ";");
    return fail_see_help(reader);
}

/* Words: each returns 0 or -EINVAL and moves *at past what it used. */

static int read_long(struct option_reader *reader, char *const **at)
{
    const char *name = **at + 2;
    const size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    (*at)++;

    const struct option *option = find_name(reader, name, len);
    if (!option) {
        return fail_unknown(reader, name, len);
    }
    if (option->kind == OPTION_FLAG) {
        return value ? fail(reader, "--%s takes no value, but '" SHOWN "' was given", option->name,
                            value)
                     : option_store(reader, option, "");
    }
    if (!value) {
        value = **at;
        if (!value) {
            return fail(reader, "--%s needs a value: --%s %s", option->name, option->name,
                        option->argument);
        }
        (*at)++;
    }
    return option_store(reader, option, value);
}

static int read_letters(struct option_reader *reader, char *const **at)
{
    const char *letter = **at + 1;
    (*at)++;
    for (; *letter != '\0'; letter++) {
        const struct option *option = find_letter(reader, *letter);
        if (!option) {
            (void)fail(reader, "unknown option '-%c';", *letter);
            return fail_see_help(reader);
        }
        if (option->kind != OPTION_FLAG) {
            const char *value = letter[1] != '\0' ? letter + 1 : **at;
            if (!value) {
                return fail(reader, "-%c needs a value: -%c %s", *letter, *letter,
                            option->argument);
            }
            *at += letter[1] == '\0';
            return option_store(reader, option, value);
        }
        (void)option_store(reader, option, ""); /* a flag cannot fail */
    }
    return 0;
}

static int read_defaults(struct option_reader *reader)
{
    for (unsigned i = 0; i < reader->table->option_count; i++) {
        const struct option *option = &reader->table->options[i];
        const bool is_given = reader->given >> i & 1u;
        if (is_given || !option->initial || !belongs_to(option, reader->command)) {
            continue;
        }
        const int err = value_store(reader, option, option->initial);
        assert(!err); /* a default outside its own range is a mistake in the table */
        (void)err;
    }
    return 0;
}

unsigned option_command_find(const struct option_table *table, char *const *argv, int *used)
{
    *used = 0;
    for (unsigned i = 0; argv[0] && i < table->command_count; i++) {
        if (strcmp(argv[0], table->commands[i].name) == 0) {
            *used = 1;
            return i;
        }
    }
    return 0;
}

int option_read(struct option_reader *reader, char *const *argv)
{
    assert(reader->table->option_count <= OPTION_ROWS_MAX);
    assert(reader->command < reader->table->command_count);
    bool has_ended = false; /* "--" was seen */
    int err = 0;
    for (char *const *at = argv; *at && !err;) {
        const char *word = *at;
        if (has_ended || word[0] != '-' || word[1] == '\0') {
            err = list_store(reader, "operand", word, &reader->operands);
            at++;
        } else if (strcmp(word, "--") == 0) {
            has_ended = true;
            at++;
        } else if (word[1] == '-') {
            err = read_long(reader, &at);
        } else {
            err = read_letters(reader, &at);
        }
    }
    return err ? err : read_defaults(reader);
}
