#include "data/images.h"

#include <stdlib.h>
#include <string.h>

#include "util/status.h"

void dat_images_free(dat_images *images)
{
    for (int i = 0; images->class_names && i < images->n_classes; i++)
        free(images->class_names[i]);
    free(images->class_names);
    free(images->pixels);
    free(images->labels);
    *images = (dat_images){0};
}

int64_t dat_images_values(const dat_images *images)
{
    return (int64_t)DAT_IMAGE_CHANNELS * images->height * images->width;
}

dat_image dat_images_at(const dat_images *images, int64_t i)
{
    DAT_ASSERT(i >= 0 && i < images->size);
    return (dat_image){images->height, images->width, images->pixels + i * dat_images_values(images)};
}

void dat_images_keep(dat_images *images, const int64_t *indices, int64_t n)
{
    size_t values = (size_t)dat_images_values(images);
    for (int64_t i = 0; i < n; i++) {
        DAT_ASSERT(indices[i] >= i && indices[i] < images->size);
        memmove(images->pixels + (size_t)i * values, images->pixels + (size_t)indices[i] * values, values);
        images->labels[i] = images->labels[indices[i]];
    }
    images->size = n;
}

void dat_image_normalise(const dat_image *image, const dat_normalisation *normalisation, dat_real *values)
{
    int64_t area = (int64_t)image->height * image->width;
    for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++) {
        const uint8_t *plane = image->planes + channel * area;
        dat_real scale = (dat_real)(1 / (255 * normalisation->deviation[channel]));
        dat_real offset = (dat_real)(-normalisation->mean[channel] / normalisation->deviation[channel]);
        for (int64_t i = 0; i < area; i++)
            values[channel * area + i] = (dat_real)plane[i] * scale + offset;
    }
}

static void read_examples(const dat_dataset *dataset, int64_t epoch, const int64_t *indices, int64_t n,
                          dat_examples out)
{
    (void)epoch;
    const dat_images *images = dataset->state;
    for (int64_t i = 0; i < n; i++) {
        dat_image image = dat_images_at(images, indices[i]);
        dat_image_normalise(&image, &images->normalisation, out.inputs + i * dat_images_values(images));
        out.labels[i] = images->labels[indices[i]];
    }
}

dat_dataset dat_images_as_dataset(const dat_images *images)
{
    return (dat_dataset){.size = images->size,
                         .input_shape = {DAT_IMAGE_CHANNELS, images->height, images->width},
                         .n_labels = 1,
                         .n_classes = images->n_classes,
                         .state = images,
                         .read = read_examples};
}
