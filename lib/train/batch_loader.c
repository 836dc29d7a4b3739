#include "train/batch_loader.h"

#include <stdlib.h>

#include "data/prefetch.h"
#include "util/memory.h"

/* A batch with the order of the epoch that it was last made for. */
typedef struct buffer {
    dat_batch batch;
    int64_t epoch;  /* -1: none yet */
    int64_t *order; /* [size of the dataset] */
} buffer;

struct dat_batch_loader {
    dat_batch_loader_config config;
    int64_t batches_per_epoch;
    int64_t next; /* batch, without workers */
    int n_buffers;
    buffer *buffers;        /* [n_buffers] */
    void **pointers;        /* [n_buffers], to the buffers */
    dat_prefetch *prefetch; /* NULL without workers */
};

typedef void read_function(dat_batch *batch, int64_t epoch, const int64_t *indices, int64_t count);

static void make(const dat_batch_loader *loader, int64_t number, read_function *read, buffer *b)
{
    const dat_batch_loader_config *c = &loader->config;
    const int64_t size = c->data->size;
    int64_t epoch = number / loader->batches_per_epoch;
    if (b->epoch != epoch) {
        dat_rng rng = dat_rng_fork(&c->order, (uint64_t)epoch);
        dat_rng_permutation(&rng, size, b->order);
        b->epoch = epoch;
    }
    int64_t start = number % loader->batches_per_epoch * c->batch_size;
    int64_t count = size - start < c->batch_size ? size - start : c->batch_size;
    read(&b->batch, epoch, b->order + start, count);
}

static dat_status make_ahead(const void *context, int64_t number, void *into)
{
    make(context, number, dat_batch_read_alone, into);
    return DAT_OK;
}

dat_status dat_batch_loader_open(const dat_batch_loader_config *config, dat_batch_loader **loader)
{
    DAT_ASSERT(config->data->size > 0 && config->batch_size > 0 && config->n_workers >= 0);
    dat_batch_loader *l = dat_allocate(1, sizeof *l);
    /* One in use, one in the hands of each worker, one ready. */
    *l = (dat_batch_loader){.config = *config,
                            .batches_per_epoch =
                                (config->data->size + config->batch_size - 1) / config->batch_size,
                            .next = config->first,
                            .n_buffers = config->n_workers > 0 ? config->n_workers + 2 : 1};
    l->buffers = dat_allocate((size_t)l->n_buffers, sizeof l->buffers[0]);
    l->pointers = dat_allocate((size_t)l->n_buffers, sizeof l->pointers[0]);
    for (int i = 0; i < l->n_buffers; i++) {
        dat_batch_init(&l->buffers[i].batch, config->data, config->batch_size);
        l->buffers[i].epoch = -1;
        l->buffers[i].order = dat_allocate((size_t)config->data->size, sizeof l->buffers[i].order[0]);
        l->pointers[i] = &l->buffers[i];
    }
    dat_prefetch_config prefetch = {.make = make_ahead,
                                    .context = l,
                                    .first = config->first,
                                    .end = config->end,
                                    .buffers = l->pointers,
                                    .n_buffers = l->n_buffers,
                                    .n_workers = config->n_workers};
    dat_status status = config->n_workers > 0 ? dat_prefetch_start(&prefetch, &l->prefetch) : DAT_OK;
    *loader = l;
    if (status.code != DAT_CODE_OK) {
        dat_batch_loader_close(l);
        *loader = NULL;
    }
    return status;
}

dat_status dat_batch_loader_next(dat_batch_loader *loader, const dat_batch **batch)
{
    void *next = NULL;
    *batch = NULL;
    if (loader->prefetch) {
        DAT_TRY(dat_prefetch_next(loader->prefetch, &next));
    } else if (loader->next < loader->config.end) {
        next = &loader->buffers[0];
        make(loader, loader->next++, dat_batch_read, next);
    }
    if (next)
        *batch = &((const buffer *)next)->batch;
    return DAT_OK;
}

void dat_batch_loader_close(dat_batch_loader *loader)
{
    if (!loader)
        return;
    dat_prefetch_stop(loader->prefetch);
    for (int i = 0; i < loader->n_buffers; i++) {
        dat_batch_free(&loader->buffers[i].batch);
        free(loader->buffers[i].order);
    }
    free(loader->buffers);
    free(loader->pointers);
    free(loader);
}
