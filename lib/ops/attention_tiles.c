#include "ops/attention_tiles.h"

/* Units that keep all threads busy, and the most sets that a unit is cut into when there are fewer. */
enum { ENOUGH_UNITS = 8, MOST_SETS = 4 };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t divided_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

dat_tiling dat_tiling_of(int64_t units, const dat_head_sizes *s, int64_t rows)
{
    int64_t row_tiles = divided_up(s->n, rows), col_tiles = divided_up(s->m, DAT_TILE_LENGTH);
    int64_t sets = units > 0 ? smaller(divided_up(ENOUGH_UNITS, units), MOST_SETS) : 1;
    sets = row_tiles < 1 ? 1 : smaller(sets, row_tiles);
    return (dat_tiling){
        .n = s->n,
        .m = s->m,
        .first_query = s->first_query,
        .row_tiles = row_tiles,
        .col_tiles = col_tiles,
        .sets = sets,
        .pieces = dat_pieces_of(units * sets, 1),
    };
}

static int64_t whole_blocks(int64_t length)
{
    return divided_up(length, DAT_TILE_BLOCK) * DAT_TILE_BLOCK;
}

/* Where tile i begins, of `tiles` for `length` positions. */
static int64_t tile_start(int64_t length, int64_t tiles, int64_t i)
{
    return smaller(length, whole_blocks(length * i / tiles));
}

static int64_t largest_tile(int64_t length, int64_t tiles)
{
    return tiles > 0 ? smaller(length, whole_blocks(divided_up(length, tiles))) : 0;
}

int64_t dat_tile_rows(const dat_tiling *tiling)
{
    return largest_tile(tiling->n, tiling->row_tiles);
}

int64_t dat_tile_cols(const dat_tiling *tiling)
{
    return largest_tile(tiling->m, tiling->col_tiles);
}

dat_tile dat_tile_at(const dat_tiling *tiling, int64_t row_tile, int64_t col_tile, int64_t stride)
{
    int64_t row = tile_start(tiling->n, tiling->row_tiles, row_tile);
    int64_t col = tile_start(tiling->m, tiling->col_tiles, col_tile);
    return (dat_tile){
        .row = row,
        .rows = tile_start(tiling->n, tiling->row_tiles, row_tile + 1) - row,
        .col = col,
        .cols = tile_start(tiling->m, tiling->col_tiles, col_tile + 1) - col,
        .position = tiling->first_query + row,
        .stride = stride,
    };
}

void dat_tiling_run_phases(const dat_tiling *tiling, dat_piece_body *body, void *context, int64_t *phase)
{
    for (*phase = 0; *phase < tiling->sets; ++*phase)
        dat_parallel(tiling->pieces, body, context);
}

dat_query_grads dat_query_grads_begin(dat_tape *tape, const dat_tiling *tiling, const dat_heads *query,
                                      int64_t batch)
{
    dat_query_grads grads = {.query = query, .batch = batch};
    if (query->grad && tiling->sets > 1)
        grads.sums = dat_partial_sums(tape, (dat_pieces){.count = batch}, query->rows * query->width);
    return grads;
}

dat_grad_rows dat_query_grads_of(const dat_query_grads *grads, int64_t b)
{
    const dat_heads *query = grads->query;
    if (!grads->sums)
        return dat_grad_rows_of(query, b, NULL);
    return (dat_grad_rows){grads->sums + b * query->rows * query->width, query->width};
}

static void add_query_rows(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_query_grads *grads = context;
    const dat_heads *query = grads->query;
    for (int64_t i = start; i < end; i++) {
        const dat_real *sums = grads->sums + i * query->width;
        dat_real *grad = query->grad + i / query->rows * query->item + i % query->rows * query->stride;
#pragma omp simd
        for (int64_t d = 0; d < query->width; d++)
            grad[d] += sums[d];
    }
}

void dat_query_grads_end(const dat_query_grads *grads)
{
    dat_query_grads added = *grads;
    int64_t width = grads->query->width;
    if (grads->sums)
        dat_parallel(dat_pieces_of(grads->batch * grads->query->rows, dat_min_rows(width)), add_query_rows,
                     &added);
}

dat_shared_grads dat_shared_grads_begin(dat_tape *tape, const dat_tiling *tiling, const dat_heads *heads,
                                        bool every_piece)
{
    int64_t pieces_per_sum = every_piece ? 1 : tiling->sets;
    dat_shared_grads grads = {
        .heads = heads,
        .sums_of = {.count = divided_up(tiling->pieces.count, pieces_per_sum)},
        .pieces_per_sum = pieces_per_sum,
        .width = dat_shared_count(heads),
    };
    if (grads.width > 0)
        grads.sums = dat_partial_sums(tape, grads.sums_of, grads.width);
    return grads;
}

dat_grad_rows dat_shared_grads_of(const dat_shared_grads *grads, int64_t b, int64_t piece)
{
    dat_real *sums = grads->sums ? grads->sums + piece / grads->pieces_per_sum * grads->width : NULL;
    return dat_grad_rows_of(grads->heads, b, sums);
}

void dat_shared_grads_end(const dat_shared_grads *grads)
{
    if (grads->sums)
        dat_add_partial_sums(grads->sums, grads->sums_of, grads->width, grads->heads->grad);
}
