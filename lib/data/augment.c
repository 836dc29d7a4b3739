#include "data/augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/image_geometry.h"
#include "util/memory.h"

/* Streams of an example: its own changes, so that they are the same when it is another's partner; and what it
 * is mixed with. */
enum { STREAM_OWN, STREAM_MIX };

/* Memory for making one example after the other. */
typedef struct workshop {
    dat_real *partner;  /* one example */
    dat_real *original; /* one example */
    uint8_t *bytes;     /* two images */
} workshop;

static workshop open_workshop(const dat_images *images)
{
    size_t values = (size_t)dat_images_values(images);
    return (workshop){.partner = dat_allocate(values, sizeof(dat_real)),
                      .original = dat_allocate(values, sizeof(dat_real)),
                      .bytes = dat_allocate(2 * values, 1)};
}

static void close_workshop(workshop *w)
{
    free(w->partner);
    free(w->original);
    free(w->bytes);
}

static dat_rng example_stream(const dat_augmenter *augmenter, uint64_t epoch, int64_t index, uint64_t stream)
{
    dat_rng root = dat_rng_seed(augmenter->seed);
    dat_rng of_epoch = dat_rng_fork(&root, epoch);
    dat_rng of_example = dat_rng_fork(&of_epoch, (uint64_t)index);
    return dat_rng_fork(&of_example, stream);
}

static int below(dat_rng *rng, int bound)
{
    return (int)dat_rng_below(rng, (uint64_t)bound);
}

/* Columns left..right-1 and rows top..bottom-1 of an image. */
typedef struct box {
    int left, top, right, bottom;
} box;

static int clamp(int value, int high)
{
    return value < 0 ? 0 : value > high ? high : value;
}

/* A box with a centre anywhere and an area of a uniform share (Beta(1, 1)) of the image, less what rounding
 * to an even number of pixels and the border cut off. */
static box draw_box(dat_rng *rng, int height, int width)
{
    double side = sqrt(1 - dat_rng_uniform(rng));
    int half_width = (int)(width * side) / 2, half_height = (int)(height * side) / 2;
    int x = below(rng, width), y = below(rng, height);
    return (box){clamp(x - half_width, width), clamp(y - half_height, height), clamp(x + half_width, width),
                 clamp(y + half_height, height)};
}

/* --- one image --- */

/* Blends a box of the image, perhaps mirrored, into the image, perhaps mirrored, at a random place, which may
 * touch all borders (in the reference not the right and the lower one). `original` is scratch memory. */
static void crop_paste(dat_rng *rng, dat_real *values, int height, int width, dat_real *original)
{
    const int64_t area = (int64_t)height * width;
    box from = draw_box(rng, height, width);
    int box_width = from.right - from.left, box_height = from.bottom - from.top;
    int left = below(rng, width - box_width + 1), top = below(rng, height - box_height + 1);
    bool flip_box = below(rng, 2), flip_image = below(rng, 2);
    dat_real kept = (dat_real)dat_rng_uniform(rng);
    memcpy(original, values, (size_t)(DAT_IMAGE_CHANNELS * area) * sizeof values[0]);
    for (int64_t row = 0; flip_image && row < (int64_t)DAT_IMAGE_CHANNELS * height; row++)
        for (int x = 0; x < width; x++)
            values[row * width + x] = original[row * width + width - 1 - x];
    for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
        for (int y = 0; y < box_height; y++) {
            const dat_real *source = original + channel * area + (int64_t)(from.top + y) * width + from.left;
            dat_real *target = values + channel * area + (int64_t)(top + y) * width + left;
            for (int x = 0; x < box_width; x++) {
                dat_real pasted = source[flip_box ? box_width - 1 - x : x];
                target[x] = kept * target[x] + (1 - kept) * pasted;
            }
        }
}

/* Writes one example without mixing. */
static void augment_alone(const dat_augmenter *augmenter, uint64_t epoch, int64_t index, const workshop *w,
                          dat_real *values)
{
    const dat_augmentation *a = &augmenter->augmentation;
    const dat_images *images = augmenter->images;
    dat_rng rng = example_stream(augmenter, epoch, index, STREAM_OWN);
    dat_image source = dat_images_at(images, index);
    dat_image image = {source.height, source.width, w->bytes};
    int places = 2 * a->crop_padding + 1;
    int left = below(&rng, places) - a->crop_padding, top = below(&rng, places) - a->crop_padding;
    dat_image_window(&source, left, top, &image);
    if (below(&rng, 2) == 1 && a->flip)
        dat_image_flip(&image);
    if (a->autoaugment != DAT_AUTOAUGMENT_NONE) {
        dat_autoaugment_draw draw = dat_autoaugment_choose(a->autoaugment, &rng, image.height, image.width);
        dat_autoaugment_apply(a->autoaugment, &draw, &image, w->bytes + dat_images_values(images));
    }
    dat_image_normalise(&image, &images->normalisation, values);
    if (a->crop_paste)
        crop_paste(&rng, values, image.height, image.width, w->original);
}

/* --- two images --- */

/* Pastes a box of the partner; the weight is the share of the area that is left. */
static dat_real cutmix(dat_rng *rng, dat_real *values, const dat_real *partner, int height, int width)
{
    box b = draw_box(rng, height, width);
    for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
        for (int y = b.top; y < b.bottom; y++)
            for (int x = b.left; x < b.right; x++) {
                int64_t place = ((int64_t)channel * height + y) * width + x;
                values[place] = partner[place];
            }
    double pasted = (double)(b.right - b.left) * (b.bottom - b.top);
    return (dat_real)(1 - pasted / ((double)height * width));
}

static dat_real mixup(dat_rng *rng, dat_real *values, const dat_real *partner, int64_t count)
{
    dat_real weight = (dat_real)dat_rng_uniform(rng); /* Beta(1, 1) */
    for (int64_t i = 0; i < count; i++)
        values[i] = weight * values[i] + (1 - weight) * partner[i];
    return weight;
}

/* Mixes an example, which is augmented already, with a partner or leaves it alone. */
static void mix(const dat_augmenter *augmenter, uint64_t epoch, int64_t index, const workshop *w,
                dat_examples example)
{
    const dat_augmentation *a = &augmenter->augmentation;
    const dat_images *images = augmenter->images;
    dat_rng rng = example_stream(augmenter, epoch, index, STREAM_MIX);
    bool cut = dat_rng_uniform(&rng) < a->cutmix, blended = dat_rng_uniform(&rng) < a->mixup;
    example.second_labels[0] = example.labels[0];
    example.weights[0] = 1;
    if (!cut && !blended)
        return;
    int64_t partner = (int64_t)dat_rng_below(&rng, (uint64_t)images->size);
    augment_alone(augmenter, epoch, partner, w, w->partner);
    example.second_labels[0] = images->labels[partner];
    example.weights[0] = cut ? cutmix(&rng, example.inputs, w->partner, images->height, images->width)
                             : mixup(&rng, example.inputs, w->partner, dat_images_values(images));
}

static void read_augmented(const dat_dataset *dataset, int64_t epoch, const int64_t *indices, int64_t n,
                           dat_examples out)
{
    const dat_augmenter *augmenter = dataset->state;
    workshop w = open_workshop(augmenter->images);
    for (int64_t i = 0; i < n; i++) {
        dat_examples example = dat_examples_from(dataset, out, i);
        augment_alone(augmenter, (uint64_t)epoch, indices[i], &w, example.inputs);
        example.labels[0] = augmenter->images->labels[indices[i]];
        if (dataset->mixed)
            mix(augmenter, (uint64_t)epoch, indices[i], &w, example);
    }
    close_workshop(&w);
}

dat_dataset dat_augmenter_as_dataset(const dat_augmenter *augmenter)
{
    dat_dataset dataset = dat_images_as_dataset(augmenter->images);
    dataset.mixed = augmenter->augmentation.cutmix > 0 || augmenter->augmentation.mixup > 0;
    dataset.state = augmenter;
    dataset.read = read_augmented;
    return dataset;
}
