/* The image sets of one run: training and validation images and the splits it is tested on. */
#ifndef RELATIONAL_GAMES_IMAGES_H
#define RELATIONAL_GAMES_IMAGES_H

#include "config.h"
#include "data/relational_games.h"
#include "data/subset.h"
#include "train/trainer.h"

enum { GAMES_MAX_SPLITS = 6 };

typedef struct games_images {
    dat_games_dataset *pentos, *others[GAMES_MAX_SPLITS]; /* owned */
    int n_others;
    int64_t *order; /* of the pentos images: training, validation, test; owned */
    dat_subset train, validation, test;
    dat_split splits[GAMES_MAX_SPLITS]; /* validation, in_distribution, hexos, stripes, *_real */
    int n_splits;
} games_images;

/* Whether the folders of a config are there, and in the one to train on the task's files. Reads none of them.
 */
dat_status games_images_check(const games_config *config);

/* Opens or generates all sets. Every seed draws its own pentos images; generated hexos and stripes are the
 * same for all seeds, as published files are. The caller frees the images whatever the result. */
dat_status games_images_open(games_images *images, const games_config *config);
void games_images_free(games_images *images);

#endif
