/* Images for people to look at. */
#ifndef DAT_IO_PNG_H
#define DAT_IO_PNG_H

#include <stdint.h>

#include "util/status.h"

/* Writes (height, width, 3) bytes, red green blue, as an 8-bit PNG file; width and height 1..32767. */
dat_status dat_png_write(const char *path, int64_t width, int64_t height, const uint8_t *pixels);

#endif
