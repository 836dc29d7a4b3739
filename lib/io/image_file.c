/* Both decoders return their errors without longjmp: libpng's simplified interface and TurboJPEG. */
#include "io/image_file.h"

#include <errno.h>
#include <inttypes.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <turbojpeg.h>

#include "util/memory.h"

enum { MAX_FILE_BYTES = 1 << 28, MAX_PIXELS = 1 << 26, CHANNELS = 3 };

/* The bytes of a file. */
typedef struct contents {
    const char *path;
    uint8_t *bytes;
    size_t size;
} contents;

static dat_status read_contents(FILE *file, contents *c)
{
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0)
        return dat_failure("%s: cannot be read: %s", c->path, strerror(errno));
    if (size > MAX_FILE_BYTES)
        return dat_failure("%s: has %ld bytes, expected an image of at most %d", c->path, size,
                           MAX_FILE_BYTES);
    c->size = (size_t)size;
    c->bytes = dat_allocate(c->size, 1);
    if (fread(c->bytes, 1, c->size, file) != c->size)
        return dat_failure("%s: cannot be read: %s", c->path,
                           ferror(file) ? strerror(errno) : "it became shorter meanwhile");
    return DAT_OK;
}

/* Makes room for a picture whose size a file says. */
static dat_status allocate_picture(const char *path, int64_t width, int64_t height, dat_picture *picture)
{
    if (width < 1 || height < 1 || width > MAX_PIXELS / height)
        return dat_failure("%s: is %" PRId64 " x %" PRId64 " pixels, expected 1..%d in all", path, width,
                           height, MAX_PIXELS);
    *picture = (dat_picture){width, height, dat_allocate((size_t)(width * height), CHANNELS)};
    return DAT_OK;
}

static dat_status decode_png(const contents *c, dat_picture *picture)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    png_color black = {0, 0, 0};
    dat_status status = DAT_OK;
    if (!png_image_begin_read_from_memory(&png, c->bytes, c->size))
        return dat_failure("%s: is no whole PNG image: %s", c->path, png.message);
    status = allocate_picture(c->path, png.width, png.height, picture);
    png.format = PNG_FORMAT_RGB;
    /* To libpng, 16 bits without a gamma are linear, which 8 bits are not; those who write them mean the
     * same. */
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    if (status.code == DAT_CODE_OK && !png_image_finish_read(&png, &black, picture->pixels, 0, NULL))
        status = dat_failure("%s: is no whole PNG image: %s", c->path, png.message);
    png_image_free(&png);
    return status;
}

/* The decoder calls missing and damaged pixels warnings and makes them up; here they are errors, at once. */
static dat_status decode_jpeg_with(tjhandle decoder, const contents *c, dat_picture *picture)
{
    int width = 0, height = 0, subsampling, colours;
    if (tjDecompressHeader3(decoder, c->bytes, c->size, &width, &height, &subsampling, &colours) != 0)
        return dat_failure("%s: is no whole JPEG image: %s", c->path, tjGetErrorStr2(decoder));
    if (width < 1) /* a file of tables alone is right to the decoder, which then writes no size */
        return dat_failure("%s: is no whole JPEG image: it ends before its size", c->path);
    if (colours == TJCS_CMYK || colours == TJCS_YCCK)
        return dat_failure("%s: is a JPEG image of inks (CMYK), expected grey or colours; convert it",
                           c->path);
    DAT_TRY(allocate_picture(c->path, width, height, picture));
    if (tjDecompress2(decoder, c->bytes, c->size, picture->pixels, width, 0, height, TJPF_RGB,
                      TJFLAG_STOPONWARNING) != 0)
        return dat_failure("%s: is no whole JPEG image: %s", c->path, tjGetErrorStr2(decoder));
    return DAT_OK;
}

static dat_status decode_jpeg(const contents *c, dat_picture *picture)
{
    tjhandle decoder = tjInitDecompress();
    if (!decoder)
        return dat_failure("%s: the JPEG decoder cannot be started: %s", c->path, tjGetErrorStr2(NULL));
    dat_status status = decode_jpeg_with(decoder, c, picture);
    tjDestroy(decoder);
    return status;
}

static dat_status decode(const contents *c, dat_picture *picture)
{
    static const uint8_t png_start[] = {0x89, 'P', 'N', 'G'}, jpeg_start[] = {0xff, 0xd8};
    if (c->size >= sizeof png_start && memcmp(c->bytes, png_start, sizeof png_start) == 0)
        return decode_png(c, picture);
    if (c->size >= sizeof jpeg_start && memcmp(c->bytes, jpeg_start, sizeof jpeg_start) == 0)
        return decode_jpeg(c, picture);
    return dat_failure("%s: does not begin as PNG or JPEG images do", c->path);
}

dat_status dat_image_file_read(const char *path, dat_picture *picture)
{
    contents c = {.path = path};
    struct stat info;
    *picture = (dat_picture){0};
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) /* before a pipe without a writer is opened */
        return dat_failure("%s: is not a file", path);
    FILE *file = fopen(path, "rb");
    if (!file)
        return dat_failure("%s: cannot be opened: %s", path, strerror(errno));
    dat_status status = read_contents(file, &c);
    fclose(file);
    if (status.code == DAT_CODE_OK)
        status = decode(&c, picture);
    free(c.bytes);
    if (status.code != DAT_CODE_OK)
        dat_picture_free(picture);
    return status;
}

void dat_picture_free(dat_picture *picture)
{
    free(picture->pixels);
    *picture = (dat_picture){0};
}
