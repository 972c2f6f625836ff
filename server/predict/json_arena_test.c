/* SPDX-License-Identifier: MIT */
#include "predict/json_arena.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* Linked with --wrap of malloc: that of the arena is counted, which Jansson's come to. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static _Atomic unsigned malloc_count;
static bool fails;

void *__wrap_malloc(size_t size)
{
    malloc_count++;
    return fails ? NULL : __real_malloc(size);
}

static const char answer[] =
    "{\"seq\": 7, \"objects\": ["
    "{\"label\": \"person\", \"score\": 0.5, \"box\": [0.1, 0.2, 0.3, 0.4]}, "
    "{\"label\": \"dog\", \"box\": [0, 0, 1, 1]}], "
    "\"data\": {\"text\": \"a \\u00e9\", \"n\": [1, 2, 3]}}";

static void expect_answer(void)
{
    json_t *json = json_loads(answer, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    assert_int_equal(json_integer_value(json_object_get(json, "seq")), 7);
    assert_int_equal(json_array_size(json_object_get(json, "objects")), 2);
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "data"), "text")),
                        "a \xc3\xa9");
    json_decref(json);
}

static void only_the_block_is_allocated(void **state)
{
    struct json_arena arena = { 0 };
    (void)state;
    malloc_count = 0;
    for (int i = 0; i < 1000; i++) {
        json_arena_begin(&arena);
        expect_answer();
        json_arena_end(&arena);
    }
    assert_int_equal(malloc_count, 1);
    json_arena_fini(&arena);
}

/* A list of numbers that needs more than the block has. */
static char *make_long(size_t count)
{
    char *text = __real_malloc(2 * count + 2);
    assert_non_null(text);
    char *at = text;
    *at++ = '[';
    for (size_t i = 0; i < count; i++) {
        *at++ = '1';
        *at++ = i + 1 < count ? ',' : ']';
    }
    *at = '\0';
    return text;
}

static void what_does_not_fit_is_allocated_and_given_back(void **state)
{
    enum { COUNT = 20000 };
    struct json_arena arena = { 0 };
    (void)state;
    char *text = make_long(COUNT);
    malloc_count = 0;
    for (int i = 0; i < 3; i++) { /* a leak is the sanitizer's to find */
        json_arena_begin(&arena);
        json_t *json = json_loads(text, 0, NULL);
        assert_int_equal(json_array_size(json), COUNT);
        json_decref(json);
        json_arena_end(&arena);
    }
    assert_true(malloc_count > 3);
    json_arena_fini(&arena);
    free(text);
}

static void without_memory_for_the_block_it_goes_on(void **state)
{
    struct json_arena arena = { 0 };
    (void)state;
    fails = true;
    json_arena_begin(&arena);
    json_t *json = json_loads("[1]", 0, NULL);
    json_arena_end(&arena);
    assert_null(json);
    fails = false;
    json_arena_begin(&arena);
    expect_answer();
    json_arena_end(&arena);
    json_arena_fini(&arena);
}

static void *parse_beside(void *arg)
{
    for (int i = 0; i < 2000; i++) {
        expect_answer();
    }
    return arg;
}

/* Values of before, and of other threads, are malloc()'s. */
static void others_are_not_concerned(void **state)
{
    struct json_arena arena = { 0 };
    pthread_t thread;
    (void)state;
    json_t *before = json_loads("{\"a\": [1, 2]}", 0, NULL);
    assert_int_equal(pthread_create(&thread, NULL, parse_beside, NULL), 0);
    json_arena_begin(&arena);
    for (int i = 0; i < 100; i++) {
        expect_answer(); /* more than the block has, in all */
    }
    json_decref(before);
    json_arena_end(&arena);
    pthread_join(thread, NULL);
    json_arena_fini(&arena);
}

int main(void)
{
    json_arena_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_block_is_allocated),
        cmocka_unit_test(what_does_not_fit_is_allocated_and_given_back),
        cmocka_unit_test(without_memory_for_the_block_it_goes_on),
        cmocka_unit_test(others_are_not_concerned),
    };
    return cmocka_run_group_tests_name("predict/json_arena", tests, NULL, NULL);
}
