/* Pictures of any size as images of one size. */
#ifndef DAT_DATA_IMAGE_RESIZE_H
#define DAT_DATA_IMAGE_RESIZE_H

#include "data/images.h"
#include "io/image_file.h"

/* Resizes a picture to the size of `image` and takes its channels apart. Each direction by itself: bilinear
 * when growing; when shrinking by s, the triangle of bilinear interpolation is s times as wide, so that every
 * pixel of the picture counts (a weighted average over the area). The picture is stretched where the
 * proportions differ. */
void dat_image_resize(const dat_picture *picture, const dat_image *image);

#endif
