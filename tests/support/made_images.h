/* Images for tests: sets in memory, and JPEG files. */
#ifndef TESTS_SUPPORT_MADE_IMAGES_H
#define TESTS_SUPPORT_MADE_IMAGES_H

#include "data/images.h"

/* A set of random bytes in which every image is a class of its own, so that a label says which image it was;
 * a normalised value is the byte / 255. Release with dat_images_free. */
dat_images made_images(int64_t size, int height, int width, uint64_t seed);

/* Writes (height, width, 3) bytes as a JPEG file of the best quality, without subsampling of colours. */
void made_jpeg(const char *path, int width, int height, const uint8_t *pixels);

#endif
