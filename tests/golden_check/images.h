/* What all image classifiers share: arguments about images, and the loss. */
#ifndef TESTS_GOLDEN_CHECK_IMAGES_H
#define TESTS_GOLDEN_CHECK_IMAGES_H

#include "golden_check/run.h"

typedef struct golden_image {
    int64_t channels, image_height, image_width, patch_height, patch_width;
} golden_image;

/* image_shape, which is (channels, width, height), and patch_size, (width, height). */
golden_image golden_read_image(golden_arguments *arguments);

/* Names the logits and their mean cross-entropy for the file's targets. Returns the loss. */
dat_tensor *golden_classification_loss(golden_run *run, dat_tensor *logits);

#endif
