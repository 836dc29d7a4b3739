/* The loader: the same bits with any number of workers, every image once an epoch, and a late beginning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/augment.h"
#include "support/close.h"
#include "support/made_images.h"
#include "train/batch_loader.h"

enum { N_IMAGES = 50, SIDE = 8, VALUES = 3 * SIDE * SIDE, BATCH = 16, PER_EPOCH = 4, EPOCHS = 3 };
enum { END = PER_EPOCH * EPOCHS };

/* All batches, one after the other. */
typedef struct record {
    int64_t count; /* examples */
    dat_real inputs[EPOCHS * N_IMAGES * VALUES];
    int32_t labels[EPOCHS * N_IMAGES], second_labels[EPOCHS * N_IMAGES];
    dat_real weights[EPOCHS * N_IMAGES];
} record;

/* Loads batches first..END-1 of augmented images and checks their sizes. The caller frees the result. */
static record *load(const dat_images *images, int64_t first, int n_workers)
{
    dat_augmenter augmenter = {images,
                               {.crop_padding = 4,
                                .flip = true,
                                .autoaugment = DAT_AUTOAUGMENT_REFERENCE,
                                .crop_paste = true,
                                .cutmix = 0.5,
                                .mixup = 0.8},
                               3};
    dat_dataset data = dat_augmenter_as_dataset(&augmenter);
    dat_batch_loader_config config = {.data = &data,
                                      .order = dat_rng_seed(4),
                                      .batch_size = BATCH,
                                      .first = first,
                                      .end = END,
                                      .n_workers = n_workers};
    dat_batch_loader *loader;
    const dat_batch *batch;
    record *r = calloc(1, sizeof *r);
    assert_string_equal(dat_batch_loader_open(&config, &loader).message, "");
    for (int64_t number = first; number < END; number++) {
        assert_string_equal(dat_batch_loader_next(loader, &batch).message, "");
        assert_int_equal(batch->count, number % PER_EPOCH == PER_EPOCH - 1 ? N_IMAGES % BATCH : BATCH);
        const dat_examples *e = &batch->examples;
        size_t n = (size_t)batch->count;
        memcpy(r->inputs + r->count * VALUES, e->inputs, n * VALUES * sizeof r->inputs[0]);
        memcpy(r->labels + r->count, e->labels, n * sizeof r->labels[0]);
        memcpy(r->second_labels + r->count, e->second_labels, n * sizeof r->second_labels[0]);
        memcpy(r->weights + r->count, e->weights, n * sizeof r->weights[0]);
        r->count += batch->count;
    }
    assert_string_equal(dat_batch_loader_next(loader, &batch).message, "");
    assert_null(batch);
    dat_batch_loader_close(loader);
    return r;
}

static void expect_same(const record *a, int64_t from, const record *b)
{
    assert_int_equal(a->count - from, b->count);
    assert_same_bits(a->inputs + from * VALUES, b->inputs, b->count * VALUES);
    assert_same_bits(a->weights + from, b->weights, b->count);
    for (int64_t i = 0; i < b->count; i++) {
        assert_int_equal(a->labels[from + i], b->labels[i]);
        assert_int_equal(a->second_labels[from + i], b->second_labels[i]);
    }
}

static void the_number_of_workers_changes_no_bit(void **state)
{
    (void)state;
    dat_images images = made_images(N_IMAGES, SIDE, SIDE, 1);
    record *none = load(&images, 0, 0), *one = load(&images, 0, 1), *three = load(&images, 0, 3);
    expect_same(none, 0, one);
    expect_same(none, 0, three);
    free(none);
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
        const int32_t *labels = r->labels + epoch * N_IMAGES;
        for (int i = 0; i < N_IMAGES; i++) {
            seen[labels[i]]++;
            in_place += labels[i] == i;
            in_place += epoch > 0 && labels[i] == r->labels[(epoch - 1) * N_IMAGES + i];
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
    record *rest_alone = load(&images, PER_EPOCH + 2, 0);
    expect_same(whole, N_IMAGES + 2 * BATCH, rest);
    expect_same(whole, N_IMAGES + 2 * BATCH, rest_alone);
    free(rest_alone);
    free(whole);
    free(rest);
    dat_images_free(&images);
}

static void it_may_be_closed_at_once(void **state)
{
    (void)state;
    dat_images images = made_images(N_IMAGES, SIDE, SIDE, 1);
    dat_dataset data = dat_images_as_dataset(&images);
    dat_batch_loader_config config = {.data = &data, .batch_size = 7, .end = 1000, .n_workers = 2};
    dat_batch_loader *loader;
    for (int i = 0; i < 20; i++) {
        assert_string_equal(dat_batch_loader_open(&config, &loader).message, "");
        dat_batch_loader_close(loader);
    }
    dat_batch_loader_close(NULL);
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
