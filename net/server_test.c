/* SPDX-License-Identifier: MIT */
/* Listeners, limits and the end of a server, over real sockets. */
#include "net/testing/host.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/testing/wire.h"

#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

static struct host host;
static struct wire_answer answer;
static char folder[] = "/tmp/framecast-test-XXXXXX";
static char path[sizeof(folder) + 8];
static char unix_address[sizeof(path) + 8];

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    snprintf(unix_address, sizeof(unix_address), "unix:%s", path);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* every test leaves it empty */
}

static void start_on(const char *address)
{
    const char *const listen[] = { address };
    host_start(&host, (struct fc_server_options){ .listen = listen, .listen_count = 1 });
}

static int try_on(const char *address, struct fc_error *error)
{
    static const struct fc_handler nothing;
    const char *const listen[] = { address };
    struct fc_server *server = NULL;
    const int err = fc_server_new(
        &server, &(struct fc_server_options){ .listen = listen, .listen_count = 1, .threads = 1 },
        &nothing, error);
    fc_server_free(&server);
    return err;
}

static void expect(int fd, int status)
{
    wire_say(fd, GET);
    wire_hear_answer(fd, false, &answer);
    assert_int_equal(answer.status, status);
}

static struct fc_server_stats stats(void)
{
    struct fc_server_stats now;
    fc_server_stats(host.server, &now);
    return now;
}

static void do_nothing(struct host *h, void *ctx)
{
    (void)h;
    (void)ctx;
}

static void wait_open(uint64_t count)
{
    while (stats().open != count) {
        host_run(&host, do_nothing, NULL); /* at least a turn of the loop */
    }
}

static void a_unix_socket_serves_and_leaves_no_file(void **state)
{
    (void)state;
    struct stat status;
    start_on(unix_address);
    assert_string_equal(fc_server_address(host.server, 0), unix_address);
    const int fd = host_connect(&host);
    expect(fd, 200);
    close(fd);
    host_stop(&host);
    assert_int_equal(stat(path, &status), -1);
}

static void a_stale_socket_file_is_replaced(void **state)
{
    (void)state;
    const int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    memcpy(name.sun_path, path, strlen(path));
    assert_int_equal(bind(stale, (struct sockaddr *)&name, sizeof(name)), 0);
    close(stale);
    start_on(unix_address);
    const int fd = host_connect(&host);
    expect(fd, 200);
    close(fd);

    struct fc_error error; /* one that is alive is not */
    assert_int_equal(try_on(unix_address, &error), -EADDRINUSE);
    assert_non_null(strstr(error.text, "another program listens there"));
    assert_int_equal(access(path, F_OK), 0);
    host_stop(&host);
}

static void what_is_no_socket_is_not_touched(void **state)
{
    (void)state;
    struct fc_error error;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(try_on(unix_address, &error), -EADDRINUSE);
    assert_int_equal(unlink(path), 0);

    start_on(unix_address); /* nor the file of who took the place meanwhile */
    assert_int_equal(unlink(path), 0);
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    host_stop(&host);
    assert_int_equal(unlink(path), 0);
}

static void ipv6_serves(void **state)
{
    (void)state;
    struct fc_error error;
    if (try_on("[::1]:0", &error) != 0) {
        skip(); /* a machine without IPv6 */
    }
    start_on("[::1]:0");
    assert_int_equal(strncmp(fc_server_address(host.server, 0), "[::1]:", 6), 0);
    const int fd = host_connect(&host);
    expect(fd, 200);
    close(fd);
    host_stop(&host);
}

static void a_port_in_use_is_said(void **state)
{
    (void)state;
    struct fc_error error;
    host_start(&host, (struct fc_server_options){ 0 });
    assert_int_equal(try_on(fc_server_address(host.server, 0), &error), -EADDRINUSE);
    assert_non_null(strstr(error.text, fc_server_address(host.server, 0)));
    assert_non_null(strstr(error.text, "another program listens there"));
    host_stop(&host);
}

static void too_many_connections_are_503(void **state)
{
    (void)state;
    host_start(&host, (struct fc_server_options){ .connections_max = 2 });
    const int one = host_connect(&host);
    expect(one, 200);
    const int two = host_connect(&host);
    expect(two, 200);
    for (int i = 0; i < 5; i++) {
        const int three = host_connect(&host);
        expect(three, 503);
        assert_non_null(strstr(answer.content, "\"hint\""));
        assert_true(wire_hear_end(three)); /* an end, although the request came after it */
        close(three);
    }
    assert_int_equal(stats().refused, 5);
    assert_int_equal(stats().accepted, 2);
    close(one);
    wait_open(1);
    const int four = host_connect(&host);
    expect(four, 200);
    close(two);
    close(four);
    host_stop(&host);
}

static void too_many_of_one_address_are_429(void **state)
{
    (void)state;
    host_start(&host, (struct fc_server_options){ .connections_per_address_max = 2, .threads = 2 });
    const int one = host_connect(&host);
    expect(one, 200);
    const int two = host_connect(&host);
    expect(two, 200);
    const int three = host_connect(&host);
    expect(three, 429);
    assert_non_null(strstr(answer.head, "\r\nRetry-After: "));
    assert_true(wire_hear_end(three));
    close(three);
    assert_int_equal(stats().refused_address, 1);
    close(one);
    wait_open(1);
    const int four = host_connect(&host);
    expect(four, 200);
    close(two);
    close(four);
    host_stop(&host);
}

static void many_are_refused_without_harm(void **state)
{
    (void)state;
    enum { MANY = 200 };
    int fds[MANY];
    start_on(unix_address); /* where writing to who has gone would be a signal */
    host_stop(&host);
    const char *const listen[] = { unix_address };
    host_start(&host, (struct fc_server_options){
                          .listen = listen, .listen_count = 1, .connections_max = 1 });
    const int one = host_connect(&host);
    expect(one, 200);
    for (int i = 0; i < MANY; i++) {
        fds[i] = host_connect(&host);
        if (i % 2) {
            close(fds[i]);
        }
    }
    for (int i = 0; i < MANY; i += 2) {
        close(fds[i]);
    }
    expect(one, 200);
    close(one);
    host_stop(&host);
}

static void out_of_descriptors_nobody_is_dropped(void **state)
{
    (void)state;
    struct rlimit before;
    host_start(&host, (struct fc_server_options){ 0 });
    const int one = host_connect(&host);
    expect(one, 200);
    const int last = dup(one); /* the next descriptor there would be */
    assert_true(last > 0);
    close(last);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit low = before;
    low.rlim_cur = (rlim_t)last + 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    const int two = host_connect(&host); /* has it, and none is left for the other side */
    while (stats().accept_pauses == 0) {
        host_run(&host, do_nothing, NULL);
    }
    expect(one, 200);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect(two, 200);
    close(one);
    close(two);
    host_stop(&host);
}

struct counted {
    struct fc_task task;
    unsigned runs;
};

static void count_run(struct fc_task *task)
{
    ((struct counted *)(void *)task)->runs++;
}

static void post_twice(struct host *h, void *ctx)
{
    struct counted *counted = ctx;
    assert_true(fc_loop_post(fc_server_loop(h->server, 0), &counted->task));
    assert_true(fc_loop_post(fc_server_loop(h->server, 0), &counted->task));
}

static void a_task_that_waits_is_not_posted_twice(void **state)
{
    (void)state;
    struct counted counted = { .task.run = count_run };
    host_start(&host, (struct fc_server_options){ 0 });
    for (unsigned i = 1; i <= 3; i++) {
        host_run(&host, post_twice, &counted);
        host_run(&host, do_nothing, NULL); /* behind it */
        assert_int_equal(counted.runs, i);
    }
    struct fc_loop *loop = fc_server_loop(host.server, 0);
    assert_true(fc_loop_post(loop, &counted.task));
    fc_server_stop(host.server); /* what was posted before the end runs */
    pthread_join(host.thread, NULL);
    assert_int_equal(counted.runs, 4);
    assert_false(fc_loop_post(loop, &counted.task));
    fc_server_free(&host.server);
}

static void connections_are_spread_over_the_loops(void **state)
{
    (void)state;
    enum { LOOPS = 4, COUNT = 40 };
    int fds[COUNT];
    host_start(&host, (struct fc_server_options){ .threads = LOOPS });
    for (int i = 0; i < COUNT; i++) {
        fds[i] = host_connect(&host);
    }
    for (int i = 0; i < COUNT; i++) {
        expect(fds[i], 200);
    }
    assert_int_equal(stats().open, COUNT);
    host_stop(&host); /* all of them at rest */
    for (int i = 0; i < COUNT; i++) {
        assert_true(wire_hear_end(fds[i]));
        close(fds[i]);
    }
}

static void who_arrives_during_the_stop_does_not_hold_it_up(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    int fds[COUNT];
    host_start(&host, (struct fc_server_options){ .threads = 3 });
    for (int i = 0; i < COUNT; i++) {
        fds[i] = host_connect(&host);
        if (i == COUNT / 2) {
            fc_server_stop(host.server);
            break;
        }
    }
    host_stop(&host);
    for (int i = 0; i <= COUNT / 2; i++) {
        close(fds[i]);
    }
}

static void a_stop_may_come_first(void **state)
{
    (void)state;
    static const struct fc_handler nothing;
    struct fc_error error;
    struct fc_server *server = NULL;
    const char *const listen[] = { "127.0.0.1:0" };
    assert_int_equal(
        fc_server_new(&server, &(struct fc_server_options){ .listen = listen, .listen_count = 1 },
                      &nothing, &error),
        0);
    fc_server_stop(server);
    assert_int_equal(fc_server_run(server), 0);
    fc_server_free(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_unix_socket_serves_and_leaves_no_file),
        cmocka_unit_test(a_stale_socket_file_is_replaced),
        cmocka_unit_test(what_is_no_socket_is_not_touched),
        cmocka_unit_test(ipv6_serves),
        cmocka_unit_test(a_port_in_use_is_said),
        cmocka_unit_test(too_many_connections_are_503),
        cmocka_unit_test(too_many_of_one_address_are_429),
        cmocka_unit_test(many_are_refused_without_harm),
        cmocka_unit_test(out_of_descriptors_nobody_is_dropped),
        cmocka_unit_test(a_task_that_waits_is_not_posted_twice),
        cmocka_unit_test(connections_are_spread_over_the_loops),
        cmocka_unit_test(who_arrives_during_the_stop_does_not_hold_it_up),
        cmocka_unit_test(a_stop_may_come_first),
    };
    return cmocka_run_group_tests_name("net/server", tests, make_folder, remove_folder);
}
