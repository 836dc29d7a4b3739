/* The relational games benchmark (Shanahan et al., "An Explicitly Relational Neural Network Architecture",
 * ICML 2020): 36x36 RGB images of a 3x3 grid of cells with objects in some of them, and a yes/no question
 * about how the objects relate. Generated here by the rules measured on the published files, or read from
 * those files. */
#ifndef DAT_DATA_RELATIONAL_GAMES_H
#define DAT_DATA_RELATIONAL_GAMES_H

#include <stddef.h>
#include <stdint.h>

#include "core/rng.h"
#include "data/dataset.h"
#include "util/status.h"

typedef enum dat_games_task {
    DAT_GAMES_SAME,
    DAT_GAMES_OCCURS,
    DAT_GAMES_XOCCURS,
    DAT_GAMES_BETWEEN,
    DAT_GAMES_MATCH_PATT,
    DAT_GAMES_COL_PATTS, /* "3task_col_patts": three tasks in one file, told apart by the task id */
    DAT_GAMES_N_TASKS,
} dat_games_task;

typedef enum dat_games_objects {
    DAT_GAMES_PENTOS,
    DAT_GAMES_HEXOS,
    DAT_GAMES_STRIPES,
    DAT_GAMES_N_OBJECT_SETS,
} dat_games_objects;

/* Names as in configs and file names, ending with NULL: "same", "occurs", ...; "pentos", "hexos", "stripes".
 */
extern const char *const dat_games_task_names[];
extern const char *const dat_games_object_names[];

enum {
    DAT_GAMES_GRID = 3,     /* cells a side */
    DAT_GAMES_CELL = 12,    /* pixels a side of a cell: 1 black, three blocks of 3, 2 black */
    DAT_GAMES_IMAGE = 36,   /* pixels a side */
    DAT_GAMES_CHANNELS = 3, /* red, green, blue */
};

/* The choices that could not be measured on published files. */
typedef struct dat_games_priors {
    double near;   /* probability that a "different" object shares shape or colour with an earlier one */
    double repeat; /* xoccurs: share of negatives that contain the top object and a repeat */
} dat_games_priors;

/* Calibrated defaults: near is 2/3 for same, match_patt and col_patts, 1/3 for occurs and xoccurs; repeat
 * 1/2. between has no near share (its near misses are kinds of negatives), and stripes never have near
 * misses. */
dat_games_priors dat_games_default_priors(dat_games_task task);

/* An object: a 3x3 bit mask (bit 3*row+column, bit 0 top left) and the colour of each of the three columns of
 * blocks (equal for pentos and hexos), 0xRRGGBB. */
typedef struct dat_games_object {
    uint16_t mask;
    uint32_t colours[3];
} dat_games_object;

/* What one image shows. */
typedef struct dat_games_scene {
    dat_games_object cells[DAT_GAMES_GRID * DAT_GAMES_GRID]; /* mask 0: empty */
    int label;
    int task_id; /* 0..2 for col_patts, else 0 */
} dat_games_scene;

/* Draws one scene: label 0 or 1 with probability 1/2 each, then objects and places by the rules of the task.
 */
void dat_games_scene_draw(dat_games_task task, dat_games_objects objects, const dat_games_priors *priors,
                          dat_rng *rng, dat_games_scene *scene);

/* Paints a scene as (36, 36, 3) bytes, channels last, as in the published files. */
void dat_games_scene_paint(const dat_games_scene *scene, uint8_t *pixels);

/* A set of images: `size` scenes of one task and object set, scene i drawn from stream i of `seed` when it is
 * read, so that no image is kept in memory; or the images of a published npz file. */
typedef struct dat_games_dataset dat_games_dataset;

/* Never fails; `priors` is copied. Release with dat_games_free. */
dat_games_dataset *dat_games_generate(dat_games_task task, dat_games_objects objects,
                                      const dat_games_priors *priors, uint64_t seed, int64_t size);

/* Reads an archive with `images` (n, 36, 36, 3) of any integer type, values 0..255, `labels` (n, 1) or (n)
 * 0/1 and, if present, `tasks` like labels, 0..2. Keeps one byte a value. Wrong shapes, values and damaged
 * archives are refused in one sentence; *dataset is then NULL. Release with dat_games_free. */
dat_status dat_games_read_npz(const char *path, dat_games_dataset **dataset);

/* Looks in `folder` for {task}_{objects}.npz, 1task_{task}_{objects}.npz and mini_{task}_{objects}.npz, in
 * that order, and writes the path of the first that exists; the failure names what it tried. */
dat_status dat_games_find_npz(const char *folder, dat_games_task task, dat_games_objects objects, char *path,
                              size_t path_size);

/* Releases the set; NULL is allowed. */
void dat_games_free(dat_games_dataset *dataset);

/* Number of images. */
int64_t dat_games_size(const dat_games_dataset *dataset);

/* Image i as (36, 36, 3) bytes, its label and task id; 0 <= i < size. */
void dat_games_image(const dat_games_dataset *dataset, int64_t i, uint8_t *pixels, int *label, int *task_id);

/* The set as images (n, 3, 36, 36) in [0, 1] for training; borrows `dataset`. */
dat_dataset dat_games_as_dataset(const dat_games_dataset *dataset);

#endif
