/* SPDX-License-Identifier: MIT */
#include "predict/predictor_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/clock.h"
#include "predict/json_arena.h"

/*
 * Real processes: workers of one line of shell, good and bad. The linker sends our allocations to
 * the counters below, Jansson's among them, which come from an arena of ours; not those of the
 * libraries that convert pictures.
 */

#define READY "read hello; echo '{\"ready\":true,\"format\":\"gray8\"}'; "
#define SEQ "seq=${line#*:}; seq=${seq%%,*}; "
#define RESTARTS 1000

static _Atomic unsigned allocations;
static int stop_fd;
static struct quota quota;
static struct predictor_place place;
static struct prediction out;
static char why[256];

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

static int setup(void **state)
{
    (void)state;
    stop_fd = eventfd(0, EFD_CLOEXEC);
    quota = (struct quota){ .most = 5, .window_ns = 60 * NS_PER_S };
    place = (struct predictor_place){ .stream = "cam", .stop_fd = stop_fd, .quota = &quota };
    why[0] = '\0';
    free(out.data);
    out = (struct prediction){ 0 };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(stop_fd);
    siginfo_t info = { 0 };
    assert_int_equal(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1);
    assert_int_equal(errno, ECHILD); /* everyone was reaped */
    return 0;
}

static int open_it(void **instance, const char *spec)
{
    *instance = NULL;
    return predictor_kind_worker.open(instance, spec, &place, why, sizeof(why));
}

static int look_at(void *instance, uint64_t seq)
{
    struct picture *picture = picture_new_planar(PICTURE_GRAY, 32, 8);
    picture->seq = seq;
    free(out.data);
    out.data = NULL;
    out.object_count = 0;
    out.why[0] = '\0';
    const int err = predictor_kind_worker.look(instance, picture, &out);
    picture_unref(&picture);
    return err;
}

static void close_it(void **instance)
{
    predictor_kind_worker.close(instance);
    assert_null(*instance);
    free(out.data);
    out.data = NULL;
}

static unsigned descriptor_count(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder)) {
        count++;
    }
    closedir(folder);
    return count;
}

static void good_worker_answers_every_picture_and_ends_by_itself(void **state)
{
    (void)state;
    const unsigned before = descriptor_count();
    void *instance;
    assert_int_equal(open_it(&instance, "exec:" READY "while read line; do " SEQ
                                        "echo '{\"seq\":'$seq',\"data\":'$seq'}'; done; exit 7"),
                     0);
    for (uint64_t seq = 1; seq <= 100; seq++) {
        char expected[32];
        snprintf(expected, sizeof(expected), "%d", (int)seq * 3);
        assert_int_equal(look_at(instance, seq * 3), 0);
        assert_string_equal(out.data, expected);
    }
    const int64_t begin_ns = clock_steady_ns();
    close_it(&instance);
    assert_true(clock_steady_ns() - begin_ns < NS_PER_S); /* without any signal */
    assert_int_equal(descriptor_count(), before);
}

static void who_is_never_ready_is_not_opened(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *why;
    } rows[] = {
        { "exec:exit 4", "it ended with status 4" },
        { "exec:sh -c 'kill -SEGV $$'; exit $?", "it ended with status 139 (signal 11" },
        { "exec:/nonexistent/worker", "the command was not found" },
        { "exec:/etc/passwd", "may not be run" },
        { "exec:kill -SEGV $$", "was ended by signal 11" },
        { "exec,start=0.1:sleep 1000", "did not answer in time" },
        { "exec:echo rubbish; sleep 1000", "its first line is not {'ready':true,...}: 'rubbish'" },
        { "exec:echo '{\"error\":\"no model\"}'", "it says: no model" },
        { "exec:echo '{\"ready\":true,\"format\":\"cmyk\"}'", "format is none of" },
        { "exec:exec 1>&-; sleep 1000", "it closed its standard output" },
        { "exec:head -c 1100000 /dev/zero | tr '\\0' x; sleep 1000", "more than 1048576 bytes" },
        { "exec:", "the command is missing" },
    };
    const unsigned before = descriptor_count();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *instance;
        assert_true(open_it(&instance, rows[i].spec) < 0);
        assert_null(instance);
        if (!strstr(why, rows[i].why)) {
            fail_msg("%s: %s", rows[i].spec, why);
        }
    }
    assert_int_equal(descriptor_count(), before);
}

static void who_breaks_the_protocol_is_lost(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *why;
    } rows[] = {
        { "exec:" READY "read line; exit 3", "it ended with status 3" },
        { "exec:" READY "read line; kill -9 $$", "it was ended by signal 9" },
        { "exec,deadline=0.05:" READY "sleep 1000", "it did not answer in time" },
        { "exec,deadline=0.05:" READY "exec 0<&-; sleep 1000", "it " },
        { "exec:" READY "read line; echo rubbish; sleep 1000", "no result: 'rubbish'" },
        { "exec:" READY "read line; echo '{\"seq\":7}'; sleep 1000",
          "answered picture 7, which was not" },
        { "exec:" READY "exec 1>&-; sleep 1000", "it closed its standard output" },
        { "exec:" READY "yes", "it wrote " },
        { "exec:" READY "read line; head -c 2000000 /dev/zero | tr '\\0' x; sleep 1000",
          "1048576 bytes" },
        { "exec,deadline=0.2:" READY "read line; while :; do printf x; sleep 0.01; done",
          "in time" },
        { "exec,deadline=0.2:" READY "yes flood >&2", "it did not answer in time" },
        { "exec,deadline=0.2:" READY "(trap '' TERM; exec yes flood >&2) & wait", "in time" },
    };
    const unsigned before = descriptor_count();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *instance;
        assert_int_equal(open_it(&instance, rows[i].spec), 0);
        const int err = look_at(instance, 5);
        if (err != -EPIPE || !strstr(out.why, rows[i].why)) {
            fail_msg("%s: %d %s", rows[i].spec, err, out.why);
        }
        const int64_t begin_ns = clock_steady_ns();
        close_it(&instance);
        assert_true(clock_steady_ns() - begin_ns < NS_PER_S); /* killed at once */
    }
    assert_true(quota.left_out > 0); /* of the flood, most */
    assert_int_equal(descriptor_count(), before);
}

static void one_wrong_result_costs_one_picture(void **state)
{
    (void)state;
    void *instance;
    assert_int_equal(open_it(&instance,
                             "exec:" READY "read line; echo '{\"seq\":1,\"error\":\"too dark\"}'; "
                             "read line; echo '{\"seq\":2,\"objects\":[{\"box\":[1,2]}]}'; "
                             "read line; echo '{\"seq\":3}'; read line"),
                     0);
    assert_int_equal(look_at(instance, 1), -EINVAL);
    assert_string_equal(out.why, "it says: too dark");
    assert_int_equal(look_at(instance, 2), -EINVAL);
    assert_non_null(strstr(out.why, "box is no list"));
    assert_int_equal(look_at(instance, 3), 0);
    close_it(&instance);
}

/* An answer that comes without a question is not taken for the next one's. */
static void second_answer_is_no_answer_to_the_next_picture(void **state)
{
    (void)state;
    void *instance;
    assert_int_equal(open_it(&instance, "exec:" READY "read line; echo '{\"seq\":1}'; "
                                        "echo '{\"seq\":1}'; read line; echo '{\"seq\":2}'"),
                     0);
    assert_int_equal(look_at(instance, 1), 0);
    assert_int_equal(look_at(instance, 2), -EPIPE);
    assert_true(strstr(out.why, "without being asked") || strstr(out.why, "was not asked for"));
    close_it(&instance);
}

/* Three pictures; what the worker says of them is in another order, and one is wrong. */
static void batch_is_answered_in_any_order(void **state)
{
    (void)state;
    void *instance;
    assert_int_equal(open_it(&instance,
                             "exec:read hello; echo '{\"ready\":true,\"format\":\"gray8\","
                             "\"batch\":3}'; read -r line; echo '{\"seq\":13,\"data\":13}'; "
                             "echo '{\"seq\":11,\"data\":\"'${#line}'\"}'; "
                             "echo '{\"seq\":12,\"error\":\"no\"}'; "
                             "read -r line; echo '{\"seq\":22,\"data\":22}'; exit 9"),
                     0);
    assert_int_equal(predictor_kind_worker.batch(instance), 3);
    static struct prediction outs[3];
    struct predictor_shot shots[3];
    for (unsigned round = 1; round <= 2; round++) {
        for (unsigned i = 0; i < 3; i++) {
            struct picture *picture = picture_new_planar(PICTURE_GRAY, 32, 8);
            picture->seq = round * 10 + i + 1;
            shots[i] = (struct predictor_shot){ .picture = picture, .out = &outs[i] };
        }
        predictor_kind_worker.look_batch(instance, shots, 3);
        for (unsigned i = 0; i < 3; i++) {
            picture_unref(&shots[i].picture);
        }
        assert_int_equal(shots[0].err, round == 1 ? 0 : -EPIPE);
        assert_int_equal(shots[1].err, round == 1 ? -EINVAL : 0);
        assert_int_equal(shots[2].err, round == 1 ? 0 : -EPIPE);
        if (round == 1) {
            assert_string_equal(outs[2].data, "13");
            assert_string_equal(outs[1].why, "it says: no");
            assert_true(atoi(outs[0].data + 1) > 300); /* all three were in one line */
        } else {
            assert_string_equal(outs[1].data, "22");
            assert_string_equal(outs[2].why, "it ended with status 9");
        }
        for (unsigned i = 0; i < 3; i++) {
            free(outs[i].data);
            outs[i].data = NULL;
        }
    }
    close_it(&instance);
}

static void who_does_not_end_is_killed_with_all_its_children(void **state)
{
    (void)state;
    void *instance;
    assert_int_equal(open_it(&instance, "exec:trap '' TERM; sleep 1000 & " READY
                                        "read line; echo '{\"seq\":1,\"data\":'$!'}'; "
                                        "while :; do sleep 1000; done"),
                     0);
    assert_int_equal(look_at(instance, 1), 0);
    const pid_t child = atoi(out.data);
    assert_true(child > 1);
    const int pidfd = pidfd_open(child, 0);
    assert_true(pidfd >= 0);
    const int64_t begin_ns = clock_steady_ns();
    close_it(&instance);
    const int64_t took_ns = clock_steady_ns() - begin_ns;
    assert_true(took_ns > NS_PER_S && took_ns < 4 * NS_PER_S);
    struct pollfd ended = { .fd = pidfd, .events = POLLIN };
    assert_int_equal(poll(&ended, 1, 5000), 1);
    close(pidfd);
}

static void wish_to_stop_ends_the_wait(void **state)
{
    (void)state;
    void *instance;
    assert_int_equal(open_it(&instance, "exec,deadline=500:" READY "sleep 1000"), 0);
    const int64_t begin_ns = clock_steady_ns();
    eventfd_write(stop_fd, 1);
    assert_int_equal(look_at(instance, 1), -EPIPE);
    assert_string_equal(out.why, "it was busy when we were to stop");
    close_it(&instance);
    assert_true(open_it(&instance, "exec,start=500:sleep 1000") < 0);
    assert_true(clock_steady_ns() - begin_ns < 4 * NS_PER_S);
}

/*
 * Four descriptors, no blocked and no ignored signal, whatever we have; but for the two signals
 * that the C library keeps for itself.
 */
static void worker_inherits_nothing_but_its_pipes_and_the_pictures(void **state)
{
    (void)state;
    sigset_t set, before;
    sigfillset(&set);
    pthread_sigmask(SIG_SETMASK, &set, &before);
    const int leaky = fcntl(STDERR_FILENO, F_DUPFD, 40);
    void *instance;
    assert_int_equal(
        open_it(&instance,
                "exec:" READY "read line; fd=0; fds=; while [ $fd -lt 64 ]; do "
                "[ -e /proc/$$/fd/$fd ] && fds=$fds$fd.; fd=$((fd + 1)); done; "
                "while read -r name value; do case $name in SigBlk:|SigIgn:) "
                "signals=$signals$((0x$value & ~0x180000000)).;; esac; done </proc/$$/status; "
                "echo '{\"seq\":1,\"data\":\"'$fds,$signals,$FRAMECAST_SHM_FD'\"}'; read line"),
        0);
    const int err = look_at(instance, 1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(leaky);
    assert_int_equal(err, 0);
    assert_string_equal(out.data, "\"0.1.2.3.,0.0.,3\"");
    close_it(&instance);
}

static void steady_state_allocates_nothing(void **state)
{
    (void)state;
    static const char spec[] = "exec:" READY "while read line; do " SEQ
                               "echo '{\"seq\":'$seq',\"objects\":[{\"label\":\"a\",\"score\":0.5,"
                               "\"box\":[0,0,1,1]}]}'; done";
    void *instance;
    assert_int_equal(open_it(&instance, spec), 0);
    struct picture *picture = picture_new_planar(PICTURE_YUV420, 64, 48);
    unsigned ours = 0;
    for (picture->seq = 1; picture->seq <= 30; picture->seq++) {
        ours = picture->seq == 11 ? allocations : ours;
        out.object_count = 0;
        assert_int_equal(predictor_kind_worker.look(instance, picture, &out), 0);
        assert_int_equal(out.object_count, 1);
    }
    assert_int_equal(allocations, ours);
    picture_unref(&picture);
    close_it(&instance);
}

static sem_t changed;

static void on_predicted(void *ctx, const struct prediction *prediction)
{
    (void)ctx;
    (void)prediction;
    fail_msg("there was to be no result");
}

static void on_changed(void *ctx)
{
    (void)ctx;
    sem_post(&changed);
}

static void thousand_restarts_leave_nothing_behind(void **state)
{
    (void)state;
    const unsigned before = descriptor_count();
    sem_init(&changed, 0, 0);
    struct predictor *predictor = NULL;
    const struct predictor_options options = {
        .kind = &predictor_kind_worker,
        .spec = "exec:" READY "read line; exit 1",
        .retry_min_ns = 1000,
        .retry_max_ns = 1000,
    };
    const struct predictor_sink sink = { .stream = "cam",
                                         .predicted = on_predicted,
                                         .changed = on_changed };
    assert_int_equal(predictor_new(&predictor, &options, &sink), 0);
    for (uint64_t seq = 1; seq <= RESTARTS; seq++) {
        sem_wait(&changed); /* it runs */
        struct picture *picture = picture_new_planar(PICTURE_GRAY, 32, 8);
        picture->seq = seq;
        predictor_offer(predictor, picture);
        picture_unref(&picture);
        sem_wait(&changed); /* it is down */
    }
    sem_wait(&changed);
    assert_int_equal(predictor_stats(predictor)->restarts, RESTARTS);
    assert_int_equal(predictor_stats(predictor)->failed, RESTARTS);
    predictor_free(&predictor);
    sem_destroy(&changed);
    assert_int_equal(descriptor_count(), before);
}

int main(void)
{
    json_arena_install();
    signal(SIGPIPE, SIG_IGN); /* predictor threads have it blocked */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_worker_answers_every_picture_and_ends_by_itself, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_is_never_ready_is_not_opened, setup, teardown),
        cmocka_unit_test_setup_teardown(who_breaks_the_protocol_is_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(one_wrong_result_costs_one_picture, setup, teardown),
        cmocka_unit_test_setup_teardown(second_answer_is_no_answer_to_the_next_picture, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(batch_is_answered_in_any_order, setup, teardown),
        cmocka_unit_test_setup_teardown(who_does_not_end_is_killed_with_all_its_children, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(wish_to_stop_ends_the_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(worker_inherits_nothing_but_its_pipes_and_the_pictures,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(steady_state_allocates_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(thousand_restarts_leave_nothing_behind, setup, teardown),
    };
    return cmocka_run_group_tests_name("predict/worker_kind", tests, NULL, NULL);
}
