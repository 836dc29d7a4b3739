/* The scenes of the relational games: where each task puts which objects, and how a scene becomes pixels. */
#include <string.h>

#include "data/relational_games_objects.h"
#include "util/status.h"

enum { N_CELLS = DAT_GAMES_GRID * DAT_GAMES_GRID, MAX_DISTINCT = 6, TOP_CELL = 1 };

const char *const dat_games_task_names[] = {"same",       "occurs",          "xoccurs", "between",
                                            "match_patt", "3task_col_patts", NULL};
const char *const dat_games_object_names[] = {"pentos", "hexos", "stripes", NULL};

/* A scene in the making, with the distinct objects that `fresh` has drawn for it so far. */
typedef struct draft {
    dat_games_scene *scene;
    dat_rng *rng;
    dat_games_objects objects;
    dat_games_priors priors;
    dat_games_object distinct[MAX_DISTINCT];
    int n_distinct;
} draft;

/* The five ways in which three objects can agree, as the letters of three places. */
enum { AAA, AAB, ABA, ABB, ABC, N_PATTERNS };
static const uint8_t patterns[N_PATTERNS][3] = {{0, 0, 0}, {0, 0, 1}, {0, 1, 0}, {0, 1, 1}, {0, 1, 2}};

dat_games_priors dat_games_default_priors(dat_games_task task)
{
    dat_games_priors priors = {.near = 2.0 / 3, .repeat = 0.5};
    if (task == DAT_GAMES_OCCURS || task == DAT_GAMES_XOCCURS)
        priors.near = 1.0 / 3;
    else if (task == DAT_GAMES_BETWEEN)
        priors.near = 0;
    return priors;
}

static int below(draft *d, int bound)
{
    return (int)dat_rng_below(d->rng, (uint64_t)bound);
}

/* An object unlike all earlier fresh ones of the scene; the first is any. */
static dat_games_object fresh(draft *d)
{
    DAT_ASSERT(d->n_distinct < MAX_DISTINCT);
    dat_games_object object =
        d->n_distinct == 0
            ? dat_games_draw_object(d->objects, d->rng)
            : dat_games_draw_different(d->objects, d->priors.near, d->distinct, d->n_distinct, d->rng);
    d->distinct[d->n_distinct++] = object;
    return object;
}

/* `count` distinct cells in uniform random order. */
static void draw_cells(draft *d, int count, int *cells)
{
    int all[N_CELLS];
    for (int i = 0; i < N_CELLS; i++)
        all[i] = i;
    for (int i = 0; i < count; i++) {
        int chosen = i + below(d, N_CELLS - i);
        cells[i] = all[chosen];
        all[chosen] = all[i];
    }
}

/* same: are the two objects equal? */
static void draw_same(draft *d)
{
    int cells[2];
    draw_cells(d, 2, cells);
    dat_games_object first = fresh(d);
    d->scene->cells[cells[0]] = first;
    d->scene->cells[cells[1]] = d->scene->label ? first : fresh(d);
}

/* The row below: the top object at one uniform column and two more, or three more. */
static void draw_bottom_row(draft *d, bool with_top)
{
    dat_games_object *row = &d->scene->cells[2 * DAT_GAMES_GRID];
    int top_column = with_top ? below(d, 3) : -1;
    for (int column = 0; column < 3; column++)
        row[column] = column == top_column ? d->distinct[0] : fresh(d);
}

/* occurs: is the top object in the row below? */
static void draw_occurs(draft *d)
{
    d->scene->cells[TOP_CELL] = fresh(d);
    draw_bottom_row(d, d->scene->label);
}

/* xoccurs: is the top object in the row below exactly once, among two different others? */
static void draw_xoccurs(draft *d)
{
    dat_games_object top = fresh(d);
    d->scene->cells[TOP_CELL] = top;
    if (d->scene->label || dat_rng_uniform(d->rng) >= d->priors.repeat) {
        draw_bottom_row(d, d->scene->label);
        return;
    }
    /* A repeat: (top, top, other) or (top, other, other), in random order. */
    dat_games_object *row = &d->scene->cells[2 * DAT_GAMES_GRID];
    dat_games_object other = fresh(d);
    bool top_twice = below(d, 2) == 1;
    int single = below(d, 3);
    for (int column = 0; column < 3; column++)
        row[column] = (column == single) == top_twice ? other : top;
}

/* The nine equally likely lines of between: rows, columns, and slanted ones, of which the one from (1,0) is
 * the middle row again (which therefore is twice as likely, as in the published files). */
static const uint8_t lines[9][3] = {{0, 1, 2}, {3, 4, 5}, {6, 7, 8}, {0, 3, 6}, {1, 4, 7},
                                    {2, 5, 8}, {0, 4, 8}, {3, 4, 5}, {6, 4, 2}};

static void draw_line(draft *d, int *cells)
{
    const uint8_t *line = lines[below(d, 9)];
    for (int k = 0; k < 3; k++)
        cells[k] = line[k];
}

/* Of a scene with three objects: do they lie on a line with equal outer ones? */
static bool is_between(const dat_games_scene *scene)
{
    for (int i = 0; i < 9; i++) {
        const dat_games_object *first = &scene->cells[lines[i][0]], *last = &scene->cells[lines[i][2]];
        if (first->mask && scene->cells[lines[i][1]].mask && last->mask && dat_games_same_object(first, last))
            return true;
    }
    return false;
}

/* A negative of between: on a line, outer objects that share the mask, the colour or nothing on purpose; or
 * three cells anywhere. May turn out positive by chance. */
static void draw_between_negative(draft *d, int *cells)
{
    enum { SAME_MASK, SAME_COLOUR, INDEPENDENT, ANYWHERE, N_KINDS };
    int kind = d->objects == DAT_GAMES_STRIPES ? INDEPENDENT + below(d, 2) : below(d, N_KINDS);
    if (kind == ANYWHERE)
        draw_cells(d, 3, cells);
    else
        draw_line(d, cells);
    dat_games_object outer[2];
    outer[0] = outer[1] = dat_games_draw_object(d->objects, d->rng);
    do {
        if (kind == SAME_MASK)
            outer[1] = dat_games_paint_mask(outer[0].mask, dat_games_draw_colour(d->objects, d->rng));
        else if (kind == SAME_COLOUR)
            outer[1] = dat_games_paint_mask(dat_games_draw_mask(d->objects, d->rng), outer[0].colours[0]);
        else
            outer[1] = dat_games_draw_object(d->objects, d->rng);
    } while (kind <= SAME_COLOUR && dat_games_same_object(&outer[0], &outer[1]));
    d->scene->cells[cells[0]] = outer[0];
    d->scene->cells[cells[1]] = dat_games_draw_object(d->objects, d->rng);
    d->scene->cells[cells[2]] = outer[1];
}

/* between: is an object between two equal ones, in a row, a column or a diagonal? */
static void draw_between(draft *d)
{
    int cells[3];
    if (d->scene->label) {
        draw_line(d, cells);
        d->scene->cells[cells[0]] = d->scene->cells[cells[2]] = dat_games_draw_object(d->objects, d->rng);
        d->scene->cells[cells[1]] = dat_games_draw_object(d->objects, d->rng);
        return;
    }
    do {
        memset(d->scene->cells, 0, sizeof d->scene->cells);
        draw_between_negative(d, cells);
    } while (is_between(d->scene));
}

/* Places fresh objects by a pattern at three cells, `step` apart. */
static void draw_pattern(draft *d, int pattern, int first_cell, int step)
{
    dat_games_object letters[3];
    int n_letters = 0;
    for (int place = 0; place < 3; place++) {
        int letter = patterns[pattern][place];
        if (letter == n_letters)
            letters[n_letters++] = fresh(d);
        d->scene->cells[first_cell + place * step] = letters[letter];
    }
}

/* A uniform pattern other than the given one. */
static int other_pattern(draft *d, int pattern)
{
    return (pattern + 1 + below(d, N_PATTERNS - 1)) % N_PATTERNS;
}

/* match_patt: do the upper and the lower row show the same pattern, in different objects? */
static void draw_match_patt(draft *d)
{
    int upper = below(d, N_PATTERNS);
    int lower = d->scene->label ? upper : other_pattern(d, upper);
    draw_pattern(d, upper, 0, 1);
    draw_pattern(d, lower, 2 * DAT_GAMES_GRID, 1);
}

/* 3task_col_patts: does the column show the pattern that the task id asks for? */
static void draw_col_patts(draft *d)
{
    static const int required[] = {ABA, AAB, ABB};
    d->scene->task_id = below(d, 3);
    int pattern = required[d->scene->task_id];
    if (!d->scene->label)
        pattern = other_pattern(d, pattern);
    draw_pattern(d, pattern, below(d, 3), DAT_GAMES_GRID);
}

void dat_games_scene_draw(dat_games_task task, dat_games_objects objects, const dat_games_priors *priors,
                          dat_rng *rng, dat_games_scene *scene)
{
    static void (*const draw[DAT_GAMES_N_TASKS])(draft *) = {
        [DAT_GAMES_SAME] = draw_same,
        [DAT_GAMES_OCCURS] = draw_occurs,
        [DAT_GAMES_XOCCURS] = draw_xoccurs,
        [DAT_GAMES_BETWEEN] = draw_between,
        [DAT_GAMES_MATCH_PATT] = draw_match_patt,
        [DAT_GAMES_COL_PATTS] = draw_col_patts,
    };
    *scene = (dat_games_scene){.label = (int)dat_rng_below(rng, 2)};
    draft d = {.scene = scene, .rng = rng, .objects = objects, .priors = *priors};
    draw[task](&d);
}

/* Fills the 3x3 pixels of one block. */
static void paint_block(uint32_t colour, uint8_t *pixels)
{
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++) {
            uint8_t *pixel = pixels + (y * DAT_GAMES_IMAGE + x) * DAT_GAMES_CHANNELS;
            pixel[0] = (uint8_t)(colour >> 16);
            pixel[1] = (uint8_t)(colour >> 8);
            pixel[2] = (uint8_t)colour;
        }
}

void dat_games_scene_paint(const dat_games_scene *scene, uint8_t *pixels)
{
    memset(pixels, 0, DAT_GAMES_IMAGE * DAT_GAMES_IMAGE * DAT_GAMES_CHANNELS);
    for (int cell = 0; cell < N_CELLS; cell++) {
        const dat_games_object *object = &scene->cells[cell];
        int top = cell / DAT_GAMES_GRID * DAT_GAMES_CELL + 1;
        int left = cell % DAT_GAMES_GRID * DAT_GAMES_CELL + 1;
        for (int block = 0; block < 9; block++) {
            int y = top + 3 * (block / 3), x = left + 3 * (block % 3);
            if (object->mask >> block & 1)
                paint_block(object->colours[block % 3],
                            pixels + (y * DAT_GAMES_IMAGE + x) * DAT_GAMES_CHANNELS);
        }
    }
}
