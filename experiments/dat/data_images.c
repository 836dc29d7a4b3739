/* dat data images: a contact sheet of images with augmented versions beside them, and the size of each class.
 */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data.h"
#include "data/augment.h"
#include "data/cifar.h"
#include "data/image_folder.h"
#include "io/png.h"
#include "sheet.h"
#include "train/batches.h"
#include "util/arguments.h"
#include "util/memory.h"

enum {
    VERSIONS = 10, /* augmented versions an image */
    MAX_COUNT = 100,
    MAX_SIDE = 256,
    WANTED_PIXELS = 96, /* a picture on the sheet is about this wide */
    FRAME = 1,
    MARGIN = 8,
    LINE = SHEET_TEXT_HEIGHT + 3,
    CAPTION_SIZE = 64,
};

static const uint32_t GREY = 0xa0a0a0;

static const char *const help =
    "Usage: dat data images [OPTION]...\n"
    "\n"
    "Writes a sheet of images, each with ten augmented versions beside it, and prints the number of\n"
    "images of each class.\n"
    "\n"
    "  --data FOLDER   CIFAR-10 or CIFAR-100 in binary files, or a folder of PNG and JPEG images for\n"
    "                  each class (default datasets/cifar10-sample)\n"
    "  --augment LIST  none, or with commas between: crop, flip, autoaugment (as in the reference),\n"
    "                  autoaugment_torchvision, crop_paste, cutmix, mixup\n"
    "                  (default crop,flip,autoaugment)\n"
    "  --count N       images, 1..100 (default 10)\n"
    "  --side N        pixels a side that images in class folders are resized to (default 32)\n"
    "  --seed S        seed of the choice and of the augmentation (default 0)\n"
    "  --out FILE      the sheet, a PNG file (default images.png)\n"
    "  -h, --help      show this help\n";

typedef struct options {
    const char *data, *out;
    dat_augmentation augmentation;
    int64_t count, side, seed;
    bool wants_help;
} options;

/* --- the command line --- */

static bool add_augmentation(const char *name, size_t length, dat_augmentation *a)
{
    static const struct {
        const char *name;
        dat_augmentation change;
    } known[] = {
        {"none", {0}},
        {"crop", {.crop_padding = 4}},
        {"flip", {.flip = true}},
        {"autoaugment", {.autoaugment = DAT_AUTOAUGMENT_REFERENCE}},
        {"autoaugment_torchvision", {.autoaugment = DAT_AUTOAUGMENT_TORCHVISION}},
        {"crop_paste", {.crop_paste = true}},
        {"cutmix", {.cutmix = 1}},
        {"mixup", {.mixup = 1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const dat_augmentation *change = &known[i].change;
        if (strlen(known[i].name) != length || strncmp(name, known[i].name, length) != 0)
            continue;
        a->crop_padding += change->crop_padding;
        a->flip |= change->flip;
        a->autoaugment = change->autoaugment != DAT_AUTOAUGMENT_NONE ? change->autoaugment : a->autoaugment;
        a->crop_paste |= change->crop_paste;
        a->cutmix += change->cutmix;
        a->mixup += change->mixup;
        return true;
    }
    return false;
}

static dat_status parse_augmentations(const char *list, dat_augmentation *a)
{
    *a = (dat_augmentation){0};
    for (const char *name = list; *name;) {
        size_t length = strcspn(name, ",");
        if (!add_augmentation(name, length, a))
            return dat_usage("--augment: '%.*s' is unknown, expected none, crop, flip, autoaugment, "
                             "autoaugment_torchvision, crop_paste, cutmix or mixup, with commas between",
                             (int)length, name);
        name += length + (name[length] == ',');
    }
    if (a->cutmix > 0 && a->mixup > 0)
        a->cutmix = 0.5; /* both are to be seen */
    return DAT_OK;
}

enum { OPTION_DATA = DAT_ARGUMENT_FIRST, OPTION_AUGMENT, OPTION_COUNT, OPTION_SIDE, OPTION_SEED, OPTION_OUT };

static dat_status parse_option(char *const *argv, int option, options *o)
{
    switch (option) {
    case OPTION_DATA:
        o->data = optarg;
        return DAT_OK;
    case OPTION_AUGMENT:
        return parse_augmentations(optarg, &o->augmentation);
    case OPTION_COUNT:
        return dat_argument_integer("--count", optarg, 1, MAX_COUNT, &o->count);
    case OPTION_SIDE:
        return dat_argument_integer("--side", optarg, 1, MAX_SIDE, &o->side);
    case OPTION_SEED:
        return dat_argument_integer("--seed", optarg, 0, INT64_MAX, &o->seed);
    case OPTION_OUT:
        o->out = optarg;
        return DAT_OK;
    case 'h':
        o->wants_help = true;
        return DAT_OK;
    default:
        return dat_argument_refused(argv, option);
    }
}

static dat_status parse_options(int argc, char **argv, options *o)
{
    static const struct option known[] = {
        {"data", required_argument, NULL, OPTION_DATA},
        {"augment", required_argument, NULL, OPTION_AUGMENT},
        {"count", required_argument, NULL, OPTION_COUNT},
        {"side", required_argument, NULL, OPTION_SIDE},
        {"seed", required_argument, NULL, OPTION_SEED},
        {"out", required_argument, NULL, OPTION_OUT},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    *o = (options){.data = "datasets/cifar10-sample", .out = "images.png", .count = 10, .side = 32};
    o->augmentation =
        (dat_augmentation){.crop_padding = 4, .flip = true, .autoaugment = DAT_AUTOAUGMENT_REFERENCE};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;)
        DAT_TRY(parse_option(argv, option, o));
    if (optind < argc)
        return dat_usage("unexpected argument '%s'", argv[optind]);
    return DAT_OK;
}

/* --- the images --- */

static bool holds(const char *folder, const char *name)
{
    char path[4096];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    return length > 0 && (size_t)length < sizeof path && stat(path, &info) == 0;
}

static void print_message(void *sink, const char *message)
{
    fprintf(sink, "dat data images: left out: %s\n", message);
}

/* Tells the format by the names of the files. */
static dat_status read_images(const options *o, dat_images *images)
{
    if (holds(o->data, "train.bin"))
        return dat_cifar_read_folder(DAT_CIFAR100, DAT_CIFAR_TRAIN, o->data, images);
    if (holds(o->data, "test_batch.bin") || holds(o->data, "data_batch_1.bin"))
        return dat_cifar_read_folder(DAT_CIFAR10, DAT_CIFAR_TRAIN, o->data, images);
    dat_image_folder_config config = {.height = (int)o->side,
                                      .width = (int)o->side,
                                      .normalisation = dat_imagenet_normalisation,
                                      .skip_damaged = true,
                                      .report = print_message,
                                      .sink = stderr};
    return dat_image_folder_read(o->data, &config, images);
}

static const char *class_name(const dat_images *images, int32_t label, char text[CAPTION_SIZE])
{
    if (images->class_names)
        snprintf(text, CAPTION_SIZE, "%s", images->class_names[label]);
    else
        snprintf(text, CAPTION_SIZE, "class %" PRId32, label);
    return text;
}

static void print_classes(const dat_images *images)
{
    int64_t *counts = dat_allocate((size_t)images->n_classes, sizeof counts[0]);
    for (int64_t i = 0; i < images->size; i++)
        counts[images->labels[i]]++;
    printf("\n%-32s %8s\n", "class", "images");
    for (int32_t label = 0; label < images->n_classes; label++) {
        char text[CAPTION_SIZE];
        printf("%-32s %8" PRId64 "\n", class_name(images, label, text), counts[label]);
    }
    free(counts);
}

/* --- the sheet --- */

/* Places and sizes of pictures, in pixels. */
typedef struct grid {
    int64_t left, scale, column_pitch, row_pitch;
    bool captions; /* two lines below each picture */
} grid;

static grid make_grid(const options *o, const dat_images *images)
{
    grid g = {.captions = o->augmentation.cutmix > 0 || o->augmentation.mixup > 0};
    char text[CAPTION_SIZE];
    size_t longest = 0;
    for (int32_t label = 0; label < images->n_classes; label++) {
        size_t length = strlen(class_name(images, label, text));
        longest = length > longest ? length : longest;
    }
    g.left = 2 * MARGIN + (int64_t)longest * SHEET_CHARACTER_WIDTH;
    g.scale = images->width < WANTED_PIXELS ? WANTED_PIXELS / images->width : 1;
    g.column_pitch = images->width * g.scale + 2 * FRAME + MARGIN;
    g.row_pitch = images->height * g.scale + 2 * FRAME + MARGIN + (g.captions ? 2 * LINE : 0);
    return g;
}

/* Draws normalised values as what they were before, every pixel as a square. */
static void draw_values(const dat_images *images, const dat_real *values, const grid *g, int64_t x, int64_t y,
                        sheet *s)
{
    const int64_t area = (int64_t)images->height * images->width;
    sheet_fill(s, x, y, images->width * g->scale + 2 * FRAME, images->height * g->scale + 2 * FRAME, GREY);
    for (int64_t i = 0; i < area; i++) {
        uint32_t colour = 0;
        for (int channel = 0; channel < DAT_IMAGE_CHANNELS; channel++) {
            double value = values[channel * area + i] * images->normalisation.deviation[channel] +
                           images->normalisation.mean[channel];
            value = value < 0 ? 0 : value > 1 ? 1 : value;
            colour = colour << 8 | (uint32_t)lround(value * 255);
        }
        sheet_fill(s, x + FRAME + i % images->width * g->scale, y + FRAME + i / images->width * g->scale,
                   g->scale, g->scale, colour);
    }
}

/* One caption line: a class and its percentage. */
static void draw_share(const dat_images *images, int32_t label, double share, int64_t x, int64_t y, sheet *s)
{
    char name[CAPTION_SIZE], text[CAPTION_SIZE + 8];
    snprintf(text, sizeof text, "%s %ld", class_name(images, label, name), lround(100 * share));
    sheet_text(s, x, y, text);
}

/* A row of the sheet: the image and its versions, those of epochs 0, 1, ... */
static void draw_row(const dat_augmenter *augmenter, int64_t index, const grid *g, int64_t y,
                     const dat_batch *batch, sheet *s)
{
    const dat_images *images = augmenter->images;
    const dat_dataset plain = dat_images_as_dataset(images);
    const dat_examples *made = &batch->examples;
    char name[CAPTION_SIZE];
    sheet_text(s, MARGIN, y + images->height * g->scale / 2, class_name(images, images->labels[index], name));
    for (int version = 0; version <= VERSIONS; version++) {
        int64_t x = g->left + version * g->column_pitch;
        const dat_dataset *data = version ? batch->data : &plain;
        data->read(data, version, &index, 1, *made);
        draw_values(images, made->inputs, g, x, y, s);
        if (!g->captions || version == 0)
            continue;
        int64_t below = y + images->height * g->scale + 2 * FRAME + 3;
        draw_share(images, made->labels[0], (double)made->weights[0], x, below, s);
        if (made->weights[0] < 1)
            draw_share(images, made->second_labels[0], 1 - (double)made->weights[0], x, below + LINE, s);
    }
}

static dat_status draw_sheet(const options *o, const dat_images *images)
{
    dat_augmenter augmenter = {images, o->augmentation, (uint64_t)o->seed};
    int64_t count = o->count < images->size ? o->count : images->size;
    int64_t *order = dat_allocate((size_t)images->size, sizeof order[0]);
    dat_rng rng = dat_rng_seed((uint64_t)o->seed);
    dat_rng_permutation(&rng, images->size, order);
    dat_dataset augmented = dat_augmenter_as_dataset(&augmenter);
    dat_batch batch;
    dat_batch_init(&batch, &augmented, 1);
    grid g = make_grid(o, images);
    sheet s = sheet_make(g.left + (VERSIONS + 1) * g.column_pitch, MARGIN + count * g.row_pitch);
    for (int64_t row = 0; row < count; row++)
        draw_row(&augmenter, order[row], &g, MARGIN + row * g.row_pitch, &batch, &s);
    dat_status status = dat_png_write(o->out, s.width, s.height, s.pixels);
    if (status.code == DAT_CODE_OK)
        printf("wrote %s: %" PRId64 " images, each with %d augmented versions, %" PRId64 " x %" PRId64
               " pixels\n",
               o->out, count, VERSIONS, s.width, s.height);
    sheet_free(&s);
    dat_batch_free(&batch);
    free(order);
    return status;
}

dat_status data_images(int argc, char **argv)
{
    options o;
    dat_images images;
    DAT_TRY(parse_options(argc, argv, &o));
    if (o.wants_help) {
        fputs(help, stdout);
        return DAT_OK;
    }
    DAT_TRY(read_images(&o, &images));
    dat_status status = draw_sheet(&o, &images);
    if (status.code == DAT_CODE_OK)
        print_classes(&images);
    dat_images_free(&images);
    return status;
}
