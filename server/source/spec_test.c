/* SPDX-License-Identifier: MIT */
#include "source/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "source/natural.h"

static void spec_hides_secrets(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hidden;
    } rows[] = {
        { "clip.mp4", "clip.mp4" },
        { "", "" },
        { "a@b", "a@b" },
        { "rtsp://host/x", "rtsp://host/x" },
        { "rtsp://me:pw@host/x", "rtsp://host/x" },
        { "rtsp://me:p@w@host:554/x@y", "rtsp://host:554/x@y" },
        { "http://me@host", "http://host" },
        { "http://host/x?user=me&pw=secret", "http://host/x?..." },
        { "http://host/x?p", "http://host/x?." },
        { "http://host?", "http://host?" },
        { "cannot open 'rtsp://me:pw@host/x?k=1': no route to me@host",
          "cannot open 'rtsp://host/x?...': no route to me@host" },
        { "rtsp://a:b@c/ then http://d:e@f/?gggg end", "rtsp://c/ then http://f/?... end" },
        { "://", "://" },
        { "x://@", "x://" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "%s", rows[i].text);
        spec_hide_secrets(text);
        assert_string_equal(text, rows[i].hidden);
    }
}

static void spec_label_is_short_and_without_secrets(void **state)
{
    (void)state;
    char label[SPEC_LABEL_SIZE];
    spec_label("rtsp://me:pw@host/x", label);
    assert_string_equal(label, "rtsp://host/x");

    char spec[6000];
    memset(spec, 'x', sizeof(spec));
    spec[sizeof(spec) - 1] = '\0';
    memcpy(spec, "rtsp://", 7);
    spec[3000] = '\0';
    spec[2000] = '@'; /* a secret longer than the label */
    spec[2001] = 'h';
    spec_label(spec, label);
    assert_memory_equal(label, "rtsp://hx", 9);
    assert_int_equal(strlen(label), SPEC_LABEL_SIZE - 1);

    spec[3000] = 'x';
    spec_label(spec, label);
    assert_string_equal(label, "a very long address");
}

static void spec_tells_kinds_apart(void **state)
{
    (void)state;
    assert_true(spec_is_url("rtsp://host/x"));
    assert_true(spec_is_url("srt://host:1"));
    assert_false(spec_is_url("clip.mp4"));
    assert_false(spec_is_url("://x"));
    assert_false(spec_is_url("folder/a://b"));
    assert_true(spec_is_camera("/dev/video0"));
    assert_false(spec_is_camera("/dev/null"));
    assert_true(spec_is_stills("missing-folder/"));
    assert_true(spec_is_stills("img-*.jpg"));
    assert_true(spec_is_stills("photo.JPG"));
    assert_false(spec_is_stills("clip.mp4"));
    assert_false(spec_is_stills("http://host/*.jpg"));
    assert_true(spec_is_stills("/"));
}

static void natural_order_counts(void **state)
{
    (void)state;
    static const char *const ordered[] = { "",
                                           "01",
                                           "1",
                                           "2",
                                           "10",
                                           "a",
                                           "a1b2",
                                           "a1b10",
                                           "a2b1",
                                           "img",
                                           "img-01",
                                           "img-2",
                                           "img-10",
                                           "img-10.5",
                                           "img-x",
                                           "img2",
                                           "x9999999999999999999999998",
                                           "x9999999999999999999999999" };
    const size_t count = sizeof(ordered) / sizeof(ordered[0]);
    for (size_t a = 0; a < count; a++) {
        for (size_t b = 0; b < count; b++) {
            const int order = natural_compare(ordered[a], ordered[b]);
            assert_true(a < b ? order < 0 : a > b ? order > 0 : order == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spec_hides_secrets),
        cmocka_unit_test(spec_label_is_short_and_without_secrets),
        cmocka_unit_test(spec_tells_kinds_apart),
        cmocka_unit_test(natural_order_counts),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
