/* SPDX-License-Identifier: MIT */

/*
 * Runs the cases of one page of this folder. A case is a section with a block of lines:
 *
 *     ## Title
 *     ```wire
 *     role client                    (else server)
 *     max 10                         message_max_bytes; also: fragments 3
 *     in 81 05 "Hello"               bytes from the peer
 *     in 81 85 key=37fa213d "Hello"  what follows the key is masked with it
 *     in 82 7e 00 7e 41*126          a byte repeated
 *     send text "Hi"                 what the program does; also: send binary, ping,
 *     close 1000 "reason"            close with or without reason, eof
 *     event text "Hello"             what it must see, in order; also: binary, ping, pong,
 *     event close 1000 "reason" clean
 *     out 88 02 03 e8                all bytes to the peer, in order
 *     done                           or open: what must hold at the end
 *     ```
 *
 * Each case runs with its input in one piece, byte by byte, and split in two at every place (long
 * input: at its ends and at some places between).
 */

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <framecast/ws.h>

enum { TEXT_MAX = 1 << 18, LINE_MAX_BYTES = 4096, STEPS_MAX = 64, INPUT_BYTES = 1024 };
enum {
    SPLIT_EVERYWHERE_BYTES = 1024,
    SPLIT_EDGE_BYTES = 32,
    SPLIT_STRIDE = 4093,
    ONE_BY_ONE = -1,
    WHOLE = 0
};

struct text {
    size_t size;
    char data[TEXT_MAX];
};

struct step {
    char verb[16];
    char argument[32];
    uint8_t *bytes; /* owned */
    size_t size;
};

struct wire_case {
    char title[256];
    int line;
    struct fc_ws_options options;
    struct step steps[STEPS_MAX];
    int step_count;
    size_t input_bytes;
    struct text events;
    struct text out;
    char end[16]; /* "open", "done" or neither */
};

static struct wire_case current;
static struct text seen_events;
static struct text seen_out;
static const char *page;

static void stop(const char *what)
{
    fprintf(stderr, "%s:%d: %s: %s\n", page, current.line, current.title, what);
    exit(1);
}

static void add(struct text *text, const void *data, size_t size)
{
    if (size > sizeof(text->data) - text->size) {
        stop("too much text");
    }
    if (size > 0) {
        memcpy(text->data + text->size, data, size);
    }
    text->size += size;
}

static void add_hex(struct text *text, struct fc_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        char hex[3];
        snprintf(hex, sizeof(hex), "%02x", bytes.data[i]);
        add(text, hex, 2);
    }
}

static unsigned hex_byte(const char *at)
{
    if (!isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1])) {
        stop("not hexadecimal");
    }
    const char digits[3] = { at[0], at[1], '\0' };
    return (unsigned)strtoul(digits, NULL, 16);
}

/* One byte of a line's payload, masked if a key was given. */
struct writer {
    struct text *out;
    uint8_t key[4];
    size_t masked;
    bool has_key;
};

static void put(struct writer *w, unsigned byte)
{
    const uint8_t key = w->has_key ? w->key[w->masked++ % 4] : 0;
    const uint8_t b = (uint8_t)(byte ^ key);
    add(w->out, &b, 1);
}

static const char *put_hex(struct writer *w, const char *at)
{
    while (isxdigit((unsigned char)*at)) {
        const unsigned byte = hex_byte(at);
        at += 2;
        char *after = NULL;
        const unsigned long times = *at == '*' ? strtoul(at + 1, &after, 10) : 1;
        at = after ? after : at;
        for (unsigned long i = 0; i < times; i++) {
            put(w, byte);
        }
    }
    return at;
}

static const char *put_token(struct writer *w, const char *at)
{
    if (*at == '"') {
        for (at++; *at && *at != '"'; at++) {
            put(w, (uint8_t)*at);
        }
        return *at ? at + 1 : at;
    }
    if (strncmp(at, "key=", 4) == 0) {
        at += 4;
        for (int i = 0; i < 4; i++, at += 2) {
            w->key[i] = (uint8_t)hex_byte(at);
            add(w->out, &w->key[i], 1);
        }
        w->has_key = true;
        return at;
    }
    const char *after = put_hex(w, at);
    if (after == at) {
        stop("a token that is neither hexadecimal, text nor a key");
    }
    return after;
}

static void put_bytes(struct text *out, const char *at)
{
    struct writer w = { .out = out };
    while (true) {
        at += strspn(at, " ");
        if (!*at) {
            return;
        }
        at = put_token(&w, at);
    }
}

/* Running */

static void log_event(const struct fc_ws_event *event)
{
    static const char *const names[] = {
        [FC_WS_EVENT_MESSAGE] = "",
        [FC_WS_EVENT_PING] = "ping",
        [FC_WS_EVENT_PONG] = "pong",
        [FC_WS_EVENT_CLOSE] = "close",
    };
    const char *name = names[event->type];
    if (event->type == FC_WS_EVENT_MESSAGE) {
        name = event->kind == FC_WS_TEXT ? "text" : "binary";
    }
    char head[32];
    const int size = event->type == FC_WS_EVENT_CLOSE
                         ? snprintf(head, sizeof(head), "close %u %s ", event->code,
                                    event->is_clean ? "clean" : "unclean")
                         : snprintf(head, sizeof(head), "%s ", name);
    add(&seen_events, head, (size_t)size);
    if (event->type != FC_WS_EVENT_CLOSE || event->is_clean) {
        add_hex(&seen_events, event->payload);
    }
    add(&seen_events, "\n", 1);
}

static void pull(struct fc_ws *ws)
{
    for (struct fc_ws_event event; fc_ws_next_event(ws, &event);) {
        log_event(&event);
    }
}

/* Who else uses the input space while the engine may hold part of a message there. */
enum sharing { NOT_HELD, NOT_SHARED, SHARED, SHARING_COUNT };

static enum sharing sharing;

/* Another engine's input lands in the space. */
static void share_space(struct fc_ws *ws)
{
    if (sharing == SHARED && !fc_ws_input_release(ws)) {
        stop("out of memory");
    }
    if (sharing != NOT_SHARED) {
        memset(current.options.input_space.data, 0x55, INPUT_BYTES);
    }
}

static void feed(struct fc_ws *ws, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        const struct fc_space room = fc_ws_input(ws);
        if (room.size == 0) {
            return; /* nothing more is wanted */
        }
        const size_t n = size < room.size ? size : room.size;
        memcpy(room.data, bytes, n);
        fc_ws_input_done(ws, n, 0);
        pull(ws);
        share_space(ws);
        bytes += n;
        size -= n;
    }
}

/* Feed one step's bytes; split is a place in all input of the case, of which `before` came. */
static void feed_split(struct fc_ws *ws, const struct step *step, long split, size_t before)
{
    if (split == ONE_BY_ONE) {
        for (size_t i = 0; i < step->size; i++) {
            feed(ws, step->bytes + i, 1);
        }
        return;
    }
    const size_t at = (size_t)split > before && (size_t)split < before + step->size
                          ? (size_t)split - before
                          : step->size;
    feed(ws, step->bytes, at);
    feed(ws, step->bytes + at, step->size - at);
}

static void drain(struct fc_ws *ws)
{
    for (struct fc_bytes out; (out = fc_ws_output(ws)).size > 0;) {
        add(&seen_out, out.data, out.size);
        fc_ws_output_done(ws, out.size);
    }
}

static void run_step(struct fc_ws *ws, const struct step *step)
{
    const struct fc_bytes bytes = { step->bytes, step->size };
    if (strcmp(step->verb, "send") == 0) {
        const bool is_text = strcmp(step->argument, "text") == 0;
        if (!fc_ws_send(ws, is_text ? FC_WS_TEXT : FC_WS_BINARY, bytes)) {
            stop("not sent");
        }
    } else if (strcmp(step->verb, "close") == 0) {
        char reason[256];
        snprintf(reason, sizeof(reason), "%.*s", (int)step->size, (const char *)step->bytes);
        fc_ws_close(ws, (enum fc_ws_code)atoi(step->argument), reason, 0);
    } else if (strcmp(step->verb, "ping") == 0) {
        (void)fc_ws_ping(ws, 0);
    } else if (strcmp(step->verb, "drain") == 0) {
        drain(ws);
    } else {
        if (fc_ws_input(ws).size > 0) {
            fc_ws_input_done(ws, 0, 0);
        }
        pull(ws);
    }
}

static void compare(const struct text *seen, const struct text *expected, bool is_hex)
{
    if (seen->size == expected->size && memcmp(seen->data, expected->data, seen->size) == 0) {
        return;
    }
    static struct text a;
    static struct text b;
    a.size = b.size = 0;
    if (is_hex) {
        add_hex(&a, (struct fc_bytes){ (const uint8_t *)seen->data, seen->size });
        add_hex(&b, (struct fc_bytes){ (const uint8_t *)expected->data, expected->size });
    } else {
        a = *seen;
        b = *expected;
    }
    fprintf(stderr, "expected:\n%.*s\nseen:\n%.*s\n", (int)b.size, b.data, (int)a.size, a.data);
    stop(is_hex ? "other bytes came out" : "other events came out");
}

static void run(long split)
{
    seen_events.size = seen_out.size = 0;
    current.options.input_space = (struct fc_space){ malloc(INPUT_BYTES), INPUT_BYTES };
    current.options.may_hold_input = sharing != NOT_HELD;
    struct fc_ws *ws = fc_ws_new(&current.options);
    if (!ws || !current.options.input_space.data) {
        stop("out of memory");
    }
    size_t before = 0;
    for (int i = 0; i < current.step_count; i++) {
        const struct step *step = &current.steps[i];
        if (strcmp(step->verb, "in") == 0) {
            feed_split(ws, step, split, before);
            before += step->size;
        } else {
            run_step(ws, step);
        }
    }
    drain(ws);
    compare(&seen_events, &current.events, false);
    compare(&seen_out, &current.out, true);
    if (strcmp(current.end, "open") == 0 ? !fc_ws_is_open(ws)
                                         : *current.end && !fc_ws_is_done(ws)) {
        stop(current.end);
    }
    fc_ws_free(&ws);
    free(current.options.input_space.data);
}

static void run_splits(void)
{
    run(WHOLE);
    run(ONE_BY_ONE);
    for (size_t at = 1; at < current.input_bytes; at++) {
        const size_t left = current.input_bytes - at;
        const bool is_edge = at < SPLIT_EDGE_BYTES || left < SPLIT_EDGE_BYTES;
        if (current.input_bytes <= SPLIT_EVERYWHERE_BYTES || is_edge || at % SPLIT_STRIDE == 0) {
            run((long)at);
        }
    }
}

static void run_case(void)
{
    for (int i = 0; i < SHARING_COUNT; i++) {
        sharing = (enum sharing)i;
        run_splits();
    }
    for (int i = 0; i < current.step_count; i++) {
        free(current.steps[i].bytes);
    }
}

/* Reading the page */

/* "event close 1000 "bye" clean" becomes the line that log_event() writes. */
static void read_event(const char *at)
{
    char name[16];
    char code[16] = "";
    int used = 0;
    if (sscanf(at, "%15s%n", name, &used) != 1) {
        stop("an event without a name");
    }
    at += used;
    const bool is_close = strcmp(name, "close") == 0;
    const char *clean = strstr(at, " clean");
    if (is_close && sscanf(at, "%15s%n", code, &used) == 1) {
        at += used;
    }
    char head[64];
    const int size =
        is_close ? snprintf(head, sizeof(head), "close %s %s ", code, clean ? "clean" : "unclean")
                 : snprintf(head, sizeof(head), "%s ", name);
    add(&current.events, head, (size_t)size);

    char payload[LINE_MAX_BYTES];
    const size_t length = is_close && clean ? (size_t)(clean - at) : strlen(at);
    snprintf(payload, sizeof(payload), "%.*s", (int)length, clean && clean < at ? "" : at);
    static struct text bytes;
    bytes.size = 0;
    put_bytes(&bytes, payload);
    add_hex(&current.events, (struct fc_bytes){ (const uint8_t *)bytes.data, bytes.size });
    add(&current.events, "\n", 1);
}

static void read_step(const char *verb, const char *rest)
{
    if (current.step_count == STEPS_MAX) {
        stop("too many steps");
    }
    struct step *step = &current.steps[current.step_count++];
    *step = (struct step){ 0 };
    snprintf(step->verb, sizeof(step->verb), "%s", verb);
    int used = 0;
    if (strcmp(verb, "send") == 0 || strcmp(verb, "close") == 0) {
        (void)sscanf(rest, "%31s%n", step->argument, &used);
    }
    static struct text bytes;
    bytes.size = 0;
    put_bytes(&bytes, rest + used);
    step->bytes = malloc(bytes.size + 1);
    if (!step->bytes) {
        stop("out of memory");
    }
    memcpy(step->bytes, bytes.data, bytes.size);
    step->size = bytes.size;
    current.input_bytes += strcmp(verb, "in") == 0 ? bytes.size : 0;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(word, *words) == 0) {
            return true;
        }
    }
    return false;
}

static void read_line(const char *line)
{
    static const char *const steps[] = { "in", "send", "close", "ping", "eof", "drain", NULL };
    char verb[16];
    int used = 0;
    if (sscanf(line, "%15s%n", verb, &used) != 1) {
        return;
    }
    const char *rest = line + used;
    if (strcmp(verb, "role") == 0) {
        current.options.role = strstr(rest, "client") ? FC_WS_CLIENT : FC_WS_SERVER;
    } else if (strcmp(verb, "max") == 0) {
        current.options.message_max_bytes = strtoull(rest, NULL, 10);
    } else if (strcmp(verb, "fragments") == 0) {
        current.options.fragments_max = (uint32_t)strtoul(rest, NULL, 10);
    } else if (strcmp(verb, "event") == 0) {
        read_event(rest);
    } else if (strcmp(verb, "out") == 0) {
        put_bytes(&current.out, rest);
    } else if (strcmp(verb, "open") == 0 || strcmp(verb, "done") == 0) {
        snprintf(current.end, sizeof(current.end), "%s", verb);
    } else if (is_one_of(verb, steps)) {
        read_step(verb, rest);
    } else {
        stop("a line that is not understood");
    }
}

static void begin_case(int line)
{
    current.line = line;
    current.options = (struct fc_ws_options){ 0 };
    current.step_count = 0;
    current.input_bytes = 0;
    current.events.size = current.out.size = 0;
    *current.end = '\0';
}

static int run_page(FILE *file)
{
    char line[LINE_MAX_BYTES];
    bool is_inside = false;
    int count = 0;
    for (int number = 1; fgets(line, sizeof(line), file); number++) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "## ", 3) == 0) {
            snprintf(current.title, sizeof(current.title), "%.200s", line + 3);
        } else if (strcmp(line, "```wire") == 0) {
            begin_case(number);
            is_inside = true;
        } else if (is_inside && strcmp(line, "```") == 0) {
            run_case();
            is_inside = false;
            count++;
        } else if (is_inside) {
            read_line(line);
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    page = argc == 2 ? argv[1] : "";
    FILE *file = fopen(page, "r");
    if (!file) {
        fprintf(stderr, "usage: runner PAGE.md\n");
        return 2;
    }
    const int count = run_page(file);
    fclose(file);
    printf("%s: %d cases\n", page, count);
    return count > 0 ? 0 : 1;
}
