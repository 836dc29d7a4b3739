/* dat inspect relations: how a trained vision model relates one patch of an image to all others (Figure 9 of
 * the paper). */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "core/tape.h"
#include "image_classification/model.h"
#include "image_classification/sets.h"
#include "io/png.h"
#include "io/run_file.h"
#include "kept_parameters.h"
#include "sheet.h"
#include "util/arguments.h"
#include "util/memory.h"

enum {
    ALL = -1,
    WANTED_PIXELS = 96, /* a picture on the sheet is about this wide */
    MARGIN = 8,
    LINE = SHEET_TEXT_HEIGHT + 5,
    ROW_CAPTION = 9 * SHEET_CHARACTER_WIDTH, /* "layer 10" */
    CAPTION_SIZE = 32,
};

static const uint32_t MARK = 0xffd000, POSITIVE = 0x00a000, NEGATIVE = 0xd00000;
static const double STRONGEST_TINT = 0.85;
static const int64_t MEMORY_LIMIT = (int64_t)4 << 30;

static const char *const help =
    "Usage: dat inspect relations --run FILE [OPTION]...\n"
    "\n"
    "Draws an image with a marked patch, and beside it for every layer and relation how the model\n"
    "relates that patch to all others: green for positive relations, red for negative ones, as strong\n"
    "as tanh of the relation.\n"
    "\n"
    "  --run FILE    run file of image_classification that keeps its parameters\n"
    "                (train.keep_parameters)\n"
    "  --image N     number of the test image, from 0 (default 0)\n"
    "  --layer L     this layer only, from 0 (default: all)\n"
    "  --relation R  this relation only, from 0 (default: all)\n"
    "  --patch P     the marked patch, from 0, row by row (default: the middle)\n"
    "  --out FILE    the drawing, a PNG file (default relations.png)\n"
    "  -h, --help    show this help\n";

typedef struct options {
    const char *run, *out;
    int64_t image, layer, relation, patch; /* ALL: every one, or the middle patch */
    bool wants_help;
} options;

/* --- the command line --- */

enum {
    OPTION_RUN = DAT_ARGUMENT_FIRST,
    OPTION_IMAGE,
    OPTION_LAYER,
    OPTION_RELATION,
    OPTION_PATCH,
    OPTION_OUT
};

static dat_status parse_option(char *const *argv, int option, options *o)
{
    switch (option) {
    case OPTION_RUN:
        o->run = optarg;
        return DAT_OK;
    case OPTION_IMAGE:
        return dat_argument_integer("--image", optarg, 0, INT64_MAX, &o->image);
    case OPTION_LAYER:
        return dat_argument_integer("--layer", optarg, 0, INT64_MAX, &o->layer);
    case OPTION_RELATION:
        return dat_argument_integer("--relation", optarg, 0, INT64_MAX, &o->relation);
    case OPTION_PATCH:
        return dat_argument_integer("--patch", optarg, 0, INT64_MAX, &o->patch);
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
        {"run", required_argument, NULL, OPTION_RUN},
        {"image", required_argument, NULL, OPTION_IMAGE},
        {"layer", required_argument, NULL, OPTION_LAYER},
        {"relation", required_argument, NULL, OPTION_RELATION},
        {"patch", required_argument, NULL, OPTION_PATCH},
        {"out", required_argument, NULL, OPTION_OUT},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    *o = (options){.out = "relations.png", .layer = ALL, .relation = ALL, .patch = ALL};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;)
        DAT_TRY(parse_option(argv, option, o));
    if (optind < argc)
        return dat_usage("unexpected argument '%s'", argv[optind]);
    if (!o->run && !o->wants_help)
        return dat_usage("--run is missing; see dat inspect relations --help");
    return DAT_OK;
}

/* --- the model and its image --- */

typedef struct subject {
    dat_images test;
    dat_params params;
    dat_vision_model model;
    int64_t n_relations, side; /* side: patches in a row of the image */
} subject;

static dat_status open_run(const char *path, const dat_run *run, subject *s)
{
    image_config config;
    if (strcmp(run->experiment, "image_classification") != 0 || !run->config_resolved)
        return dat_usage("%s: it is a run of \"%s\", expected one of image_classification", path,
                         run->experiment);
    dat_status status = dat_config_parse_resolved(run->config_resolved, &image_schema, &config);
    if (status.code != DAT_CODE_OK)
        return dat_status_prefix(status, "%s", path);
    if (config.model.block.n_heads_ra == 0)
        return dat_usage("%s: its model has no relational heads", path);
    DAT_TRY(image_sets_read_test(&config.data, &s->test));
    DAT_TRY(image_model_init(&s->model, &s->params, &config.model, s->test.width, s->test.n_classes));
    s->n_relations = s->model.blocks[0].attention.both.relational_attention.config.n_relations;
    s->side = s->test.width / config.model.patch_size;
    return kept_parameters_restore(path, run, "train.keep_parameters", &s->params);
}

static dat_status open_subject(const char *path, subject *s)
{
    dat_run run;
    DAT_TRY(dat_run_load(path, true, &run));
    dat_status status = open_run(path, &run, s);
    dat_run_free(&run);
    return status;
}

static void close_subject(subject *s)
{
    dat_images_free(&s->test);
    dat_vision_free(&s->model);
    dat_params_free(&s->params);
}

static dat_status check_number(const char *option, int64_t number, int64_t count)
{
    if (number < count)
        return DAT_OK;
    return dat_usage("%s: %" PRId64 " is too large, expected 0 to %" PRId64, option, number, count - 1);
}

static dat_status check_numbers(const options *o, const subject *s)
{
    DAT_TRY(check_number("--image", o->image, s->test.size));
    DAT_TRY(check_number("--layer", o->layer, s->model.config.n_layers));
    DAT_TRY(check_number("--relation", o->relation, s->n_relations));
    return check_number("--patch", o->patch, s->model.n_patches);
}

/* The relations of one layer for the image: (tokens, tokens, n_relations). */
static dat_status find_relations(const subject *s, int64_t image, int64_t layer, dat_real *relations)
{
    dat_tape tape;
    dat_dataset data = dat_images_as_dataset(&s->test);
    int32_t label;
    DAT_TRY(dat_tape_init(&tape, (size_t)MEMORY_LIMIT));
    dat_real *values = dat_allocate((size_t)dat_images_values(&s->test), sizeof *values);
    data.read(&data, 0, &image, 1, (dat_examples){.inputs = values, .labels = &label});
    tape.training = tape.recording = false;
    dat_tape_begin(&tape, 0);
    dat_tensor *input = dat_tape_input(&tape, "image", values, 4,
                                       (int64_t[]){1, DAT_IMAGE_CHANNELS, s->test.height, s->test.width});
    dat_vision_forward_relations(&tape, &s->model, input, layer, relations);
    dat_status status = tape.status;
    free(values);
    dat_tape_free(&tape);
    return status;
}

/* --- the drawing --- */

/* Where things are, in pixels. */
typedef struct layout {
    int64_t scale, picture, left, top; /* `left`, `top`: of the first picture of relations */
    int64_t first_layer, n_layers, first_relation, n_relations, patch;
} layout;

static layout lay_out(const options *o, const subject *s)
{
    layout l = {.first_layer = o->layer == ALL ? 0 : o->layer,
                .n_layers = o->layer == ALL ? s->model.config.n_layers : 1,
                .first_relation = o->relation == ALL ? 0 : o->relation,
                .n_relations = o->relation == ALL ? s->n_relations : 1,
                .patch = o->patch == ALL ? s->side / 2 * s->side + s->side / 2 : o->patch};
    l.scale = s->test.width < WANTED_PIXELS ? WANTED_PIXELS / s->test.width : 1;
    l.picture = s->test.width * l.scale;
    l.left = MARGIN + l.picture + MARGIN + ROW_CAPTION;
    l.top = MARGIN + LINE;
    return l;
}

static uint32_t blend(uint32_t colour, uint32_t tint, double share)
{
    uint32_t result = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        double from = colour >> shift & 0xff, to = tint >> shift & 0xff;
        result |= (uint32_t)lround(from + share * (to - from)) << shift;
    }
    return result;
}

static void mark_patch(const subject *s, const layout *l, int64_t x, int64_t y, sheet *page)
{
    int64_t size = l->picture / s->side, thick = l->scale;
    int64_t left = x + l->patch % s->side * size, top = y + l->patch / s->side * size;
    sheet_fill(page, left, top, size, thick, MARK);
    sheet_fill(page, left, top + size - thick, size, thick, MARK);
    sheet_fill(page, left, top, thick, size, MARK);
    sheet_fill(page, left + size - thick, top, thick, size, MARK);
}

/* Draws the image, each patch tinted by `tints` (n_patches) in -1..1, or plain when that is NULL. */
static void draw_picture(const subject *s, int64_t number, const double *tints, const layout *l, int64_t x,
                         int64_t y, sheet *page)
{
    dat_image image = dat_images_at(&s->test, number);
    int64_t area = (int64_t)image.height * image.width, patch_pixels = image.width / s->side;
    for (int64_t i = 0; i < area; i++) {
        int64_t column = i % image.width, row = i / image.width;
        uint32_t colour = (uint32_t)image.planes[i] << 16 | (uint32_t)image.planes[area + i] << 8 |
                          image.planes[2 * area + i];
        if (tints) {
            double tint = tints[row / patch_pixels * s->side + column / patch_pixels];
            colour = blend(colour, tint > 0 ? POSITIVE : NEGATIVE, STRONGEST_TINT * fabs(tint));
        }
        sheet_fill(page, x + column * l->scale, y + row * l->scale, l->scale, l->scale, colour);
    }
    mark_patch(s, l, x, y, page);
}

/* A row of the drawing: all relations of a layer. Token 0 is the class token. */
static void draw_layer(const subject *s, const options *o, const layout *l, int64_t layer,
                       const dat_real *relations, sheet *page)
{
    char caption[CAPTION_SIZE];
    int64_t tokens = s->model.n_patches + 1, y = l->top + (layer - l->first_layer) * (l->picture + MARGIN);
    double *tints = dat_allocate((size_t)s->model.n_patches, sizeof *tints);
    snprintf(caption, sizeof caption, "layer %" PRId64, layer);
    sheet_text(page, l->left - ROW_CAPTION, y + l->picture / 2, caption);
    for (int64_t r = l->first_relation; r < l->first_relation + l->n_relations; r++) {
        int64_t x = l->left + (r - l->first_relation) * (l->picture + MARGIN);
        const dat_real *from_patch = relations + (l->patch + 1) * tokens * s->n_relations;
        for (int64_t p = 0; p < s->model.n_patches; p++)
            tints[p] = tanh((double)from_patch[(p + 1) * s->n_relations + r]);
        snprintf(caption, sizeof caption, "relation %" PRId64, r);
        if (layer == l->first_layer)
            sheet_text(page, x, MARGIN, caption);
        draw_picture(s, o->image, tints, l, x, y, page);
    }
    free(tints);
}

static dat_status draw(const options *o, const subject *s)
{
    layout l = lay_out(o, s);
    int64_t tokens = s->model.n_patches + 1;
    sheet page =
        sheet_make(l.left + l.n_relations * (l.picture + MARGIN), l.top + l.n_layers * (l.picture + MARGIN));
    dat_real *relations = dat_allocate((size_t)(tokens * tokens * s->n_relations), sizeof *relations);
    dat_status status = DAT_OK;
    draw_picture(s, o->image, NULL, &l, MARGIN, l.top, &page);
    if (s->test.class_names)
        sheet_text(&page, MARGIN, MARGIN, s->test.class_names[s->test.labels[o->image]]);
    for (int64_t layer = l.first_layer; layer < l.first_layer + l.n_layers; layer++) {
        status = find_relations(s, o->image, layer, relations);
        if (status.code != DAT_CODE_OK)
            break;
        draw_layer(s, o, &l, layer, relations, &page);
    }
    if (status.code == DAT_CODE_OK)
        status = dat_png_write(o->out, page.width, page.height, page.pixels);
    if (status.code == DAT_CODE_OK)
        printf("wrote %s: patch %" PRId64 " of test image %" PRId64 ", %" PRId64 " layers, %" PRId64
               " relations\n",
               o->out, l.patch, o->image, l.n_layers, l.n_relations);
    free(relations);
    sheet_free(&page);
    return status;
}

static dat_status inspect_relations(int argc, char **argv)
{
    options o;
    subject s = {0};
    DAT_TRY(parse_options(argc, argv, &o));
    if (o.wants_help) {
        fputs(help, stdout);
        return DAT_OK;
    }
    dat_status status = open_subject(o.run, &s);
    if (status.code == DAT_CODE_OK)
        status = check_numbers(&o, &s);
    if (status.code == DAT_CODE_OK)
        status = draw(&o, &s);
    close_subject(&s);
    return status;
}

int command_inspect(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    dat_status status;
    if (strcmp(what, "--help") == 0 || strcmp(what, "-h") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if (strcmp(what, "relations") == 0)
        status = inspect_relations(argc - 1, argv + 1);
    else
        status = dat_usage("unknown subject '%s', expected relations; see dat inspect --help", what);
    if (status.code != DAT_CODE_OK)
        fprintf(stderr, "dat inspect: %s\n", status.message);
    return (int)status.code;
}
