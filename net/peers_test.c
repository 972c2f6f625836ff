/* SPDX-License-Identifier: MIT */
#include "net/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct address parse(const char *text)
{
    struct fc_error error;
    struct address address;
    assert_int_equal(address_parse(text, &address, &error), 0);
    return address;
}

static struct peer *enter(struct peers *peers, const char *text, uint32_t max)
{
    const struct address address = parse(text);
    return peers_enter(peers, &address, max);
}

static void an_address_has_at_most_so_many(void **state)
{
    (void)state;
    struct peers *peers = peers_new();
    assert_non_null(peers);
    assert_null(enter(peers, "10.0.0.1:1", 0));
    struct peer *one = enter(peers, "10.0.0.1:1", 2);
    struct peer *two = enter(peers, "10.0.0.1:2", 2);
    assert_non_null(one);
    assert_ptr_equal(one, two);
    assert_null(enter(peers, "10.0.0.1:3", 2));
    struct peer *other = enter(peers, "10.0.0.2:3", 2);
    assert_non_null(other);
    peers_leave(peers, &one);
    assert_null(one);
    one = enter(peers, "10.0.0.1:3", 2);
    assert_non_null(one);
    peers_leave(peers, &one);
    peers_leave(peers, &one);
    peers_leave(peers, &two);
    peers_leave(peers, &other);
    peers_free(&peers);
    peers_free(&peers);
}

static void the_upper_half_of_ipv6_counts(void **state)
{
    (void)state;
    struct peers *peers = peers_new();
    struct peer *one = enter(peers, "[2001:db8:0:1::1]:1", 1);
    assert_non_null(one);
    assert_null(enter(peers, "[2001:db8:0:1:2:3:4:5]:1", 1));
    struct peer *other = enter(peers, "[2001:db8:0:2::1]:1", 1);
    assert_non_null(other);
    struct peer *mapped = enter(peers, "[::ffff:10.0.0.1]:1", 1);
    assert_non_null(mapped);
    assert_null(enter(peers, "10.0.0.1:1", 1));
    peers_leave(peers, &mapped);
    peers_leave(peers, &one);
    peers_leave(peers, &other);
    peers_free(&peers);
}

static void many_addresses_share_chains(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    struct peers *peers = peers_new();
    struct peer **all = calloc(MANY, sizeof(struct peer *));
    assert_non_null(all);
    char text[32];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            snprintf(text, sizeof(text), "10.%d.%d.1:1", i / 250, i % 250);
            struct peer *peer = enter(peers, text, 1);
            assert_int_equal(peer != NULL, round == 0);
            all[i] = round == 0 ? peer : all[i];
        }
    }
    for (int i = 0; i < MANY; i++) {
        peers_leave(peers, &all[i]);
    }
    free(all);
    peers_free(&peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_at_most_so_many),
        cmocka_unit_test(the_upper_half_of_ipv6_counts),
        cmocka_unit_test(many_addresses_share_chains),
    };
    return cmocka_run_group_tests_name("net/peers", tests, NULL, NULL);
}
