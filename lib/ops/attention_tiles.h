/* How attention is cut so that no matrix of all pairs of positions ever exists: tiles of query rows by key
 * rows that stay in cache, and who computes which. A short sequence is one tile. All of it depends on shapes
 * only, so results do not depend on the number of threads. */
#ifndef DAT_OPS_ATTENTION_TILES_H
#define DAT_OPS_ATTENTION_TILES_H

#include "ops/attention_heads.h"
#include "ops/partial_sums.h"

enum {
    DAT_WHOLE_LENGTH = 32,  /* sequences up to this length are not cut: their weights are kept for backward */
    DAT_LONGEST_WHOLE = 96, /* nor are those up to this length, if their heads are wide */
    DAT_TILE_LENGTH = 128,  /* the most rows, and columns, of a tile */
    DAT_TILE_BLOCK = 16,    /* what products like their sizes to be multiples of, and all but the last are */
};

/* Whether all pairs of a head are few enough to keep: few at all, or no more than the values of the query,
 * key, value and output that they belong to. */
static inline bool dat_is_whole(const dat_head_sizes *s)
{
    int64_t longest = s->n > s->m ? s->n : s->m;
    return longest <= DAT_WHOLE_LENGTH ||
           (longest <= DAT_LONGEST_WHOLE && longest <= 2 * (s->key_dim + s->head_dim));
}

/* Some pairs of positions. Matrices of values by pair have `stride` between their rows. */
typedef struct dat_tile {
    int64_t row, rows; /* queries row, ..., row + rows - 1 */
    int64_t col, cols; /* keys col, ..., col + cols - 1, which are their positions */
    int64_t position;  /* of query `row` */
    int64_t stride;
} dat_tile;

/* All pairs of a head, without gaps. */
static inline dat_tile dat_whole_tile(const dat_head_sizes *s)
{
    return (dat_tile){.rows = s->n, .cols = s->m, .position = s->first_query, .stride = s->m};
}

/* Columns that row i of the tile may attend to when attention is causal: the first ones, perhaps none. */
static inline int64_t dat_causal_cols(dat_tile t, int64_t i)
{
    int64_t cols = t.position + i + 1 - t.col;
    return cols < 0 ? 0 : cols < t.cols ? cols : t.cols;
}

/* The tiles of some independent units of work (batch items, perhaps times heads), and how they are shared
 * out. When there are few units, each is cut into sets of query tiles, for forward. For backward, keys are
 * cut into as many sets, and query set q meets key set (q + phase) % sets in one phase after the other: no
 * two pieces of a phase add to the gradient of the same key. Tile i belongs to set i % sets, so that causal
 * work is shared evenly, too. */
typedef struct dat_tiling {
    int64_t n, m, first_query;
    int64_t row_tiles, col_tiles;
    int64_t sets;
    dat_pieces pieces; /* of units * sets: item i is query set i % sets of unit i / sets */
} dat_tiling;

/* Tiles of at most `rows` (a multiple of DAT_TILE_BLOCK) by DAT_TILE_LENGTH, all nearly equal. */
dat_tiling dat_tiling_of(int64_t units, const dat_head_sizes *sizes, int64_t rows);

/* The largest number of rows, or columns, of any tile. */
int64_t dat_tile_rows(const dat_tiling *tiling);
int64_t dat_tile_cols(const dat_tiling *tiling);

/* Tile number (row_tile, col_tile); the stride is that of the caller's matrices. */
dat_tile dat_tile_at(const dat_tiling *tiling, int64_t row_tile, int64_t col_tile, int64_t stride);

/* Runs one phase after the other: the body finds the phase's number in *phase, which is in its context. */
void dat_tiling_run_phases(const dat_tiling *tiling, dat_piece_body *body, void *context, int64_t *phase);

/* Gradients of queries. With several sets a piece may not add to the tensor's gradient, as another one may be
 * adding to the same place as a key (symmetric attention): then `sums` (batch, rows, width) take them. */
typedef struct dat_query_grads {
    const dat_heads *query;
    int64_t batch;
    dat_real *sums; /* or NULL */
} dat_query_grads;

/* The tape has an error when memory is out. */
dat_query_grads dat_query_grads_begin(dat_tape *tape, const dat_tiling *tiling, const dat_heads *query,
                                      int64_t batch);

/* Where those of batch item b go. */
dat_grad_rows dat_query_grads_of(const dat_query_grads *grads, int64_t b);

/* Adds the sums to the tensor's gradient. */
void dat_query_grads_end(const dat_query_grads *grads);

/* Partial sums of gradients at rows that the batch shares; none in case `heads` is not shared. Pieces of one
 * unit and phase add to different keys, so one sum serves all sets of a unit, unless `every_piece`. */
typedef struct dat_shared_grads {
    const dat_heads *heads;
    dat_pieces sums_of;     /* .count partial sums */
    int64_t pieces_per_sum; /* consecutive ones */
    int64_t width;
    dat_real *sums;
} dat_shared_grads;

/* The tape has an error when memory is out. */
dat_shared_grads dat_shared_grads_begin(dat_tape *tape, const dat_tiling *tiling, const dat_heads *heads,
                                        bool every_piece);

/* Where the gradients of batch item b go, seen from a piece. */
dat_grad_rows dat_shared_grads_of(const dat_shared_grads *grads, int64_t b, int64_t piece);

/* Adds the partial sums to the tensor's gradient, in order. */
void dat_shared_grads_end(const dat_shared_grads *grads);

#endif
