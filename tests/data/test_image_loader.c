/* The loader: the same bits with any number of workers, every image once an epoch, and a late beginning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/image_loader.h"
#include "support/close.h"
#include "support/made_images.h"

enum { N_IMAGES = 50, SIDE = 8, VALUES = 3 * SIDE * SIDE, BATCH = 16, PER_EPOCH = 4, EPOCHS = 3 };
enum { END = PER_EPOCH * EPOCHS };

/* All batches, one after the other. */
typedef struct record {
    int64_t count; /* examples */
    dat_real inputs[EPOCHS * N_IMAGES * VALUES];
    int32_t labels_a[EPOCHS * N_IMAGES], labels_b[EPOCHS * N_IMAGES];
    dat_real weights[EPOCHS * N_IMAGES];
} record;

/* Loads batches first..END-1 and checks their sizes. The caller frees the result. */
static record *load(const dat_images *images, int64_t first, int n_workers)
{
    dat_image_loader_config config = {.augmenter = {images,
                                                    {.crop_padding = 4,
                                                     .flip = true,
                                                     .autoaugment = DAT_AUTOAUGMENT_REFERENCE,
                                                     .cutmix = 0.5,
                                                     .mixup = 0.8},
                                                    3},
                                      .order = dat_rng_seed(4),
                                      .batch_size = BATCH,
                                      .first = first,
                                      .end = END,
                                      .n_workers = n_workers,
                                      .n_ahead = 2};
    dat_image_loader *loader;
    const dat_image_batch *batch;
    record *r = calloc(1, sizeof *r);
    assert_string_equal(dat_image_loader_open(&config, &loader).message, "");
    for (int64_t number = first; number < END; number++) {
        assert_string_equal(dat_image_loader_next(loader, &batch).message, "");
        assert_int_equal(batch->count, number % PER_EPOCH == PER_EPOCH - 1 ? N_IMAGES % BATCH : BATCH);
        size_t n = (size_t)batch->count;
        memcpy(r->inputs + r->count * VALUES, batch->inputs, n * VALUES * sizeof r->inputs[0]);
        memcpy(r->labels_a + r->count, batch->labels_a, n * sizeof r->labels_a[0]);
        memcpy(r->labels_b + r->count, batch->labels_b, n * sizeof r->labels_b[0]);
        memcpy(r->weights + r->count, batch->weights, n * sizeof r->weights[0]);
        r->count += batch->count;
    }
    assert_string_equal(dat_image_loader_next(loader, &batch).message, "");
    assert_null(batch);
    dat_image_loader_close(loader);
    return r;
}

static void expect_same(const record *a, int64_t from, const record *b)
{
    assert_int_equal(a->count - from, b->count);
    assert_same_bits(a->inputs + from * VALUES, b->inputs, b->count * VALUES);
    assert_same_bits(a->weights + from, b->weights, b->count);
    for (int64_t i = 0; i < b->count; i++) {
        assert_int_equal(a->labels_a[from + i], b->labels_a[i]);
        assert_int_equal(a->labels_b[from + i], b->labels_b[i]);
    }
}

static void the_number_of_workers_changes_no_bit(void **state)
{
    (void)state;
    dat_images images = made_images(N_IMAGES, SIDE, SIDE, 1);
    record *one = load(&images, 0, 1), *three = load(&images, 0, 3);
    expect_same(one, 0, three);
    free(one);
    free(three);
    dat_images_free(&images);
}

static void every_image_comes_once_an_epoch_in_a_new_order(void **state)
{
    (void)state;
    dat_images images = made_images(N_IMAGES, SIDE, SIDE, 1);
    record *r = load(&images, 0, 2);
    assert_int_equal(r->count, EPOCHS * N_IMAGES);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        int seen[N_IMAGES] = {0}, in_place = 0;
        const int32_t *labels = r->labels_a + epoch * N_IMAGES;
        for (int i = 0; i < N_IMAGES; i++) {
            seen[labels[i]]++;
            in_place += labels[i] == i;
            in_place += epoch > 0 && labels[i] == r->labels_a[(epoch - 1) * N_IMAGES + i];
        }
        for (int i = 0; i < N_IMAGES; i++)
            assert_int_equal(seen[i], 1);
        assert_true(in_place < 10); /* 2 on average when orders are random */
    }
    free(r);
    dat_images_free(&images);
}

static void a_late_beginning_goes_on_as_if_it_were_early(void **state)
{
    (void)state;
    dat_images images = made_images(N_IMAGES, SIDE, SIDE, 1);
    record *whole = load(&images, 0, 2), *rest = load(&images, PER_EPOCH + 2, 2);
    expect_same(whole, N_IMAGES + 2 * BATCH, rest);
    free(whole);
    free(rest);
    dat_images_free(&images);
}

static void it_may_be_closed_at_once(void **state)
{
    (void)state;
    dat_images images = made_images(N_IMAGES, SIDE, SIDE, 1);
    dat_image_loader_config config = {
        .augmenter = {.images = &images}, .batch_size = 7, .end = 1000, .n_workers = 2, .n_ahead = 1};
    dat_image_loader *loader;
    for (int i = 0; i < 20; i++) {
        assert_string_equal(dat_image_loader_open(&config, &loader).message, "");
        dat_image_loader_close(loader);
    }
    dat_image_loader_close(NULL);
    dat_images_free(&images);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_of_workers_changes_no_bit),
        cmocka_unit_test(every_image_comes_once_an_epoch_in_a_new_order),
        cmocka_unit_test(a_late_beginning_goes_on_as_if_it_were_early),
        cmocka_unit_test(it_may_be_closed_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
