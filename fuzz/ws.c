/* SPDX-License-Identifier: MIT */

/*
 * Properties of a WebSocket engine, in both roles, with and without permessage-deflate:
 *   - however the input is cut, the events (type, kind, payload, code) and the output are the same;
 *   - messages are within the limits, text is UTF-8, there is one close event and it is the last,
 *     and after it every call is harmless;
 *   - the output is whole frames, masked as the role demands, that an engine of the other role
 *     understands, and after a close frame nothing but pongs;
 *   - memory stays within a bound that follows from the limits, and all of it is given back;
 *   - when memory fails, or time passes, all of that holds but for the first.
 *
 * Input: the choices of struct plan, as plan_read() takes them, and what the peer sends.
 */

#include <framecast/ws.h>

#include "engine/testing/alloc.h"
#include "engine/ws/closing.h"
#include "engine/ws/connection.h"
#include "engine/ws/utf8.h"
#include "fuzz/fuzz.h"

enum {
    ACTIONS = 4,
    INPUT_MAX = 96 * 1024,
    EVENTS_MAX = INPUT_MAX / 2 + 64,
    OUTPUT_MAX = EVENTS_MAX * 8 + INPUT_MAX + 64 * 1024,
    ONE_BY_ONE_MAX = 2048, /* more takes too long */
    SPACE_BYTES = 1024,
    BIG_BYTES = 3000,
    STEP_MS = 700,
};

#define MS INT64_C(1000000)

enum drain { DRAIN_AT_ONCE, DRAIN_LATE, DRAIN_IN_PIECES, DRAIN_COUNT };

enum action {
    ACT_NOTHING,
    ACT_SEND_SMALL,
    ACT_SEND_BIG,
    ACT_PING,
    ACT_CLOSE,
    ACT_CLOSE_EMPTY,
    ACT_PEER_GONE,
    ACT_POSTPONE,
    ACT_COUNT,
};

/* What is done with the engine, taken from the front of the input. */
struct plan {
    struct fc_ws_options options;
    bool lends_space, lends_inflater;
    bool is_rough; /* memory fails and time passes: runs are not compared */
    bool is_stretched;
    enum drain drain;
    uint8_t fail_at; /* the allocation that fails, when rough; 0: none */
    uint16_t seed;   /* of the cuts */
    struct {
        enum action what;
        unsigned after; /* that many events */
    } actions[ACTIONS];
};

static void plan_read(struct plan *plan, struct fc_bytes *input)
{
    static const uint32_t message_max[] = { 0, 1, 10, 125, 126, 1000, 5000, 40000 };
    static const uint32_t output_max[] = { 0, 1, 200, 5000 };
    static const uint32_t fragments_max[] = { 0, 1, 2, 5 };
    const uint8_t flags = fuzz_take(input);
    const uint8_t limits = fuzz_take(input);
    const uint8_t more = fuzz_take(input);
    *plan = (struct plan){
        .options = {
            .role = flags & 0x01 ? FC_WS_CLIENT : FC_WS_SERVER,
            .deflate = {
                .is_on = flags & 0x02,
                .server_no_context_takeover = flags & 0x04,
                .client_no_context_takeover = flags & 0x04,
            },
            .message_max_bytes = message_max[limits & 7],
            .output_max_bytes = output_max[limits >> 3 & 3],
            .fragments_max = fragments_max[limits >> 5 & 3],
            .may_hold_input = flags & 0x80,
            .mask_secret = { more },
        },
        .lends_inflater = flags & 0x08,
        .lends_space = flags & 0x10,
        .is_rough = flags & 0x20,
        .is_stretched = flags & 0x40,
        .drain = (enum drain)(more % DRAIN_COUNT),
        .fail_at = fuzz_take(input),
        .seed = fuzz_take16(input),
    };
    if (plan->is_rough) {
        plan->options.ping_every_ns = (limits & 0x80 ? 1000 : 0) * MS;
        plan->options.pong_timeout_ns = 1000 * MS;
    }
    for (unsigned i = 0; i < ACTIONS; i++) {
        const uint8_t action = fuzz_take(input);
        plan->actions[i].what = (enum action)(action % ACT_COUNT);
        plan->actions[i].after = action / ACT_COUNT;
    }
}

/* What happened in a run. Static: large, and not to be counted. */
struct entry {
    struct fc_ws_event event; /* its payload has no data */
    uint64_t hash;
};

static struct record {
    uint32_t event_count;
    struct entry events[EVENTS_MAX];
    size_t output_size;
    uint8_t output[OUTPUT_MAX];
    unsigned sent_count;
    bool is_cut_off; /* output was given up in the middle */
} records[2];

struct run {
    const struct plan *plan;
    struct fc_ws *ws;
    struct record *record;
    struct fuzz_cuts drain_cuts;
    int64_t now_ns;
    bool is_closed; /* the close event was seen */
};

static uint64_t hash(struct fc_bytes bytes)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes.size; i++) {
        h = (h ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    }
    return h;
}

static void check_event(const struct plan *plan, const struct fc_ws_event *event)
{
    const uint64_t max = plan->options.message_max_bytes;
    struct fc_utf8 utf8 = { 0 };
    switch (event->type) {
    case FC_WS_EVENT_MESSAGE:
        FUZZ_CHECK(max == 0 || event->payload.size <= max);
        FUZZ_CHECK(event->kind == FC_WS_BINARY || event->kind == FC_WS_TEXT);
        FUZZ_CHECK(event->kind == FC_WS_BINARY ||
                   (fc_utf8_check_scalar(&utf8, event->payload) && fc_utf8_is_complete(&utf8)));
        break;
    case FC_WS_EVENT_PING:
    case FC_WS_EVENT_PONG:
        FUZZ_CHECK(event->payload.size <= FC_WS_CONTROL_MAX_BYTES);
        break;
    case FC_WS_EVENT_CLOSE:
        FUZZ_CHECK(fc_ws_close_code_is_valid(event->code) || event->code == FC_WS_CODE_ABNORMAL ||
                   (event->code == FC_WS_CODE_NO_STATUS && event->is_clean));
        FUZZ_CHECK(fc_utf8_check_scalar(&utf8, event->payload) && fc_utf8_is_complete(&utf8));
        break;
    }
}

static void keep_event(struct run *run, const struct fc_ws_event *event)
{
    FUZZ_CHECK(!run->is_closed && run->record->event_count < EVENTS_MAX);
    check_event(run->plan, event);
    struct entry *entry = &run->record->events[run->record->event_count++];
    *entry = (struct entry){ .event = *event, .hash = hash(event->payload) };
    entry->event.payload.data = NULL;
    run->is_closed = event->type == FC_WS_EVENT_CLOSE;
}

static void drain(struct run *run, struct fuzz_cuts cuts)
{
    struct record *record = run->record;
    const struct fc_bytes out = fc_ws_output(run->ws);
    const size_t size = fuzz_cut(&cuts, out.size);
    if (out.size == 0) {
        return;
    }
    FUZZ_CHECK(size <= sizeof(record->output) - record->output_size);
    memcpy(record->output + record->output_size, out.data, size);
    record->output_size += size;
    fc_ws_output_done(run->ws, size);
}

static void drain_after_event(struct run *run)
{
    if (run->plan->drain == DRAIN_AT_ONCE) {
        drain(run, (struct fuzz_cuts){ FUZZ_WHOLE });
    } else if (run->plan->drain == DRAIN_IN_PIECES) {
        drain(run, run->drain_cuts);
        (void)fuzz_cut(&run->drain_cuts, SIZE_MAX);
    }
}

static void act(struct run *run, enum action what)
{
    static const uint8_t big[BIG_BYTES] = { 1, 2, 3 };
    static const uint8_t small[] = "tiny";
    struct fc_ws *ws = run->ws;
    switch (what) {
    case ACT_SEND_SMALL:
        run->record->sent_count +=
            fc_ws_send(ws, FC_WS_TEXT, (struct fc_bytes){ small, sizeof(small) - 1 });
        break;
    case ACT_SEND_BIG:
        run->record->sent_count +=
            fc_ws_send(ws, FC_WS_BINARY, (struct fc_bytes){ big, sizeof(big) });
        break;
    case ACT_PING:
        (void)fc_ws_ping(ws, run->now_ns);
        break;
    case ACT_CLOSE:
        fc_ws_close(ws, FC_WS_CODE_GOING_AWAY, "enough", run->now_ns);
        break;
    case ACT_CLOSE_EMPTY:
        fc_ws_close(ws, FC_WS_CODE_NO_STATUS, NULL, run->now_ns);
        break;
    case ACT_PEER_GONE:
        run->record->is_cut_off = true;
        fc_ws_output_done(ws, 0);
        break;
    case ACT_POSTPONE:
        fc_ws_postpone_pong(ws, run->now_ns);
        break;
    case ACT_NOTHING:
    case ACT_COUNT:
        break;
    }
}

static void act_when_due(struct run *run)
{
    for (unsigned i = 0; i < ACTIONS; i++) {
        if (run->plan->actions[i].after == run->record->event_count) {
            act(run, run->plan->actions[i].what);
        }
    }
}

static void pull_events(struct run *run)
{
    struct fc_ws_event event;
    while (fc_ws_next_event(run->ws, &event)) {
        keep_event(run, &event);
        act_when_due(run);
        drain_after_event(run);
    }
}

/* Now and then another engine's input lands in the space that was lent. */
static void share_space(struct run *run, uint32_t seed)
{
    const struct fc_ws_options *options = &run->plan->options;
    if (options->input_space.data && (run->record->event_count + seed) % 3 != 0) {
        if (!fc_ws_input_release(run->ws)) {
            pull_events(run);
        }
        memset(options->input_space.data, 0x55, options->input_space.size);
    }
}

static void feed(struct run *run, struct fc_bytes input, uint32_t seed)
{
    struct fuzz_cuts cuts = { seed };
    while (!run->is_closed) {
        const struct fc_space room = fc_ws_input(run->ws);
        FUZZ_CHECK(room.size > 0);
        const size_t wanted = fuzz_cut(&cuts, input.size);
        const struct fc_bytes piece =
            fuzz_take_bytes(&input, wanted < room.size ? wanted : room.size);
        if (piece.size > 0) {
            memcpy(room.data, piece.data, piece.size);
        }
        run->record->is_cut_off |= piece.size == 0;
        fc_ws_input_done(run->ws, piece.size, run->now_ns); /* 0: the end */
        pull_events(run);
        share_space(run, seed);
        if (run->plan->is_rough) {
            run->now_ns += STEP_MS * MS;
            (void)fc_ws_tick(run->ws, run->now_ns);
            pull_events(run);
        }
    }
}

static void check_harmless(struct run *run)
{
    struct fc_ws *ws = run->ws;
    struct fc_ws_event event;
    drain(run, (struct fuzz_cuts){ FUZZ_WHOLE });
    const size_t output_size = run->record->output_size;
    const bool is_cut_off = run->record->is_cut_off;
    FUZZ_CHECK(fc_ws_is_done(ws) && !fc_ws_is_open(ws));
    FUZZ_CHECK(fc_ws_input(ws).size == 0);
    fc_ws_input_done(ws, 0, run->now_ns);
    fc_ws_input_done(ws, 1, run->now_ns);
    for (int what = 0; what < ACT_COUNT; what++) {
        const unsigned sent_count = run->record->sent_count;
        act(run, (enum action)what);
        FUZZ_CHECK(run->record->sent_count == sent_count);
    }
    FUZZ_CHECK(fc_ws_tick(ws, run->now_ns + 3600 * 1000 * MS) == INT64_MAX);
    FUZZ_CHECK(!fc_ws_next_event(ws, &event) && fc_ws_output(ws).size == 0);
    FUZZ_CHECK(fc_ws_is_done(ws) && run->record->output_size == output_size);
    run->record->is_cut_off = is_cut_off;
}

/*
 * The engine itself and its input space; an inflater with its window; the message collected and
 * what it inflates to, each of which may have grown to twice what it holds; output, of which there
 * is the old one while the new one is filled; and what the machine's allocator adds.
 */
static long memory_max(const struct plan *plan)
{
    const struct fc_ws_options *o = &plan->options;
    const uint64_t message = o->message_max_bytes ? o->message_max_bytes : 16 * 1024 * 1024;
    const uint64_t output = o->output_max_bytes ? o->output_max_bytes : 1024 * 1024;
    const uint64_t deflated = message + message / 64 + 64;
    const uint64_t control = 4 * (FC_WS_CONTROL_MAX_BYTES + FC_WS_HEADER_MAX_BYTES);
    return (long)(sizeof(struct fc_ws) + 16 * 1024 + 48 * 1024 + 2 * (deflated + message + 1) +
                  3 * (output + control) + 16 * 1024);
}

static void run_once(const struct plan *plan, struct fc_bytes input, uint32_t seed,
                     struct record *record)
{
    record->event_count = 0;
    record->output_size = 0;
    record->sent_count = 0;
    record->is_cut_off = plan->is_rough;
    const long live = alloc_live();
    const long bytes = alloc_bytes();
    alloc_peak_reset();
    alloc_fail_at(plan->is_rough ? plan->fail_at : 0);
    struct run run = {
        .plan = plan,
        .ws = fc_ws_new(&plan->options),
        .record = record,
        .drain_cuts = { plan->seed },
    };
    if (run.ws) {
        act_when_due(&run);
        pull_events(&run);
        feed(&run, input, seed);
        check_harmless(&run);
    }
    fc_ws_free(&run.ws);
    alloc_fail_at(0);
    FUZZ_CHECK(alloc_live() == live && alloc_bytes() == bytes);
    FUZZ_CHECK(alloc_peak_bytes() - bytes <= memory_max(plan));
}

static void check_same(const struct record *a, const struct record *b)
{
    for (uint32_t i = 0; i < a->event_count && i < b->event_count; i++) {
        const struct fc_ws_event *x = &a->events[i].event;
        const struct fc_ws_event *y = &b->events[i].event;
        FUZZ_CHECK(x->type == y->type && x->code == y->code && x->is_clean == y->is_clean);
        FUZZ_CHECK(x->kind == y->kind && x->rtt_ns == y->rtt_ns);
        FUZZ_CHECK(x->payload.size == y->payload.size && a->events[i].hash == b->events[i].hash);
    }
    FUZZ_CHECK(a->event_count == b->event_count && a->sent_count == b->sent_count);
    FUZZ_CHECK(fuzz_equal((struct fc_bytes){ a->output, a->output_size },
                          (struct fc_bytes){ b->output, b->output_size }));
}

static void check_frames(const struct plan *plan, const struct record *record)
{
    struct fc_bytes out = { record->output, record->output_size };
    bool is_closing = false;
    while (out.size > 0) {
        struct fc_ws_header header;
        const enum fc_ws_step step = fc_ws_header_decode(out.data, out.size, &header);
        FUZZ_CHECK(step != FC_WS_STEP_FAIL);
        if (step == FC_WS_STEP_MORE || out.size - header.header_bytes < header.payload_bytes) {
            FUZZ_CHECK(record->is_cut_off);
            break;
        }
        FUZZ_CHECK(header.masked == (plan->options.role == FC_WS_CLIENT));
        FUZZ_CHECK(header.fin && !header.rsv1);
        FUZZ_CHECK(!is_closing || header.opcode == FC_WS_OPCODE_PONG);
        is_closing |= header.opcode == FC_WS_OPCODE_CLOSE;
        (void)fuzz_take_bytes(&out, header.header_bytes + (size_t)header.payload_bytes);
    }
}

static void check_peer(const struct plan *plan, const struct record *record)
{
    struct fc_ws *peer = fc_ws_new(&(struct fc_ws_options){
        .role = plan->options.role == FC_WS_CLIENT ? FC_WS_SERVER : FC_WS_CLIENT,
    });
    FUZZ_CHECK(peer);
    struct fc_bytes out = { record->output, record->output_size };
    unsigned message_count = 0;
    bool is_closed = false;
    while (out.size > 0 && !is_closed) {
        const struct fc_space room = fc_ws_input(peer);
        const struct fc_bytes piece = fuzz_take_bytes(&out, room.size);
        FUZZ_CHECK(piece.size > 0);
        memcpy(room.data, piece.data, piece.size);
        fc_ws_input_done(peer, piece.size, 0);
        for (struct fc_ws_event event; fc_ws_next_event(peer, &event);) {
            is_closed = event.type == FC_WS_EVENT_CLOSE;
            FUZZ_CHECK(!is_closed || event.is_clean);
            message_count += event.type == FC_WS_EVENT_MESSAGE;
        }
    }
    FUZZ_CHECK(record->is_cut_off ? message_count <= record->sent_count
                                  : message_count == record->sent_count);
    fc_ws_free(&peer);
}

/* Long inputs from short ones: f5, a number in two bytes, and the byte that is there so often. */
static struct fc_bytes stretch(struct fc_bytes input)
{
    static uint8_t room[INPUT_MAX];
    size_t size = 0;
    while (input.size > 0 && size < sizeof(room)) {
        uint8_t byte = fuzz_take(&input);
        size_t count = 1;
        if (byte == 0xf5) {
            count = fuzz_take16(&input);
            byte = fuzz_take(&input);
        }
        count = count < sizeof(room) - size ? count : sizeof(room) - size;
        memset(room + size, byte, count);
        size += count;
    }
    return (struct fc_bytes){ room, size };
}

static void run_all(const struct plan *plan, struct fc_bytes input)
{
    run_once(plan, input, plan->is_rough ? plan->seed : FUZZ_WHOLE, &records[0]);
    check_frames(plan, &records[0]);
    check_peer(plan, &records[0]);
    if (plan->is_rough) {
        return;
    }
    if (plan->seed != FUZZ_WHOLE) {
        run_once(plan, input, plan->seed, &records[1]);
        check_same(&records[0], &records[1]);
    }
    if (input.size <= ONE_BY_ONE_MAX) {
        run_once(plan, input, FUZZ_ONE_BY_ONE, &records[1]);
        check_same(&records[0], &records[1]);
    }
}

/* An inflater that was used before: it has the window which it keeps from its first message on. */
static struct fc_inflater *inflater_lend(void)
{
    static const uint8_t hello[] = { 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00 };
    const struct fc_bytes payload = { hello, sizeof(hello) };
    struct fc_ws_buffer *out = NULL;
    struct fc_inflater *inflater = fc_inflater_new();
    FUZZ_CHECK(fc_inflater_run(inflater, payload, false, 5, &out) == 0);
    fc_ws_buffer_free(&out);
    return inflater;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_bytes input = { data, size < INPUT_MAX ? size : INPUT_MAX };
    struct plan plan;
    plan_read(&plan, &input);
    if (plan.is_stretched) {
        input = stretch(input);
    }
    uint8_t *space = NULL;
    if (plan.lends_space) {
        space = malloc(SPACE_BYTES);
        plan.options.input_space = (struct fc_space){ space, SPACE_BYTES };
    }
    if (plan.lends_inflater) {
        plan.options.inflater = inflater_lend();
    }
    run_all(&plan, input);
    fc_inflater_free(&plan.options.inflater);
    free(space);
    return 0;
}
