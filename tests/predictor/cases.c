/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"

/* What every predictor must stand. Each case opens its own instances. */

#define WIDTH 640
#define HEIGHT 360
#define PICTURES 30
#define RESTARTS 20
#define SIDE_BY_SIDE_MAX 4
#define SEQ_MAX UINT64_C(9007199254740991) /* the last that every JSON reader keeps apart */

static struct picture *usual(struct check *check)
{
    return check_picture(check, PICTURE_YUV420, WIDTH, HEIGHT);
}

static bool start(struct check *check)
{
    char why[PREDICTION_WHY_SIZE] = "";
    if (!predictor_check(check->spec, why, sizeof(why))) {
        return check_fail(check, "%s", why[0] ? why : "it is refused without a sentence");
    }
    void *instance = NULL;
    const bool is_open = check_open(check, &instance);
    check_close(check, &instance);
    if (instance) {
        return check_fail(check, "close() left the instance");
    }
    check_close(check, &instance); /* of nothing */
    return is_open;
}

/* ---- with one instance ---- */

typedef bool (*with_instance)(struct check *check, void *instance);

static bool run_with(struct check *check, with_instance run)
{
    void *instance = NULL;
    const bool is_good = check_open(check, &instance) && run(check, instance);
    check_close(check, &instance);
    return is_good;
}

static bool pictures_with(struct check *check, void *instance)
{
    bool is_good = true;
    for (int i = 0; i < PICTURES && is_good; i++) {
        is_good = check_look(check, instance, usual(check), CHECK_SEEN);
    }
    return is_good;
}

static bool pictures(struct check *check)
{
    return run_with(check, pictures_with);
}

static bool formats_with(struct check *check, void *instance)
{
    bool is_good = true;
    for (enum picture_format format = PICTURE_GRAY; format < PICTURE_FORMAT_COUNT; format++) {
        for (int is_full_range = 0; is_full_range < 2 && is_good; is_full_range++) {
            struct picture *picture = check_picture(check, format, WIDTH, HEIGHT);
            if (picture) {
                picture->is_full_range = is_full_range;
            }
            is_good = check_look(check, instance, picture, CHECK_SEEN);
        }
    }
    return is_good &&
           check_look(check, instance, check_picture_jpeg(check, WIDTH, HEIGHT, 100), CHECK_SEEN);
}

static bool formats(struct check *check)
{
    return run_with(check, formats_with);
}

/* Of shapes that no camera has, it may say that they are too much for it. */
static bool sizes_with(struct check *check, void *instance)
{
    static const struct {
        uint32_t width, height;
        enum check_outcome outcome;
    } rows[] = {
        { WIDTH, HEIGHT, CHECK_SEEN },
        { 1, 1, CHECK_SEEN },
        { 3, 5, CHECK_SEEN },
        { 33, 17, CHECK_SEEN },
        { 2, 2, CHECK_SEEN },
        { 1, 1000, CHECK_SEEN_OR_FAILED },
        { 1000, 1, CHECK_SEEN_OR_FAILED },
        { 1279, 719, CHECK_SEEN },
        { HEIGHT, WIDTH, CHECK_SEEN },
        { 31, 1001, CHECK_SEEN_OR_FAILED },
        { WIDTH, HEIGHT, CHECK_SEEN },
    };
    bool is_good = true;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && is_good; i++) {
        const uint32_t width = rows[i].width, height = rows[i].height;
        is_good = check_look(check, instance, check_picture(check, PICTURE_YUV420, width, height),
                             rows[i].outcome) &&
                  check_look(check, instance, check_picture_jpeg(check, width, height, 100),
                             rows[i].outcome);
    }
    return is_good;
}

static bool sizes(struct check *check)
{
    return run_with(check, sizes_with);
}

static bool broken_with(struct check *check, void *instance)
{
    static const unsigned hundredths[] = { 1, 50, 90 };
    bool is_good = true;
    for (size_t i = 0; i < sizeof(hundredths) / sizeof(hundredths[0]) && is_good; i++) {
        is_good =
            check_look(check, instance, check_picture_jpeg(check, WIDTH, HEIGHT, hundredths[i]),
                       CHECK_SEEN_OR_FAILED) &&
            check_look(check, instance, usual(check), CHECK_SEEN);
    }
    return is_good;
}

static bool broken(struct check *check)
{
    return run_with(check, broken_with);
}

/* Times that do not pass, go back, and leap; and a number that is large. */
static bool times_with(struct check *check, void *instance)
{
    static const int64_t after_ns[] = {
        0, 0, -NS_PER_S, 40 * NS_PER_MS, 3600 * NS_PER_S, -7200 * NS_PER_S, 0,
    };
    int64_t now_ns = clock_steady_ns();
    bool is_good = true;
    for (size_t i = 0; i < sizeof(after_ns) / sizeof(after_ns[0]) && is_good; i++) {
        struct picture *picture = usual(check);
        now_ns += after_ns[i];
        if (picture) {
            picture->captured_ns = now_ns;
            picture->captured_at_us = now_ns / NS_PER_US;
            picture->seq = i == 6 ? SEQ_MAX : picture->seq;
        }
        is_good = check_look(check, instance, picture, CHECK_SEEN);
    }
    return is_good;
}

static bool times(struct check *check)
{
    return run_with(check, times_with);
}

/* ---- again and again ---- */

static int entries_of(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;
    while (folder && readdir(folder)) {
        count++;
    }
    if (folder) {
        closedir(folder);
    }
    return count;
}

/* The kernel drops a thread that was joined from the folder a moment later. */
static int threads_at_most(int count)
{
    int now = entries_of("/proc/self/task");
    for (int i = 0; i < 100 && now > count; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
        now = entries_of("/proc/self/task");
    }
    return now;
}

static bool one_with(struct check *check, void *instance)
{
    return check_look(check, instance, usual(check), CHECK_SEEN);
}

static bool restarts(struct check *check)
{
    int descriptors = 0, threads = 0;
    for (int i = 0; i < RESTARTS; i++) {
        if (!run_with(check, one_with)) {
            return false;
        }
        if (i == 1) { /* what is made once for all is there by now */
            descriptors = entries_of("/proc/self/fd");
            threads = entries_of("/proc/self/task");
        }
    }
    const int more_descriptors = entries_of("/proc/self/fd") - descriptors;
    const int more_threads = threads_at_most(threads) - threads;
    if (more_descriptors > 0) {
        return check_fail(check, "%d restarts left %d descriptors", RESTARTS, more_descriptors);
    }
    if (more_threads > 0) {
        return check_fail(check, "%d restarts left %d threads", RESTARTS, more_threads);
    }
    return true;
}

/* ---- several at once ---- */

static void *pictures_main(void *arg)
{
    (void)pictures(arg); /* leaves what is wrong in why */
    return NULL;
}

static bool side_by_side(struct check *check)
{
    pthread_t threads[SIDE_BY_SIDE_MAX];
    const unsigned most = check->traits.parallel_max;
    const unsigned wanted = most < 1 ? 1 : most < SIDE_BY_SIDE_MAX ? most : SIDE_BY_SIDE_MAX;
    unsigned count = 0;
    while (count < wanted && pthread_create(&threads[count], NULL, pictures_main, check) == 0) {
        count++;
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    return count == wanted ? !check->why[0] : check_fail(check, "there are no threads");
}

/* ---- as the server runs it ---- */

struct audience {
    struct check *check;
    sem_t delivered;
    uint64_t last_seq;
};

static void on_predicted(void *ctx, const struct prediction *prediction)
{
    struct audience *audience = ctx;
    if (prediction->seq <= audience->last_seq) {
        check_fail(audience->check, "picture %" PRIu64 " came after picture %" PRIu64,
                   prediction->seq, audience->last_seq);
    }
    audience->last_seq = prediction->seq;
    sem_post(&audience->delivered);
}

static bool wait_for(struct audience *audience)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    const int64_t ns = until.tv_nsec + audience->check->limit_ns;
    until.tv_sec += ns / NS_PER_S;
    until.tv_nsec = ns % NS_PER_S;
    return sem_timedwait(&audience->delivered, &until) == 0 ||
           check_fail(audience->check, "no prediction came");
}

static bool stop_with(struct check *check, struct audience *audience)
{
    const struct predictor_sink sink = { .predicted = on_predicted,
                                         .stream = "check",
                                         .ctx = audience };
    const struct predictor_options options = { .kind = check->kind, .spec = check->spec };
    struct predictor *predictor = NULL;
    if (predictor_new(&predictor, &options, &sink) != 0) {
        return check_fail(check, "there is no memory for a predictor");
    }
    bool is_good = true;
    for (int i = 0; i < 3 && is_good; i++) {
        struct picture *picture = usual(check);
        predictor_offer(predictor, picture);
        picture_unref(&picture);
        check_watch_extend(check->limit_ns * 2);
        is_good = wait_for(audience);
    }
    for (int i = 0; i < PICTURES; i++) { /* it ends in the middle of these */
        struct picture *picture = usual(check);
        predictor_offer(predictor, picture);
        picture_unref(&picture);
    }
    check_watch_extend(check->limit_ns);
    predictor_free(&predictor);
    check_watch_extend(check->limit_ns);
    return is_good && !check->why[0];
}

static bool stop(struct check *check)
{
    struct audience audience = { .check = check };
    sem_init(&audience.delivered, 0, 0);
    const bool is_good = stop_with(check, &audience);
    sem_destroy(&audience.delivered);
    return is_good;
}

const struct check_case check_cases[] = {
    { "start", start },       { "pictures", pictures },         { "formats", formats },
    { "sizes", sizes },       { "broken pictures", broken },    { "times", times },
    { "restarts", restarts }, { "side by side", side_by_side }, { "stop", stop },
    { NULL, NULL },
};
