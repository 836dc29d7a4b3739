#include "support/made_images.h"

#include <turbojpeg.h>

#include "core/rng.h"
#include "support/npz_files.h"
#include "util/memory.h"
#include "util/status.h"

dat_images made_images(int64_t size, int height, int width, uint64_t seed)
{
    dat_images images = {.size = size, .height = height, .width = width, .n_classes = (int)size};
    for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
        images.normalisation.deviation[channel] = 1;
    int64_t values = dat_images_values(&images);
    dat_rng rng = dat_rng_seed(seed);
    images.pixels = dat_allocate((size_t)(size * values), 1);
    images.labels = dat_allocate((size_t)size, sizeof images.labels[0]);
    for (int64_t i = 0; i < size * values; i++)
        images.pixels[i] = (uint8_t)dat_rng_next(&rng);
    for (int64_t i = 0; i < size; i++)
        images.labels[i] = (int32_t)i;
    return images;
}

void made_jpeg(const char *path, int width, int height, const uint8_t *pixels)
{
    tjhandle encoder = tjInitCompress();
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    DAT_ASSERT(encoder != NULL && tjCompress2(encoder, pixels, width, 0, height, TJPF_RGB, &bytes, &size,
                                              TJSAMP_444, 100, TJFLAG_ACCURATEDCT) == 0);
    file_write(path, bytes, size);
    tjFree(bytes);
    tjDestroy(encoder);
}
