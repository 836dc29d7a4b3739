/* Per head and tile, with P the weights of attention, R those of the relation (or 1) and M the dropout mask:
 *   W = M P R,  O += W V;   dV += W^T dO,  dW = M (dO V^T),  dP = dW R,  dR = dW P.
 * The row term of either softmax's backward, sum_j P dP = sum_j R dR = sum_j W (dO_i . V_j), is dO_i . O_i.
 */
#include "ops/attention_tiled.h"

#include <string.h>

#include "ops/attention_values.h"

/* What the pieces share. */
typedef struct tiled_work {
    const dat_tiled_attention *a;
    dat_tiling tiling;
    dat_dropout_mask mask;
    int64_t phase;
    int64_t piece_scratch; /* values of each piece */
    dat_real *scratch;
    dat_query_grads query, query_rel;
    dat_shared_grads key, key_rel, value;
} tiled_work;

/* Scratch of a piece: matrices of one tile, without gaps. */
typedef struct tile_scratch {
    dat_real *p, *r, *dots, *rdots; /* weights of both kinds, and their scores */
    dat_real *w, *dp, *dr;
    dat_real *rows;   /* a running softmax, or row terms */
    dat_real *values; /* of attention_values.h */
} tile_scratch;

enum { N_MATRICES = 7 };

static int64_t tile_size(const tiled_work *work)
{
    return dat_tile_rows(&work->tiling) * dat_tile_cols(&work->tiling);
}

static tile_scratch scratch_of(const tiled_work *work, int64_t piece)
{
    dat_real *start = work->scratch + piece * work->piece_scratch;
    int64_t size = tile_size(work);
    return (tile_scratch){
        .p = start,
        .r = start + size,
        .dots = start + 2 * size,
        .rdots = start + 3 * size,
        .w = start + 4 * size,
        .dp = start + 5 * size,
        .dr = start + 6 * size,
        .rows = start + N_MATRICES * size,
        .values = start + N_MATRICES * size + dat_running_softmax_size(dat_tile_rows(&work->tiling)),
    };
}

/* Units are (batch item, key head) pairs: their gradients are apart. */
static tiled_work work_of(const dat_tiled_attention *a)
{
    const dat_head_sizes *s = &a->sizes;
    tiled_work work = {.a = a, .mask = dat_dropout_mask_of(a->n, a->dropout)};
    work.tiling = dat_tiling_of(s->batch * s->n_kv_heads, s, DAT_TILE_LENGTH);
    int64_t rows = dat_tile_rows(&work.tiling), cols = dat_tile_cols(&work.tiling);
    work.piece_scratch =
        N_MATRICES * rows * cols + dat_running_softmax_size(rows) + dat_values_scratch_size(s, rows, cols);
    work.scratch = dat_tape_scratch(a->n->tape, work.tiling.pieces.count * work.piece_scratch);
    return work;
}

/* Tile (row_tile, col_tile) of batch item b without padding, of matrices without gaps. */
static dat_tile tile_at(const tiled_work *work, int64_t b, int64_t row_tile, int64_t col_tile)
{
    dat_tile t = dat_tile_unpadded(&work->a->attention, b, dat_tile_at(&work->tiling, row_tile, col_tile, 0));
    t.stride = t.cols;
    return t;
}

static int64_t count_of(dat_tile t)
{
    return t.rows * t.cols;
}

static void multiply(dat_real *product, const dat_real *a, const dat_real *b, int64_t count)
{
#pragma omp simd
    for (int64_t i = 0; i < count; i++)
        product[i] = a[i] * b[i];
}

/* out (rows, head_dim) += the tile's part. */
static void forward_tile(const tiled_work *work, int64_t b, int64_t h, dat_tile t, const tile_scratch *x,
                         const dat_running_softmax *running, dat_real *out, int64_t out_stride)
{
    const dat_tiled_attention *a = work->a;
    const dat_head_sizes *s = &a->sizes;
    if (a->attention.pointwise) {
        dat_tile_weights(&a->attention, b, h, t, x->p, x->p);
    } else {
        dat_running_softmax_add(running, &a->attention, b, h, t, x->p);
        dat_scale_rows(running->factor, t.rows, s->head_dim, out, out_stride);
    }
    if (a->related) {
        dat_tile_weights(&a->relation, b, h, t, x->r, x->r);
        multiply(x->p, x->p, x->r, count_of(t));
    }
    if (work->mask.threshold)
        dat_tile_dropout(&a->attention, work->mask, dat_first_weight(s, b, h), t, x->p, x->p);
    dat_values_sum(s, b, h, t, x->p, x->values, out, out_stride);
}

static void write_sink(const dat_scores *scores, int64_t b, int64_t h, dat_tile rows, dat_real *sink)
{
    dat_tile all = rows;
    all.cols = all.stride = scores->m;
    dat_real *start = sink + ((b * scores->n_heads + h) * scores->n + rows.row) * scores->m;
    dat_tile_weights(scores, b, h, all, start, start);
}

static void forward_rows(const tiled_work *work, int64_t b, int64_t h, int64_t row_tile,
                         const tile_scratch *x)
{
    const dat_tiled_attention *a = work->a;
    const dat_head_sizes *s = &a->sizes;
    dat_tile first = tile_at(work, b, row_tile, 0);
    int64_t out_stride = s->n_heads * s->head_dim;
    dat_real *out = a->n->out->data + (b * s->n + first.row) * out_stride + h * s->head_dim;
    for (int64_t i = 0; i < first.rows; i++)
        memset(out + i * out_stride, 0, (size_t)s->head_dim * sizeof *out);

    dat_running_softmax running = dat_running_softmax_over(x->rows, dat_tile_rows(&work->tiling));
    if (a->related && !a->relation.pointwise)
        dat_tile_row_log_sums(&a->relation, &work->tiling, b, h, row_tile, dat_tile_cols(&work->tiling), x->r,
                              &running);
    dat_running_softmax_begin(&running, first.rows);
    for (int64_t c = 0; c < work->tiling.col_tiles; c++) {
        dat_tile t = tile_at(work, b, row_tile, c);
        if (!dat_tile_hidden(&a->attention, t))
            forward_tile(work, b, h, t, x, &running, out, out_stride);
    }
    if (!a->attention.pointwise) {
        dat_running_softmax_end(&running, &a->attention, b, h, first);
        dat_scale_rows(running.factor, first.rows, s->head_dim, out, out_stride);
    }
    if (a->attention_sink)
        write_sink(&a->attention, b, h, first, a->attention_sink);
    if (a->relation_sink)
        write_sink(&a->relation, b, h, first, a->relation_sink);
}

/* A piece's item: a query set of the heads of one key head. */
typedef struct tiled_item {
    int64_t b, set;
    int64_t first_head, end_head;
} tiled_item;

static tiled_item item_of(const tiled_work *work, int64_t item)
{
    const dat_head_sizes *s = &work->a->sizes;
    int64_t unit = item / work->tiling.sets, group = s->n_heads / s->n_kv_heads;
    int64_t first_head = unit % s->n_kv_heads * group;
    return (tiled_item){unit / s->n_kv_heads, item % work->tiling.sets, first_head, first_head + group};
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const tiled_work *work = context;
    tile_scratch x = scratch_of(work, piece);
    for (int64_t i = start; i < end; i++) {
        tiled_item item = item_of(work, i);
        for (int64_t r = item.set; r < work->tiling.row_tiles; r += work->tiling.sets)
            for (int64_t h = item.first_head; h < item.end_head; h++)
                forward_rows(work, item.b, h, r, &x);
    }
}

void dat_tiled_attention_forward(const dat_tiled_attention *a)
{
    tiled_work work = work_of(a);
    if (work.scratch)
        dat_parallel(work.tiling.pieces, forward_piece, &work);
}

/* Where the gradients of one batch item go. */
typedef struct item_grads {
    dat_score_grads attention, relation;
    dat_grad_rows value;
} item_grads;

static item_grads item_grads_of(const tiled_work *work, int64_t b, int64_t piece)
{
    item_grads grads = {
        .attention = {dat_query_grads_of(&work->query, b), dat_shared_grads_of(&work->key, b, piece)},
        .value = dat_shared_grads_of(&work->value, b, piece),
    };
    if (work->a->related)
        grads.relation = (dat_score_grads){dat_query_grads_of(&work->query_rel, b),
                                           dat_shared_grads_of(&work->key_rel, b, piece)};
    return grads;
}

/* w = M p r, or p itself. */
static const dat_real *values_weights(const tiled_work *work, int64_t b, int64_t h, dat_tile t,
                                      const tile_scratch *x)
{
    const dat_real *w = x->p;
    if (work->a->related) {
        multiply(x->w, x->p, x->r, count_of(t));
        w = x->w;
    }
    if (work->mask.threshold) {
        dat_tile_dropout(&work->a->attention, work->mask, dat_first_weight(&work->a->sizes, b, h), t, w,
                         x->w);
        w = x->w;
    }
    return w;
}

static void backward_tile(const tiled_work *work, int64_t b, int64_t h, dat_tile t, dat_matrix dout,
                          const tile_scratch *x, item_grads grads)
{
    const dat_tiled_attention *a = work->a;
    const dat_head_sizes *s = &a->sizes;
    dat_tile_weights(&a->attention, b, h, t, x->dots, x->p);
    if (a->related)
        dat_tile_weights(&a->relation, b, h, t, x->rdots, x->r);
    if (grads.value.data)
        dat_values_backward(s, h, t, values_weights(work, b, h, t, x), dout, x->values, grads.value);

    dat_values_weights_backward(s, b, h, t, dout, x->values, x->dp);
    if (work->mask.threshold)
        dat_tile_dropout(&a->attention, work->mask, dat_first_weight(s, b, h), t, x->dp, x->dp);
    if (a->related) {
        multiply(x->dr, x->dp, x->p, count_of(t));
        multiply(x->dp, x->dp, x->r, count_of(t));
        dat_tile_weights_backward(&a->relation, b, h, t, x->rdots, x->rows, x->r, x->dr, grads.relation);
    }
    dat_tile_weights_backward(&a->attention, b, h, t, x->dots, x->rows, x->p, x->dp, grads.attention);
}

static void backward_rows(const tiled_work *work, const tiled_item *item, int64_t h, int64_t row_tile,
                          const tile_scratch *x, item_grads grads)
{
    const dat_tiled_attention *a = work->a;
    const dat_head_sizes *s = &a->sizes;
    const dat_tiling *tiling = &work->tiling;
    dat_tile first = tile_at(work, item->b, row_tile, 0);
    int64_t out_stride = s->n_heads * s->head_dim;
    int64_t start = (item->b * s->n + first.row) * out_stride + h * s->head_dim;
    const dat_real *dout = a->n->out->grad + start;
    /* A softmax of relations has gradients at the keys that attention hides. */
    bool all_keys = a->related && !a->relation.pointwise;
    dat_row_terms(first.rows, s->head_dim, dout, a->n->out->data + start, out_stride, x->rows);
    for (int64_t c = (item->set + work->phase) % tiling->sets; c < tiling->col_tiles; c += tiling->sets) {
        dat_tile t = tile_at(work, item->b, row_tile, c);
        if ((all_keys && t.cols > 0) || !dat_tile_hidden(&a->attention, t))
            backward_tile(work, item->b, h, t, dat_head_matrix(dout, out_stride), x, grads);
    }
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const tiled_work *work = context;
    tile_scratch x = scratch_of(work, piece);
    for (int64_t i = start; i < end; i++) {
        tiled_item item = item_of(work, i);
        item_grads grads = item_grads_of(work, item.b, piece);
        for (int64_t r = item.set; r < work->tiling.row_tiles; r += work->tiling.sets)
            for (int64_t h = item.first_head; h < item.end_head; h++)
                backward_rows(work, &item, h, r, &x, grads);
    }
}

void dat_tiled_attention_backward(const dat_tiled_attention *a)
{
    tiled_work work = work_of(a);
    const dat_head_sizes *s = &a->sizes;
    dat_tape *tape = a->n->tape;
    work.query = dat_query_grads_begin(tape, &work.tiling, &a->attention.query, s->batch);
    work.key = dat_shared_grads_begin(tape, &work.tiling, &a->attention.key, false);
    work.value = dat_shared_grads_begin(tape, &work.tiling, &s->value, s->layout == DAT_SYMBOLS_BY_DISTANCE);
    if (a->related) {
        work.query_rel = dat_query_grads_begin(tape, &work.tiling, &a->relation.query, s->batch);
        work.key_rel = dat_shared_grads_begin(tape, &work.tiling, &a->relation.key, false);
    }
    if (tape->status.code != DAT_CODE_OK)
        return;
    dat_tiling_run_phases(&work.tiling, backward_piece, &work, &work.phase);
    dat_query_grads_end(&work.query);
    dat_shared_grads_end(&work.key);
    dat_shared_grads_end(&work.value);
    if (a->related) {
        dat_query_grads_end(&work.query_rel);
        dat_shared_grads_end(&work.key_rel);
    }
}
