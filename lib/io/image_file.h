/* PNG and JPEG files as pixels. */
#ifndef DAT_IO_IMAGE_FILE_H
#define DAT_IO_IMAGE_FILE_H

#include <stdint.h>

#include "util/status.h"

/* A picture in memory. */
typedef struct dat_picture {
    int64_t width, height;
    uint8_t *pixels; /* [height, width, 3]: red, green, blue; owned */
} dat_picture;

/* Reads a file, whose kind is told by its first bytes. Grey and palette images become coloured, 16 bits
 * become 8, and what is transparent is laid over black. Files whose pixels are not all there or damaged, of
 * another kind (JPEG in CMYK, too), or of more than 2^26 pixels are refused; *picture is then empty. Release
 * with dat_picture_free. */
dat_status dat_image_file_read(const char *path, dat_picture *picture);

void dat_picture_free(dat_picture *picture);

#endif
