/* SPDX-License-Identifier: MIT */

/*
 * Properties of response heads (RFC 9112 section 4): those of request.c, for what clients read.
 *
 * Input: two bytes that say where it is cut, the head.
 */

#include "fuzz/http.h"

enum { FRESH_EVERYWHERE_BYTES = 600, FRESH_STRIDE = 1021 };

struct answer {
    enum fc_http_step step;
    size_t head_bytes;
};

static struct fc_http_response response; /* large */

static struct answer ask(struct fc_bytes in, size_t *scanned)
{
    struct answer answer = { 0 };
    answer.step = fc_http_response_parse(in, scanned, &response, &answer.head_bytes);
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
    return a->step == b->step && a->head_bytes == b->head_bytes;
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

static void check_again(void)
{
    static struct fuzz_text text;
    static struct fc_http_response first;
    char line[32];
    first = response;
    text.size = 0;
    snprintf(line, sizeof(line), "HTTP/1.%d %d \r\n", first.minor_version, first.status);
    fuzz_add_string(&text, line);
    fuzz_add_headers(&text, first.headers, first.header_count);

    size_t scanned = 0;
    const struct answer again = ask((struct fc_bytes){ text.data, text.size }, &scanned);
    FUZZ_CHECK(again.step == FC_HTTP_STEP_DONE && again.head_bytes == text.size);
    FUZZ_CHECK(response.status == first.status && response.header_count == first.header_count);
    FUZZ_CHECK(response.minor_version == first.minor_version);
    for (uint32_t i = 0; i < first.header_count; i++) {
        FUZZ_CHECK(fuzz_equal(response.headers[i].name, first.headers[i].name));
        FUZZ_CHECK(fuzz_equal(response.headers[i].value, first.headers[i].value));
    }
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
        FUZZ_CHECK(response.status >= 100 && response.status <= 599);
        FUZZ_CHECK(response.minor_version == 0 || response.minor_version == 1);
        fuzz_check_headers((struct fc_bytes){ copy, answer.head_bytes }, response.headers,
                           response.header_count);
        check_again();
    }
    free(copy);
    return 0;
}
