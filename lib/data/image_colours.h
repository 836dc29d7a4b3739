/* What colours become: the operations of AutoAugment that move no pixel, in place, with Pillow's arithmetic
 * (ImageOps and ImageEnhance), which is what torchvision applies to 8-bit images on disk. */
#ifndef DAT_DATA_IMAGE_COLOURS_H
#define DAT_DATA_IMAGE_COLOURS_H

#include "data/images.h"

/* v -> 255 - v. */
void dat_image_invert(const dat_image *image);

/* Keeps the `bits` (1..8) highest bits of every value. */
void dat_image_posterize(const dat_image *image, int bits);

/* Inverts the values that are not below the threshold. */
void dat_image_solarize(const dat_image *image, double threshold);

/* Stretches each channel so that its least value becomes 0 and its greatest 255 (254 for some ranges, where
 * the arithmetic is a hair below and rounds down). */
void dat_image_autocontrast(const dat_image *image);

/* Makes the histogram of each channel as flat as a function of the value can. */
void dat_image_equalize(const dat_image *image);

/* base + factor * (v - base), cut to 0..255 and rounded down: factor 1 changes nothing, 0 gives the base,
 * more than 1 exaggerates. The base is black; */
void dat_image_brightness(const dat_image *image, double factor);
/* the mean brightness of the image; */
void dat_image_contrast(const dat_image *image, double factor);
/* the brightness of the pixel; */
void dat_image_colour(const dat_image *image, double factor);
/* the image smoothed by a 3x3 kernel with 5/13 in the middle and 1/13 around it, borders as they are.
 * `scratch` holds one plane. */
void dat_image_sharpness(const dat_image *image, double factor, uint8_t *scratch);

#endif
