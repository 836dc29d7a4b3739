/* Relational attention over tiles: memory grows with the length of sequences, not with its square. The
 * formulas are in relational_attention.c. Relations of a tile are computed once for all heads; T is
 * accumulated beside the output and rescaled with it as the softmax proceeds. The row term of attention's
 * softmax is dO^h_i . O^h_i, that of relations which are softmaxes sum_h dT[i, h, l] T[i, h, l]. */
#include <string.h>

#include "ops/attention_values.h"
#include "ops/relational_core.h"

/* Values in all matrices of a tile: what a core's share of the last cache holds, as products of large tiles
 * are faster than smaller ones from a nearer cache. The fewest rows that are worth a product. What keeps
 * neighbouring rows out of the same cache sets. */
enum { CACHED_VALUES = 512 * 1024, FEWEST_ROWS = 16, ROW_GAP = 16 };

/* What forward keeps: T (B, n, n_heads, R), then log_sums of attention, then those of relations. */
int64_t dat_relational_tiled_saved(const dat_relational *z)
{
    return z->s.batch * z->averages + dat_log_sums_count(&z->attention, z->s.batch) +
           dat_log_sums_count(&z->relation, z->s.batch);
}

static dat_real *averages_at(const dat_relational *z, int64_t b, int64_t row)
{
    return z->n->saved + b * z->averages + row * z->s.n_heads * z->R;
}

/* What the pieces share. */
typedef struct tiled_work {
    dat_relational z;
    dat_tiling tiling;
    int64_t rows, cols;    /* of the largest tile */
    int64_t stride;        /* between rows of a matrix; rows i of all matrices of a tile lie side by side */
    int64_t piece_scratch; /* values of each piece */
    int64_t phase;
    dat_real *scratch;
    dat_real *wr_sums; /* (pieces, n_heads, head_dim, R) */
    dat_query_grads query, query_rel;
    dat_shared_grads symbols;
} tiled_work;

/* Scratch of a piece. A matrix begins `cols` values after the one before. */
typedef struct tile_scratch {
    dat_real *p, *r;          /* n_heads and R matrices: weights, relations */
    dat_real *dp, *dr;        /* their gradients */
    dat_real *dropped;        /* n_heads: p with dropout; p itself without */
    dat_real *dots;           /* R: relations before the activation; r itself where nobody needs them */
    dat_real *softmax;        /* n_heads running ones */
    dat_real *terms;          /* (n_heads, rows) of attention */
    dat_real *relation_terms; /* (R, rows) */
    dat_real *dt;             /* (rows, n_heads, R) */
    dat_real *values;         /* of attention_values.h */
} tile_scratch;

static int64_t rows_of_tiles(const dat_relational *z)
{
    int64_t rows = CACHED_VALUES / (2 * (z->s.n_heads + z->R) * DAT_TILE_LENGTH) / FEWEST_ROWS * FEWEST_ROWS;
    rows = rows < FEWEST_ROWS ? FEWEST_ROWS : rows;
    return rows < DAT_TILE_LENGTH ? rows : DAT_TILE_LENGTH;
}

static tiled_work work_of(const dat_relational *call)
{
    tiled_work work = {.z = *call};
    dat_relational *z = &work.z;
    int64_t H = z->s.n_heads, R = z->R;
    z->attention.log_sums = z->n->saved + z->s.batch * z->averages;
    z->relation.log_sums = z->attention.log_sums + dat_log_sums_count(&z->attention, z->s.batch);

    work.tiling = dat_tiling_of(z->s.batch, &z->s, rows_of_tiles(z));
    work.rows = dat_tile_rows(&work.tiling);
    work.cols = dat_tile_cols(&work.tiling);
    int64_t matrices = 2 * (H + R) + (z->mask.threshold ? H : 0) + (dat_keeps_dots(&z->relation) ? R : 0);
    work.stride = matrices * work.cols + ROW_GAP;
    work.piece_scratch =
        work.rows * (work.stride + 4 * H + R + H * R) + dat_values_scratch_size(&z->s, work.rows, work.cols);
    work.scratch = dat_tape_scratch(z->n->tape, work.tiling.pieces.count * work.piece_scratch);
    return work;
}

static tile_scratch scratch_of(const tiled_work *work, int64_t piece)
{
    const dat_relational *z = &work->z;
    int64_t heads = z->s.n_heads * work->cols, relations = z->R * work->cols;
    dat_real *start = work->scratch + piece * work->piece_scratch;
    tile_scratch x = {.p = start, .r = start + heads, .dropped = start};
    x.dots = x.r;
    x.dp = x.r + relations;
    x.dr = x.dp + heads;
    dat_real *next = x.dr + relations;
    if (dat_keeps_dots(&z->relation)) {
        x.dots = next;
        next += relations;
    }
    if (z->mask.threshold)
        x.dropped = next;
    x.softmax = start + work->rows * work->stride;
    x.terms = x.softmax + z->s.n_heads * dat_running_softmax_size(work->rows);
    x.relation_terms = x.terms + z->s.n_heads * work->rows;
    x.dt = x.relation_terms + z->R * work->rows;
    x.values = x.dt + work->rows * z->s.n_heads * z->R;
    return x;
}

/* Tile (row_tile, col_tile) of batch item b without padding. */
static dat_tile tile_at(const tiled_work *work, int64_t b, int64_t row_tile, int64_t col_tile)
{
    return dat_tile_unpadded(&work->z.attention, b,
                             dat_tile_at(&work->tiling, row_tile, col_tile, work->stride));
}

/* Row i of all matrices of one kind, (n_heads or R, cols). */
static dat_matrix position(const tiled_work *work, const dat_real *matrices, int64_t i)
{
    return dat_head_matrix(matrices + i * work->stride, work->cols);
}

static dat_running_softmax softmax_of(const tiled_work *work, const tile_scratch *x, int64_t h)
{
    return dat_running_softmax_over(x->softmax + h * dat_running_softmax_size(work->rows), work->rows);
}

/* --- forward --- */

/* What a query tile adds up: the output and T, from their first rows. */
typedef struct row_sums {
    dat_real *out, *averages;
    int64_t out_width, averages_width; /* of all heads */
} row_sums;

static row_sums row_sums_of(const dat_relational *z, int64_t b, int64_t row)
{
    int64_t out_width = z->s.n_heads * z->s.head_dim;
    return (row_sums){z->n->out->data + (b * z->s.n + row) * out_width, averages_at(z, b, row), out_width,
                      z->s.n_heads * z->R};
}

/* Multiplies both, of one head, by the factors of its softmax. */
static void scale_head(const dat_relational *z, const row_sums *sums, const dat_real *factor, int64_t rows,
                       int64_t h)
{
    dat_scale_rows(factor, rows, z->s.head_dim, sums->out + h * z->s.head_dim, sums->out_width);
    dat_scale_rows(factor, rows, z->R, sums->averages + h * z->R, sums->averages_width);
}

static void relations_of(const tiled_work *work, int64_t b, dat_tile t, const tile_scratch *x)
{
    for (int64_t l = 0; l < work->z.R; l++)
        dat_tile_weights(&work->z.relation, b, l, t, x->dots + l * work->cols, x->r + l * work->cols);
}

static void forward_tile(const tiled_work *work, int64_t b, dat_tile t, const tile_scratch *x,
                         const row_sums *sums)
{
    const dat_relational *z = &work->z;
    relations_of(work, b, t, x);
    for (int64_t h = 0; h < z->s.n_heads; h++) {
        dat_real *p = x->p + h * work->cols;
        dat_running_softmax softmax = softmax_of(work, x, h);
        dat_running_softmax_add(&softmax, &z->attention, b, h, t, p);
        scale_head(z, sums, softmax.factor, t.rows, h);
        if (z->mask.threshold)
            dat_tile_dropout(&z->attention, z->mask, dat_first_weight(&z->s, b, h), t, p, p);
        dat_values_sum(&z->s, b, h, t, p, x->values, sums->out + h * z->s.head_dim, sums->out_width);
    }
    for (int64_t i = 0; i < t.rows; i++)
        dat_gemm_serial(z->s.n_heads, z->R, t.cols, 1, position(work, x->p, i),
                        dat_transposed(position(work, x->r, i)), 1, sums->averages + i * sums->averages_width,
                        z->R);
}

/* Divides by the softmax's sums and adds W_r T to the output. */
static void finish_rows(const tiled_work *work, int64_t b, dat_tile rows, const tile_scratch *x,
                        const row_sums *sums)
{
    const dat_relational *z = &work->z;
    int64_t hd = z->s.head_dim;
    for (int64_t h = 0; h < z->s.n_heads; h++) {
        dat_running_softmax softmax = softmax_of(work, x, h);
        dat_running_softmax_end(&softmax, &z->attention, b, h, rows);
        scale_head(z, sums, softmax.factor, rows.rows, h);
        dat_gemm_serial(rows.rows, hd, z->R, 1,
                        dat_head_matrix(sums->averages + h * z->R, sums->averages_width),
                        dat_transposed(dat_head_matrix(z->wr->data + h * hd * z->R, z->R)), 1,
                        sums->out + h * hd, sums->out_width);
    }
}

static void write_sinks(const tiled_work *work, int64_t b, int64_t row_tile, const tile_scratch *x)
{
    const dat_relational *z = &work->z;
    for (int64_t c = 0; c < work->tiling.col_tiles; c++) {
        dat_tile t = dat_tile_at(&work->tiling, row_tile, c, work->stride);
        for (int64_t h = 0; h < z->s.n_heads && z->scores_sink; h++) {
            dat_tile_weights(&z->attention, b, h, t, x->p, x->p);
            for (int64_t i = 0; i < t.rows; i++)
                memcpy(z->scores_sink + dat_first_weight(&z->s, b, h) + (t.row + i) * z->s.m + t.col,
                       x->p + i * t.stride, (size_t)t.cols * sizeof *x->p);
        }
        for (int64_t l = 0; l < z->R && z->relation_sink; l++) {
            dat_tile_weights(&z->relation, b, l, t, x->r, x->r);
            for (int64_t i = 0; i < t.rows; i++)
                for (int64_t j = 0; j < t.cols; j++)
                    z->relation_sink[((b * z->s.n + t.row + i) * z->s.m + t.col + j) * z->R + l] =
                        x->r[i * t.stride + j];
        }
    }
}

static void forward_rows(const tiled_work *work, int64_t b, int64_t row_tile, const tile_scratch *x)
{
    const dat_relational *z = &work->z;
    dat_tile rows = dat_tile_at(&work->tiling, row_tile, 0, work->stride);
    row_sums sums = row_sums_of(z, b, rows.row);
    memset(sums.out, 0, (size_t)(rows.rows * sums.out_width) * sizeof *sums.out);
    memset(sums.averages, 0, (size_t)(rows.rows * sums.averages_width) * sizeof *sums.averages);

    dat_running_softmax own = softmax_of(work, x, 0);
    for (int64_t l = 0; l < z->R && !z->relation.pointwise; l++)
        dat_tile_row_log_sums(&z->relation, &work->tiling, b, l, row_tile, work->stride, x->r, &own);
    for (int64_t h = 0; h < z->s.n_heads; h++) {
        dat_running_softmax softmax = softmax_of(work, x, h);
        dat_running_softmax_begin(&softmax, rows.rows);
    }
    for (int64_t c = 0; c < work->tiling.col_tiles; c++) {
        dat_tile t = tile_at(work, b, row_tile, c);
        if (!dat_tile_hidden(&z->attention, t))
            forward_tile(work, b, t, x, &sums);
    }
    finish_rows(work, b, rows, x, &sums);
    write_sinks(work, b, row_tile, x);
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const tiled_work *work = context;
    tile_scratch x = scratch_of(work, piece);
    for (int64_t i = start; i < end; i++)
        for (int64_t r = i % work->tiling.sets; r < work->tiling.row_tiles; r += work->tiling.sets)
            forward_rows(work, i / work->tiling.sets, r, &x);
}

void dat_relational_tiled_forward(const dat_relational *z)
{
    tiled_work work = work_of(z);
    if (work.scratch)
        dat_parallel(work.tiling.pieces, forward_piece, &work);
}

/* --- backward --- */

/* Where the gradients of one batch item go. */
typedef struct item_grads {
    int64_t b;
    dat_score_grads attention, relation;
    dat_grad_rows symbols;
    dat_real *wr; /* (n_heads, head_dim, R) */
} item_grads;

/* dO of head h for the rows of a tile. */
static dat_matrix out_grads(const dat_relational *z, int64_t b, int64_t h, int64_t row)
{
    int64_t width = z->s.n_heads * z->s.head_dim;
    return dat_head_matrix(z->n->out->grad + (b * z->s.n + row) * width + h * z->s.head_dim, width);
}

/* Row terms of both kinds of softmax. */
static void row_terms(const tiled_work *work, int64_t b, dat_tile rows, const tile_scratch *x)
{
    const dat_relational *z = &work->z;
    int64_t H = z->s.n_heads, R = z->R;
    row_sums sums = row_sums_of(z, b, rows.row);
    for (int64_t h = 0; h < H; h++)
        dat_row_terms(rows.rows, z->s.head_dim, out_grads(z, b, h, rows.row).data,
                      sums.out + h * z->s.head_dim, sums.out_width, x->terms + h * work->rows);
    for (int64_t i = 0; i < rows.rows && !z->relation.pointwise; i++)
        for (int64_t l = 0; l < R; l++) {
            dat_real term = 0;
            for (int64_t hl = i * H * R + l; hl < (i + 1) * H * R; hl += R)
                term += x->dt[hl] * sums.averages[hl];
            x->relation_terms[l * work->rows + i] = term;
        }
}

/* dT of a query tile, and in the first phase dW_r += dO^T T. */
static void averages_backward(const tiled_work *work, dat_tile rows, const tile_scratch *x,
                              const item_grads *grads)
{
    const dat_relational *z = &work->z;
    int64_t hd = z->s.head_dim, width = z->s.n_heads * z->R;
    for (int64_t h = 0; h < z->s.n_heads; h++) {
        dat_matrix dout = out_grads(z, grads->b, h, rows.row);
        int64_t start = h * hd * z->R;
        dat_gemm_serial(rows.rows, z->R, hd, 1, dout, dat_head_matrix(z->wr->data + start, z->R), 0,
                        x->dt + h * z->R, width);
        if (work->phase == 0)
            dat_gemm_serial(hd, z->R, rows.rows, 1, dat_transposed(dout),
                            dat_head_matrix(averages_at(z, grads->b, rows.row) + h * z->R, width), 1,
                            grads->wr + start, z->R);
    }
}

/* Weights and relations of a tile again; from dO: dV and the part of dP that comes through the symbols. */
static void values_backward(const tiled_work *work, dat_tile t, const tile_scratch *x,
                            const item_grads *grads)
{
    const dat_relational *z = &work->z;
    for (int64_t h = 0; h < z->s.n_heads; h++) {
        dat_real *p = x->p + h * work->cols, *dropped = x->dropped + h * work->cols;
        dat_matrix dout = out_grads(z, grads->b, h, t.row);
        dat_tile_weights(&z->attention, grads->b, h, t, p, p);
        if (z->mask.threshold)
            dat_tile_dropout(&z->attention, z->mask, dat_first_weight(&z->s, grads->b, h), t, p, dropped);
        if (grads->symbols.data)
            dat_values_backward(&z->s, h, t, dropped, dout, x->values, grads->symbols);
        dat_values_weights_backward(&z->s, grads->b, h, t, dout, x->values, x->dp + h * work->cols);
    }
}

static void backward_tile(const tiled_work *work, dat_tile t, const tile_scratch *x, const item_grads *grads)
{
    const dat_relational *z = &work->z;
    int64_t H = z->s.n_heads, b = grads->b;
    relations_of(work, b, t, x);
    values_backward(work, t, x, grads);
    for (int64_t i = 0; i < t.rows; i++) {
        dat_matrix dt = dat_head_matrix(x->dt + i * H * z->R, z->R);
        dat_gemm_serial(H, t.cols, z->R, 1, dt, position(work, x->r, i), 1, x->dp + i * t.stride, work->cols);
        dat_gemm_serial(z->R, t.cols, H, 1, dat_transposed(dt), position(work, x->dropped, i), 0,
                        x->dr + i * t.stride, work->cols);
    }
    for (int64_t l = 0; l < z->R; l++) {
        int64_t start = l * work->cols;
        dat_tile_weights_backward(&z->relation, b, l, t, x->dots + start, x->relation_terms + l * work->rows,
                                  x->r + start, x->dr + start, grads->relation);
    }
    for (int64_t h = 0; h < H; h++) {
        dat_real *dp = x->dp + h * work->cols;
        if (z->mask.threshold)
            dat_tile_dropout(&z->attention, z->mask, dat_first_weight(&z->s, b, h), t, dp, dp);
        dat_tile_weights_backward(&z->attention, b, h, t, NULL, x->terms + h * work->rows,
                                  x->p + h * work->cols, dp, grads->attention);
    }
}

static void backward_rows(const tiled_work *work, int64_t set, int64_t row_tile, const tile_scratch *x,
                          const item_grads *grads)
{
    const dat_tiling *tiling = &work->tiling;
    dat_tile rows = dat_tile_at(tiling, row_tile, 0, work->stride);
    averages_backward(work, rows, x, grads);
    row_terms(work, grads->b, rows, x);
    /* A softmax of relations has gradients at the keys that attention hides. */
    bool all_keys = !work->z.relation.pointwise;
    for (int64_t c = (set + work->phase) % tiling->sets; c < tiling->col_tiles; c += tiling->sets) {
        dat_tile t = tile_at(work, grads->b, row_tile, c);
        if ((all_keys && t.cols > 0) || !dat_tile_hidden(&work->z.attention, t))
            backward_tile(work, t, x, grads);
    }
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const tiled_work *work = context;
    const dat_relational *z = &work->z;
    tile_scratch x = scratch_of(work, piece);
    for (int64_t i = start; i < end; i++) {
        int64_t b = i / work->tiling.sets, set = i % work->tiling.sets;
        item_grads grads = {
            .b = b,
            .attention = {dat_query_grads_of(&work->query, b), dat_grad_rows_of(&z->s.key, b, NULL)},
            .relation = {dat_query_grads_of(&work->query_rel, b),
                         dat_grad_rows_of(&z->relation.key, b, NULL)},
            .symbols = dat_shared_grads_of(&work->symbols, b, piece),
            .wr = work->wr_sums + piece * dat_count(z->wr),
        };
        for (int64_t r = set; r < work->tiling.row_tiles; r += work->tiling.sets)
            backward_rows(work, set, r, &x, &grads);
    }
}

void dat_relational_tiled_backward(const dat_relational *call)
{
    tiled_work work = work_of(call);
    const dat_relational *z = &work.z;
    dat_tape *tape = z->n->tape;
    work.wr_sums = dat_partial_sums(tape, work.tiling.pieces, dat_count(z->wr));
    work.query = dat_query_grads_begin(tape, &work.tiling, &z->attention.query, z->s.batch);
    work.query_rel = dat_query_grads_begin(tape, &work.tiling, &z->relation.query, z->s.batch);
    work.symbols =
        dat_shared_grads_begin(tape, &work.tiling, &z->s.value, z->s.layout == DAT_SYMBOLS_BY_DISTANCE);
    if (tape->status.code != DAT_CODE_OK)
        return;
    dat_tiling_run_phases(&work.tiling, backward_piece, &work, &work.phase);
    if (z->wr->grad)
        dat_add_partial_sums(work.wr_sums, work.tiling.pieces, dat_count(z->wr), z->wr->grad);
    dat_query_grads_end(&work.query);
    dat_query_grads_end(&work.query_rel);
    dat_shared_grads_end(&work.symbols);
}
