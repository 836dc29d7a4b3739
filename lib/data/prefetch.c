/* Batch n goes into buffer (n - first) % n_buffers. Workers take numbers in order, as far ahead of the caller
 * as there are buffers. */
#include "data/prefetch.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

struct dat_prefetch {
    dat_prefetch_config config;
    pthread_t *workers; /* [n_workers] */
    int n_started;
    pthread_mutex_t lock;   /* guards what follows */
    pthread_cond_t changed; /* any of it */
    bool stopping;
    int64_t next_to_make, next_to_use;
    bool *ready;          /* [n_buffers] */
    dat_status *statuses; /* [n_buffers] */
};

static int64_t buffer_of(const dat_prefetch *p, int64_t number)
{
    return (number - p->config.first) % p->config.n_buffers;
}

/* Whether a batch is left for which a buffer is free. The one given out last is the caller's still. */
static bool can_make(const dat_prefetch *p)
{
    return p->next_to_make < p->config.end &&
           p->next_to_make - p->next_to_use < p->config.n_buffers - (p->next_to_use > p->config.first);
}

static void *work(void *argument)
{
    dat_prefetch *p = argument;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stopping && p->next_to_make < p->config.end && !can_make(p))
            pthread_cond_wait(&p->changed, &p->lock);
        if (p->stopping || p->next_to_make == p->config.end)
            break;
        int64_t number = p->next_to_make++, buffer = buffer_of(p, number);
        pthread_mutex_unlock(&p->lock);
        dat_status status = p->config.make(p->config.context, number, p->config.buffers[buffer]);
        pthread_mutex_lock(&p->lock);
        p->statuses[buffer] = status;
        p->ready[buffer] = true;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Starts one worker, deaf to signals: those are for the thread that called. */
static dat_status start_worker(dat_prefetch *p)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&p->workers[p->n_started], NULL, work, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return dat_failure("a thread for loading data cannot be started: %s", strerror(error));
    p->n_started++;
    return DAT_OK;
}

dat_status dat_prefetch_start(const dat_prefetch_config *config, dat_prefetch **prefetch)
{
    DAT_ASSERT(config->n_buffers >= 2 && config->n_workers >= 1 && config->first <= config->end);
    dat_prefetch *p = dat_allocate(1, sizeof *p);
    *p = (dat_prefetch){.config = *config, .next_to_make = config->first, .next_to_use = config->first};
    p->workers = dat_allocate((size_t)config->n_workers, sizeof p->workers[0]);
    p->ready = dat_allocate((size_t)config->n_buffers, sizeof p->ready[0]);
    p->statuses = dat_allocate((size_t)config->n_buffers, sizeof p->statuses[0]);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    *prefetch = NULL;
    for (int i = 0; i < config->n_workers; i++) {
        dat_status status = start_worker(p);
        if (status.code != DAT_CODE_OK) {
            dat_prefetch_stop(p);
            return status;
        }
    }
    *prefetch = p;
    return DAT_OK;
}

dat_status dat_prefetch_next(dat_prefetch *p, void **buffer)
{
    dat_status status = DAT_OK;
    *buffer = NULL;
    if (p->next_to_use == p->config.end)
        return status;
    pthread_mutex_lock(&p->lock);
    int64_t index = buffer_of(p, p->next_to_use);
    while (!p->ready[index])
        pthread_cond_wait(&p->changed, &p->lock);
    status = p->statuses[index];
    if (status.code == DAT_CODE_OK) {
        p->ready[index] = false;
        p->next_to_use++;
        *buffer = p->config.buffers[index];
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return status;
}

void dat_prefetch_stop(dat_prefetch *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->n_started; i++)
        pthread_join(p->workers[i], NULL);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p->workers);
    free(p->ready);
    free(p->statuses);
    free(p);
}
