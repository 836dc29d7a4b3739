/* Relational attention of short sequences: all weights and relations of a batch item are kept for backward.
 * The formulas are in relational_attention.c. */
#include <string.h>

#include "ops/attention_values.h"
#include "ops/relational_core.h"

/* What forward keeps for one batch item, in this order. */
typedef struct item_state {
    dat_real *p;        /* (n_heads, n, m) probabilities before dropout */
    dat_real *r;        /* (R, n, m) relations after the activation */
    dat_real *dots;     /* (R, n, m) before it, where backward needs them; else NULL */
    dat_real *averages; /* (n, n_heads, R) the T of the formulas */
} item_state;

static int64_t item_state_size(const dat_relational *z)
{
    return (z->s.n_heads + z->R * (dat_keeps_dots(&z->relation) ? 2 : 1)) * z->square + z->averages;
}

static item_state item_state_of(const dat_relational *z, int64_t b)
{
    dat_real *start = z->n->saved + b * item_state_size(z);
    item_state state = {.p = start, .r = start + z->s.n_heads * z->square};
    dat_real *next = state.r + z->R * z->square;
    if (dat_keeps_dots(&z->relation)) {
        state.dots = next;
        next += z->R * z->square;
    }
    state.averages = next;
    return state;
}

/* The saved scores of relation l, or NULL. */
static dat_real *relation_dots(const dat_relational *z, const item_state *state, int64_t l)
{
    return state->dots ? state->dots + l * z->square : NULL;
}

int64_t dat_relational_whole_saved(const dat_relational *z)
{
    return z->s.batch * item_state_size(z);
}

/* wr (n_heads, head_dim, R) as (n_heads, R, head_dim): rows that kernels run along. */
static dat_real *transposed_wr(const dat_relational *z)
{
    dat_real *rows = dat_tape_scratch(z->n->tape, dat_count(z->wr));
    for (int64_t h = 0; rows && h < z->s.n_heads; h++)
        for (int64_t d = 0; d < z->s.head_dim; d++)
            for (int64_t l = 0; l < z->R; l++)
                rows[(h * z->R + l) * z->s.head_dim + d] = z->wr->data[(h * z->s.head_dim + d) * z->R + l];
    return rows;
}

/* The probabilities as attention uses them: with dropout in `dropped`, or the saved ones. */
static const dat_real *dropped_probabilities(const dat_relational *z, int64_t b, const item_state *state,
                                             dat_real *dropped)
{
    if (!z->mask.threshold)
        return state->p;
    for (int64_t h = 0; h < z->s.n_heads; h++)
        dat_head_dropout(&z->attention, z->mask, dat_first_weight(&z->s, b, h), state->p + h * z->square,
                         dropped + h * z->square);
    return dropped;
}

static void forward_item(const dat_relational *z, int64_t b, const dat_real *wr_rows, dat_real *dropped,
                         dat_real *value_scratch)
{
    const dat_head_sizes *s = &z->s;
    item_state state = item_state_of(z, b);
    int64_t out_width = s->n_heads * s->head_dim;
    dat_real *out = z->n->out->data + b * s->n * out_width;
    memset(out, 0, (size_t)(s->n * out_width) * sizeof *out);

    for (int64_t h = 0; h < s->n_heads; h++)
        dat_head_weights(&z->attention, b, h, NULL, state.p + h * z->square);
    for (int64_t l = 0; l < z->R; l++)
        dat_head_weights(&z->relation, b, l, relation_dots(z, &state, l), state.r + l * z->square);
    const dat_real *p = dropped_probabilities(z, b, &state, dropped);
    for (int64_t i = 0; i < s->n; i++)
        dat_gemm_serial(s->n_heads, z->R, s->m, 1, dat_head_matrix(p + i * s->m, z->square),
                        dat_transposed(dat_head_matrix(state.r + i * s->m, z->square)), 0,
                        state.averages + i * s->n_heads * z->R, z->R);
    for (int64_t h = 0; h < s->n_heads; h++) {
        dat_values_sum(s, b, h, dat_whole_tile(s), p + h * z->square, value_scratch, out + h * s->head_dim,
                       out_width);
        dat_gemm_serial(s->n, s->head_dim, z->R, 1,
                        dat_head_matrix(state.averages + h * z->R, s->n_heads * z->R),
                        dat_head_matrix(wr_rows + h * z->R * s->head_dim, s->head_dim), 1,
                        out + h * s->head_dim, out_width);
    }
}

/* Copies what was asked for: probabilities as saved, relations as (B, i, j, l). */
static void write_sinks(const dat_relational *z)
{
    for (int64_t b = 0; b < z->s.batch; b++) {
        item_state state = item_state_of(z, b);
        int64_t probabilities = z->s.n_heads * z->square;
        if (z->scores_sink)
            memcpy(z->scores_sink + b * probabilities, state.p, (size_t)probabilities * sizeof *state.p);
        if (z->relation_sink)
            for (int64_t l = 0; l < z->R; l++)
                for (int64_t ij = 0; ij < z->square; ij++)
                    z->relation_sink[(b * z->square + ij) * z->R + l] = state.r[l * z->square + ij];
    }
}

/* What the pieces of a batch share: scratch for each, and partial sums of what the batch shares. */
typedef struct batch_work {
    const dat_relational *z;
    const dat_real *wr_rows;
    dat_real *scratch;
    dat_real *wr_sums, *symbol_sums;
} batch_work;

static int64_t values_scratch_size(const dat_relational *z)
{
    return dat_values_scratch_size(&z->s, z->s.n, z->s.m);
}

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    int64_t heads = work->z->s.n_heads * work->z->square;
    dat_real *dropped = work->scratch + piece * (heads + values_scratch_size(work->z));
    for (int64_t b = start; b < end; b++)
        forward_item(work->z, b, work->wr_rows, dropped, dropped + heads);
}

void dat_relational_whole_forward(const dat_relational *z)
{
    dat_pieces pieces = dat_pieces_of(z->s.batch, 1);
    int64_t piece_scratch = z->s.n_heads * z->square + values_scratch_size(z);
    batch_work work = {
        .z = z,
        .wr_rows = transposed_wr(z),
        .scratch = dat_tape_scratch(z->n->tape, pieces.count * piece_scratch),
    };
    if (!work.wr_rows || !work.scratch)
        return;
    dat_parallel(pieces, forward_piece, &work);
    write_sinks(z);
}

/* Scratch of one piece of backward. */
typedef struct piece_scratch {
    dat_real *dropped; /* (n_heads, n, m) */
    dat_real *dp;      /* (n_heads, n, m) */
    dat_real *dr;      /* (R, n, m) */
    dat_real *ddots;   /* (n, m) */
    dat_real *dt;      /* (n, n_heads, R) */
    dat_real *values;  /* of attention_values.h */
} piece_scratch;

static int64_t piece_scratch_size(const dat_relational *z)
{
    return (2 * z->s.n_heads + z->R + 1) * z->square + z->averages + values_scratch_size(z);
}

static piece_scratch piece_scratch_of(const dat_relational *z, dat_real *start)
{
    piece_scratch scratch = {.dropped = start};
    scratch.dp = scratch.dropped + z->s.n_heads * z->square;
    scratch.dr = scratch.dp + z->s.n_heads * z->square;
    scratch.ddots = scratch.dr + z->R * z->square;
    scratch.dt = scratch.ddots + z->square;
    scratch.values = scratch.dt + z->averages;
    return scratch;
}

/* From dO: dT, dW_r, dV and the part of dP that comes through the symbols. */
static void backward_values(const dat_relational *z, int64_t b, const item_state *state, const dat_real *p,
                            const dat_real *wr_rows, const piece_scratch *work, dat_real *dwr_rows,
                            dat_grad_rows dv)
{
    const dat_head_sizes *s = &z->s;
    int64_t out_width = s->n_heads * s->head_dim;
    for (int64_t h = 0; h < s->n_heads; h++) {
        int64_t wr_start = h * z->R * s->head_dim;
        dat_matrix dout =
            dat_head_matrix(z->n->out->grad + b * s->n * out_width + h * s->head_dim, out_width);
        dat_gemm_serial(s->n, z->R, s->head_dim, 1, dout,
                        dat_transposed(dat_head_matrix(wr_rows + wr_start, s->head_dim)), 0,
                        work->dt + h * z->R, s->n_heads * z->R);
        dat_gemm_serial(z->R, s->head_dim, s->n, 1,
                        dat_transposed(dat_head_matrix(state->averages + h * z->R, s->n_heads * z->R)), dout,
                        1, dwr_rows + wr_start, s->head_dim);
        if (dv.data)
            dat_values_backward(s, h, dat_whole_tile(s), p + h * z->square, dout, work->values, dv);
        dat_values_weights_backward(s, b, h, dat_whole_tile(s), dout, work->values, work->dp + h * z->square);
    }
}

static void backward_item(const dat_relational *z, int64_t b, const dat_real *wr_rows,
                          const piece_scratch *work, dat_real *dwr_rows, dat_grad_rows dv)
{
    const dat_head_sizes *s = &z->s;
    item_state state = item_state_of(z, b);
    const dat_real *p = dropped_probabilities(z, b, &state, work->dropped);
    backward_values(z, b, &state, p, wr_rows, work, dwr_rows, dv);
    for (int64_t i = 0; i < s->n; i++) {
        dat_matrix dt = dat_head_matrix(work->dt + i * s->n_heads * z->R, z->R);
        dat_gemm_serial(s->n_heads, s->m, z->R, 1, dt, dat_head_matrix(state.r + i * s->m, z->square), 1,
                        work->dp + i * s->m, z->square);
        dat_gemm_serial(z->R, s->m, s->n_heads, 1, dat_transposed(dt),
                        dat_head_matrix(p + i * s->m, z->square), 0, work->dr + i * s->m, z->square);
    }
    dat_score_grads relation = dat_score_grads_of(&z->relation, b);
    for (int64_t l = 0; l < z->R; l++)
        dat_head_weights_backward(&z->relation, b, l, relation_dots(z, &state, l), state.r + l * z->square,
                                  work->dr + l * z->square, work->ddots, relation);
    dat_score_grads attention = dat_score_grads_of(&z->attention, b);
    for (int64_t h = 0; h < s->n_heads; h++) {
        dat_real *dp = work->dp + h * z->square;
        if (z->mask.threshold)
            dat_head_dropout(&z->attention, z->mask, dat_first_weight(&z->s, b, h), dp, dp);
        dat_head_weights_backward(&z->attention, b, h, NULL, state.p + h * z->square, dp, NULL, attention);
    }
}

/* dwr (n_heads, head_dim, R) += the sums over pieces of dwr_rows (n_heads, R, head_dim). */
static void add_wr_grads(const dat_relational *z, const dat_real *sums, dat_pieces pieces, dat_real *dwr)
{
    int64_t hd = z->s.head_dim, count = z->s.n_heads * z->R * hd;
    for (int64_t piece = 0; piece < pieces.count; piece++)
        for (int64_t h = 0; h < z->s.n_heads; h++)
            for (int64_t l = 0; l < z->R; l++)
                for (int64_t d = 0; d < hd; d++)
                    dwr[(h * hd + d) * z->R + l] += sums[piece * count + (h * z->R + l) * hd + d];
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    const batch_work *work = context;
    const dat_relational *z = work->z;
    piece_scratch scratch = piece_scratch_of(z, work->scratch + piece * piece_scratch_size(z));
    dat_real *dwr_rows = work->wr_sums + piece * dat_count(z->wr);
    dat_real *symbol_sums = work->symbol_sums + piece * dat_shared_count(&z->s.value);
    for (int64_t b = start; b < end; b++)
        backward_item(z, b, work->wr_rows, &scratch, dwr_rows, dat_grad_rows_of(&z->s.value, b, symbol_sums));
}

void dat_relational_whole_backward(const dat_relational *z)
{
    dat_tape *tape = z->n->tape;
    int64_t shared_symbols = dat_shared_count(&z->s.value);
    dat_pieces pieces = dat_pieces_of(z->s.batch, 1);
    batch_work work = {
        .z = z,
        .wr_rows = transposed_wr(z),
        .scratch = dat_tape_scratch(tape, pieces.count * piece_scratch_size(z)),
        .wr_sums = dat_partial_sums(tape, pieces, dat_count(z->wr)),
        .symbol_sums = dat_partial_sums(tape, pieces, shared_symbols),
    };
    if (!work.wr_rows || !work.scratch || !work.wr_sums || !work.symbol_sums)
        return;
    dat_parallel(pieces, backward_piece, &work);
    if (z->wr->grad)
        add_wr_grads(z, work.wr_sums, pieces, z->wr->grad);
    dat_add_partial_sums(work.symbol_sums, pieces, shared_symbols, z->s.value.grad);
}
