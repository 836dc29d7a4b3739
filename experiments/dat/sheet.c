#include "sheet.h"

#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

sheet sheet_make(int64_t width, int64_t height)
{
    size_t size = (size_t)width * (size_t)height * 3;
    sheet s = {.width = width, .height = height, .pixels = dat_allocate(size, 1)};
    memset(s.pixels, 0xff, size);
    return s;
}

void sheet_free(sheet *s)
{
    free(s->pixels);
    *s = (sheet){0};
}

void sheet_fill(sheet *s, int64_t x, int64_t y, int64_t width, int64_t height, uint32_t colour)
{
    int64_t right = x + width < s->width ? x + width : s->width;
    int64_t bottom = y + height < s->height ? y + height : s->height;
    for (int64_t row = y > 0 ? y : 0; row < bottom; row++)
        for (int64_t column = x > 0 ? x : 0; column < right; column++) {
            uint8_t *pixel = s->pixels + (row * s->width + column) * 3;
            pixel[0] = (uint8_t)(colour >> 16);
            pixel[1] = (uint8_t)(colour >> 8);
            pixel[2] = (uint8_t)colour;
        }
}

void sheet_image(sheet *s, int64_t x, int64_t y, const uint8_t *image, int side, int scale)
{
    for (int row = 0; row < side; row++)
        for (int column = 0; column < side; column++, image += 3) {
            uint32_t colour = (uint32_t)image[0] << 16 | (uint32_t)image[1] << 8 | image[2];
            sheet_fill(s, x + column * scale, y + row * scale, scale, scale, colour);
        }
}
