#include "data/image_resize.h"

#include <math.h>
#include <stdlib.h>

#include "util/memory.h"

/* What one output position takes from the input: pixels first..first+count-1. */
typedef struct tap {
    int64_t first, count;
} tap;

/* The taps of all output positions of a direction. */
typedef struct resampling {
    tap *taps;      /* [output length] */
    float *weights; /* [output length, most]; those of a position sum to 1 */
    int64_t most;
} resampling;

static resampling resampling_make(int64_t input, int64_t output)
{
    double scale = (double)input / (double)output, reach = scale > 1 ? scale : 1;
    int64_t most = 2 * (int64_t)ceil(reach) + 1;
    resampling r = {.taps = dat_allocate((size_t)output, sizeof r.taps[0]),
                    .weights = dat_allocate((size_t)(output * most), sizeof r.weights[0]),
                    .most = most};
    for (int64_t i = 0; i < output; i++) {
        double centre = ((double)i + 0.5) * scale, sum = 0;
        int64_t first = (int64_t)floor(centre - reach + 0.5), last = (int64_t)ceil(centre + reach - 0.5);
        first = first < 0 ? 0 : first;
        last = last > input ? input : last; /* beyond the last */
        for (int64_t pixel = first; pixel < last; pixel++)
            sum += 1 - fabs((double)pixel + 0.5 - centre) / reach;
        for (int64_t pixel = first; pixel < last; pixel++)
            r.weights[i * most + pixel - first] =
                (float)((1 - fabs((double)pixel + 0.5 - centre) / reach) / sum);
        r.taps[i] = (tap){first, last - first};
    }
    return r;
}

static void resampling_free(resampling *r)
{
    free(r->taps);
    free(r->weights);
}

/* (height, input width, 3) bytes -> (height, output width, 3). */
static void resize_rows(const resampling *r, const dat_picture *picture, int64_t width, float *rows)
{
    for (int64_t y = 0; y < picture->height; y++)
        for (int64_t x = 0; x < width; x++) {
            const uint8_t *pixel =
                picture->pixels + (y * picture->width + r->taps[x].first) * DAT_IMAGE_CHANNELS;
            float *sum = rows + (y * width + x) * DAT_IMAGE_CHANNELS;
            for (int64_t i = 0; i < r->taps[x].count; i++)
                for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
                    sum[channel] += r->weights[x * r->most + i] * *pixel++;
        }
}

/* (input height, width, 3) -> (3, output height, width) bytes, rounded to the nearest. */
static void resize_columns(const resampling *r, const float *rows, const dat_image *image)
{
    const int64_t width = image->width, height = image->height;
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int64_t channel = 0; channel < DAT_IMAGE_CHANNELS; channel++) {
                float sum = 0.5F;
                for (int64_t i = 0; i < r->taps[y].count; i++)
                    sum += r->weights[y * r->most + i] *
                           rows[((r->taps[y].first + i) * width + x) * DAT_IMAGE_CHANNELS + channel];
                image->planes[(channel * height + y) * width + x] = (uint8_t)(sum < 255 ? sum : 255);
            }
}

void dat_image_resize(const dat_picture *picture, const dat_image *image)
{
    resampling columns = resampling_make(picture->width, image->width);
    resampling lines = resampling_make(picture->height, image->height);
    float *rows = dat_allocate((size_t)(picture->height * image->width), DAT_IMAGE_CHANNELS * sizeof rows[0]);
    resize_rows(&columns, picture, image->width, rows);
    resize_columns(&lines, rows, image);
    free(rows);
    resampling_free(&columns);
    resampling_free(&lines);
}
