/* SPDX-License-Identifier: MIT */
#include "net/peers.h"

#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Chains from a table of a fixed size; a secret number keeps a peer from choosing its chain. */

#define CHAINS 4096

struct peer_key {
    uint64_t high, low; /* IPv4: low; IPv6: the upper half, in high */
};

struct peer {
    struct peer *next;
    struct peer_key key;
    uint32_t count; /* above 0 */
};

struct peers {
    pthread_mutex_t lock; /* guards the chains */
    uint64_t secret;
    struct peer *chains[CHAINS];
};

struct peers *peers_new(void)
{
    struct peers *peers = calloc(1, sizeof(*peers));
    if (!peers) {
        return NULL;
    }
    (void)!getrandom(&peers->secret, sizeof(peers->secret), GRND_NONBLOCK);
    pthread_mutex_init(&peers->lock, NULL);
    return peers;
}

void peers_free(struct peers **peers)
{
    struct peers *p = *peers;
    *peers = NULL;
    if (!p) {
        return;
    }
    for (size_t i = 0; i < CHAINS; i++) {
        assert(!p->chains[i]);
    }
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static struct peer_key key_of(const struct address *address)
{
    struct peer_key key = { 0 };
    if (address->storage.ss_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, &address->storage, sizeof(v4));
        key.low = v4.sin_addr.s_addr;
        return key;
    }
    struct sockaddr_in6 v6;
    memcpy(&v6, &address->storage, sizeof(v6));
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
        uint32_t v4;
        memcpy(&v4, v6.sin6_addr.s6_addr + 12, sizeof(v4));
        key.low = v4;
    } else {
        memcpy(&key.high, v6.sin6_addr.s6_addr, sizeof(key.high));
    }
    return key;
}

static struct peer **chain_of(struct peers *peers, struct peer_key key)
{
    uint64_t x = key.high ^ key.low * UINT64_C(0x9e3779b97f4a7c15) ^ peers->secret;
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return &peers->chains[(x ^ x >> 32) % CHAINS];
}

/* Where the entry of that key hangs, or where a new one is to be hung. */
static struct peer **find(struct peers *peers, struct peer_key key)
{
    struct peer **at = chain_of(peers, key);
    while (*at && ((*at)->key.high != key.high || (*at)->key.low != key.low)) {
        at = &(*at)->next;
    }
    return at;
}

struct peer *peers_enter(struct peers *peers, const struct address *address, uint32_t max)
{
    const struct peer_key key = key_of(address);
    pthread_mutex_lock(&peers->lock);
    struct peer **at = find(peers, key);
    if (!*at && max > 0) {
        *at = malloc(sizeof(**at));
        if (*at) {
            **at = (struct peer){ .key = key };
        }
    }
    struct peer *peer = *at && (*at)->count < max ? *at : NULL;
    if (peer) {
        peer->count++;
    }
    pthread_mutex_unlock(&peers->lock);
    return peer;
}

void peers_leave(struct peers *peers, struct peer **peer)
{
    struct peer *p = *peer;
    *peer = NULL;
    if (!p) {
        return;
    }
    pthread_mutex_lock(&peers->lock);
    assert(p->count > 0);
    p->count--;
    const bool is_last = p->count == 0;
    if (is_last) {
        *find(peers, p->key) = p->next;
    }
    pthread_mutex_unlock(&peers->lock);
    if (is_last) {
        free(p);
    }
}
