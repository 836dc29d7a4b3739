/* Loops over threads: the only owner of the cores. Work is cut into pieces by its size alone, never by the
 * thread count, and every piece is computed by one thread in a fixed order, so results have the same bits at
 * any thread count. */
#ifndef DAT_UTIL_PARALLEL_H
#define DAT_UTIL_PARALLEL_H

#include <stdint.h>

enum { DAT_MAX_PIECES = 16 };

/* `rows` rows of work in `count` pieces of nearly equal height. */
typedef struct dat_pieces {
    int64_t rows, count;
} dat_pieces;

/* At most DAT_MAX_PIECES pieces of at least `minimum` rows each; one piece if there are fewer rows. */
dat_pieces dat_pieces_of(int64_t rows, int64_t minimum);

/* A number of rows of `width` values that is worth a thread. */
int64_t dat_min_rows(int64_t width);

/* Computes rows start..end-1, which are piece number `piece`. */
typedef void dat_piece_body(void *context, int64_t piece, int64_t start, int64_t end);

/* Calls the body for every piece, on all threads; on the calling thread alone if there is only one of either,
 * or inside another parallel loop. Allocates nothing after the first call. */
void dat_parallel(dat_pieces pieces, dat_piece_body *body, void *context);

/* Uses `count` (at least 1) threads in every parallel loop of this process from now on. */
void dat_parallel_set_threads(int count);
int dat_parallel_threads(void);

#endif
