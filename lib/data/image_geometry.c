#include "data/image_geometry.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

void dat_image_window(const dat_image *from, int left, int top, const dat_image *to)
{
    /* Columns start..end-1 of the output lie inside the input. */
    int start = clamp(-left, 0, to->width), end = clamp(from->width - left, start, to->width);
    for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
        for (int y = 0; y < to->height; y++) {
            uint8_t *row = to->planes + ((int64_t)channel * to->height + y) * to->width;
            memset(row, 0, (size_t)to->width);
            if (top + y >= 0 && top + y < from->height && end > start)
                memcpy(row + start,
                       from->planes + ((int64_t)channel * from->height + top + y) * from->width + left +
                           start,
                       (size_t)(end - start));
        }
}

void dat_image_flip(const dat_image *image)
{
    for (int64_t row = 0; row < (int64_t)DAT_IMAGE_CHANNELS * image->height; row++) {
        uint8_t *left = image->planes + row * image->width, *right = left + image->width - 1;
        for (; left < right; left++, right--) {
            uint8_t value = *left;
            *left = *right;
            *right = value;
        }
    }
}

dat_affine dat_affine_shear_x(double by)
{
    return (dat_affine){{1, by, 0, 0, 1, 0}};
}

dat_affine dat_affine_shear_y(double by)
{
    return (dat_affine){{1, 0, 0, by, 1, 0}};
}

dat_affine dat_affine_translate(double x, double y)
{
    return (dat_affine){{1, 0, x, 0, 1, y}};
}

dat_affine dat_affine_rotate(double degrees, int height, int width)
{
    const double radians = degrees * (3.14159265358979323846 / 180);
    double c = cos(radians), s = sin(radians), x = width / 2.0, y = height / 2.0;
    return (dat_affine){{c, -s, x - c * x + s * y, s, c, y - s * x - c * y}};
}

static int64_t fixed(double value)
{
    return (int64_t)floor(value * 65536 + 0.5);
}

void dat_image_map_nearest(const dat_image *from, const dat_affine *map, uint8_t fill, const dat_image *to)
{
    const double *m = map->m;
    const int64_t width = from->width, height = from->height, area = width * height;
    const int64_t x_step = fixed(m[0]), y_step = fixed(m[3]);
    int64_t x_start = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5), y_start = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
    memset(to->planes, fill, (size_t)(DAT_IMAGE_CHANNELS * area));
    for (int64_t row = 0; row < height; row++) {
        for (int64_t column = 0; column < width; column++) {
            int64_t x = (x_start + column * x_step) >> 16, y = (y_start + column * y_step) >> 16;
            if (x < 0 || x >= width || y < 0 || y >= height)
                continue;
            for (int64_t channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
                to->planes[channel * area + row * width + column] =
                    from->planes[channel * area + y * width + x];
        }
        x_start += fixed(m[1]);
        y_start += fixed(m[4]);
    }
}

/* The cubic through values at -1, 0, 1 and 2 with slopes of a = -1, at 0 <= d <= 1. */
static double cubic(const double v[4], double d)
{
    return v[1] + d * (v[2] - v[0] + d * (2 * (v[0] - v[1]) + v[2] - v[3] + d * (v[1] - v[0] - v[2] + v[3])));
}

/* A plane at the point (x, y) inside it; pixels beyond the border are those of the border. */
static uint8_t bicubic_at(const uint8_t *plane, int height, int width, double x, double y)
{
    double rows[4], row[4];
    int left = (int)floor(x - 0.5), top = (int)floor(y - 0.5);
    double dx = x - 0.5 - left, dy = y - 0.5 - top;
    for (int i = 0; i < 4; i++) {
        const uint8_t *pixels = plane + (int64_t)clamp(top - 1 + i, 0, height - 1) * width;
        for (int j = 0; j < 4; j++)
            row[j] = pixels[clamp(left - 1 + j, 0, width - 1)];
        rows[i] = cubic(row, dx);
    }
    double value = cubic(rows, dy);
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)value;
}

void dat_image_map_bicubic(const dat_image *from, const dat_affine *map, uint8_t fill, const dat_image *to)
{
    const double *m = map->m;
    const int width = from->width, height = from->height;
    const int64_t area = (int64_t)width * height;
    for (int row = 0; row < height; row++)
        for (int column = 0; column < width; column++) {
            double u = column + 0.5, v = row + 0.5;
            double x = m[0] * u + m[1] * v + m[2], y = m[3] * u + m[4] * v + m[5];
            bool inside = x >= 0 && x < width && y >= 0 && y < height;
            for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++)
                to->planes[channel * area + (int64_t)row * width + column] =
                    inside ? bicubic_at(from->planes + channel * area, height, width, x, y) : fill;
        }
}
