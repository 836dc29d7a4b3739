/* The datasets of `dat data`, each with its own arguments (argv[0] is the dataset's name). */
#ifndef DAT_EXPERIMENTS_DATA_H
#define DAT_EXPERIMENTS_DATA_H

#include "util/status.h"

/* Relational games: a sheet of examples. */
dat_status data_relational_games(int argc, char **argv);

/* Mathematics: examples and statistics, or files. */
dat_status data_math(int argc, char **argv);

/* Images: a sheet of augmented examples. */
dat_status data_images(int argc, char **argv);

/* Text: token files. */
dat_status data_text(int argc, char **argv);

enum { DATA_ALL = -1 };

/* The index of a name in a list that ends with NULL, or DATA_ALL for "all". */
dat_status data_choice(const char *option, const char *text, const char *const *names, int *choice);

#endif
