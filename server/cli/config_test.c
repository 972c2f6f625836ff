/* SPDX-License-Identifier: MIT */
#include "cli/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

enum { WORDS_MAX = 80, WORD_SIZE = 128 };

static struct cli_config config;
static char why[OPTION_WHY_SIZE];

/* words end with NULL */
static int config_read(const char *const *words)
{
    static char kept[WORDS_MAX][WORD_SIZE]; /* the configuration points into it */
    char *argv[WORDS_MAX];
    unsigned count = 0;
    for (; words[count]; count++) {
        assert_true(count + 1 < WORDS_MAX && strlen(words[count]) < WORD_SIZE);
        memcpy(kept[count], words[count], strlen(words[count]) + 1);
        argv[count] = kept[count];
    }
    argv[count] = NULL;

    int used = 0;
    config = (struct cli_config){ 0 };
    config.command = (enum cli_command)option_command_find(&config_table, argv, &used);
    struct option_reader reader = { .table = &config_table,
                                    .command = config.command,
                                    .result = &config };
    const int err = option_read(&reader, argv + used);
    if (err) {
        memcpy(why, reader.why, sizeof(why));
        return err;
    }
    return config_resolve(&config, &reader.operands, why, sizeof(why));
}

#define READ(...) config_read((const char *const[]){ __VA_ARGS__, NULL })

static void defaults_are_those_of_the_reference(void **state)
{
    (void)state;
    assert_int_equal(READ("test"), 0);
    assert_int_equal(config.command, CLI_SERVE);
    assert_int_equal(config.serve.listen.count, 1);
    assert_string_equal(config.serve.listen.item[0], "127.0.0.1:8765");
    assert_int_equal(config.serve.predict.count, 0);
    assert_string_equal(config.serve.log, "info");
    assert_int_equal(config.serve.viewers_max, 16384);
    assert_int_equal(config.serve.per_address_max, 0);
    assert_true(config.serve.idle_viewer_s > 29.9 && config.serve.idle_viewer_s < 30.1);
    assert_int_equal(config.serve.quality, 0);
    assert_int_equal(config.serve.width, 0);
    assert_int_equal(config.serve.threads, 0);
    assert_int_equal(READ("watch", "ws://a"), 0);
    assert_int_equal(config.command, CLI_WATCH);
    assert_int_equal(config.watch.window, 2);
    assert_int_equal(config.watch.count, 0);
}

static void everything_can_be_said(void **state)
{
    (void)state;
    assert_int_equal(READ("serve", "-l", "[::]:0", "-lunix:/s", "-p", "motion", "--fps=12.5",
                          "--width", "640", "--quality", "70", "--once", "--fast", "--threads", "3",
                          "--idle-viewer", "9", "--max-viewers", "10", "--max-per-address", "4",
                          "--log", "info,net=debug", "door=test"),
                     0);
    assert_int_equal(config.serve.listen.count, 2);
    assert_string_equal(config.serve.listen.item[1], "unix:/s");
    assert_string_equal(config.serve.predict.item[0], "motion");
    assert_true(config.serve.is_once && config.serve.is_fast);
    assert_int_equal(config.serve.width, 640);
    assert_int_equal(config.serve.quality, 70);
    assert_int_equal(config.serve.threads, 3);
    assert_int_equal(config.serve.viewers_max, 10);
    assert_int_equal(config.serve.per_address_max, 4);
    assert_string_equal(config.serve.streams[0].name, "door");
    assert_string_equal(config.serve.streams[0].source, "test");
}

static void names_are_told_from_sources(void **state)
{
    static const struct {
        const char *operand, *name, *source;
    } rows[] = {
        { "test", "cam", "test" },
        { "-", "cam", "-" },
        { "door=test", "door", "test" },
        { "a-b_1=/dev/video0", "a-b_1", "/dev/video0" },
        { "x=http://h/?a=b", "x", "http://h/?a=b" },
        { "http://h/?a=b", "cam", "http://h/?a=b" },
        { "/path/a=b.mp4", "cam", "/path/a=b.mp4" },
        { "./a=b.mp4", "cam", "./a=b.mp4" },
        { "clip.v=2.mp4", "cam", "clip.v=2.mp4" },
        { "img-*=.jpg", "cam", "img-*=.jpg" },
        { "rtsp://u:p=@h/s", "cam", "rtsp://u:p=@h/s" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(READ(rows[i].operand), 0);
        assert_int_equal(config.serve.stream_count, 1);
        assert_string_equal(config.serve.streams[0].name, rows[i].name);
        assert_string_equal(config.serve.streams[0].source, rows[i].source);
    }
}

static void unnamed_sources_are_numbered(void **state)
{
    (void)state;
    assert_int_equal(READ("test", "door=test", "test", "test"), 0);
    static const char *const first[] = { "cam", "door", "cam2", "cam3" };
    for (unsigned i = 0; i < 4; i++) {
        assert_string_equal(config.serve.streams[i].name, first[i]);
    }
    /* A name that somebody asked for is not taken, wherever it stands. */
    assert_int_equal(READ("test", "test", "cam=a", "cam3=b"), 0);
    static const char *const second[] = { "cam2", "cam4", "cam", "cam3" };
    for (unsigned i = 0; i < 4; i++) {
        assert_string_equal(config.serve.streams[i].name, second[i]);
    }
}

static void name_lengths_are_bounded(void **state)
{
    (void)state;
    for (size_t len = STREAM_NAME_MAX - 1; len <= STREAM_NAME_MAX + 1; len++) {
        char operand[STREAM_NAME_MAX + 8];
        memset(operand, 'n', len);
        memcpy(operand + len, "=test", sizeof("=test"));
        assert_int_equal(READ(operand), len <= STREAM_NAME_MAX ? 0 : -EINVAL);
    }
    assert_non_null(strstr(why, "64"));
}

static void streams_are_bounded(void **state)
{
    const char *words[CLI_STREAMS_MAX + 2];
    (void)state;
    for (unsigned count = CLI_STREAMS_MAX - 1; count <= CLI_STREAMS_MAX + 1; count++) {
        for (unsigned i = 0; i < count; i++) {
            words[i] = "test";
        }
        words[count] = NULL;
        assert_int_equal(config_read(words), count <= CLI_STREAMS_MAX ? 0 : -EINVAL);
    }
    words[CLI_STREAMS_MAX] = NULL;
    assert_int_equal(config_read(words), 0);
    assert_string_equal(config.serve.streams[CLI_STREAMS_MAX - 1].name, "cam64");
}

static void mistakes_name_the_culprit(void **state)
{
    static const struct {
        const char *words[5];
        const char *culprit;
    } rows[] = {
        { { NULL }, "no source" },
        { { "serve", NULL }, "framecast test" },
        { { "cam=a", "cam=b", NULL }, "'cam' is given twice" },
        { { "bad name=test", NULL }, "'bad name'" },
        { { "=test", NULL }, "stream name ''" },
        { { "cam=", NULL }, "source is missing" },
        { { "test", "--quality", "101", NULL }, "--quality 101: must be from 1 to 100" },
        { { "test", "--fps", "0", NULL }, "--fps 0" },
        { { "test", "--max-viewers", "0", NULL }, "--max-viewers 0" },
        { { "test", "--widht", "9", NULL }, "did you mean --width?" },
        { { "watch", NULL }, "none was given" },
        { { "watch", "ws://a", "ws://b", NULL }, "more were given" },
        { { "watch", "ws://a", "--stream", "a/b", NULL }, "--stream a/b" },
        { { "watch", "ws://a", "--stream=a", "--stream=a", NULL }, "given twice" },
        { { "watch", "ws://a", "--no-predictions", NULL }, "--save" },
        { { "watch", "ws://a", "--once", NULL }, "--once is not an option of 'framecast watch'" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(config_read(rows[i].words), -EINVAL);
        assert_non_null(strstr(why, rows[i].culprit));
        assert_null(strchr(why, '\n'));
    }
}

static void command_line_without_a_program_name_is_survived(void **state)
{
    char *const argv[] = { NULL };
    int status = 0;
    (void)state;
    assert_int_equal(cli_parse(argv, &config, &status), CLI_EXIT);
    assert_int_equal(status, CLI_STATUS_USAGE);
}

static void table_is_in_order(void **state)
{
    (void)state;
    for (unsigned i = 0; i < config_table.option_count; i++) {
        const struct option *option = &config_table.options[i];
        assert_non_null(option->help);
        assert_int_not_equal(option->commands, 0);
        assert_int_equal(option->kind == OPTION_FLAG, option->argument == NULL);
        for (unsigned j = 0; j < i; j++) {
            const struct option *other = &config_table.options[j];
            const bool share_command = option->commands & other->commands;
            assert_false(share_command && strcmp(option->name, other->name) == 0);
            assert_false(share_command && option->letter && option->letter == other->letter);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_reference),
        cmocka_unit_test(everything_can_be_said),
        cmocka_unit_test(names_are_told_from_sources),
        cmocka_unit_test(unnamed_sources_are_numbered),
        cmocka_unit_test(name_lengths_are_bounded),
        cmocka_unit_test(streams_are_bounded),
        cmocka_unit_test(mistakes_name_the_culprit),
        cmocka_unit_test(command_line_without_a_program_name_is_survived),
        cmocka_unit_test(table_is_in_order),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
