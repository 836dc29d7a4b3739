#include "data/autoaugment.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "data/image_colours.h"
#include "data/image_geometry.h"

enum { TOP_LEVEL = 9 };

const char *const dat_autoaugment_names[] = {"none", "reference", "torchvision", NULL};

/* clang-format off */
const dat_autoaugment_step
    dat_autoaugment_cifar10[DAT_AUTOAUGMENT_SUBPOLICIES][DAT_AUTOAUGMENT_STEPS] = {
    {{DAT_IMAGE_INVERT,       1, 7}, {DAT_IMAGE_CONTRAST,     2, 6}},
    {{DAT_IMAGE_ROTATE,       7, 2}, {DAT_IMAGE_TRANSLATE_X,  3, 9}},
    {{DAT_IMAGE_SHARPNESS,    8, 1}, {DAT_IMAGE_SHARPNESS,    9, 3}},
    {{DAT_IMAGE_SHEAR_Y,      5, 8}, {DAT_IMAGE_TRANSLATE_Y,  7, 9}},
    {{DAT_IMAGE_AUTOCONTRAST, 5, 8}, {DAT_IMAGE_EQUALIZE,     9, 2}},
    {{DAT_IMAGE_SHEAR_Y,      2, 7}, {DAT_IMAGE_POSTERIZE,    3, 7}},
    {{DAT_IMAGE_COLOUR,       4, 3}, {DAT_IMAGE_BRIGHTNESS,   6, 7}},
    {{DAT_IMAGE_SHARPNESS,    3, 9}, {DAT_IMAGE_BRIGHTNESS,   7, 9}},
    {{DAT_IMAGE_EQUALIZE,     6, 5}, {DAT_IMAGE_EQUALIZE,     5, 1}},
    {{DAT_IMAGE_CONTRAST,     6, 7}, {DAT_IMAGE_SHARPNESS,    6, 5}},
    {{DAT_IMAGE_COLOUR,       7, 7}, {DAT_IMAGE_TRANSLATE_X,  5, 8}},
    {{DAT_IMAGE_EQUALIZE,     3, 7}, {DAT_IMAGE_AUTOCONTRAST, 4, 8}},
    {{DAT_IMAGE_TRANSLATE_Y,  4, 3}, {DAT_IMAGE_SHARPNESS,    2, 6}},
    {{DAT_IMAGE_BRIGHTNESS,   9, 6}, {DAT_IMAGE_COLOUR,       2, 8}},
    {{DAT_IMAGE_SOLARIZE,     5, 2}, {DAT_IMAGE_INVERT,       0, 3}},
    {{DAT_IMAGE_EQUALIZE,     2, 0}, {DAT_IMAGE_AUTOCONTRAST, 6, 0}},
    {{DAT_IMAGE_EQUALIZE,     2, 8}, {DAT_IMAGE_EQUALIZE,     6, 4}},
    {{DAT_IMAGE_COLOUR,       9, 9}, {DAT_IMAGE_EQUALIZE,     6, 6}},
    {{DAT_IMAGE_AUTOCONTRAST, 8, 4}, {DAT_IMAGE_SOLARIZE,     2, 8}},
    {{DAT_IMAGE_BRIGHTNESS,   1, 3}, {DAT_IMAGE_COLOUR,       7, 0}},
    {{DAT_IMAGE_SOLARIZE,     4, 5}, {DAT_IMAGE_AUTOCONTRAST, 9, 3}},
    {{DAT_IMAGE_TRANSLATE_Y,  9, 9}, {DAT_IMAGE_TRANSLATE_Y,  7, 9}},
    {{DAT_IMAGE_AUTOCONTRAST, 9, 2}, {DAT_IMAGE_SOLARIZE,     8, 3}},
    {{DAT_IMAGE_EQUALIZE,     8, 8}, {DAT_IMAGE_INVERT,       1, 3}},
    {{DAT_IMAGE_TRANSLATE_Y,  7, 9}, {DAT_IMAGE_AUTOCONTRAST, 9, 1}},
};
/* clang-format on */

/* In what the implementations differ. */
typedef struct details {
    uint8_t fill;
    double solarize_top; /* threshold at level 0 */
    bool bicubic_shear, whole_translations, signed_rotation;
} details;

static const details details_of[] = {
    [DAT_AUTOAUGMENT_REFERENCE] = {.fill = 128, .solarize_top = 256, .bicubic_shear = true},
    [DAT_AUTOAUGMENT_TORCHVISION] = {.solarize_top = 255,
                                     .whole_translations = true,
                                     .signed_rotation = true},
};

/* The magnitude of a level, before its sign. */
static double magnitude_of(const details *d, dat_image_operation operation, int level, int height, int width)
{
    double share = (double)level / TOP_LEVEL;
    double pixels = share * 150 / 331 * (operation == DAT_IMAGE_TRANSLATE_X ? width : height);
    switch (operation) {
    case DAT_IMAGE_SHEAR_X:
    case DAT_IMAGE_SHEAR_Y:
        return share * 0.3;
    case DAT_IMAGE_TRANSLATE_X:
    case DAT_IMAGE_TRANSLATE_Y:
        return d->whole_translations ? floor(pixels) : pixels;
    case DAT_IMAGE_ROTATE:
        return share * 30;
    case DAT_IMAGE_BRIGHTNESS:
    case DAT_IMAGE_COLOUR:
    case DAT_IMAGE_CONTRAST:
    case DAT_IMAGE_SHARPNESS:
        return share * 0.9;
    case DAT_IMAGE_POSTERIZE:
        return 8 - round(share * 4);
    case DAT_IMAGE_SOLARIZE:
        return d->solarize_top - share * d->solarize_top;
    default:
        return 0;
    }
}

static bool has_sign(const details *d, dat_image_operation operation)
{
    return operation == DAT_IMAGE_ROTATE ? d->signed_rotation : operation <= DAT_IMAGE_SHARPNESS;
}

dat_autoaugment_draw dat_autoaugment_choose(dat_autoaugment kind, dat_rng *rng, int height, int width)
{
    const details *d = &details_of[kind];
    dat_autoaugment_draw draw = {.subpolicy = (int)dat_rng_below(rng, DAT_AUTOAUGMENT_SUBPOLICIES)};
    for (int i = 0; i < DAT_AUTOAUGMENT_STEPS; i++) {
        const dat_autoaugment_step *step = &dat_autoaugment_cifar10[draw.subpolicy][i];
        bool happens = dat_rng_below(rng, 10) < (uint64_t)step->tenths;
        bool negative = dat_rng_below(rng, 2) == 1 && has_sign(d, step->operation);
        if (!happens)
            continue;
        double magnitude = magnitude_of(d, step->operation, step->level, height, width);
        draw.steps[draw.n].operation = step->operation;
        draw.steps[draw.n++].magnitude = negative ? -magnitude : magnitude;
    }
    return draw;
}

/* Replaces the image by itself mapped. */
static void map(const dat_image *image, dat_affine affine, bool bicubic, uint8_t fill, uint8_t *scratch)
{
    size_t size = (size_t)DAT_IMAGE_CHANNELS * (size_t)image->height * (size_t)image->width;
    dat_image mapped = {image->height, image->width, scratch};
    if (bicubic)
        dat_image_map_bicubic(image, &affine, fill, &mapped);
    else
        dat_image_map_nearest(image, &affine, fill, &mapped);
    memcpy(image->planes, scratch, size);
}

static void apply_step(const details *d, dat_image_operation operation, double magnitude,
                       const dat_image *image, uint8_t *scratch)
{
    switch (operation) {
    case DAT_IMAGE_SHEAR_X:
        map(image, dat_affine_shear_x(magnitude), d->bicubic_shear, d->fill, scratch);
        break;
    case DAT_IMAGE_SHEAR_Y:
        map(image, dat_affine_shear_y(magnitude), d->bicubic_shear, d->fill, scratch);
        break;
    case DAT_IMAGE_TRANSLATE_X:
        map(image, dat_affine_translate(magnitude, 0), false, d->fill, scratch);
        break;
    case DAT_IMAGE_TRANSLATE_Y:
        map(image, dat_affine_translate(0, magnitude), false, d->fill, scratch);
        break;
    case DAT_IMAGE_ROTATE:
        map(image, dat_affine_rotate(magnitude, image->height, image->width), false, d->fill, scratch);
        break;
    case DAT_IMAGE_BRIGHTNESS:
        dat_image_brightness(image, 1 + magnitude);
        break;
    case DAT_IMAGE_COLOUR:
        dat_image_colour(image, 1 + magnitude);
        break;
    case DAT_IMAGE_CONTRAST:
        dat_image_contrast(image, 1 + magnitude);
        break;
    case DAT_IMAGE_SHARPNESS:
        dat_image_sharpness(image, 1 + magnitude, scratch);
        break;
    case DAT_IMAGE_POSTERIZE:
        dat_image_posterize(image, (int)magnitude);
        break;
    case DAT_IMAGE_SOLARIZE:
        dat_image_solarize(image, magnitude);
        break;
    case DAT_IMAGE_AUTOCONTRAST:
        dat_image_autocontrast(image);
        break;
    case DAT_IMAGE_EQUALIZE:
        dat_image_equalize(image);
        break;
    case DAT_IMAGE_INVERT:
        dat_image_invert(image);
        break;
    }
}

void dat_autoaugment_apply(dat_autoaugment kind, const dat_autoaugment_draw *draw, const dat_image *image,
                           uint8_t *scratch)
{
    for (int i = 0; i < draw->n; i++)
        apply_step(&details_of[kind], draw->steps[i].operation, draw->steps[i].magnitude, image, scratch);
}
