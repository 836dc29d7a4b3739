/* Where pixels go: windows, mirrors and affine maps of images. */
#ifndef DAT_DATA_IMAGE_GEOMETRY_H
#define DAT_DATA_IMAGE_GEOMETRY_H

#include "data/images.h"

/* Copies the window of `from` whose top left corner is (left, top), which may be negative, into `to`, of any
 * size; pixels outside `from` are 0. */
void dat_image_window(const dat_image *from, int left, int top, const dat_image *to);

/* Mirrors left and right in place. */
void dat_image_flip(const dat_image *image);

/* Where an output pixel (x, y) is read: with u = x + 1/2 and v = y + 1/2 (pixel centres), at
 * (m[0] u + m[1] v + m[2], m[3] u + m[4] v + m[5]) of the input. */
typedef struct dat_affine {
    double m[6];
} dat_affine;

/* Row y is read `by` * v to the right; column x is read `by` * u further down. The top left corner stays. */
dat_affine dat_affine_shear_x(double by);
dat_affine dat_affine_shear_y(double by);

/* Every pixel is read (x, y) pixels away. */
dat_affine dat_affine_translate(double x, double y);

/* Turns an image of this size about its centre, counter-clockwise for a positive angle. */
dat_affine dat_affine_rotate(double degrees, int height, int width);

/* Maps `from` into `to`, of the same size: nearest pixel in 16.16 fixed point, or bicubic with a = -1, both
 * as Pillow does, so that results agree bit by bit. Pixels from outside are `fill`. */
void dat_image_map_nearest(const dat_image *from, const dat_affine *map, uint8_t fill, const dat_image *to);
void dat_image_map_bicubic(const dat_image *from, const dat_affine *map, uint8_t fill, const dat_image *to);

#endif
