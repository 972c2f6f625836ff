/* SPDX-License-Identifier: MIT */
#include "net/tls_context.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "net/error.h"
#include "net/tls.h"

int fc_tls_new(struct fc_tls **out, const struct fc_tls_options *options, struct fc_error *error)
{
    assert(out && options);
    error_set(error, "%s", "");
    struct fc_tls *tls = calloc(1, sizeof(*tls));
    if (!tls) {
        error_set(error, "TLS: out of memory");
        return -ENOMEM;
    }
    atomic_init(&tls->refs, 1);
    pthread_mutex_init(&tls->reload, NULL);
    pthread_mutex_init(&tls->lock, NULL);
    int err = tls_config_init(&tls->config, options, error);
    if (!err) {
        err = tls_setup_new(&tls->setup, &tls->config, error);
    }
    if (err) {
        fc_tls_unref(&tls);
        return err;
    }
    *out = tls;
    return 0;
}

int fc_tls_reload(struct fc_tls *tls, struct fc_error *error)
{
    error_set(error, "%s", "");
    pthread_mutex_lock(&tls->reload);
    struct tls_setup *setup = NULL;
    const int err = tls_setup_new(&setup, &tls->config, error);
    if (!err) {
        pthread_mutex_lock(&tls->lock);
        struct tls_setup *old = tls->setup;
        tls->setup = setup;
        pthread_mutex_unlock(&tls->lock);
        tls_setup_unref(&old);
    }
    pthread_mutex_unlock(&tls->reload);
    return err;
}

struct tls_setup *tls_context_setup(struct fc_tls *context)
{
    pthread_mutex_lock(&context->lock);
    struct tls_setup *setup = tls_setup_ref(context->setup);
    pthread_mutex_unlock(&context->lock);
    return setup;
}

bool tls_context_is_client(const struct fc_tls *context)
{
    return context->config.is_client;
}

struct fc_tls *fc_tls_ref(struct fc_tls *tls)
{
    const unsigned before = atomic_fetch_add_explicit(&tls->refs, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
    return tls;
}

void fc_tls_unref(struct fc_tls **tls)
{
    struct fc_tls *t = *tls;
    *tls = NULL;
    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    tls_setup_unref(&t->setup);
    tls_config_fini(&t->config);
    pthread_mutex_destroy(&t->lock);
    pthread_mutex_destroy(&t->reload);
    free(t);
}
