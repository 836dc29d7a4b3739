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

/* The training images, augmented, as a dataset with one label an example; mixed where CutMix or MixUp is
 * asked for: what is not mixed then has itself for its second label and weight 1. Borrows `augmenter`. */
dat_dataset dat_augmenter_as_dataset(const dat_augmenter *augmenter);

#endif
