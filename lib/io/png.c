/* PNG through libpng's simplified interface, which reports errors without longjmp. */
#include "io/png.h"

#include <errno.h>
#include <inttypes.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

enum { MAX_SIDE = 32767 };

dat_status dat_png_write(const char *path, int64_t width, int64_t height, const uint8_t *pixels)
{
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE)
        return dat_failure("%s: an image of %" PRId64 " x %" PRId64
                           " pixels cannot be written, expected 1..%d a side",
                           path, width, height, MAX_SIDE);
    FILE *file = fopen(path, "wb");
    if (!file)
        return dat_failure("%s: cannot be created: %s", path, strerror(errno));
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)width,
                       .height = (png_uint_32)height,
                       .format = PNG_FORMAT_RGB};
    bool written = png_image_write_to_stdio(&image, file, 0, pixels, 0, NULL) != 0;
    png_image_free(&image);
    errno = 0;
    bool closed = fclose(file) == 0;
    if (!written)
        return dat_failure("%s: cannot be written: %s", path, image.message);
    if (!closed)
        return dat_failure("%s: cannot be written: %s", path, strerror(errno));
    return DAT_OK;
}
