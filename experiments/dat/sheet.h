/* A contact sheet: a white page with rectangles, images and captions on it. */
#ifndef DAT_EXPERIMENTS_SHEET_H
#define DAT_EXPERIMENTS_SHEET_H

#include <stdint.h>

enum { SHEET_CHARACTER_WIDTH = 6, SHEET_TEXT_HEIGHT = 7 }; /* pixels */

typedef struct sheet {
    int64_t width, height;
    uint8_t *pixels; /* [height, width, 3] */
} sheet;

/* A white sheet; release with sheet_free. */
sheet sheet_make(int64_t width, int64_t height);
void sheet_free(sheet *s);

/* Fills a rectangle with a colour 0xRRGGBB; what lies outside the sheet is cut off. */
void sheet_fill(sheet *s, int64_t x, int64_t y, int64_t width, int64_t height, uint32_t colour);

/* Draws a square image of `side` x `side` x 3 bytes, every pixel as a square of `scale` pixels. */
void sheet_image(sheet *s, int64_t x, int64_t y, const uint8_t *image, int side, int scale);

/* Draws a text of [a-z0-9_] in black; other characters are blank. (x, y) is its top left corner. */
void sheet_text(sheet *s, int64_t x, int64_t y, const char *text);

#endif
