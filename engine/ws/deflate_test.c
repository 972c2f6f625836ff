/* SPDX-License-Identifier: MIT */
/* permessage-deflate: what is agreed, what comes out of the machines, and engines that use them. */
#include <framecast/deflate.h>
#include <framecast/ws.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "engine/testing/alloc.h"
#include "engine/ws/extension.h"
#include "engine/ws/inflater.h"
#include "engine/ws/negotiation.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB (1024 * 1024)

static struct fc_bytes text(const char *string)
{
    return (struct fc_bytes){ (const uint8_t *)string, strlen(string) };
}

/* ---- agreement ---- */

static struct fc_http_request offering(const char *value)
{
    struct fc_http_request request = { .header_count = 1 };
    request.headers[0] = (struct fc_http_header){ text("Sec-WebSocket-Extensions"), text(value) };
    return request;
}

#define PMD "permessage-deflate"
#define SNCT "; server_no_context_takeover"
#define CNCT "; client_no_context_takeover"
#define SMWB "; server_max_window_bits"
#define CMWB "; client_max_window_bits"

static void offers_are_answered(void **state)
{
    (void)state;
    static const struct {
        const char *offer;
        const char *answer; /* NULL: none */
    } rows[] = {
        { PMD, PMD SNCT CNCT },
        { "Permessage-Deflate", PMD SNCT CNCT },
        { PMD CMWB, PMD SNCT CNCT },
        { PMD CMWB "=8", PMD SNCT CNCT },
        { PMD CMWB "=\"15\"", PMD SNCT CNCT },
        { PMD SNCT, PMD SNCT CNCT },
        { PMD SNCT CNCT SMWB "=10" CMWB, PMD SNCT CNCT SMWB "=10" },
        { "x-other, " PMD, PMD SNCT CNCT },
        { PMD "; unknown, " PMD SMWB "=9", PMD SNCT CNCT SMWB "=9" },
        { PMD SMWB "=\t12 ", PMD SNCT CNCT SMWB "=12" },
        { "x-other", NULL },
        { PMD "; unknown", NULL },
        { PMD SMWB, NULL },
        { PMD SMWB "=7", NULL },
        { PMD SMWB "=16", NULL },
        { PMD SMWB "=08", NULL },
        { PMD SMWB "=1 0", NULL },
        { PMD SMWB "=9" SMWB "=9", NULL },
        { PMD SNCT "=true", NULL },
        { PMD SNCT SNCT, NULL },
        { PMD CMWB "=0", NULL },
        { PMD CMWB "=x", NULL },
        { "permessage-deflate-2", NULL },
        { "", NULL },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct fc_http_request request = offering(rows[i].offer);
        struct fc_deflate agreed = { 0 };
        char answer[FC_DEFLATE_HEADER_SIZE] = "";
        const bool is_agreed = fc_deflate_choose(&request, false, &agreed, answer);
        assert_int_equal(is_agreed, rows[i].answer != NULL);
        assert_int_equal(agreed.is_on, is_agreed);
        assert_string_equal(answer, rows[i].answer ? rows[i].answer : "");
    }
}

static void a_client_may_take_over_when_it_is_let(void **state)
{
    (void)state;
    struct fc_deflate agreed;
    char answer[FC_DEFLATE_HEADER_SIZE];
    struct fc_http_request request = offering(PMD);
    assert_true(fc_deflate_choose(&request, true, &agreed, answer));
    assert_string_equal(answer, PMD SNCT);
    assert_false(agreed.client_no_context_takeover);
    request = offering(PMD CNCT);
    assert_true(fc_deflate_choose(&request, true, &agreed, answer));
    assert_string_equal(answer, PMD SNCT CNCT);
}

static void headers_must_be_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool is_valid;
    } rows[] = {
        { "a", true },         { "a; b", true },         { "a;b=c , d", true },
        { "a;b=\"c\"", true }, { "a,,b", true },         { "", false },
        { ",", false },        { "a;", false },          { "a; ;b", false },
        { "a;b;", false },     { "a;=b", false },        { "a;b=", false },
        { "a b", false },      { "a;b=\"c d\"", false }, { "a;b=\"", false },
        { ";a", false },       { "a;b=\"\"", false },    { "a/b", false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct fc_http_request request = offering(rows[i].value);
        if (fc_ws_extensions_are_valid(request.headers, 1) != rows[i].is_valid) {
            fail_msg("%s", rows[i].value);
        }
    }
}

static void answers_are_judged(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        bool takes_over;
        bool is_valid;
    } rows[] = {
        { PMD SNCT, false, true },
        { PMD SNCT CNCT, false, true },
        { PMD SNCT SMWB "=8", false, true },
        { PMD, true, true },
        { PMD CNCT, true, true },
        { PMD, false, false }, /* does not accept what was offered */
        { PMD SNCT CMWB "=10", false, false },
        { PMD SNCT SMWB, false, false },
        { PMD SNCT "; more", false, false },
        { PMD SNCT ", " PMD SNCT, false, false },
        { PMD SNCT ", x-other", false, false },
        { "x-other", false, false },
        { PMD ";", false, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fc_http_response response = { .header_count = 1 };
        response.headers[0] = offering(rows[i].answer).headers[0];
        struct fc_deflate deflate;
        char offer[FC_DEFLATE_HEADER_SIZE];
        fc_deflate_offer(rows[i].takes_over, &deflate, offer);
        const char *fault = fc_deflate_check(&response, &deflate);
        assert_int_equal(fault == NULL, rows[i].is_valid);
        assert_non_null(fc_deflate_check(&response, NULL)); /* nothing was offered */
    }
    const struct fc_http_response silent = { .header_count = 0 };
    struct fc_deflate deflate = { .is_on = true };
    assert_null(fc_deflate_check(&silent, &deflate));
    assert_false(deflate.is_on);
}

/* ---- the machines ---- */

static void fill(uint8_t *bytes, size_t size, int kind)
{
    unsigned random = 1;
    for (size_t i = 0; i < size; i++) {
        random = random * 1103515245 + 12345;
        bytes[i] = kind == 0 ? 'x' : kind == 1 ? (uint8_t)('a' + i % 23) : (uint8_t)(random >> 16);
    }
}

static void what_is_deflated_comes_back(void **state)
{
    (void)state;
    struct fc_deflater *deflater = fc_deflater_new(&(struct fc_deflater_options){ 0 });
    struct fc_inflater *inflater = fc_inflater_new();
    assert_non_null(deflater);
    assert_non_null(inflater);
    static uint8_t bytes[3 * MIB];
    static const size_t sizes[] = { 1, 10, 128, 1000, 65535, 65536, 300000, 3 * MIB, 500 };
    for (size_t i = 0; i < COUNT(sizes) * 3; i++) {
        const struct fc_bytes payload = { bytes, sizes[i / 3] };
        fill(bytes, payload.size, (int)(i % 3));
        struct fc_bytes out;
        if (!fc_deflater_run(deflater, payload, &out)) {
            assert_true(i % 3 == 2 || payload.size < 20); /* random, or tiny */
            continue;
        }
        assert_true(out.size < payload.size);
        struct fc_ws_buffer *back = NULL;
        assert_int_equal(fc_inflater_run(inflater, out, false, payload.size, &back), 0);
        assert_int_equal(back->size, payload.size);
        assert_memory_equal(back->data, payload.data, payload.size);
        fc_ws_buffer_free(&back);
        assert_int_equal(fc_inflater_run(inflater, out, false, payload.size - 1, &back),
                         FC_WS_CODE_TOO_BIG);
        assert_null(back);
    }
    fc_deflater_free(&deflater);
    fc_inflater_free(&inflater);
}

#define WIRE(literal)                                   \
    {                                                   \
        (const uint8_t *)(literal), sizeof(literal) - 1 \
    }

/* RFC 7692 section 7.2.3: the examples. */
static void the_examples_of_the_rfc_are_read(void **state)
{
    (void)state;
    static const struct {
        struct fc_bytes wire;
        const char *text;
        bool keeps;
    } rows[] = {
        { WIRE("\xf2\x48\xcd\xc9\xc9\x07\x00"), "Hello", false },
        { WIRE("\xf2\x48\xcd\xc9\xc9\x07\x00"), "Hello", true },
        { WIRE("\xf2\x00\x11\x00\x00"), "Hello", true }, /* refers to the one before */
        { WIRE("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"), "Hello", false },
        { WIRE("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), "Hello", false }, /* BFINAL */
        { WIRE("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), "Hello", false },
        { WIRE("\x00"), "", false },
        { WIRE("\x02\x00"), "", false },
    };
    struct fc_inflater *inflater = fc_inflater_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fc_ws_buffer *out = NULL;
        assert_int_equal(fc_inflater_run(inflater, rows[i].wire, rows[i].keeps, 100, &out), 0);
        assert_int_equal(out ? out->size : 0, strlen(rows[i].text));
        assert_memory_equal(out->data, rows[i].text, strlen(rows[i].text));
        fc_ws_buffer_free(&out);
    }
    fc_inflater_free(&inflater);
}

static void what_is_no_deflate_data_is_refused(void **state)
{
    (void)state;
    static const struct fc_bytes rows[] = {
        WIRE("\xff\xff\xff"),             /* block type 3 */
        WIRE("\xf2\x48\xcd"),             /* cut */
        WIRE("\x06\x00"),                 /* block type 3 again */
        WIRE("\xf2\x00\x11\x00\x00"),     /* refers to what is not there */
        WIRE("\x00\x05\x00\xfa\xfe\x48"), /* a length that does not agree */
    };
    struct fc_inflater *inflater = fc_inflater_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fc_ws_buffer *out = NULL;
        assert_int_equal(fc_inflater_run(inflater, rows[i], false, 100, &out),
                         FC_WS_CODE_INVALID_DATA);
        assert_null(out);
    }
    fc_inflater_free(&inflater);
}

/* A thousandfold: a bomb within the size limit is still one. */
static void a_bomb_ends_at_the_ratio(void **state)
{
    (void)state;
    struct fc_deflater *deflater = fc_deflater_new(&(struct fc_deflater_options){ .level = 9 });
    struct fc_inflater *inflater = fc_inflater_new();
    uint8_t *zeros = calloc(1, 32 * MIB);
    struct fc_bytes bomb;
    struct fc_ws_buffer *out = NULL;
    assert_true(fc_deflater_run(deflater, (struct fc_bytes){ zeros, 32 * MIB }, &bomb));
    assert_true(bomb.size < 32 * MIB / 900);
    assert_int_equal(fc_inflater_run(inflater, bomb, false, 64 * MIB, &out), FC_WS_CODE_TOO_BIG);
    assert_true(fc_deflater_run(deflater, (struct fc_bytes){ zeros, 16 * MIB }, &bomb));
    assert_int_equal(fc_inflater_run(inflater, bomb, false, 64 * MIB, &out), 0);
    fc_ws_buffer_free(&out);
    free(zeros);
    fc_deflater_free(&deflater);
    fc_inflater_free(&inflater);
}

/* zlib's own allocations among them. */
static void any_allocation_may_fail(void **state)
{
    (void)state;
    static uint8_t payload[5000];
    unsigned n = 1;
    for (bool has_failed = true; has_failed; n++) {
        struct fc_bytes wire = { 0 };
        struct fc_ws_buffer *back = NULL;
        alloc_fail_at(n);
        struct fc_deflater *deflater = fc_deflater_new(NULL);
        struct fc_inflater *inflater = fc_inflater_new();
        const struct fc_bytes bytes = { payload, sizeof(payload) };
        const bool is_small = deflater && fc_deflater_run(deflater, bytes, &wire);
        const uint16_t code = is_small && inflater
                                  ? fc_inflater_run(inflater, wire, false, sizeof(payload), &back)
                                  : FC_WS_CODE_INTERNAL;
        has_failed = alloc_has_failed();
        alloc_fail_at(0);
        assert_int_equal(code, has_failed ? FC_WS_CODE_INTERNAL : 0);
        assert_int_equal(back != NULL, code == 0);
        fc_ws_buffer_free(&back);
        fc_deflater_free(&deflater);
        fc_inflater_free(&inflater);
        assert_int_equal(alloc_live(), 0);
    }
    assert_in_range(n, 11, 30); /* ours are four, zlib's seven */
}

/* ---- engines ---- */

/* Give all bytes, cut into pieces of that size, and note what happens in the log. */
static void feed(struct fc_ws *ws, struct fc_bytes bytes, size_t piece, char *log)
{
    for (size_t at = 0; at < bytes.size;) {
        const struct fc_space room = fc_ws_input(ws);
        size_t size = bytes.size - at < piece ? bytes.size - at : piece;
        size = size < room.size ? size : room.size;
        if (size == 0) {
            return;
        }
        memcpy(room.data, bytes.data + at, size);
        at += size;
        fc_ws_input_done(ws, size, 1);
        for (struct fc_ws_event event; fc_ws_next_event(ws, &event);) {
            char line[128];
            snprintf(line, sizeof(line), "%d:%u:%zu:%.*s\n", event.type, event.code,
                     event.payload.size, event.payload.size < 60 ? (int)event.payload.size : 0,
                     event.payload.size ? (const char *)event.payload.data : "");
            strcat(log, line);
        }
    }
}

static struct fc_ws *client(bool is_on, bool keeps, uint64_t max)
{
    const struct fc_ws_options options = {
        .role = FC_WS_CLIENT,
        .message_max_bytes = max,
        .deflate = { .is_on = is_on, .server_no_context_takeover = !keeps },
    };
    return fc_ws_new(&options);
}

static void compressed_frames_become_messages_however_they_are_cut(void **state)
{
    (void)state;
    static const struct {
        struct fc_bytes wire;
        const char *log;
        bool is_on, keeps;
        uint64_t max;
    } rows[] = {
        { WIRE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), "0:0:5:Hello\n", true, false, 5 },
        /* fragments, with a ping between */
        { WIRE("\x41\x03\xf2\x48\xcd\x89\x01p\x80\x04\xc9\xc9\x07\x00"), "1:0:1:p\n0:0:5:Hello\n",
          true, false, 5 },
        { WIRE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00\x81\x02ok"),
          "0:0:5:Hello\n0:0:5:Hello\n0:0:2:ok\n", true, true, 5 },
        { WIRE("\xc1\x01\x00"), "0:0:0:\n", true, false, 5 },
        /* not agreed; on a control frame; on a continuation */
        { WIRE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"),
          "3:1002:41:RSV1 without an extension that uses it\n", false, false, 5 },
        { WIRE("\xc9\x00"), "3:1002:20:invalid frame header\n", true, false, 5 },
        { WIRE("\x41\x00\xc0\x00"), "3:1002:20:invalid frame header\n", true, false, 5 },
        /* the limit is that of what comes out */
        { WIRE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), "3:1009:15:message too big\n", true, false,
          4 },
        /* takeover where none was agreed; text that is not UTF-8; rubbish */
        { WIRE("\xc1\x05\xf2\x00\x11\x00\x00"), "3:1007:31:compressed data is not in order\n", true,
          false, 5 },
        { WIRE("\xc1\x07\x00\x01\x00\xfe\xff\xff\x00"), "3:1007:17:text is not UTF-8\n", true,
          false, 5 },
        { WIRE("\xc2\x01\xff"), "3:1007:31:compressed data is not in order\n", true, false, 5 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t piece = 1; piece < 20; piece += piece < 4 ? 1 : 15) {
            char log[1024] = "";
            struct fc_ws *ws = client(rows[i].is_on, rows[i].keeps, rows[i].max);
            feed(ws, rows[i].wire, piece, log);
            if (strstr(rows[i].log, "RSV1")) {
                assert_non_null(strstr(log, "3:1002:"));
                assert_non_null(strstr(log, "RSV1"));
            } else {
                assert_string_equal(log, rows[i].log);
            }
            fc_ws_free(&ws);
        }
    }
}

static void a_lent_inflater_serves_many(void **state)
{
    (void)state;
    struct fc_inflater *lent = fc_inflater_new();
    struct fc_ws_options options = {
        .role = FC_WS_CLIENT,
        .deflate = { .is_on = true, .server_no_context_takeover = true },
        .inflater = lent,
    };
    struct fc_ws *one = fc_ws_new(&options);
    struct fc_ws *two = fc_ws_new(&options);
    for (int i = 0; i < 3; i++) {
        char log[64] = "";
        const struct fc_bytes hello = WIRE("\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00");
        feed(one, hello, 100, log);
        feed(two, hello, 100, log);
        assert_string_equal(log, "0:0:5:Hello\n0:0:5:Hello\n");
    }
    fc_ws_free(&one);
    fc_ws_free(&two);
    fc_inflater_free(&lent);
}

static void what_is_sent_can_be_read(void **state)
{
    (void)state;
    struct fc_deflater *deflater = fc_deflater_new(&(struct fc_deflater_options){ 0 });
    struct fc_ws *server = fc_ws_new(&(struct fc_ws_options){ .deflate.is_on = true });
    struct fc_ws *reader = client(true, false, 1000);
    char said[600];
    memset(said, 'a', sizeof(said));
    struct fc_bytes small;
    const struct fc_bytes payload = { (const uint8_t *)said, sizeof(said) };
    assert_true(fc_deflater_run(deflater, payload, &small));
    assert_true(fc_ws_send_deflated(server, FC_WS_TEXT, small));
    assert_true(fc_ws_send_part(server, FC_WS_TEXT, text("in "), false));
    assert_false(fc_ws_send(server, FC_WS_TEXT, text("not now")));
    assert_false(fc_ws_send_deflated(server, FC_WS_TEXT, small));
    assert_true(fc_ws_send_part(server, FC_WS_TEXT, text("three "), false));
    assert_true(fc_ws_send_part(server, FC_WS_TEXT, text("parts"), true));
    assert_true(fc_ws_send(server, FC_WS_TEXT, text("one")));
    char log[256] = "";
    feed(reader, fc_ws_output(server), 1000, log);
    assert_string_equal(log, "0:0:600:\n0:0:14:in three parts\n0:0:3:one\n");
    fc_ws_free(&server);
    fc_ws_free(&reader);
    fc_deflater_free(&deflater);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers_are_answered),
        cmocka_unit_test(a_client_may_take_over_when_it_is_let),
        cmocka_unit_test(headers_must_be_in_order),
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(what_is_deflated_comes_back),
        cmocka_unit_test(the_examples_of_the_rfc_are_read),
        cmocka_unit_test(what_is_no_deflate_data_is_refused),
        cmocka_unit_test(a_bomb_ends_at_the_ratio),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(compressed_frames_become_messages_however_they_are_cut),
        cmocka_unit_test(a_lent_inflater_serves_many),
        cmocka_unit_test(what_is_sent_can_be_read),
    };
    return cmocka_run_group_tests_name("ws/deflate", tests, NULL, NULL);
}
