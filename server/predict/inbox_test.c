/* SPDX-License-Identifier: MIT */
#include "predict/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct picture *numbered(uint64_t seq)
{
    struct picture *picture = picture_new_planar(PICTURE_GRAY, 1, 1);
    assert_non_null(picture);
    picture->seq = seq;
    return picture;
}

/* Put a picture; gives the one that was left out, or NULL. */
static struct picture *put(struct inbox *inbox, struct picture *picture)
{
    struct inbox_item item = { .picture = picture, .found = calloc(1, sizeof(struct found)) };
    assert_non_null(item.found);
    item = inbox_put(inbox, item);
    free(item.found);
    return item.picture;
}

static struct picture *take(struct inbox *inbox, uint64_t *ticket)
{
    struct inbox_item item = { 0 };
    if (!inbox_take(inbox, &item, ticket)) {
        return NULL;
    }
    assert_true(item.put_ns > 0);
    free(item.found);
    return item.picture;
}

static void newest_picture_wins(void **state)
{
    (void)state;
    struct inbox inbox;
    inbox_init(&inbox, 1);
    assert_null(put(&inbox, numbered(1)));
    struct picture *replaced = put(&inbox, numbered(2));
    assert_int_equal(replaced->seq, 1);
    picture_unref(&replaced);

    uint64_t ticket = 7;
    struct picture *taken = take(&inbox, &ticket);
    assert_int_equal(taken->seq, 2);
    assert_int_equal(ticket, 0);
    picture_unref(&taken);

    assert_null(put(&inbox, numbered(3)));
    taken = take(&inbox, &ticket);
    assert_int_equal(taken->seq, 3);
    assert_int_equal(ticket, 1);
    picture_unref(&taken);
    inbox_fini(&inbox);
}

static void a_longer_one_keeps_the_order_and_leaves_out_the_oldest(void **state)
{
    (void)state;
    struct inbox inbox;
    inbox_init(&inbox, 3);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        assert_null(put(&inbox, numbered(seq)));
    }
    assert_false(inbox_wait_for_room(&inbox, 0));
    struct picture *left_out = put(&inbox, numbered(4));
    assert_int_equal(left_out->seq, 1);
    picture_unref(&left_out);
    for (uint64_t seq = 2; seq <= 3; seq++) {
        uint64_t ticket;
        struct picture *taken = take(&inbox, &ticket);
        assert_int_equal(taken->seq, seq);
        assert_int_equal(ticket, seq - 2);
        picture_unref(&taken);
    }
    inbox_fini(&inbox); /* releases the fourth */
}

static void stopped_inbox_takes_and_gives_nothing(void **state)
{
    (void)state;
    struct inbox inbox;
    inbox_init(&inbox, 1);
    assert_null(put(&inbox, numbered(1)));
    inbox_stop(&inbox);
    uint64_t ticket = 7;
    assert_null(take(&inbox, &ticket));
    assert_int_equal(ticket, 7);
    struct picture *late = numbered(2);
    struct picture *back = put(&inbox, late);
    assert_ptr_equal(back, late);
    picture_unref(&back);
    assert_false(inbox_pause(&inbox, INT64_C(3600000000000)));
    inbox_fini(&inbox);
}

static void pause_ends_by_itself(void **state)
{
    (void)state;
    struct inbox inbox;
    inbox_init(&inbox, 1);
    assert_true(inbox_pause(&inbox, 0));
    assert_true(inbox_pause(&inbox, 1000000));
    inbox_fini(&inbox);
}

static void *take_one_later(void *arg)
{
    struct inbox *inbox = arg;
    uint64_t ticket;
    struct picture *picture = take(inbox, &ticket);
    picture_unref(&picture);
    return NULL;
}

static void patient_putter_waits_for_room(void **state)
{
    (void)state;
    struct inbox inbox;
    inbox_init(&inbox, 1);
    assert_true(inbox_wait_for_room(&inbox, 0));
    assert_null(put(&inbox, numbered(1)));
    assert_false(inbox_wait_for_room(&inbox, 1000000)); /* a millisecond, and nobody takes */

    pthread_t taker;
    pthread_create(&taker, NULL, take_one_later, &inbox);
    assert_true(inbox_wait_for_room(&inbox, INT64_C(60000000000)));
    pthread_join(taker, NULL);

    assert_null(put(&inbox, numbered(2)));
    inbox_stop(&inbox);
    assert_false(inbox_wait_for_room(&inbox, INT64_C(60000000000)));
    inbox_fini(&inbox);
}

static void *take_one(void *arg)
{
    uint64_t ticket;
    return take(arg, &ticket);
}

static void *pause_long(void *arg)
{
    return inbox_pause(arg, INT64_C(3600000000000)) ? arg : NULL;
}

static void waiting_takers_are_woken(void **state)
{
    (void)state;
    struct inbox inbox;
    inbox_init(&inbox, 1);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, i < 2 ? take_one : pause_long, &inbox);
    }
    assert_null(put(&inbox, numbered(9)));
    void *results[3];
    /* one of the two gets it; the other and the one that pauses end by the stop */
    while (true) {
        pthread_mutex_lock(&inbox.lock);
        const bool is_taken = inbox.count == 0;
        pthread_mutex_unlock(&inbox.lock);
        if (is_taken) {
            break;
        }
        sched_yield();
    }
    inbox_stop(&inbox);
    int taken = 0;
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &results[i]);
        if (results[i]) {
            struct picture *picture = results[i];
            assert_int_equal(picture->seq, 9);
            picture_unref(&picture);
            taken++;
        }
    }
    assert_int_equal(taken, 1);
    inbox_fini(&inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_picture_wins),
        cmocka_unit_test(a_longer_one_keeps_the_order_and_leaves_out_the_oldest),
        cmocka_unit_test(stopped_inbox_takes_and_gives_nothing),
        cmocka_unit_test(pause_ends_by_itself),
        cmocka_unit_test(patient_putter_waits_for_room),
        cmocka_unit_test(waiting_takers_are_woken),
    };
    return cmocka_run_group_tests_name("predict/inbox", tests, NULL, NULL);
}
