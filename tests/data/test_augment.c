/* Augmented batches: what each augmentation may do to an image, how often it does it, and that an example is
 * a function of seed, epoch and index alone. Images are of random bytes, each a class of its own. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/augment.h"
#include "support/chance.h"
#include "support/close.h"
#include "support/made_images.h"

enum {
    N_IMAGES = 12,
    SIDE = 8,
    AREA = SIDE * SIDE,
    VALUES = 3 * AREA,
    PADDING = 4,
    PLACES = 2 * PADDING + 1
};

#define SIGMAS    4.5
#define TOLERANCE 1e-6 /* of values in 0..1 in float */

typedef struct fixture {
    dat_images images;
    dat_examples examples; /* room for N_IMAGES */
} fixture;

static dat_examples room_for(const dat_images *images, size_t n)
{
    size_t values = (size_t)dat_images_values(images);
    return (dat_examples){.inputs = calloc(n * values, sizeof(dat_real)),
                          .labels = calloc(n, sizeof(int32_t)),
                          .second_labels = calloc(n, sizeof(int32_t)),
                          .weights = calloc(n, sizeof(dat_real))};
}

static void free_examples(dat_examples *examples)
{
    free(examples->inputs);
    free(examples->labels);
    free(examples->second_labels);
    free(examples->weights);
}

static void augment(const dat_augmenter *augmenter, uint64_t epoch, const int64_t *indices, int64_t n,
                    dat_examples *examples)
{
    dat_dataset dataset = dat_augmenter_as_dataset(augmenter);
    dataset.read(&dataset, (int64_t)epoch, indices, n, *examples);
}

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->images = made_images(N_IMAGES, SIDE, SIDE, 1);
    f->examples = room_for(&f->images, N_IMAGES);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    free_examples(&f->examples);
    dat_images_free(&f->images);
    free(f);
    return 0;
}

/* Makes one example, the first of the batch. */
static const dat_real *make(fixture *f, dat_augmentation augmentation, uint64_t epoch, int64_t index)
{
    augment(&(dat_augmenter){&f->images, augmentation, 5}, epoch, &index, 1, &f->examples);
    assert_int_equal(f->examples.labels[0], index);
    return f->examples.inputs;
}

/* Value i of an image without augmentation. */
static double plain(const fixture *f, int64_t index, int64_t i)
{
    return f->images.pixels[index * VALUES + i] / 255.0;
}

static void nothing_is_normalisation_alone(void **state)
{
    fixture *f = *state;
    f->images.normalisation = (dat_normalisation){{0.5, 0.4, 0.3}, {0.25, 0.5, 2}};
    make(f, (dat_augmentation){0}, 0, 3);
    for (int i = 0; i < VALUES; i++) {
        int channel = i / AREA;
        double expected = (plain(f, 3, i) - f->images.normalisation.mean[channel]) /
                          f->images.normalisation.deviation[channel];
        assert_close(f->examples.inputs[i], expected, TOLERANCE);
    }
}

/* Whether values are image 3 seen through a window at (left, top), mirrored or not. */
static bool is_window(const fixture *f, const dat_real *values, int left, int top, bool mirrored)
{
    for (int i = 0; i < VALUES; i++) {
        int column = i % SIDE, x = left + (mirrored ? SIDE - 1 - column : column), y = top + i % AREA / SIDE;
        bool inside = x >= 0 && x < SIDE && y >= 0 && y < SIDE;
        double expected = inside ? plain(f, 3, i / AREA * AREA + y * SIDE + x) : 0;
        if (!(fabs((double)values[i] - expected) <= TOLERANCE))
            return false;
    }
    return true;
}

/* Each example is one of 9 x 9 windows and mirrored or not; all are equally likely. */
static void crops_and_flips_are_uniform(void **state)
{
    fixture *f = *state;
    enum { EPOCHS = 20000, WINDOWS = PLACES * PLACES };
    static int64_t windows[WINDOWS];
    int64_t mirrored = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        const dat_real *values =
            make(f, (dat_augmentation){.crop_padding = PADDING, .flip = true}, (uint64_t)epoch, 3);
        int found = -1;
        for (int window = 0; window < 2 * WINDOWS && found < 0; window++) {
            int left = window / 2 % PLACES - PADDING, top = window / 2 / PLACES - PADDING;
            found = is_window(f, values, left, top, window % 2) ? window : -1;
        }
        assert_true(found >= 0);
        windows[found / 2]++;
        mirrored += found % 2;
    }
    assert_true(histogram_is("windows", windows, NULL, WINDOWS, SIGMAS));
    assert_true(share_is("mirrored", mirrored, EPOCHS, 0.5, SIGMAS));
}

/* The pasted box is a rectangle of the partner, and the weight is exactly the share of the rest. */
static void cutmix_weighs_by_the_pasted_area(void **state)
{
    fixture *f = *state;
    enum { EPOCHS = 5000 };
    int64_t partners[N_IMAGES] = {0};
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        const dat_real *values = make(f, (dat_augmentation){.cutmix = 1}, (uint64_t)epoch, 3);
        int32_t partner = f->examples.second_labels[0];
        int left = SIDE, top = SIDE, right = -1, bottom = -1, pasted = 0;
        partners[partner]++;
        for (int place = 0; place < AREA && partner != 3; place++) {
            bool own = true, other = true;
            for (int channel = 0; channel < 3; channel++) {
                int i = channel * AREA + place;
                own &= fabs((double)values[i] - plain(f, 3, i)) <= TOLERANCE;
                other &= fabs((double)values[i] - plain(f, partner, i)) <= TOLERANCE;
            }
            assert_true(own != other);
            if (own)
                continue;
            int x = place % SIDE, y = place / SIDE;
            left = x < left ? x : left, right = x > right ? x : right;
            top = y < top ? y : top, bottom = y > bottom ? y : bottom;
            pasted++;
        }
        if (partner == 3)
            continue;
        if (pasted > 0)
            assert_int_equal(pasted, (right - left + 1) * (bottom - top + 1));
        assert_close(f->examples.weights[0], 1 - pasted / (double)AREA, TOLERANCE);
    }
    assert_true(histogram_is("partners", partners, NULL, N_IMAGES, SIGMAS));
}

/* At a corner of a large image, boxes of any size cover a known share: with side s = sqrt(u), u uniform, and
 * the centre uniform, the corner is covered when the centre is within s / 2 of it in both directions, with
 * probability s^2 / 4 = u / 4, on average 1/8; and the middle when it is within s / 2 on either side: u, 1/2.
 */
static void boxes_cover_corners_and_the_middle_as_often_as_they_should(void **state)
{
    (void)state;
    enum { LARGE = 200, EPOCHS = 2000, LARGE_AREA = LARGE * LARGE };
    dat_images images = made_images(2, LARGE, LARGE, 2);
    memset(images.pixels, 0, 3 * LARGE_AREA);
    memset(images.pixels + 3 * LARGE_AREA, 255, 3 * LARGE_AREA);
    dat_examples examples = room_for(&images, 1);
    dat_augmenter augmenter = {&images, {.cutmix = 1}, 9};
    int64_t corner = 0, middle = 0, n = 0, index = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        augment(&augmenter, (uint64_t)epoch, &index, 1, &examples);
        if (examples.second_labels[0] == 0)
            continue;
        n++;
        corner += examples.inputs[0] > 0;
        middle += examples.inputs[LARGE / 2 * LARGE + LARGE / 2] > 0;
    }
    assert_true(share_is("corner", corner, n, 0.125, SIGMAS));
    assert_true(share_is("middle", middle, n, 0.5, SIGMAS));
    free_examples(&examples);
    dat_images_free(&images);
}

static void mixup_weighs_by_its_blend(void **state)
{
    fixture *f = *state;
    enum { EPOCHS = 20000, BINS = 10 };
    int64_t weights[BINS] = {0}, partners[N_IMAGES] = {0}, mixed = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        const dat_real *values = make(f, (dat_augmentation){.mixup = 0.8}, (uint64_t)epoch, 3);
        double weight = (double)f->examples.weights[0];
        int32_t partner = f->examples.second_labels[0];
        for (int i = 0; i < VALUES; i++)
            assert_close(values[i], weight * plain(f, 3, i) + (1 - weight) * plain(f, partner, i), TOLERANCE);
        if (weight < 1) {
            mixed++;
            weights[(int)(weight * BINS)]++;
            partners[partner]++;
        } else {
            assert_int_equal(partner, 3);
        }
    }
    assert_true(share_is("mixed", mixed, EPOCHS, 0.8, SIGMAS));
    assert_true(histogram_is("weights", weights, NULL, BINS, SIGMAS));
    assert_true(histogram_is("partners", partners, NULL, N_IMAGES, SIGMAS));
}

/* The partner is the image that this epoch shows under its own index, cropped and flipped as there. */
static void a_partner_is_augmented_as_the_example_it_is(void **state)
{
    fixture *f = *state;
    dat_augmentation alone = {.crop_padding = PADDING, .flip = true}, mixed = alone;
    mixed.mixup = 1;
    for (uint64_t epoch = 0; epoch < 50; epoch++) {
        dat_real own[VALUES], partner[VALUES];
        memcpy(own, make(f, alone, epoch, 3), sizeof own);
        make(f, mixed, epoch, 3);
        int32_t label = f->examples.second_labels[0];
        memcpy(partner, make(f, alone, epoch, label), sizeof partner);
        const dat_real *values = make(f, mixed, epoch, 3);
        for (int i = 0; i < VALUES; i++) {
            double weight = (double)f->examples.weights[0];
            assert_close(values[i], weight * (double)own[i] + (1 - weight) * (double)partner[i], TOLERANCE);
        }
    }
}

static void cutmix_goes_before_mixup(void **state)
{
    fixture *f = *state;
    enum { EPOCHS = 5000 };
    int64_t cut = 0, blended = 0, n = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        const dat_real *values = make(f, (dat_augmentation){.cutmix = 0.5, .mixup = 0.8}, (uint64_t)epoch, 3);
        double weight = (double)f->examples.weights[0];
        int32_t partner = f->examples.second_labels[0];
        bool is_blend = weight < 1;
        for (int i = 0; i < VALUES && is_blend; i++)
            is_blend = fabs((double)values[i] - weight * plain(f, 3, i) -
                            (1 - weight) * plain(f, partner, i)) <= TOLERANCE;
        if (partner == 3 && weight < 1)
            continue; /* either */
        n++;
        blended += is_blend;
        cut += weight < 1 && !is_blend;
    }
    /* Without partner 3, which drops out of 1/12 of what is mixed (0.9 of all); a few boxes are empty. */
    double kept = 1 - 0.9 / N_IMAGES;
    assert_true(share_is("blended", blended, n, 0.5 * 0.8 * (1 - 1.0 / N_IMAGES) / kept, SIGMAS));
    assert_true(cut * 100 > n * 35 && cut * 2 < n);
}

/* Differences of an example of image 3 from the image, mirrored or not, in units of a byte; returns how many
 * places differ. */
static int differences_from(const fixture *f, bool mirrored, double differences[AREA])
{
    int n = 0;
    for (int i = 0; i < AREA; i++) {
        int from = mirrored ? i / SIDE * SIDE + SIDE - 1 - i % SIDE : i;
        differences[i] = 255 * ((double)f->examples.inputs[i] - plain(f, 3, from));
        n += fabs(differences[i]) > 1e-4;
    }
    return n;
}

typedef enum box_kind { TOO_NARROW, FLAT, SLOPED } box_kind;

/* Fails unless the differences that are not 0 lie in a box in which they are alike in every row and linear in
 * the column; says whether they change with it. */
static box_kind blended_box(const double d[AREA])
{
    int left = SIDE, top = SIDE, right = -1, bottom = -1;
    for (int i = 0; i < AREA; i++) {
        if (fabs(d[i]) <= 1e-4)
            continue;
        left = i % SIDE < left ? i % SIDE : left, right = i % SIDE > right ? i % SIDE : right;
        top = i / SIDE < top ? i / SIDE : top, bottom = i / SIDE;
    }
    if (right <= left)
        return TOO_NARROW;
    double slope = d[top * SIDE + left + 1] - d[top * SIDE + left];
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++)
            assert_close(d[y * SIDE + x], d[top * SIDE + left] + (x - left) * slope, 1e-3);
    return fabs(slope) > 1e-3 ? SLOPED : FLAT;
}

/* On an image that grows by 1 to the right and by 8 to the bottom, what is pasted from elsewhere differs from
 * what was there by a constant when both are mirrored or neither, otherwise by a linear function of the
 * column.
 */
static void crop_paste_blends_a_box_into_another_place(void **state)
{
    fixture *f = *state;
    enum { EPOCHS = 2000 };
    int64_t mirrored = 0, mirrored_boxes = 0, boxes = 0;
    for (int i = 0; i < VALUES; i++)
        f->images.pixels[3 * VALUES + i] = (uint8_t)(i % SIDE + 8 * (i % AREA / SIDE));
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        const dat_real *values = make(f, (dat_augmentation){.crop_paste = true}, (uint64_t)epoch, 3);
        double differences[2][AREA];
        int upright = differences_from(f, false, differences[0]);
        int turned = differences_from(f, true, differences[1]);
        bool flip = turned < upright;
        mirrored += flip;
        box_kind kind = blended_box(differences[flip]);
        boxes += kind != TOO_NARROW;
        mirrored_boxes += kind != TOO_NARROW && (kind == SLOPED) != flip;
        for (int i = 0; i < AREA; i++) /* all channels alike */
            assert_close(values[i], values[2 * AREA + i], 0);
    }
    assert_true(share_is("mirrored", mirrored, EPOCHS, 0.5, SIGMAS));
    assert_true(boxes > EPOCHS / 2);
    assert_true(share_is("mirrored boxes", mirrored_boxes, boxes, 0.5, 2 * SIGMAS)); /* flat ones hide at 0 */
}

static void crop_paste_leaves_one_colour_alone(void **state)
{
    fixture *f = *state;
    memset(f->images.pixels, 90, N_IMAGES * VALUES);
    for (uint64_t epoch = 0; epoch < 200; epoch++) {
        const dat_real *values = make(f, (dat_augmentation){.crop_paste = true}, epoch, 3);
        for (int i = 0; i < VALUES; i++)
            assert_close(values[i], 90 / 255.0, TOLERANCE);
    }
}

static const dat_augmentation everything = {.crop_padding = PADDING,
                                            .flip = true,
                                            .autoaugment = DAT_AUTOAUGMENT_REFERENCE,
                                            .crop_paste = true,
                                            .cutmix = 0.5,
                                            .mixup = 0.8};

/* The same example in a batch of all, in reverse, and alone; another one in another epoch or with another
 * seed.
 */
static void an_example_depends_on_seed_epoch_and_index_alone(void **state)
{
    fixture *f = *state;
    dat_augmenter augmenter = {&f->images, everything, 5}, other_seed = {&f->images, everything, 6};
    static dat_real first[N_IMAGES * VALUES], again[N_IMAGES * VALUES];
    int64_t forward[N_IMAGES], backward[N_IMAGES];
    int32_t labels[N_IMAGES];
    for (int i = 0; i < N_IMAGES; i++) {
        forward[i] = i;
        backward[i] = N_IMAGES - 1 - i;
    }
    augment(&augmenter, 4, forward, N_IMAGES, &f->examples);
    memcpy(first, f->examples.inputs, sizeof first);
    memcpy(labels, f->examples.second_labels, sizeof labels);
    augment(&augmenter, 4, backward, N_IMAGES, &f->examples);
    for (int i = 0; i < N_IMAGES; i++) {
        memcpy(again + i * VALUES, f->examples.inputs + (N_IMAGES - 1 - i) * VALUES,
               VALUES * sizeof again[0]);
        assert_int_equal(labels[i], f->examples.second_labels[N_IMAGES - 1 - i]);
    }
    assert_same_bits(again, first, N_IMAGES * VALUES);
    assert_same_bits(make(f, everything, 4, 7), first + 7 * VALUES, VALUES);

    assert_memory_not_equal(make(f, everything, 5, 7), first + 7 * VALUES, VALUES * sizeof first[0]);
    augment(&other_seed, 4, forward, N_IMAGES, &f->examples);
    assert_memory_not_equal(f->examples.inputs, first, sizeof first);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_normalisation_alone),
        TEST(crops_and_flips_are_uniform),
        TEST(cutmix_weighs_by_the_pasted_area),
        cmocka_unit_test(boxes_cover_corners_and_the_middle_as_often_as_they_should),
        TEST(mixup_weighs_by_its_blend),
        TEST(a_partner_is_augmented_as_the_example_it_is),
        TEST(cutmix_goes_before_mixup),
        TEST(crop_paste_blends_a_box_into_another_place),
        TEST(crop_paste_leaves_one_colour_alone),
        TEST(an_example_depends_on_seed_epoch_and_index_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
