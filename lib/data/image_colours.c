#include "data/image_colours.h"

#include <string.h>

enum { N_VALUES = 256 };

static int64_t area_of(const dat_image *image)
{
    return (int64_t)image->height * image->width;
}

static uint8_t *plane_of(const dat_image *image, int channel)
{
    return image->planes + channel * area_of(image);
}

/* --- functions of one value --- */

static void replace_values(uint8_t *values, int64_t count, const uint8_t table[N_VALUES])
{
    for (int64_t i = 0; i < count; i++)
        values[i] = table[values[i]];
}

static void replace_all(const dat_image *image, const uint8_t table[N_VALUES])
{
    replace_values(image->planes, DAT_IMAGE_CHANNELS * area_of(image), table);
}

void dat_image_invert(const dat_image *image)
{
    for (int64_t i = 0; i < DAT_IMAGE_CHANNELS * area_of(image); i++)
        image->planes[i] = (uint8_t)(255 - image->planes[i]);
}

void dat_image_posterize(const dat_image *image, int bits)
{
    uint8_t mask = (uint8_t)(0xff << (8 - bits));
    for (int64_t i = 0; i < DAT_IMAGE_CHANNELS * area_of(image); i++)
        image->planes[i] &= mask;
}

void dat_image_solarize(const dat_image *image, double threshold)
{
    uint8_t table[N_VALUES];
    for (int v = 0; v < N_VALUES; v++)
        table[v] = (uint8_t)(v < threshold ? v : 255 - v);
    replace_all(image, table);
}

/* --- functions of a channel's histogram --- */

static void count_values(const uint8_t *plane, int64_t area, int64_t histogram[N_VALUES])
{
    memset(histogram, 0, N_VALUES * sizeof histogram[0]);
    for (int64_t i = 0; i < area; i++)
        histogram[plane[i]]++;
}

/* The least and the greatest value that occur. */
static void value_range(const int64_t histogram[N_VALUES], int *least, int *greatest)
{
    for (*least = 0; *least < N_VALUES - 1 && histogram[*least] == 0;)
        ++*least;
    for (*greatest = N_VALUES - 1; *greatest > 0 && histogram[*greatest] == 0;)
        --*greatest;
}

void dat_image_autocontrast(const dat_image *image)
{
    for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++) {
        int64_t histogram[N_VALUES];
        uint8_t table[N_VALUES] = {0};
        int least, greatest;
        count_values(plane_of(image, channel), area_of(image), histogram);
        value_range(histogram, &least, &greatest);
        if (greatest <= least)
            continue;
        double scale = 255.0 / (greatest - least), offset = -least * scale;
        for (int v = least; v <= greatest; v++) {
            int stretched = (int)(v * scale + offset);
            table[v] = (uint8_t)(stretched < 0 ? 0 : stretched > 255 ? 255 : stretched);
        }
        replace_values(plane_of(image, channel), area_of(image), table);
    }
}

void dat_image_equalize(const dat_image *image)
{
    for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++) {
        int64_t histogram[N_VALUES];
        uint8_t table[N_VALUES];
        int least, greatest;
        count_values(plane_of(image, channel), area_of(image), histogram);
        value_range(histogram, &least, &greatest);
        int64_t step = (area_of(image) - histogram[greatest]) / 255;
        if (step == 0) /* too few pixels, or one value alone */
            continue;
        int64_t below = step / 2;
        for (int v = 0; v < N_VALUES; v++) {
            table[v] = (uint8_t)(below / step < 255 ? below / step : 255);
            below += histogram[v];
        }
        replace_values(plane_of(image, channel), area_of(image), table);
    }
}

/* --- blends with a base --- */

/* In float and rounded down, as Pillow blends. */
static inline uint8_t blend(uint8_t base, uint8_t value, float factor)
{
    float blended = (float)base + factor * (float)(value - base);
    blended = blended < 0 ? 0 : blended;
    return (uint8_t)(blended > 255 ? 255 : blended);
}

static void blend_with_constant(const dat_image *image, uint8_t base, double factor)
{
    for (int64_t i = 0; i < DAT_IMAGE_CHANNELS * area_of(image); i++)
        image->planes[i] = blend(base, image->planes[i], (float)factor);
}

/* Luma of ITU-R 601-2 with weights of 16 bits, rounded to the nearest. */
static inline uint8_t luma(uint8_t red, uint8_t green, uint8_t blue)
{
    return (uint8_t)((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16);
}

void dat_image_brightness(const dat_image *image, double factor)
{
    blend_with_constant(image, 0, factor);
}

void dat_image_contrast(const dat_image *image, double factor)
{
    const uint8_t *red = plane_of(image, 0), *green = plane_of(image, 1), *blue = plane_of(image, 2);
    int64_t sum = 0;
    for (int64_t i = 0; i < area_of(image); i++)
        sum += luma(red[i], green[i], blue[i]);
    blend_with_constant(image, (uint8_t)((double)sum / (double)area_of(image) + 0.5), factor);
}

void dat_image_colour(const dat_image *image, double factor)
{
    uint8_t *red = plane_of(image, 0), *green = plane_of(image, 1), *blue = plane_of(image, 2);
    for (int64_t i = 0; i < area_of(image); i++) {
        uint8_t grey = luma(red[i], green[i], blue[i]);
        red[i] = blend(grey, red[i], (float)factor);
        green[i] = blend(grey, green[i], (float)factor);
        blue[i] = blend(grey, blue[i], (float)factor);
    }
}

void dat_image_sharpness(const dat_image *image, double factor, uint8_t *scratch)
{
    const int64_t width = image->width;
    for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++) {
        uint8_t *plane = plane_of(image, channel);
        memcpy(scratch, plane, (size_t)area_of(image));
        for (int64_t y = 1; y < image->height - 1; y++) {
            const uint8_t *above = scratch + (y - 1) * width, *here = above + width, *below = here + width;
            for (int64_t x = 1; x < width - 1; x++) {
                int sum = above[x - 1] + above[x] + above[x + 1] + here[x - 1] + 5 * here[x] + here[x + 1] +
                          below[x - 1] + below[x] + below[x + 1];
                uint8_t smooth = (uint8_t)((2 * sum + 13) / 26); /* sum / 13 to the nearest, never a tie */
                plane[y * width + x] = blend(smooth, here[x], (float)factor);
            }
        }
    }
}
