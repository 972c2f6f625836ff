/* SPDX-License-Identifier: MIT */
/* Bytes through an agreed connection: all of them, in their order, and how they end. */
#include "net/tls.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/testing/tls_pair.h"

#define RECORD 16384
#define PARTS_MAX 8

static struct pki pki;
static struct fc_tls *server, *client;

static void open_agreed(struct tls_pair *pair, int buffer_bytes)
{
    tls_pair_open(pair, server, client, "localhost", buffer_bytes);
    assert_true(tls_pair_shake(pair));
}

/* The byte at a place of a stream; no period that a record's length would hide. */
static uint8_t byte_at(uint64_t stream, uint64_t place)
{
    const uint64_t mixed = (place + 1) * 0x9e3779b97f4a7c15u ^ stream;
    return (uint8_t)(mixed >> 37);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* ---- one direction ---- */

struct flow {
    struct tls *from, *to;
    uint64_t stream;      /* which bytes */
    uint64_t said, heard; /* so many */
    uint64_t blocked;     /* how often nothing was taken */
    uint32_t seed;
    uint8_t *room;
};

#define FLOW_ROOM (64 * 1024)

/* Offer a few parts of any size, from nothing to more than a record. */
static void say(struct flow *flow, uint64_t total)
{
    struct iovec parts[PARTS_MAX];
    const int count = 1 + (int)(next_random(&flow->seed) % PARTS_MAX);
    size_t offered = 0;
    for (int i = 0; i < count; i++) {
        static const uint32_t largest[] = {
            1, 12, 200, 1500, RECORD - 1, RECORD, RECORD + 1, 40000
        };
        uint64_t size = next_random(&flow->seed) % (largest[next_random(&flow->seed) % 8] + 1);
        const uint64_t left = total - flow->said - offered;
        size = size < left ? size : left;
        size = size < FLOW_ROOM - offered ? size : FLOW_ROOM - offered;
        parts[i] = (struct iovec){ flow->room + offered, size };
        for (uint64_t j = 0; j < size; j++) {
            flow->room[offered + j] = byte_at(flow->stream, flow->said + offered + j);
        }
        offered += size;
    }
    enum tls_step wants = TLS_DONE;
    const long taken = tls_write(flow->from, parts, count, &wants);
    if (taken < 0) {
        assert_int_equal(taken, -EAGAIN);
        assert_int_equal(wants, TLS_WANT_WRITE);
        flow->blocked++;
        return;
    }
    assert_true((size_t)taken <= offered);
    assert_true((size_t)taken == offered || tls_has_pending_output(flow->from));
    flow->said += (uint64_t)taken;
    memset(flow->room, 0xaa, FLOW_ROOM); /* what it has not taken is not looked at again */
}

static void hear(struct flow *flow)
{
    const size_t size = 1 + next_random(&flow->seed) % (2 * RECORD);
    enum tls_step wants = TLS_DONE;
    const long got = tls_read(flow->to, (struct fc_space){ flow->room, size }, &wants);
    if (got < 0) {
        assert_int_equal(got, -EAGAIN);
        assert_int_equal(wants, TLS_WANT_READ);
        return;
    }
    assert_true(got > 0 && (size_t)got <= size);
    for (long i = 0; i < got; i++) {
        if (flow->room[i] != byte_at(flow->stream, flow->heard + (uint64_t)i)) {
            fail_msg("byte %llu is another", (unsigned long long)flow->heard + (uint64_t)i);
        }
    }
    flow->heard += (uint64_t)got;
}

/* Both directions at once, each in its own rhythm. */
static void run(struct tls_pair *pair, uint64_t total, uint32_t seed, struct flow flows[2])
{
    flows[0] = (struct flow){ .from = pair->server, .to = pair->client, .stream = 1, .seed = seed };
    flows[1] =
        (struct flow){ .from = pair->client, .to = pair->server, .stream = 2, .seed = ~seed };
    for (int i = 0; i < 2; i++) {
        flows[i].room = malloc(FLOW_ROOM);
        assert_non_null(flows[i].room);
    }
    uint64_t turns = 0;
    while (flows[0].heard < total || flows[1].heard < total) {
        struct flow *flow = &flows[next_random(&seed) % 2];
        if (next_random(&seed) % 2) {
            say(flow, total);
        } else {
            hear(flow);
        }
        assert_true(++turns < 100 * total);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(flows[i].said, total);
        free(flows[i].room);
    }
}

static void much_goes_through_small_and_large_sockets(void **state)
{
    (void)state;
    static const int buffers[] = { 1, 20000, 0 };
    for (uint32_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
        for (uint32_t seed = 1; seed <= 3; seed++) {
            struct tls_pair pair;
            struct flow flows[2];
            open_agreed(&pair, buffers[i]);
            run(&pair, 2 * 1024 * 1024, seed, flows);
            assert_true(flows[0].blocked > 0 && flows[1].blocked > 0);
            assert_false(tls_has_pending_output(pair.server));
            assert_false(tls_has_buffered(pair.client));
            tls_pair_close(&pair);
        }
    }
}

/* ---- what a queue does ---- */

static size_t hear_all(struct tls *tls, uint8_t *room, size_t size)
{
    size_t heard = 0;
    enum tls_step wants = TLS_DONE;
    for (;;) {
        const long got = tls_read(tls, (struct fc_space){ room + heard, size - heard }, &wants);
        if (got <= 0) {
            assert_int_equal(got, -EAGAIN);
            return heard;
        }
        heard += (size_t)got;
    }
}

/* A record is on its way in part, and what is offered next is something else, and shorter. */
static void what_is_offered_next_may_be_another_thing(void **state)
{
    (void)state;
    struct tls_pair pair;
    open_agreed(&pair, 1);
    uint8_t *picture = malloc(10 * RECORD), *room = malloc(20 * RECORD);
    assert_true(picture && room);
    memset(picture, 'p', 10 * RECORD);
    const struct iovec large = { picture, 10 * RECORD };
    const struct iovec pong = { (void *)(uintptr_t) "pong", 4 };
    enum tls_step wants = TLS_DONE;
    const long taken = tls_write(pair.server, &large, 1, &wants);
    assert_true(taken > 0 && taken < 10 * RECORD);
    assert_int_equal(taken % RECORD, 0);
    assert_true(tls_has_pending_output(pair.server));
    assert_int_equal(tls_write(pair.server, &pong, 1, &wants), -EAGAIN);
    assert_int_equal(wants, TLS_WANT_WRITE);
    memset(picture, 'x', 10 * RECORD); /* it has been taken: nobody looks at it any more */

    size_t heard = 0;
    long sent = -EAGAIN;
    for (int turn = 0; turn < 100 && sent < 0; turn++) {
        heard += hear_all(pair.client, room + heard, 20 * RECORD - heard);
        sent = tls_write(pair.server, &pong, 1, &wants);
    }
    assert_int_equal(sent, 4);
    for (int turn = 0; turn < 100 && tls_has_pending_output(pair.server); turn++) {
        heard += hear_all(pair.client, room + heard, 20 * RECORD - heard);
        sent = tls_write(pair.server, NULL, 0, &wants); /* with nothing of its own */
        assert_true(sent == 0 || sent == -EAGAIN);
    }
    heard += hear_all(pair.client, room + heard, 20 * RECORD - heard);
    assert_int_equal(heard, taken + 4);
    for (long i = 0; i < taken; i++) {
        assert_int_equal(room[i], 'p');
    }
    assert_memory_equal(room + taken, "pong", 4);
    free(picture);
    free(room);
    tls_pair_close(&pair);
}

/* A small header and its message make one record, not two. */
static void small_parts_travel_together(void **state)
{
    (void)state;
    struct tls_pair pair;
    open_agreed(&pair, 0);
    const struct iovec parts[] = {
        { (void *)(uintptr_t) "he", 2 },      { NULL, 0 }, { (void *)(uintptr_t) "ad", 2 },
        { (void *)(uintptr_t) "message", 7 }, { NULL, 0 },
    };
    uint8_t room[64];
    enum tls_step wants = TLS_DONE;
    assert_int_equal(tls_write(pair.client, parts, 5, &wants), 11);
    assert_int_equal(tls_read(pair.server, (struct fc_space){ room, sizeof(room) }, &wants), 11);
    assert_memory_equal(room, "headmessage", 11);
    assert_int_equal(tls_write(pair.client, parts, 0, &wants), 0);
    assert_int_equal(tls_write(pair.client, &parts[1], 1, &wants), 0);
    assert_int_equal(tls_read(pair.server, (struct fc_space){ room, sizeof(room) }, &wants),
                     -EAGAIN);
    tls_pair_close(&pair);
}

/* No poll will tell of bytes that have left the socket. */
static void decrypted_bytes_are_told_of(void **state)
{
    (void)state;
    struct tls_pair pair;
    open_agreed(&pair, 0);
    const struct iovec said = { (void *)(uintptr_t) "ab", 2 };
    uint8_t byte = 0;
    enum tls_step wants = TLS_DONE;
    const struct fc_space room = { &byte, 1 };
    assert_int_equal(tls_write(pair.client, &said, 1, &wants), 2);
    assert_int_equal(tls_write(pair.client, &said, 1, &wants), 2);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(tls_read(pair.server, room, &wants), 1);
        assert_int_equal(byte, "abab"[i]);
        assert_int_equal(tls_has_buffered(pair.server), i < 3);
    }
    assert_int_equal(tls_read(pair.server, room, &wants), -EAGAIN);
    assert_false(tls_has_buffered(pair.server));
    tls_pair_close(&pair);
}

/* ---- ends ---- */

static void an_end_is_said_and_heard(void **state)
{
    (void)state;
    struct tls_pair pair;
    open_agreed(&pair, 0);
    uint8_t byte = 0;
    enum tls_step wants = TLS_DONE;
    const struct fc_space room = { &byte, 1 };
    tls_shutdown(pair.server);
    tls_shutdown(pair.server); /* once is enough */
    assert_int_equal(tls_read(pair.client, room, &wants), 0);
    assert_int_equal(tls_read(pair.client, room, &wants), 0);
    assert_false(tls_is_truncated(pair.client));
    tls_pair_carry(pair.client, pair.server, "the other direction goes on");
    tls_shutdown(pair.client);
    assert_int_equal(tls_read(pair.server, room, &wants), 0);
    tls_pair_close(&pair);
}

/* Behind a record that is on its way in part, the end has to wait as well. */
static void an_end_comes_after_what_was_written(void **state)
{
    (void)state;
    struct tls_pair pair;
    open_agreed(&pair, 1);
    uint8_t *room = calloc(10, RECORD);
    assert_non_null(room);
    const struct iovec large = { room, 10 * RECORD };
    enum tls_step wants = TLS_DONE;
    const long taken = tls_write(pair.server, &large, 1, &wants);
    assert_true(taken > 0 && tls_has_pending_output(pair.server));
    tls_shutdown(pair.server);
    long heard = 0, got = -EAGAIN;
    for (int turn = 0; turn < 1000 && got != 0; turn++) {
        got = tls_read(pair.client, (struct fc_space){ room, RECORD }, &wants);
        heard += got > 0 ? got : 0;
        const long sent = tls_write(pair.server, NULL, 0, &wants);
        assert_true(sent == 0 || sent == -EAGAIN);
    }
    assert_int_equal(got, 0);
    assert_int_equal(heard, taken);
    assert_false(tls_is_truncated(pair.client));
    free(room);
    tls_pair_close(&pair);
}

static void a_stream_that_is_cut_ends_too(void **state)
{
    (void)state;
    for (int is_inside = 0; is_inside < 2; is_inside++) {
        struct tls_pair pair;
        open_agreed(&pair, 0);
        tls_pair_carry(pair.server, pair.client, "hello");
        if (is_inside) { /* the beginning of a record */
            assert_int_equal(send(pair.fds[0], "\x17\x03\x03\x01\x00zzz", 8, 0), 8);
        }
        assert_int_equal(shutdown(pair.fds[0], SHUT_WR), 0);
        uint8_t byte = 0;
        enum tls_step wants = TLS_DONE;
        assert_int_equal(tls_read(pair.client, (struct fc_space){ &byte, 1 }, &wants), 0);
        assert_true(tls_is_truncated(pair.client));
        assert_false(tls_is_truncated(pair.server));
        tls_pair_close(&pair);
    }
}

/* Also: no SIGPIPE, which would end this program. */
static void who_is_gone_is_an_error(void **state)
{
    (void)state;
    struct tls_pair pair;
    open_agreed(&pair, 0);
    tls_free(&pair.client);
    close(pair.fds[1]);
    pair.fds[1] = -1;
    const struct iovec said = { (void *)(uintptr_t) "ab", 2 };
    enum tls_step wants = TLS_DONE;
    assert_int_equal(tls_write(pair.server, &said, 1, &wants), -EPIPE);
    assert_int_equal(tls_write(pair.server, &said, 1, &wants), -EPIPE);
    assert_string_equal(tls_reason(pair.server), "the connection broke: Broken pipe");
    tls_shutdown(pair.server);
    tls_pair_close(&pair);
}

static void changed_bytes_are_refused(void **state)
{
    (void)state;
    struct tls_pair pair;
    open_agreed(&pair, 0);
    const uint8_t forged[] = "\x17\x03\x03\x00\x20"
                             "this was never encrypted by anyone";
    assert_int_equal(send(pair.fds[0], forged, 5 + 32, 0), 5 + 32);
    uint8_t byte = 0;
    enum tls_step wants = TLS_DONE;
    const struct fc_space room = { &byte, 1 };
    assert_int_equal(tls_read(pair.client, room, &wants), -EPROTO);
    assert_string_equal(tls_reason(pair.client), "what came was changed on its way");
    assert_int_equal(tls_read(pair.client, room, &wants), -EPROTO);
    assert_int_equal(tls_read(pair.server, room, &wants), -EPROTO); /* it has been told */
    tls_pair_close(&pair);
}

/* ---- the table ---- */

static int setup(void **state)
{
    (void)state;
    pki_open(&pki, "ours");
    pki_issue(&pki, "server", (struct pki_request){ "the server", "DNS:localhost", 0 });
    server = tls_pair_context(tls_pair_server(&pki, "server"));
    client = tls_pair_context(tls_pair_client(&pki));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fc_tls_unref(&server);
    fc_tls_unref(&client);
    pki_close(&pki);
    return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, tls_pair_queue_is_empty)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(much_goes_through_small_and_large_sockets),
        TEST(what_is_offered_next_may_be_another_thing),
        TEST(small_parts_travel_together),
        TEST(decrypted_bytes_are_told_of),
        TEST(an_end_is_said_and_heard),
        TEST(an_end_comes_after_what_was_written),
        TEST(a_stream_that_is_cut_ends_too),
        TEST(who_is_gone_is_an_error),
        TEST(changed_bytes_are_refused),
    };
    return cmocka_run_group_tests_name("net/tls_stream", tests, setup, teardown);
}
