/* AutoAugment (Cubuk et al., "AutoAugment: Learning Augmentation Policies from Data", CVPR 2019,
 * arXiv:1805.09501): each image gets one of the 25 sub-policies found for CIFAR-10, drawn uniformly; a
 * sub-policy is two operations with a probability and one of ten magnitudes each. */
#ifndef DAT_DATA_AUTOAUGMENT_H
#define DAT_DATA_AUTOAUGMENT_H

#include "core/rng.h"
#include "data/images.h"

/* The policy is published, details are not, and two implementations are in use. */
typedef enum dat_autoaugment {
    DAT_AUTOAUGMENT_NONE,
    /* Of the reference's CIFAR experiments (DeepVoltaire/AutoAugment): uncovered pixels grey (128), shears
     * bicubic, rotations counter-clockwise only, solarize thresholds from 256 down. */
    DAT_AUTOAUGMENT_REFERENCE,
    /* torchvision.transforms.AutoAugment: uncovered pixels black, everything nearest pixel, rotations both
     * ways, translations cut to whole pixels, solarize thresholds from 255 down. */
    DAT_AUTOAUGMENT_TORCHVISION,
} dat_autoaugment;

/* Names as in configs, ending with NULL: "none", "reference", "torchvision". */
extern const char *const dat_autoaugment_names[];

typedef enum dat_image_operation {
    DAT_IMAGE_SHEAR_X,
    DAT_IMAGE_SHEAR_Y,
    DAT_IMAGE_TRANSLATE_X,
    DAT_IMAGE_TRANSLATE_Y,
    DAT_IMAGE_ROTATE,
    DAT_IMAGE_BRIGHTNESS,
    DAT_IMAGE_COLOUR,
    DAT_IMAGE_CONTRAST,
    DAT_IMAGE_SHARPNESS,
    DAT_IMAGE_POSTERIZE,
    DAT_IMAGE_SOLARIZE,
    DAT_IMAGE_AUTOCONTRAST,
    DAT_IMAGE_EQUALIZE,
    DAT_IMAGE_INVERT,
} dat_image_operation;

enum { DAT_AUTOAUGMENT_SUBPOLICIES = 25, DAT_AUTOAUGMENT_STEPS = 2 };

/* One operation of a sub-policy. */
typedef struct dat_autoaugment_step {
    dat_image_operation operation;
    int tenths; /* its probability */
    int level;  /* 0..9; of no meaning for autocontrast, equalize and invert */
} dat_autoaugment_step;

extern const dat_autoaugment_step dat_autoaugment_cifar10[DAT_AUTOAUGMENT_SUBPOLICIES][DAT_AUTOAUGMENT_STEPS];

/* What is done to one image. */
typedef struct dat_autoaugment_draw {
    int subpolicy;
    int n; /* operations that happen */
    struct {
        dat_image_operation operation;
        double magnitude; /* signed; shear: slope, translate: pixels, rotate: degrees, posterize: bits,
                             solarize: threshold, blends: factor - 1; else 0 */
    } steps[DAT_AUTOAUGMENT_STEPS];
} dat_autoaugment_draw;

/* Draws for an image of this size. `kind` is not DAT_AUTOAUGMENT_NONE. */
dat_autoaugment_draw dat_autoaugment_choose(dat_autoaugment kind, dat_rng *rng, int height, int width);

/* Applies a draw in place. `scratch` holds as many bytes as the image. */
void dat_autoaugment_apply(dat_autoaugment kind, const dat_autoaugment_draw *draw, const dat_image *image,
                           uint8_t *scratch);

#endif
