/* Labelled colour images of one size, kept in memory as bytes: what readers fill and augmentation reads. */
#ifndef DAT_DATA_IMAGES_H
#define DAT_DATA_IMAGES_H

#include <stdint.h>

#include "data/dataset.h"

enum { DAT_IMAGE_CHANNELS = 3 };

/* A view of one image. */
typedef struct dat_image {
    int height, width;
    uint8_t *planes; /* [3, height, width]: red, green, blue; borrowed */
} dat_image;

/* A byte p of a channel becomes (p / 255 - mean) / deviation. */
typedef struct dat_normalisation {
    double mean[DAT_IMAGE_CHANNELS], deviation[DAT_IMAGE_CHANNELS];
} dat_normalisation;

/* A set of images. It owns its arrays. */
typedef struct dat_images {
    int64_t size;
    int height, width, n_classes;
    uint8_t *pixels;    /* [size, 3, height, width] */
    int32_t *labels;    /* [size], 0..n_classes-1 */
    char **class_names; /* [n_classes]; NULL: unknown */
    dat_normalisation normalisation;
} dat_images;

/* Releases what the set owns. */
void dat_images_free(dat_images *images);

/* Number of values of one image, 3 * height * width. */
int64_t dat_images_values(const dat_images *images);

/* A view of image i, 0 <= i < size; it must not be written to. */
dat_image dat_images_at(const dat_images *images, int64_t i);

/* Leaves only images indices[0..n-1], which ascend, and so makes the set smaller. */
void dat_images_keep(dat_images *images, const int64_t *indices, int64_t n);

/* Writes one image as (3, height, width) normalised values. */
void dat_image_normalise(const dat_image *image, const dat_normalisation *normalisation, dat_real *values);

/* The set as it is, normalised and without augmentation, for evaluation; borrows `images`. */
dat_dataset dat_images_as_dataset(const dat_images *images);

#endif
