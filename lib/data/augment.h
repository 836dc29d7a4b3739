/* Random changes to training images, by the names and in the order of the reference's CIFAR experiments:
 * crop, flip, AutoAugment, normalisation, crop-paste, then CutMix or MixUp with another image.
 *
 * An augmented example is a function of (seed, epoch, index) alone: neither the batch it is in, nor its place
 * there, nor the thread that makes it matters. Therefore every example has a partner and a weight of its own,
 * where the reference permutes the batch and draws one weight for all of it; each example by itself is
 * distributed alike. */
#ifndef DAT_DATA_AUGMENT_H
#define DAT_DATA_AUGMENT_H

#include <stdbool.h>

#include "data/autoaugment.h"
#include "data/images.h"

/* All zero: none. The defaults of the reference: padding 4, flip, and one of the others. */
typedef struct dat_augmentation {
    int crop_padding; /* pixels of black around the image out of which a window of its size is cut */
    bool flip;        /* left and right, with probability 1/2 */
    dat_autoaugment autoaugment;
    bool crop_paste; /* blends a random box of the image into another place of it */
    double cutmix;   /* probability of CutMix (Yun et al., ICCV 2019) with beta 1 */
    double mixup;    /* probability of MixUp (Zhang et al., ICLR 2018) with alpha 1, where CutMix is not done;
                        the reference: 0.8, and never both, as its CutMix has probability 1 */
} dat_augmentation;

/* Training images, borrowed, with their augmentation. */
typedef struct dat_augmenter {
    const dat_images *images;
    dat_augmentation augmentation;
    uint64_t seed;
} dat_augmenter;

/* Examples for training. The target of example i is labels_a[i] with weight weights[i] and labels_b[i] with
 * the rest; where nothing is mixed both are the same and the weight is 1. */
typedef struct dat_image_batch {
    int64_t capacity, count;
    dat_real *inputs;  /* [capacity, 3, height, width], owned, as all of these */
    int32_t *labels_a; /* [capacity] */
    int32_t *labels_b; /* [capacity] */
    dat_real *weights; /* [capacity] */
    /* Scratch memory: */
    dat_real *partner;  /* one example */
    dat_real *original; /* one example */
    uint8_t *scratch;   /* two images */
} dat_image_batch;

/* Room for `capacity` examples of a set. Release with dat_image_batch_free. */
void dat_image_batch_init(dat_image_batch *batch, const dat_images *images, int64_t capacity);
void dat_image_batch_free(dat_image_batch *batch);

/* Fills the batch with examples indices[0..count-1] of an epoch, on the calling thread. */
void dat_augment_batch(const dat_augmenter *augmenter, uint64_t epoch, const int64_t *indices, int64_t count,
                       dat_image_batch *batch);

#endif
