/* SPDX-License-Identifier: MIT */
#include "picture/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char title[] = "no picture from rtsp://camera.example/stream1";
static const char sentence[] = "cannot open 'rtsp://camera.example/stream1': Connection refused; "
                               "it is tried again every two seconds";

static unsigned bright_samples(const struct picture *picture)
{
    unsigned count = 0;
    for (uint32_t y = 0; y < picture->height; y++) {
        for (uint32_t x = 0; x < picture->width; x++) {
            count += picture->planes[0].data[y * picture->planes[0].stride + x] > 128;
        }
    }
    return count;
}

static void notice_is_a_dark_picture_with_text(void **state)
{
    (void)state;
    struct picture *picture = picture_new_notice(640, 360, title, sentence);
    assert_non_null(picture);
    assert_true(picture->is_notice);
    assert_int_equal(picture->width, 640);
    assert_int_equal(picture->height, 360);
    assert_in_range(bright_samples(picture), 1000, 640 * 360 / 4);
    picture_unref(&picture);
}

static void notice_fits_any_size_and_any_words(void **state)
{
    (void)state;
    static const uint32_t sides[] = { 1, 2, 7, 31, 160, 1081, 4000 };
    for (size_t w = 0; w < sizeof(sides) / sizeof(sides[0]); w++) {
        for (size_t h = 0; h < sizeof(sides) / sizeof(sides[0]); h++) {
            struct picture *picture = picture_new_notice(sides[w], sides[h], title, sentence);
            assert_non_null(picture);
            picture_unref(&picture);
        }
    }
    char endless[3000];
    for (size_t i = 0; i < sizeof(endless); i++) {
        endless[i] = (char)(i % 7 ? 'x' : '\t');
    }
    endless[sizeof(endless) - 1] = '\0';
    struct picture *picture = picture_new_notice(320, 240, endless, endless);
    assert_non_null(picture);
    picture_unref(&picture);
    picture = picture_new_notice(320, 240, "", "   ");
    assert_non_null(picture);
    picture_unref(&picture);
    assert_null(picture_new_notice(0, 240, title, sentence));
}

int main(int argc, char **argv)
{
    if (argc == 2) { /* a file name: look at one instead */
        struct picture *picture = picture_new_notice(640, 360, title, sentence);
        FILE *file = picture ? fopen(argv[1], "wb") : NULL;
        if (file) {
            fprintf(file, "P5 640 360 255\n");
            for (unsigned y = 0; y < 360; y++) {
                fwrite(picture->planes[0].data + y * picture->planes[0].stride, 1, 640, file);
            }
            fclose(file);
        }
        picture_unref(&picture);
        return file ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notice_is_a_dark_picture_with_text),
        cmocka_unit_test(notice_fits_any_size_and_any_words),
    };
    return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
