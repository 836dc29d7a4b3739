#include "data/image_loader.h"

#include <stdlib.h>

#include "data/prefetch.h"
#include "util/memory.h"

/* A batch with the order of the epoch that it was last made for. */
typedef struct buffer {
    dat_image_batch batch;
    int64_t epoch;  /* -1: none yet */
    int64_t *order; /* [size of the set] */
} buffer;

struct dat_image_loader {
    dat_image_loader_config config;
    int64_t batches_per_epoch;
    int n_buffers;
    buffer *buffers; /* [n_buffers] */
    void **pointers; /* [n_buffers], to the buffers */
    dat_prefetch *prefetch;
};

static dat_status make_batch(const void *context, int64_t number, void *into)
{
    const dat_image_loader *loader = context;
    const dat_image_loader_config *c = &loader->config;
    buffer *b = into;
    const int64_t size = c->augmenter.images->size;
    int64_t epoch = number / loader->batches_per_epoch;
    if (b->epoch != epoch) {
        dat_rng rng = dat_rng_fork(&c->order, (uint64_t)epoch);
        dat_rng_permutation(&rng, size, b->order);
        b->epoch = epoch;
    }
    int64_t start = number % loader->batches_per_epoch * c->batch_size;
    int64_t count = size - start < c->batch_size ? size - start : c->batch_size;
    dat_augment_batch(&c->augmenter, (uint64_t)epoch, b->order + start, count, &b->batch);
    return DAT_OK;
}

dat_status dat_image_loader_open(const dat_image_loader_config *config, dat_image_loader **loader)
{
    const dat_images *images = config->augmenter.images;
    DAT_ASSERT(images->size > 0 && config->batch_size > 0 && config->n_ahead > 0);
    dat_image_loader *l = dat_allocate(1, sizeof *l);
    *l = (dat_image_loader){.config = *config, .n_buffers = config->n_ahead + 1};
    l->batches_per_epoch = (images->size + config->batch_size - 1) / config->batch_size;
    l->buffers = dat_allocate((size_t)l->n_buffers, sizeof l->buffers[0]);
    l->pointers = dat_allocate((size_t)l->n_buffers, sizeof l->pointers[0]);
    for (int i = 0; i < l->n_buffers; i++) {
        dat_image_batch_init(&l->buffers[i].batch, images, config->batch_size);
        l->buffers[i].epoch = -1;
        l->buffers[i].order = dat_allocate((size_t)images->size, sizeof l->buffers[i].order[0]);
        l->pointers[i] = &l->buffers[i];
    }
    dat_prefetch_config prefetch = {.make = make_batch,
                                    .context = l,
                                    .first = config->first,
                                    .end = config->end,
                                    .buffers = l->pointers,
                                    .n_buffers = l->n_buffers,
                                    .n_workers = config->n_workers};
    dat_status status = dat_prefetch_start(&prefetch, &l->prefetch);
    *loader = l;
    if (status.code != DAT_CODE_OK) {
        dat_image_loader_close(l);
        *loader = NULL;
    }
    return status;
}

dat_status dat_image_loader_next(dat_image_loader *loader, const dat_image_batch **batch)
{
    void *next;
    *batch = NULL;
    DAT_TRY(dat_prefetch_next(loader->prefetch, &next));
    if (next)
        *batch = &((const buffer *)next)->batch;
    return DAT_OK;
}

void dat_image_loader_close(dat_image_loader *loader)
{
    if (!loader)
        return;
    dat_prefetch_stop(loader->prefetch);
    for (int i = 0; i < loader->n_buffers; i++) {
        dat_image_batch_free(&loader->buffers[i].batch);
        free(loader->buffers[i].order);
    }
    free(loader->buffers);
    free(loader->pointers);
    free(loader);
}
