/* SPDX-License-Identifier: MIT */
#include "net/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/broken_pipe.h"
#include "net/testing/pair.h"

#define SIZE 100000

static uint8_t bytes[SIZE], got[SIZE];

static void fill(unsigned seed)
{
    for (size_t i = 0; i < SIZE; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 251 + seed);
    }
}

/* In parts, of which one is empty. */
static bool put(struct pages *out)
{
    const struct fc_bytes parts[] = { { bytes, 14 }, { NULL, 0 }, { bytes + 14, SIZE - 14 } };
    return pages_put(parts, 3, out);
}

/* The memory that the file takes, found among what this program has open. */
static long file_blocks(void)
{
    long blocks = -1;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    for (struct dirent *entry = NULL; (entry = readdir(folder));) {
        char name[128] = "";
        struct stat about;
        if (readlinkat(dirfd(folder), entry->d_name, name, sizeof(name) - 1) > 0 &&
            strstr(name, "framecast-messages") && fstat(atoi(entry->d_name), &about) == 0) {
            blocks = about.st_blocks;
        }
    }
    closedir(folder);
    return blocks;
}

static void expect(int fd, const uint8_t *expected, size_t size)
{
    assert_int_equal(recv(fd, got, size, MSG_WAITALL), size);
    assert_memory_equal(got, expected, size);
}

/* A write past such a limit would end the program by SIGXFSZ. */
static void where_files_are_limited_there_are_none(void **state)
{
    (void)state;
    const pid_t child = fork(); /* before the file is made */
    if (child == 0) {
        struct pages pages;
        const struct rlimit limit = { .rlim_cur = 2 * SIZE, .rlim_max = 2 * SIZE };
        _exit(setrlimit(RLIMIT_FSIZE, &limit) != 0 || put(&pages));
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Before the others, since the file is made once. */
static void out_of_descriptors_it_tries_again_the_next_time(void **state)
{
    struct rlimit before;
    struct pages pages;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = { .rlim_cur = 3, .rlim_max = before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_false(put(&pages));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(put(&pages));
    pages_drop(&pages);
}

static void a_socket_gets_what_was_put(void **state)
{
    int fds[2];
    struct pages pages;
    (void)state;
    pair_connect(fds);
    fill(1);
    assert_true(put(&pages));
    assert_int_equal(pages.size, SIZE);
    assert_int_equal(pages_send(fds[0], &pages, 0, 10), 10);
    assert_int_equal(pages_send(fds[0], &pages, 4095, 5000), 5000);
    assert_int_equal(pages_send(fds[0], &pages, SIZE - 3, 3), 3);
    expect(fds[1], bytes, 10);
    expect(fds[1], bytes + 4095, 5000);
    expect(fds[1], bytes + SIZE - 3, 3);
    pages_drop(&pages);
    pair_close(fds);
}

static void what_a_socket_holds_stays_as_it_was(void **state)
{
    int fds[2];
    struct pages pages;
    (void)state;
    pair_connect(fds);
    for (unsigned round = 1; round <= 20; round++) {
        fill(round);
        assert_true(put(&pages));
        assert_int_equal(pages_send(fds[0], &pages, 0, SIZE), SIZE);
        pages_drop(&pages);
        assert_int_equal(file_blocks(), 0);
        struct pages others;
        fill(round + 100);
        assert_true(put(&others)); /* which is laid where it harms nobody */
        fill(round);
        expect(fds[1], bytes, SIZE);
        pages_drop(&others);
    }
    pair_close(fds);
}

static void a_full_socket_says_so(void **state)
{
    int fds[2];
    struct pages pages;
    (void)state;
    pair_connect(fds);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    fill(3);
    assert_true(put(&pages));
    size_t taken = 0;
    long sent = 0;
    while ((sent = pages_send(fds[0], &pages, taken % SIZE, SIZE - taken % SIZE)) > 0) {
        taken += (size_t)sent;
    }
    assert_int_equal(sent, -EAGAIN);
    for (size_t left = taken; left > 0;) {
        const size_t size = left < SIZE ? left : SIZE;
        expect(fds[1], bytes, size);
        left -= size;
    }
    pages_drop(&pages);
    pair_close(fds);
}

/* Twice, since it is the second that raises SIGPIPE. */
static void a_peer_that_has_gone_is_an_error(void **state)
{
    int fds[2];
    struct pages pages;
    sigset_t before, pending;
    (void)state;
    pair_connect(fds);
    fill(4);
    assert_true(put(&pages));
    const struct linger at_once = { .l_onoff = 1 };
    assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
    close(fds[1]);
    broken_pipe_block(&before);
    assert_int_equal(pages_send(fds[0], &pages, 0, SIZE), -ECONNRESET);
    assert_int_equal(pages_send(fds[0], &pages, 0, SIZE), -EPIPE);
    sigpending(&pending);
    assert_true(sigismember(&pending, SIGPIPE));
    broken_pipe_restore(&before);
    pages_drop(&pages);
    close(fds[0]);
}

static void there_is_a_limit(void **state)
{
    enum { MANY = PAGES_MAX_BYTES / SIZE + 1 };
    static struct pages pages[MANY];
    (void)state;
    size_t count = 0;
    while (count < MANY && put(&pages[count])) {
        count++;
    }
    assert_true(count > MANY / 2 && count < MANY);
    pages_drop(&pages[--count]);
    assert_true(put(&pages[count++]));
    while (count > 0) {
        pages_drop(&pages[--count]);
    }
    assert_int_equal(file_blocks(), 0);
    assert_false(pages_put(&(struct fc_bytes){ bytes, PAGES_MAX_MESSAGE_BYTES + 1 }, 1, &pages[0]));
}

/* It shares the file with its parent, whose pages it must not touch. */
static void a_forked_child_has_none(void **state)
{
    int fds[2];
    struct pages pages;
    (void)state;
    pair_connect(fds);
    fill(5);
    assert_true(put(&pages));
    const pid_t child = fork();
    if (child == 0) {
        struct pages other;
        pages_drop(&pages);
        _exit(put(&other) || pages_send(fds[0], &pages, 0, 1) != -EBADF);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(pages_send(fds[0], &pages, 0, SIZE), SIZE);
    expect(fds[1], bytes, SIZE);
    pages_drop(&pages);
    pair_close(fds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_files_are_limited_there_are_none),
        cmocka_unit_test(out_of_descriptors_it_tries_again_the_next_time),
        cmocka_unit_test(a_socket_gets_what_was_put),
        cmocka_unit_test(what_a_socket_holds_stays_as_it_was),
        cmocka_unit_test(a_full_socket_says_so),
        cmocka_unit_test(a_peer_that_has_gone_is_an_error),
        cmocka_unit_test(there_is_a_limit),
        cmocka_unit_test(a_forked_child_has_none),
    };
    return cmocka_run_group_tests_name("net/pages", tests, NULL, NULL);
}
