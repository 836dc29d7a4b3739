/* dat data relational_games: a contact sheet of examples, positives above negatives, and the share of
 * positives. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "data/relational_games.h"
#include "io/png.h"
#include "sheet.h"

enum {
    MAX_COUNT = 100,
    MAX_GROUPS = (int)DAT_GAMES_N_TASKS * (int)DAT_GAMES_N_OBJECT_SETS,
    N_GENERATED = 10000, /* images a group, for the statistics */
    SCALE = 2,
    FRAME = 1,
    PICTURE = DAT_GAMES_IMAGE * SCALE + 2 * FRAME,
    MARGIN = 8,
    ROW_GAP = SHEET_TEXT_HEIGHT + 5, /* holds the captions of single images */
    ROW_PITCH = PICTURE + ROW_GAP,
    IMAGE_BYTES = DAT_GAMES_IMAGE * DAT_GAMES_IMAGE * DAT_GAMES_CHANNELS,
};

static const uint32_t GREY = 0xa0a0a0;

static const char *const help =
    "Usage: dat data relational_games [OPTION]...\n"
    "\n"
    "Writes a sheet of examples, a row of positives above a row of negatives for each task and\n"
    "object set, and prints the share of positives.\n"
    "\n"
    "  --task T        same, occurs, xoccurs, between, match_patt, 3task_col_patts or all (default)\n"
    "  --objects O     pentos, hexos, stripes or all (default)\n"
    "  --count N       examples a row, 1..100 (default 10)\n"
    "  --seed S        seed of the generated images (default 0)\n"
    "  --npz FILE      show a published file instead of generated images\n"
    "  --out FILE      the sheet, a PNG file (default relational_games.png)\n"
    "  -h, --help      show this help\n";

typedef struct options {
    int task, objects; /* or DATA_ALL */
    int64_t count;
    uint64_t seed;
    const char *npz, *out;
    bool wants_help;
    bool wants_generated; /* an option that only makes sense without npz was given */
} options;

/* One set of images: two rows of the sheet. */
typedef struct group {
    char name[48];
    dat_games_dataset *dataset;
    int64_t positives;
} group;

static dat_status parse_number(const char *option, const char *text, uint64_t minimum, uint64_t maximum,
                               uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || *number < minimum || *number > maximum)
        return dat_usage("%s is '%s', expected a whole number from %" PRIu64 " to %" PRIu64, option, text,
                         minimum, maximum);
    return DAT_OK;
}

static dat_status parse_option(int option, options *o)
{
    uint64_t number;
    switch (option) {
    case 't':
        o->wants_generated = true;
        return data_choice("--task", optarg, dat_games_task_names, &o->task);
    case 'j':
        o->wants_generated = true;
        return data_choice("--objects", optarg, dat_games_object_names, &o->objects);
    case 'c':
        DAT_TRY(parse_number("--count", optarg, 1, MAX_COUNT, &number));
        o->count = (int64_t)number;
        return DAT_OK;
    case 's':
        o->wants_generated = true;
        return parse_number("--seed", optarg, 0, UINT64_MAX, &o->seed);
    case 'n':
        o->npz = optarg;
        return DAT_OK;
    case 'o':
        o->out = optarg;
        return DAT_OK;
    default:
        o->wants_help = true;
        return DAT_OK;
    }
}

static dat_status parse_options(int argc, char **argv, options *o)
{
    static const struct option known[] = {
        {"task", required_argument, NULL, 't'},  {"objects", required_argument, NULL, 'j'},
        {"count", required_argument, NULL, 'c'}, {"seed", required_argument, NULL, 's'},
        {"npz", required_argument, NULL, 'n'},   {"out", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
    };
    *o = (options){.task = DATA_ALL, .objects = DATA_ALL, .count = 10, .out = "relational_games.png"};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == '?' || option == ':')
            return dat_usage("%s '%s'", option == '?' ? "unknown option" : "missing value after",
                             argv[optind - 1]);
        DAT_TRY(parse_option(option, o));
    }
    if (optind < argc)
        return dat_usage("unexpected argument '%s'", argv[optind]);
    if (o->npz && o->wants_generated)
        return dat_usage("--npz shows a file as it is; leave out --task, --objects and --seed");
    return DAT_OK;
}

static dat_status open_file(const char *path, group *groups, int *n_groups)
{
    DAT_TRY(dat_games_read_npz(path, &groups[0].dataset));
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    int length = dot ? (int)(dot - name) : (int)strlen(name);
    snprintf(groups[0].name, sizeof groups[0].name, "%.*s", length, name);
    *n_groups = 1;
    return DAT_OK;
}

/* Every group has a seed of its own: with one seed, all tasks would share their labels. */
static void generate(const options *o, group *groups, int *n_groups)
{
    dat_rng root = dat_rng_seed(o->seed);
    *n_groups = 0;
    for (int task = 0; task < DAT_GAMES_N_TASKS; task++)
        for (int objects = 0; objects < DAT_GAMES_N_OBJECT_SETS; objects++) {
            if ((o->task != DATA_ALL && o->task != task) || (o->objects != DATA_ALL && o->objects != objects))
                continue;
            group *g = &groups[(*n_groups)++];
            dat_games_priors priors = dat_games_default_priors((dat_games_task)task);
            uint64_t seed = dat_rng_fork(&root, (uint64_t)(task * DAT_GAMES_N_OBJECT_SETS + objects)).key;
            g->dataset = dat_games_generate((dat_games_task)task, (dat_games_objects)objects, &priors, seed,
                                            N_GENERATED);
            snprintf(g->name, sizeof g->name, "%s %s", dat_games_task_names[task],
                     dat_games_object_names[objects]);
        }
}

/* Looks at all images of a group, counts the positives, and draws the first `count` of each label. */
static void draw_group(group *g, int64_t count, int64_t left, int64_t top, sheet *s)
{
    static const char *const row_names[2] = {"label 0 negative", "label 1 positive"};
    int64_t drawn[2] = {0, 0};
    for (int label = 0; label < 2; label++) {
        int64_t middle = top + (1 - label) * ROW_PITCH + PICTURE / 2;
        sheet_text(s, MARGIN, middle - SHEET_TEXT_HEIGHT - 3, g->name);
        sheet_text(s, MARGIN, middle + 3, row_names[label]);
    }
    for (int64_t i = 0; i < dat_games_size(g->dataset); i++) {
        uint8_t pixels[IMAGE_BYTES];
        int label, task_id;
        dat_games_image(g->dataset, i, pixels, &label, &task_id);
        g->positives += label;
        if (drawn[label] == count)
            continue;
        int64_t x = left + drawn[label]++ * (PICTURE + MARGIN), y = top + (1 - label) * ROW_PITCH;
        sheet_fill(s, x, y, PICTURE, PICTURE, GREY);
        sheet_image(s, x + FRAME, y + FRAME, pixels, DAT_GAMES_IMAGE, SCALE);
        if (strstr(g->name, dat_games_task_names[DAT_GAMES_COL_PATTS])) {
            char caption[16];
            snprintf(caption, sizeof caption, "task %d", task_id);
            sheet_text(s, x, y - SHEET_TEXT_HEIGHT - 2, caption);
        }
    }
}

static dat_status draw_sheet(const options *o, group *groups, int n_groups)
{
    size_t longest = strlen("label 1 positive");
    for (int i = 0; i < n_groups; i++)
        longest = strlen(groups[i].name) > longest ? strlen(groups[i].name) : longest;
    int64_t left = 2 * MARGIN + (int64_t)longest * SHEET_CHARACTER_WIDTH;
    int64_t group_pitch = 2 * ROW_PITCH + MARGIN;
    sheet s = sheet_make(left + o->count * (PICTURE + MARGIN), MARGIN + n_groups * group_pitch);
    for (int i = 0; i < n_groups; i++) {
        int64_t top = MARGIN + i * group_pitch;
        if (i > 0)
            sheet_fill(&s, MARGIN, top - MARGIN / 2, s.width - 2 * MARGIN, 1, GREY);
        draw_group(&groups[i], o->count, left, top + ROW_GAP, &s);
    }
    dat_status status = dat_png_write(o->out, s.width, s.height, s.pixels);
    if (status.code == DAT_CODE_OK)
        printf("wrote %s: %d rows of %" PRId64 " images, %" PRId64 " x %" PRId64 " pixels\n", o->out,
               2 * n_groups, o->count, s.width, s.height);
    sheet_free(&s);
    return status;
}

static void print_table(const group *groups, int n_groups)
{
    printf("\n%-32s %8s %10s\n", "images of", "images", "positives");
    for (int i = 0; i < n_groups; i++) {
        int64_t n = dat_games_size(groups[i].dataset);
        printf("%-32s %8" PRId64 " %10.3f\n", groups[i].name, n, (double)groups[i].positives / (double)n);
    }
}

dat_status data_relational_games(int argc, char **argv)
{
    options o;
    group groups[MAX_GROUPS] = {{.dataset = NULL}};
    int n_groups;
    DAT_TRY(parse_options(argc, argv, &o));
    if (o.wants_help) {
        fputs(help, stdout);
        return DAT_OK;
    }
    if (o.npz)
        DAT_TRY(open_file(o.npz, groups, &n_groups));
    else
        generate(&o, groups, &n_groups);
    dat_status status = draw_sheet(&o, groups, n_groups);
    if (status.code == DAT_CODE_OK)
        print_table(groups, n_groups);
    for (int i = 0; i < n_groups; i++)
        dat_games_free(groups[i].dataset);
    return status;
}
