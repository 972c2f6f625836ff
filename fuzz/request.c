/* SPDX-License-Identifier: MIT */

/*
 * Properties of request heads (RFC 9112):
 *   - prefixes: with every byte more the answer is MORE, until it is DONE or FAIL, and from then on
 *     it is the same one; only what ends in an empty line is DONE;
 *   - going on where the last look ended gives what a fresh look gives;
 *   - nothing that is given out lies outside of the head;
 *   - what was understood, written anew, is understood in the same way;
 *   - looking into any query and path stays inside of the room.
 *
 * Input: two bytes that say where it is cut, the head.
 */

#include "fuzz/http.h"

enum { FRESH_EVERYWHERE_BYTES = 600, FRESH_STRIDE = 1021 };

struct answer {
    enum fc_http_step step;
    size_t head_bytes;
    int status;
};

static struct fc_http_request request; /* large */

static struct answer ask(struct fc_bytes in, size_t *scanned)
{
    struct answer answer = { 0 };
    answer.step = fc_http_request_parse(in, scanned, &request, &answer.head_bytes, &answer.status);
    FUZZ_CHECK((answer.step == FC_HTTP_STEP_FAIL) == (answer.status != 0));
    FUZZ_CHECK((answer.step == FC_HTTP_STEP_DONE) == (answer.head_bytes != 0));
    FUZZ_CHECK(answer.head_bytes <= in.size && *scanned <= in.size);
    return answer;
}

static struct answer ask_fresh(struct fc_bytes in)
{
    size_t scanned = 0;
    uint8_t *copy = fuzz_exact(in);
    const struct answer answer = ask((struct fc_bytes){ copy, in.size }, &scanned);
    free(copy);
    return answer;
}

static bool same(const struct answer *a, const struct answer *b)
{
    return a->step == b->step && a->head_bytes == b->head_bytes && a->status == b->status;
}

static void check_prefixes(struct fc_bytes in, uint32_t seed, const struct answer *whole)
{
    struct fuzz_cuts cuts = { seed };
    struct answer last = { .step = FC_HTTP_STEP_MORE };
    size_t scanned = 0;
    size_t size = 0;
    while (size < in.size && last.step == FC_HTTP_STEP_MORE) {
        size += fuzz_cut(&cuts, in.size - size);
        const struct fc_bytes prefix = { in.data, size };
        last = ask(prefix, &scanned);
        if (in.size <= FRESH_EVERYWHERE_BYTES || size % FRESH_STRIDE == 0) {
            const struct answer fresh = ask_fresh(prefix);
            FUZZ_CHECK(same(&last, &fresh));
        }
    }
    FUZZ_CHECK(in.size == 0 || same(&last, whole));
}

static void check_contents(struct fc_bytes head)
{
    static const uint8_t end[] = { '\r', '\n', '\r', '\n' };
    FUZZ_CHECK(head.size >= sizeof(end) &&
               memcmp(head.data + head.size - sizeof(end), end, sizeof(end)) == 0);
    fuzz_check_headers(head, request.headers, request.header_count);
    FUZZ_CHECK(fc_http_is_token(request.method_name) && fuzz_lies_in(request.method_name, head));
    FUZZ_CHECK(fuzz_lies_in(request.query, head));
    FUZZ_CHECK(fuzz_lies_in(request.path, head) || fc_http_equals(request.path, "/"));
    FUZZ_CHECK(request.path.size > 0 &&
               (request.path.data[0] == '/' || fc_http_equals(request.path, "*")));
    FUZZ_CHECK(request.minor_version == 0 || request.minor_version == 1);
    FUZZ_CHECK(request.content_length == 0 || !request.is_chunked);
}

/* The room is exact, so that ASan sees a byte too many. */
static void check_lookups(const struct fc_http_request *r, size_t room)
{
    char *out = malloc(room);
    FUZZ_CHECK(out);
    struct fc_bytes rest = r->query;
    while (rest.size > 0) {
        char name[16];
        const struct fc_bytes pair = fc_http_split(rest, '&', &rest);
        struct fc_bytes value;
        const struct fc_bytes key = fc_http_split(pair, '=', &value);
        snprintf(name, sizeof(name), "%.*s", (int)key.size, (const char *)key.data);
        if (fc_http_query_get(r->query, name, out, room)) {
            FUZZ_CHECK(strlen(out) < room);
        }
    }
    if (fc_http_path_decode(r->path, out, room)) {
        FUZZ_CHECK(strlen(out) < room && strlen(out) <= r->path.size);
    } else {
        FUZZ_CHECK(r->path.size >= room || memchr(r->path.data, '%', r->path.size));
    }
    free(out);
}

static void check_same_headers(const struct fc_http_request *a, const struct fc_http_request *b)
{
    FUZZ_CHECK(a->header_count == b->header_count);
    for (uint32_t i = 0; i < a->header_count; i++) {
        FUZZ_CHECK(fuzz_equal(a->headers[i].name, b->headers[i].name));
        FUZZ_CHECK(fuzz_equal(a->headers[i].value, b->headers[i].value));
    }
}

static void check_again(void)
{
    static struct fuzz_text text;
    static struct fc_http_request first;
    first = request;
    text.size = 0;
    fuzz_add(&text, first.method_name);
    fuzz_add_string(&text, " ");
    fuzz_add(&text, first.path);
    fuzz_add_string(&text, first.query.size > 0 ? "?" : "");
    fuzz_add(&text, first.query);
    fuzz_add_string(&text, first.minor_version ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
    fuzz_add_headers(&text, first.headers, first.header_count);

    size_t scanned = 0;
    const struct answer again = ask((struct fc_bytes){ text.data, text.size }, &scanned);
    FUZZ_CHECK(again.step == FC_HTTP_STEP_DONE && again.head_bytes == text.size);
    FUZZ_CHECK(request.method == first.method && fuzz_equal(request.path, first.path));
    FUZZ_CHECK(fuzz_equal(request.query, first.query));
    FUZZ_CHECK(request.content_length == first.content_length);
    FUZZ_CHECK(request.is_chunked == first.is_chunked);
    FUZZ_CHECK(request.is_keep_alive == first.is_keep_alive);
    FUZZ_CHECK(request.expects_continue == first.expects_continue);
    check_same_headers(&request, &first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fc_bytes input = { data, size };
    const uint16_t seed = fuzz_take16(&input);
    uint8_t *copy = fuzz_exact(input);
    const struct fc_bytes in = { copy, input.size };
    const struct answer whole = ask_fresh(in);
    check_prefixes(in, FUZZ_ONE_BY_ONE, &whole);
    check_prefixes(in, seed, &whole);

    size_t scanned = 0;
    const struct answer answer = ask(in, &scanned);
    FUZZ_CHECK(same(&answer, &whole));
    if (answer.step == FC_HTTP_STEP_DONE) {
        check_contents((struct fc_bytes){ copy, answer.head_bytes });
        check_lookups(&request, 1 + seed % 64);
        check_again();
    }
    free(copy);
    return 0;
}
