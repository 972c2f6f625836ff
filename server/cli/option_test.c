/* SPDX-License-Identifier: MIT */
#include "cli/option.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/help.h"

enum { WORDS_MAX = 80 };

struct result {
    bool is_loud, is_quick;
    int64_t count;
    double rate;
    const char *text;
    struct option_list list;
    int codec;
};

#define FIELD(member) offsetof(struct result, member)

static const struct option options[] = {
    { .name = "loud",
      .letter = 'a',
      .kind = OPTION_FLAG,
      .commands = 3,
      .field = FIELD(is_loud),
      .help = "be loud" },
    { .name = "quick",
      .letter = 'b',
      .kind = OPTION_FLAG,
      .commands = 1,
      .field = FIELD(is_quick),
      .help = "be quick" },
    { .name = "count",
      .letter = 'n',
      .kind = OPTION_INTEGER,
      .commands = 3,
      .field = FIELD(count),
      .argument = "N",
      .initial = "5",
      .min = -2,
      .max = 10,
      .help = "how many" },
    { .name = "rate",
      .letter = 'r',
      .kind = OPTION_NUMBER,
      .commands = 1,
      .field = FIELD(rate),
      .argument = "HZ",
      .unset = "the source's",
      .min = 0.5,
      .max = 60,
      .help = "how often" },
    { .name = "text",
      .letter = 't',
      .kind = OPTION_TEXT,
      .commands = 1,
      .field = FIELD(text),
      .argument = "TEXT",
      .initial = "none",
      .help = "what" },
    { .name = "list",
      .letter = 'l',
      .kind = OPTION_LIST,
      .commands = 1,
      .field = FIELD(list),
      .argument = "ITEM",
      .initial = "first",
      .help = "which" },
    { .name = "codec",
      .kind = OPTION_CHOICE,
      .commands = 1,
      .field = FIELD(codec),
      .argument = "CODEC",
      .initial = "h264",
      .choices = "jpeg h264 raw",
      .help = "how" },
};

static const struct option_command commands[] = {
    { .name = "one", .synopsis = "[one] [OPTIONS]", .summary = "Do the first." },
    { .name = "two", .synopsis = "two [OPTIONS]", .summary = "Do the second.", .notes = "So.\n" },
};

static const struct option_table table = {
    .program = "program",
    .commands = commands,
    .command_count = 2,
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
};

/* One line of words that are separated by single spaces; ~ stands for an empty word. */
struct line {
    char text[1024];
    char *word[WORDS_MAX + 1];
    struct option_reader reader;
    struct result result;
};

static int line_read(struct line *line, unsigned command, const char *text)
{
    unsigned count = 0;
    *line = (struct line){ .reader = { .table = &table, .command = command } };
    line->reader.result = &line->result;
    assert_true(strlen(text) < sizeof(line->text));
    memcpy(line->text, text, strlen(text) + 1);
    for (char *at = strtok(line->text, " "); at; at = strtok(NULL, " ")) {
        assert_true(count < WORDS_MAX);
        line->word[count++] = strcmp(at, "~") == 0 ? at + 1 : at;
    }
    return option_read(&line->reader, line->word);
}

static void defaults_are_read(void **state)
{
    struct line line;
    (void)state;
    assert_int_equal(line_read(&line, 0, ""), 0);
    assert_false(line.result.is_loud);
    assert_int_equal(line.result.count, 5);
    assert_true(line.result.rate >= 0 && line.result.rate <= 0);
    assert_string_equal(line.result.text, "none");
    assert_int_equal(line.result.list.count, 1);
    assert_string_equal(line.result.list.item[0], "first");
    assert_int_equal(line.result.codec, 1);
    assert_int_equal(line.reader.operands.count, 0);

    /* Of the other command only what belongs to it. */
    assert_int_equal(line_read(&line, 1, ""), 0);
    assert_int_equal(line.result.count, 5);
    assert_null(line.result.text);
}

static void every_form_of_a_value_is_taken(void **state)
{
    static const char *const rows[] = {
        "--count 7", "--count=7", "-n 7", "-n7", "-abn7", "-abn 7", "-n 1 -n 7", "--count +7",
    };
    struct line line;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(line_read(&line, 0, rows[i]), 0);
        assert_int_equal(line.result.count, 7);
        assert_int_equal(line.result.is_loud, strstr(rows[i], "-ab") != NULL);
        assert_int_equal(line.result.is_quick, line.result.is_loud);
        assert_int_equal(line.reader.operands.count, 0);
    }
}

static void values_may_look_like_options(void **state)
{
    struct line line;
    (void)state;
    assert_int_equal(line_read(&line, 0, "--text --loud -n -2 --list=a=b -l-"), 0);
    assert_string_equal(line.result.text, "--loud");
    assert_int_equal(line.result.count, -2);
    assert_int_equal(line.result.list.count, 2);
    assert_string_equal(line.result.list.item[0], "a=b");
    assert_string_equal(line.result.list.item[1], "-");
    assert_false(line.result.is_loud);
}

static void operands_stand_anywhere(void **state)
{
    struct line line;
    (void)state;
    assert_int_equal(line_read(&line, 0, "x -a - --codec raw y -- --loud -- z"), 0);
    assert_int_equal(line.reader.operands.count, 6);
    static const char *const operands[] = { "x", "-", "y", "--loud", "--", "z" };
    for (unsigned i = 0; i < 6; i++) {
        assert_string_equal(line.reader.operands.item[i], operands[i]);
    }
    assert_true(line.result.is_loud);
    assert_int_equal(line.result.codec, 2);
}

static void mistakes_are_one_sentence(void **state)
{
    static const struct {
        unsigned command;
        const char *text, *why;
    } rows[] = {
        { 0, "--cuont 1", "unknown option '--cuont': did you mean --count? see program --help" },
        { 0, "--co", "unknown option '--co': did you mean --count? see program --help" },
        { 0, "--zzz=1", "unknown option '--zzz'; see program --help" },
        { 1, "--quick", "--quick is not an option of 'program two'; see program two --help" },
        { 1, "--zzz", "unknown option '--zzz'; see program two --help" },
        { 0, "-az", "unknown option '-z'; see program --help" },
        { 1, "-b", "unknown option '-b'; see program two --help" },
        { 0, "--count", "--count needs a value: --count N" },
        { 0, "-an", "-n needs a value: -n N" },
        { 0, "--loud=yes", "--loud takes no value, but 'yes' was given" },
        { 0, "--count=", "--count: the value is empty; give N" },
        { 0, "--text ~", "--text: the value is empty; give TEXT" },
        { 0, "--count x", "--count x: must be a whole number from -2 to 10" },
        { 0, "--count 3x", "--count 3x: must be a whole number from -2 to 10" },
        { 0, "--count 3.5", "--count 3.5: must be a whole number from -2 to 10" },
        { 0, "--count 11", "--count 11: must be from -2 to 10" },
        { 0, "--count -3", "--count -3: must be from -2 to 10" },
        { 0, "--count 99999999999999999999",
          "--count 99999999999999999999: must be from -2 to 10" },
        { 0, "--rate fast", "--rate fast: must be a number from 0.5 to 60" },
        { 0, "--rate nan", "--rate nan: must be a number from 0.5 to 60" },
        { 0, "--rate inf", "--rate inf: must be a number from 0.5 to 60" },
        { 0, "--rate 0x10", "--rate 0x10: must be a number from 0.5 to 60" },
        { 0, "--rate 0.49", "--rate 0.49: must be from 0.5 to 60" },
        { 0, "--rate 1e9", "--rate 1e9: must be from 0.5 to 60" },
        { 0, "--codec jpe", "--codec jpe: must be one of: jpeg h264 raw" },
        { 0, "--codec jpegs", "--codec jpegs: must be one of: jpeg h264 raw" },
    };
    struct line line;
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(line_read(&line, rows[i].command, rows[i].text), -EINVAL);
        assert_string_equal(line.reader.why, rows[i].why);
    }
}

static void bounds_belong_to_the_range(void **state)
{
    struct line line;
    (void)state;
    assert_int_equal(line_read(&line, 0, "-n-2 -r0.5"), 0);
    assert_int_equal(line.result.count, -2);
    assert_int_equal(line_read(&line, 0, "-n10 -r6e1"), 0);
    assert_true(line.result.rate > 59.9);
}

static void lists_are_bounded(void **state)
{
    struct line line;
    char text[1024];
    (void)state;
    for (unsigned count = OPTION_LIST_MAX - 1; count <= OPTION_LIST_MAX + 1; count++) {
        text[0] = '\0';
        for (unsigned i = 0; i < count; i++) {
            strcat(text, "-lx ");
        }
        assert_int_equal(line_read(&line, 0, text), count <= OPTION_LIST_MAX ? 0 : -EINVAL);
    }
    assert_string_equal(line.reader.why,
                        "--list x: that is one more than the 64 that are possible");
}

static void long_words_do_not_overrun_the_sentence(void **state)
{
    struct line line;
    char text[900];
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    memcpy(text, "--", 2);
    assert_int_equal(line_read(&line, 0, text), -EINVAL);
    assert_true(strlen(line.reader.why) < 200);
    memcpy(text, "--rate=", 7);
    assert_int_equal(line_read(&line, 0, text), -EINVAL);
    assert_true(strlen(line.reader.why) < 200);
}

static void command_is_the_first_word(void **state)
{
    char one[] = "one", two[] = "two", other[] = "twos";
    char *const rows[][2] = { { one, NULL }, { two, NULL }, { other, NULL }, { NULL, NULL } };
    static const unsigned command[] = { 0, 1, 0, 0 };
    static const int used[] = { 1, 1, 0, 0 };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        int count = -1;
        assert_int_equal(option_command_find(&table, rows[i], &count), command[i]);
        assert_int_equal(count, used[i]);
    }
}

static void help_is_made_from_the_table(void **state)
{
    char *text = NULL;
    size_t size = 0;
    (void)state;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    help_print(&table, 0, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "usage: program [one] [OPTIONS]\n       program two [OPTIONS]\n"));
    assert_non_null(strstr(text, "  -n, --count N             how many (default 5)\n"));
    assert_non_null(strstr(text, "  -r, --rate HZ             how often (default the source's)\n"));
    assert_non_null(strstr(text, "      --codec CODEC         how (default h264)\n"));
    assert_non_null(strstr(text, "  two                       Do the second.\n"));
    free(text);

    out = open_memstream(&text, &size);
    assert_non_null(out);
    help_print(&table, 1, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "usage: program two [OPTIONS]\n\nDo the second.\n\n"
                              "  -a, --loud                be loud\n"
                              "  -n, --count N             how many (default 5)\n\nSo.\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_read),
        cmocka_unit_test(every_form_of_a_value_is_taken),
        cmocka_unit_test(values_may_look_like_options),
        cmocka_unit_test(operands_stand_anywhere),
        cmocka_unit_test(mistakes_are_one_sentence),
        cmocka_unit_test(bounds_belong_to_the_range),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(long_words_do_not_overrun_the_sentence),
        cmocka_unit_test(command_is_the_first_word),
        cmocka_unit_test(help_is_made_from_the_table),
    };
    return cmocka_run_group_tests_name("option", tests, NULL, NULL);
}
