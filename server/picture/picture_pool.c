/* SPDX-License-Identifier: MIT */
/*
 * What goes round is a planar picture that nobody else knows (`kept`): a picture that is given out
 * borrows its planes and owns a lease on it. The pool is freed by whoever lets go last: its owner
 * or the last lease, counted in `users`.
 */
#include "picture/picture_pool.h"

#include <pthread.h>
#include <stdlib.h>

struct lease {
    struct picture_pool *pool;
    struct picture *memory;
};

struct picture_pool {
    enum picture_format format;
    uint32_t width, height;
    _Atomic unsigned users;
    pthread_mutex_t lock; /* guards what follows */
    struct lease *kept[PICTURE_POOL_KEPT_MAX];
    unsigned kept_count;
};

struct picture_pool *picture_pool_new(enum picture_format format, uint32_t width, uint32_t height)
{
    struct picture_pool *pool = calloc(1, sizeof(*pool));
    if (!pool) {
        return NULL;
    }
    pool->format = format;
    pool->width = width;
    pool->height = height;
    atomic_init(&pool->users, 1);
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

static void lease_free(struct lease *lease)
{
    picture_unref(&lease->memory);
    free(lease);
}

static void pool_leave(struct picture_pool *pool)
{
    if (atomic_fetch_sub_explicit(&pool->users, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (unsigned i = 0; i < pool->kept_count; i++) {
        lease_free(pool->kept[i]);
    }
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

void picture_pool_free(struct picture_pool **ppool)
{
    struct picture_pool *pool = *ppool;
    *ppool = NULL;
    if (pool) {
        pool_leave(pool);
    }
}

bool picture_pool_fits(const struct picture_pool *pool, enum picture_format format, uint32_t width,
                       uint32_t height)
{
    return pool && pool->format == format && pool->width == width && pool->height == height;
}

static struct lease *lease_new(struct picture_pool *pool)
{
    struct lease *lease = calloc(1, sizeof(*lease));
    if (!lease) {
        return NULL;
    }
    lease->pool = pool;
    lease->memory = picture_new_planar(pool->format, pool->width, pool->height);
    if (!lease->memory) {
        free(lease);
        return NULL;
    }
    return lease;
}

static struct lease *lease_take(struct picture_pool *pool)
{
    struct lease *lease = NULL;
    pthread_mutex_lock(&pool->lock);
    if (pool->kept_count > 0) {
        lease = pool->kept[--pool->kept_count];
    }
    pthread_mutex_unlock(&pool->lock);
    return lease ? lease : lease_new(pool);
}

/* The release hook of the pictures that are given out; on any thread. */
static void lease_return(struct picture *picture)
{
    struct lease *lease = picture->owner;
    struct picture_pool *pool = lease->pool;
    pthread_mutex_lock(&pool->lock);
    if (pool->kept_count < PICTURE_POOL_KEPT_MAX) {
        pool->kept[pool->kept_count++] = lease;
        lease = NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    if (lease) {
        lease_free(lease);
    }
    pool_leave(pool);
}

struct picture *picture_pool_take(struct picture_pool *pool)
{
    struct lease *lease = lease_take(pool);
    if (!lease) {
        return NULL;
    }
    struct picture *picture = picture_new(lease_return, lease);
    if (!picture) {
        lease_free(lease);
        return NULL;
    }
    atomic_fetch_add_explicit(&pool->users, 1, memory_order_relaxed);
    picture->format = pool->format;
    picture->width = pool->width;
    picture->height = pool->height;
    for (unsigned i = 0; i < PICTURE_PLANES_MAX; i++) {
        picture->planes[i] = lease->memory->planes[i];
    }
    return picture;
}
