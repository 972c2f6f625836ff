/* SPDX-License-Identifier: MIT */
#include "source/splitter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "picture/picture.h"

static const uint8_t jpeg[] = {
    0xff, 0xd8, 0xff, 0xe1, 0,    6,    0xff, 0xd8, 0xff, 0xd9,             /* with a thumbnail */
    0xff, 0xc0, 0,    11,   8,    0,    16,   0,    24,   1,    1, 0x11, 0, /* SOF0 */
    0xff, 0xda, 0,    8,    1,    1,    0,    0,    63,   0,                /* SOS */
    1,    0xff, 0,    2,    0xff, 0xd9,
};

#define STREAM_MAX 4096
#define FOUND_MAX 16

struct stream {
    uint8_t data[STREAM_MAX];
    size_t size;
};

static void stream_add(struct stream *stream, const void *data, size_t size)
{
    assert_true(stream->size + size <= STREAM_MAX);
    memcpy(stream->data + stream->size, data, size);
    stream->size += size;
}

static void put(struct splitter *splitter, const uint8_t *data, size_t size)
{
    while (size > 0) {
        const struct fc_space space = splitter_space(splitter);
        assert_true(space.size > 0);
        const size_t part = size < space.size ? size : space.size;
        memcpy(space.data, data, part);
        splitter_space_done(splitter, part);
        data += part;
        size -= part;
    }
}

struct found {
    unsigned jpegs, corrupt;
};

static void look(struct splitter *splitter, struct found *found)
{
    for (;;) {
        struct fc_bytes out;
        uint32_t width, height;
        const char *error = NULL;
        switch (splitter_next(splitter, &out, &width, &height, &error)) {
        case SPLITTER_MORE:
            return;
        case SPLITTER_CORRUPT:
            assert_non_null(error);
            found->corrupt++;
            break;
        case SPLITTER_JPEG:
            assert_int_equal(out.size, sizeof(jpeg));
            assert_memory_equal(out.data, jpeg, sizeof(jpeg));
            assert_int_equal(width, 24);
            assert_int_equal(height, 16);
            found->jpegs++;
            break;
        }
    }
}

/* In pieces of every size: the same is found, byte for byte. */
static void find_in_pieces(const struct stream *stream, struct found wanted)
{
    for (size_t piece = 1; piece <= stream->size; piece += piece < 80 ? 1 : 37) {
        struct splitter splitter = { .buffer = NULL };
        struct found found = { .jpegs = 0 };
        for (size_t at = 0; at < stream->size; at += piece) {
            const size_t left = stream->size - at;
            put(&splitter, stream->data + at, left < piece ? left : piece);
            look(&splitter, &found);
        }
        assert_int_equal(found.jpegs, wanted.jpegs);
        assert_int_equal(found.corrupt, wanted.corrupt);
        splitter_fini(&splitter);
    }
}

static void splitter_finds_one_after_the_other(void **state)
{
    (void)state;
    struct stream stream = { .size = 0 };
    for (int i = 0; i < 4; i++) {
        stream_add(&stream, jpeg, sizeof(jpeg));
    }
    find_in_pieces(&stream, (struct found){ .jpegs = 4 });
}

static void splitter_passes_over_what_is_between(void **state)
{
    (void)state;
    static const char head[] = "--part\r\nContent-Type: image/jpeg\r\n\r\n";
    static const uint8_t noise[] = { 0xff, 0xff, 0xd8, 0, 0xff, 0xd9, 0xd8, 0xff };
    struct stream stream = { .size = 0 };
    for (int i = 0; i < 3; i++) {
        stream_add(&stream, head, sizeof(head) - 1);
        stream_add(&stream, jpeg, sizeof(jpeg));
        stream_add(&stream, "\r\n", 2);
        stream_add(&stream, noise, sizeof(noise));
    }
    find_in_pieces(&stream, (struct found){ .jpegs = 3 });
}

static void splitter_loses_only_the_damaged_one(void **state)
{
    (void)state;
    struct stream stream = { .size = 0 };
    stream_add(&stream, jpeg, sizeof(jpeg));
    stream_add(&stream, jpeg, sizeof(jpeg) - 3); /* cut short in its scan */
    stream_add(&stream, jpeg, sizeof(jpeg));
    stream_add(&stream, jpeg, 15); /* and in its frame header, which swallows the next */
    stream_add(&stream, jpeg, sizeof(jpeg));
    stream_add(&stream, jpeg, sizeof(jpeg));
    struct splitter splitter = { .buffer = NULL };
    struct found found = { .jpegs = 0 };
    put(&splitter, stream.data, stream.size);
    look(&splitter, &found);
    assert_in_range(found.jpegs, 3, 4);
    assert_in_range(found.corrupt, 2, 4);
    splitter_fini(&splitter);
}

static void splitter_bounds_a_picture_without_end(void **state)
{
    (void)state;
    struct splitter splitter = { .buffer = NULL };
    struct found found = { .jpegs = 0 };
    static uint8_t zeros[1 << 20];
    put(&splitter, jpeg, sizeof(jpeg) - 2);
    for (int i = 0; i < PICTURE_JPEG_MAX_BYTES / (int)sizeof(zeros) + 2; i++) {
        put(&splitter, zeros, sizeof(zeros));
        look(&splitter, &found);
        assert_true(splitter.capacity <= 2 * (size_t)PICTURE_JPEG_MAX_BYTES + (1 << 20));
    }
    assert_int_equal(found.corrupt, 1);
    assert_false(splitter_is_inside(&splitter));
    put(&splitter, jpeg, sizeof(jpeg));
    look(&splitter, &found);
    assert_int_equal(found.jpegs, 1);
    splitter_fini(&splitter);
}

static void splitter_knows_when_it_is_inside(void **state)
{
    (void)state;
    struct splitter splitter = { .buffer = NULL };
    struct found found = { .jpegs = 0 };
    assert_false(splitter_is_inside(&splitter));
    put(&splitter, jpeg, 8);
    look(&splitter, &found);
    assert_true(splitter_is_inside(&splitter));
    put(&splitter, jpeg + 8, sizeof(jpeg) - 8);
    look(&splitter, &found);
    assert_false(splitter_is_inside(&splitter));
    splitter_fini(&splitter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splitter_finds_one_after_the_other),
        cmocka_unit_test(splitter_passes_over_what_is_between),
        cmocka_unit_test(splitter_loses_only_the_damaged_one),
        cmocka_unit_test(splitter_bounds_a_picture_without_end),
        cmocka_unit_test(splitter_knows_when_it_is_inside),
    };
    return cmocka_run_group_tests_name("splitter", tests, NULL, NULL);
}
