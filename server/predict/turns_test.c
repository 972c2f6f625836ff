/* SPDX-License-Identifier: MIT */
#include "predict/turns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define THREADS 8
#define ROUNDS 50

struct desk {
    struct turns turns;
    uint64_t order[THREADS * ROUNDS]; /* written by whose turn it is */
    uint64_t count;
};

struct walker {
    struct desk *desk;
    uint64_t first;
};

/* Each thread has every THREADS-th ticket; the last thread starts first. */
static void *walk(void *arg)
{
    struct walker *walker = arg;
    struct desk *desk = walker->desk;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        const uint64_t ticket = walker->first + i * THREADS;
        turns_wait(&desk->turns, ticket);
        desk->order[desk->count++] = ticket;
        turns_pass(&desk->turns, ticket);
    }
    return NULL;
}

static void tickets_come_in_order_whoever_is_ready_first(void **state)
{
    (void)state;
    static struct desk desk;
    turns_init(&desk.turns);
    pthread_t threads[THREADS];
    struct walker walkers[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        walkers[i] = (struct walker){ .desk = &desk, .first = THREADS - 1 - i };
        pthread_create(&threads[i], NULL, walk, &walkers[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(desk.count, THREADS * ROUNDS);
    for (uint64_t i = 0; i < desk.count; i++) {
        assert_int_equal(desk.order[i], i);
    }
    turns_fini(&desk.turns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tickets_come_in_order_whoever_is_ready_first),
    };
    return cmocka_run_group_tests_name("predict/turns", tests, NULL, NULL);
}
