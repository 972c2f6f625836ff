/* SPDX-License-Identifier: MIT */
#include "predict/predictor.h"

#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "predict/predictor_impl.h"

/*
 * What the log is told of failures, and when a lost instance is tried again. A kind with one
 * thread that does as it is told: each picture ends with what the table says, opening fails so
 * many times, and every pause before it is noted.
 */

#define MS NS_PER_MS
#define SEQ_MAX 16
#define PAUSES_MAX 64

static struct {
    sem_t begun;              /* a look() has begun */
    sem_t opened;             /* an open() went well */
    int results[SEQ_MAX];     /* of the pictures */
    _Atomic int open_results; /* so many opens still fail */

    /* the thread's; read after a wait for `opened`, or once the predictor is gone */
    int64_t left_ns; /* when it last had no instance; 0: it has one */
    int64_t pauses[PAUSES_MAX];
    unsigned pause_count;
} fake;

static int fake_open(void **instance, const char *spec, const struct predictor_place *place,
                     char *why, size_t why_size)
{
    (void)spec;
    (void)place;
    (void)why;
    (void)why_size;
    if (fake.left_ns) {
        assert_true(fake.pause_count < PAUSES_MAX);
        fake.pauses[fake.pause_count++] = clock_steady_ns() - fake.left_ns;
        fake.left_ns = 0;
    }
    if (fake.open_results > 0) {
        fake.open_results--;
        fake.left_ns = clock_steady_ns();
        return -ENOENT;
    }
    *instance = &fake;
    sem_post(&fake.opened);
    return 0;
}

static int fake_look(void *instance, struct picture *picture, struct prediction *out)
{
    (void)instance;
    sem_post(&fake.begun);
    strcpy(out->why, "as it was told");
    return fake.results[picture->seq];
}

static void fake_close(void **instance)
{
    *instance = NULL;
    fake.left_ns = clock_steady_ns();
}

static const struct predictor_kind kind = {
    .name = "fake",
    .form = "fake",
    .open = fake_open,
    .look = fake_look,
    .close = fake_close,
    .parallel_max = 1,
};

static void on_predicted(void *ctx, const struct prediction *prediction)
{
    (void)ctx;
    (void)prediction;
}

static struct predictor *started(int64_t calm_ns)
{
    struct predictor *predictor = NULL;
    const struct predictor_options options = {
        .kind = &kind,
        .spec = "fake",
        .retry_min_ns = 1 * MS,
        .retry_max_ns = 40 * MS,
        .calm_ns = calm_ns,
    };
    const struct predictor_sink sink = { .stream = "cam", .predicted = on_predicted };
    assert_int_equal(predictor_new(&predictor, &options, &sink), 0);
    return predictor;
}

/* Show it a picture, and wait until it looks: the one before is done with then. */
static void show(struct predictor *predictor, uint64_t seq)
{
    struct picture *picture = picture_new_planar(PICTURE_GRAY, 4, 4);
    picture->seq = seq;
    predictor_offer(predictor, picture);
    picture_unref(&picture);
    sem_wait(&fake.begun);
}

static int setup(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof(fake));
    sem_init(&fake.begun, 0, 0);
    sem_init(&fake.opened, 0, 0);
    return 0;
}

/* ---- the log ---- */

/* What a predictor with that calm time has the log say of pictures, of which some fail. */
static void pictures_log(char *text, size_t size, int64_t calm_ns, const char *pictures)
{
    const int saved = dup(STDERR_FILENO), memory = memfd_create("stderr", 0);
    assert_true(saved >= 0 && memory >= 0);
    dup2(memory, STDERR_FILENO);
    struct predictor *predictor = started(calm_ns);
    sem_wait(&fake.opened);
    for (uint64_t seq = 1; pictures[seq - 1]; seq++) {
        fake.results[seq] = pictures[seq - 1] == '-' ? -EIO : 0;
        show(predictor, seq);
    }
    predictor_free(&predictor);
    dup2(saved, STDERR_FILENO);
    const ssize_t len = pread(memory, text, size - 1, 0);
    assert_true(len >= 0);
    text[len] = '\0';
    close(saved);
    close(memory);
}

#define RUNNING "info predict: predictor is running stream=cam name=fake\n"
#define FAIL(from) \
    "warn predict: pictures fail stream=cam name=fake from=" from " why=\"as it was told\"\n"

/* With a calm time that is over by the next picture. */
static void failures_are_told_when_they_begin_and_when_they_are_over(void **state)
{
    (void)state;
    char text[2048];
    pictures_log(text, sizeof(text), 1, "+--++-+");
    assert_string_equal(text, RUNNING FAIL("2") "info predict: pictures no longer fail stream=cam "
                                                "name=fake seq=4 failed=2 restarts=0\n" FAIL(
                                                    "6") "info predict: pictures no longer fail "
                                                         "stream=cam name=fake seq=7 failed=3 "
                                                         "restarts=0\n");
}

static void failures_that_come_and_go_are_told_once(void **state)
{
    (void)state;
    char text[2048];
    pictures_log(text, sizeof(text), 0, "+-+-+-+");
    assert_string_equal(text, RUNNING FAIL("2"));
}

/* ---- pauses ---- */

static void assert_at_least(unsigned first, const int64_t *ms, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (fake.pauses[first + i] < ms[i] * MS) {
            fail_msg("pause %u: %lld ns", first + i, (long long)fake.pauses[first + i]);
        }
    }
}

static int64_t pauses_sum(void)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < fake.pause_count; i++) {
        sum += fake.pauses[i];
    }
    return sum;
}

/* Only the sum has a bound above, far from both: how late a pause ends is the machine's. */
static void pauses_grow_to_the_most(void **state)
{
    (void)state;
    fake.open_results = 11;
    struct predictor *predictor = started(0);
    sem_wait(&fake.opened);
    predictor_free(&predictor);
    static const int64_t ms[] = { 1, 2, 4, 8, 16, 32, 40, 40, 40, 40, 40 }; /* 263 together */
    assert_int_equal(fake.pause_count, 11);
    assert_at_least(0, ms, 11);
    assert_true(pauses_sum() < 1500 * MS); /* or 2047 without end to their growth */
}

static void picture_that_goes_well_makes_them_short_again(void **state)
{
    (void)state;
    fake.open_results = 7;
    struct predictor *predictor = started(0);
    sem_wait(&fake.opened);
    show(predictor, 1);
    fake.results[2] = -EPIPE;
    fake.open_results = 2;
    show(predictor, 2);
    sem_wait(&fake.opened);
    predictor_free(&predictor);
    static const int64_t ms[] = { 1, 2, 4 };
    assert_int_equal(fake.pause_count, 10);
    assert_at_least(7, ms, 3);
    const int64_t *again = &fake.pauses[7];
    assert_true(again[0] < 40 * MS || again[1] < 40 * MS || again[2] < 40 * MS);
}

static void opening_alone_does_not(void **state)
{
    (void)state;
    fake.results[1] = fake.results[2] = -EPIPE;
    struct predictor *predictor = started(0);
    sem_wait(&fake.opened);
    for (uint64_t seq = 1; seq <= 2; seq++) {
        show(predictor, seq);
        sem_wait(&fake.opened);
    }
    predictor_free(&predictor);
    static const int64_t ms[] = { 1, 2 };
    assert_int_equal(fake.pause_count, 2);
    assert_at_least(0, ms, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(failures_are_told_when_they_begin_and_when_they_are_over, setup),
        cmocka_unit_test_setup(failures_that_come_and_go_are_told_once, setup),
        cmocka_unit_test_setup(pauses_grow_to_the_most, setup),
        cmocka_unit_test_setup(picture_that_goes_well_makes_them_short_again, setup),
        cmocka_unit_test_setup(opening_alone_does_not, setup),
    };
    return cmocka_run_group_tests_name("predict/predictor_failures", tests, NULL, NULL);
}
