/* Reads a relational games image back into its objects, independently of the code that paints them: the
 * oracle of labels and the meter of statistics. */
#ifndef TESTS_SUPPORT_GAMES_DECODE_H
#define TESTS_SUPPORT_GAMES_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "data/relational_games.h"

/* One cell: the colours of its nine blocks (0 black), row by row. */
typedef struct games_cell {
    uint32_t blocks[9];
} games_cell;

typedef struct games_picture {
    games_cell cells[9];
    int label, task_id;
    int n_objects;
    int places[9]; /* the cells that hold objects, in reading order */
} games_picture;

/* Decodes image i. Returns false unless every pixel of every block has the block's colour and all other
 * pixels are black. */
bool games_decode(const dat_games_dataset *dataset, int64_t i, games_picture *picture);

/* Which blocks are not black, bit 3*row+column. */
int games_mask(const games_cell *cell);

/* The colour of the first block that is not black, and of the middle column of a stripe. */
uint32_t games_colour(const games_cell *cell);
uint32_t games_middle_colour(const games_cell *cell);

/* Equal in all nine blocks. */
bool games_same(const games_cell *a, const games_cell *b);

/* How two different objects are alike. Plain objects: same mask, same colour, neither. Stripes: same outer
 * colour, same middle colour, neither. */
enum { GAMES_SAME_MASK, GAMES_SAME_COLOUR, GAMES_NEITHER };
int games_likeness(const games_cell *a, const games_cell *b, bool stripes);

/* Whether three places (in reading order) are a row, a column or a diagonal of the grid. */
bool games_on_a_line(const int *places);

/* The answer to the task's question, decided from the definition; -1 when the layout is not the task's. */
int games_oracle(dat_games_task task, const games_picture *picture);

/* The pattern of three cells as a number of three digits: 0 AAA, 1 AAB, 10 ABA, 11 ABB, 12 ABC. */
int games_pattern(const games_cell *a, const games_cell *b, const games_cell *c);

#endif
