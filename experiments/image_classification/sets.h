/* The image sets of one run: augmented training images and the test images. */
#ifndef IMAGE_CLASSIFICATION_SETS_H
#define IMAGE_CLASSIFICATION_SETS_H

#include "config.h"
#include "data/augment.h"
#include "data/images.h"

typedef struct image_sets {
    dat_images train, test;  /* owned */
    dat_augmenter augmenter; /* of the training images */
} image_sets;

/* Side of the images in pixels, and the number of classes that the dataset's format fixes; 0 of a folder,
 * which has to be read. */
int image_sets_side(const image_data_config *config);
int image_sets_n_classes(const image_data_config *config);

/* Reads the test images alone. Release with dat_images_free. */
dat_status image_sets_read_test(const image_data_config *config, dat_images *test);

/* Reads both sets; the seed draws the training images and their augmentation. The caller frees the sets
 * whatever the result; they must stay where they are while they are in use. */
dat_status image_sets_open(image_sets *sets, const image_config *config);
void image_sets_free(image_sets *sets);

#endif
