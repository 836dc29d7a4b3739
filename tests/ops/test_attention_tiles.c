/* Attention over tiles, and over short sequences as a whole, against the same ops with all pairs in memory,
 * on random shapes and options that reach every path: outputs, all gradients, sinks. Padding that nothing
 * sees. And what tiles are for: memory that grows with the length of a sequence, not with its square. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/naive_attention.h"
#include "support/random_values.h"
#include "util/memory.h"
#include "util/parallel.h"

/* Of the largest value of a tensor. Sums of some hundred values of order one, made in another order. */
#ifdef DAT_DOUBLE
static const double TOLERANCE = 1e-12;
#else
static const double TOLERANCE = 1e-5;
#endif

typedef enum attention_kind { PLAIN, RELATIONAL, DISRCA, N_KINDS } attention_kind;

enum { MOST_TENSORS = 8, MOST_BATCH = 9 };

/* One call: what it is and the sizes of its inputs. */
typedef struct tiled_case {
    int64_t seed;
    attention_kind kind;
    int64_t batch, n, m, n_heads, n_kv_heads, key_dim, head_dim, n_relations, rel_dim;
    bool symmetric, shared, sinks, masked, padded;
    int64_t key_lengths[MOST_BATCH]; /* of padded ones */
    dat_attention_args attention;
    dat_activation relation_activation;
    bool relation_softmax;
} tiled_case;

static bool chance(dat_rng *rng, uint64_t one_in)
{
    return dat_rng_below(rng, one_in) == 0;
}

static int64_t between(dat_rng *rng, int64_t low, int64_t high)
{
    return low + (int64_t)dat_rng_below(rng, (uint64_t)(high - low + 1));
}

/* As many keys as queries in half of the cases; if causal, at least one for each, and perhaps hidden ones
 * behind. */
static void sample_positions(tiled_case *c, dat_rng *rng)
{
    bool square = c->n > 32 && (c->symmetric || chance(rng, 2));
    c->symmetric = c->symmetric && square;
    if (square)
        c->m = c->n;
    else if (c->attention.causal && c->m < c->n)
        c->m = c->n;
    c->attention.first_query = between(rng, 0, c->attention.causal ? c->m - c->n : c->m / 4);
    if (c->symmetric)
        c->n_kv_heads = c->n_heads;
}

/* Options that depend on the kind of attention. */
static void sample_kind(tiled_case *c, dat_rng *rng)
{
    c->attention.pointwise = c->kind == PLAIN && chance(rng, 3);
    c->attention.activation = (dat_activation)dat_rng_below(rng, DAT_N_ACTIVATIONS);
    c->relation_activation = (dat_activation)dat_rng_below(rng, DAT_N_ACTIVATIONS);
    c->relation_softmax = chance(rng, 4);
    c->n_relations = between(rng, 1, 5);
    c->rel_dim = between(rng, 1, 6);
    c->shared = chance(rng, 4);
}

/* Any number of keys, also none and all. */
static void sample_lengths(tiled_case *c, dat_rng *rng)
{
    c->padded = chance(rng, 2);
    for (int b = 0; b < MOST_BATCH; b++)
        c->key_lengths[b] = chance(rng, 8) ? 0 : chance(rng, 8) ? c->m : between(rng, 1, c->m);
}

static tiled_case sample_case(int64_t seed)
{
    dat_rng rng = dat_rng_seed((uint64_t)seed);
    static const int64_t batches[] = {1, 1, 2, MOST_BATCH}, longest[] = {300, 300, 200, 50};
    uint64_t size = dat_rng_below(&rng, sizeof batches / sizeof batches[0]);
    int64_t n_kv_heads = between(&rng, 1, 3);
    tiled_case c = {
        .seed = seed,
        .kind = (attention_kind)(seed % N_KINDS),
        .batch = batches[size],
        .n = chance(&rng, 5) ? between(&rng, 1, 32) : between(&rng, 33, longest[size]),
        .m = between(&rng, 33, longest[size]),
        .n_heads = n_kv_heads * between(&rng, 1, 3),
        .n_kv_heads = n_kv_heads,
        .key_dim = between(&rng, 1, 9),
        .head_dim = between(&rng, 1, 9),
        .symmetric = chance(&rng, 5),
        .sinks = chance(&rng, 2),
        .masked = chance(&rng, 3),
        .attention =
            {
                .causal = chance(&rng, 2),
                .dropout = chance(&rng, 3) ? 0.3 : 0,
                .layout = (dat_symbol_layout)dat_rng_below(&rng, 3),
                /* Not 0: gradients of weights that all meet one value are nothing but rounding. */
                .max_distance = chance(&rng, 2) ? between(&rng, 1, 5) : between(&rng, 30, 200),
            },
    };
    sample_positions(&c, &rng);
    sample_kind(&c, &rng);
    sample_lengths(&c, &rng);
    c.attention.n_heads = c.n_heads;
    c.attention.n_kv_heads = c.n_kv_heads;
    c.attention.scale = 1 / sqrt((double)c.key_dim);
    return c;
}

/* The tensors of a run of one case: values by the caller, gradients by backward. */
typedef struct case_inputs {
    int count;
    dat_real *data[MOST_TENSORS];
    int64_t size[MOST_TENSORS];
    dat_tensor *tensors[MOST_TENSORS];
} case_inputs;

static dat_tensor *add_input(dat_tape *tape, case_inputs *in, const tiled_case *c, int rank,
                             const int64_t *shape)
{
    dat_tensor sized = dat_tensor_over("input", NULL, rank, shape);
    int k = in->count++;
    in->size[k] = dat_count(&sized);
    in->data[k] = random_values(in->size[k], (uint64_t)(c->seed * MOST_TENSORS + k));
    in->tensors[k] = dat_tape_variable(tape, "input", in->data[k], rank, shape);
    return in->tensors[k];
}

static dat_tensor *add_sequence(dat_tape *tape, case_inputs *in, const tiled_case *c, int64_t batch,
                                int64_t length, int64_t width)
{
    return add_input(tape, in, c, 3, (int64_t[]){batch, length, width});
}

static dat_tensor *add_values(dat_tape *tape, case_inputs *in, const tiled_case *c)
{
    int64_t width = c->n_kv_heads * c->head_dim;
    if (c->attention.layout == DAT_SYMBOLS_BY_DISTANCE)
        return add_input(tape, in, c, 2, (int64_t[]){2 * c->attention.max_distance + 1, width});
    if (c->attention.layout == DAT_SYMBOLS_BY_PAIR)
        return add_sequence(tape, in, c, c->n, c->m, width);
    return add_sequence(tape, in, c, c->shared ? 1 : c->batch, c->m, width);
}

/* Queries and keys: one tensor if symmetric, else two, or in odd cases columns of one. */
static void add_pair(dat_tape *tape, case_inputs *in, const tiled_case *c, int64_t query_width,
                     int64_t key_width, dat_columns pair[2])
{
    bool joined = !c->symmetric && c->n == c->m && c->seed % 2;
    int64_t key_batch = c->kind == PLAIN && c->shared ? 1 : c->batch;
    if (joined && key_batch == c->batch) {
        dat_tensor *both = add_sequence(tape, in, c, c->batch, c->n, query_width + key_width + 3);
        pair[0] = (dat_columns){both, 3, query_width};
        pair[1] = (dat_columns){both, 3 + query_width, key_width};
        return;
    }
    pair[0] = dat_all_columns(add_sequence(tape, in, c, c->batch, c->n, query_width));
    pair[1] = c->symmetric ? pair[0] : dat_all_columns(add_sequence(tape, in, c, key_batch, c->m, key_width));
}

/* Where a run's results go; compared value by value. */
typedef struct case_results {
    dat_real *out, *scores, *relations;
    int64_t out_count, scores_count, relations_count;
    size_t peak; /* of the arena */
} case_results;

static dat_tensor *call_case(dat_tape *tape, const tiled_case *c, bool naive, case_inputs *in,
                             const case_results *results, const uint8_t *mask)
{
    dat_attention_args attention = c->attention;
    attention.mask = c->masked ? mask : NULL;
    attention.key_lengths = c->padded ? c->key_lengths : NULL;
    attention.scores = c->sinks ? results->scores : NULL;
    dat_columns pair[2], relation[2];
    add_pair(tape, in, c, c->n_heads * c->key_dim, c->n_kv_heads * c->key_dim, pair);
    if (c->kind == PLAIN) {
        dat_columns value = dat_all_columns(add_values(tape, in, c));
        return (naive ? naive_attention : dat_attention)(tape, pair[0], pair[1], value, &attention);
    }
    bool relational = c->kind == RELATIONAL;
    add_pair(tape, in, c, (relational ? c->n_relations : c->n_heads) * c->rel_dim,
             (relational ? c->n_relations : c->n_kv_heads) * c->rel_dim, relation);
    dat_tensor *symbols = add_values(tape, in, c);
    dat_real *relations = c->sinks ? results->relations : NULL;
    double scale = 1 / sqrt((double)c->rel_dim);
    if (c->kind == DISRCA) {
        dat_disrca_args args = {attention, scale, c->relation_activation, c->relation_softmax, relations};
        return (naive ? naive_disrca_core : dat_disrca_core)(tape, pair[0], pair[1], relation[0], relation[1],
                                                             symbols, &args);
    }
    dat_tensor *wr = add_sequence(tape, in, c, c->n_heads, c->head_dim, c->n_relations);
    dat_relational_args args = {attention,           c->n_relations, scale, c->relation_activation,
                                c->relation_softmax, relations};
    return (naive ? naive_relational_attention_core : dat_relational_attention_core)(
        tape, pair[0], pair[1], relation[0], relation[1], symbols, wr, &args);
}

/* Hides one pair in three, and all pairs of two rows. */
static uint8_t *make_mask(const tiled_case *c)
{
    uint8_t *mask = dat_allocate((size_t)(c->n * c->m), 1);
    dat_rng rng = dat_rng_seed((uint64_t)c->seed);
    for (int64_t i = 0; i < c->n * c->m; i++)
        mask[i] = dat_rng_below(&rng, 3) > 0 && i / c->m != c->n / 2 && i / c->m != c->n - 1;
    return mask;
}

/* Forward and backward; the caller frees with free_case. Ends the running test after an error. */
static void run_case(const tiled_case *c, bool naive, case_inputs *in, case_results *results)
{
    dat_tape tape;
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 34).code, DAT_CODE_OK);
    *in = (case_inputs){0};
    *results = (case_results){.scores_count = c->sinks ? c->batch * c->n_heads * c->n * c->m : 0};
    int64_t relations = c->kind == RELATIONAL ? c->n_relations : c->kind == DISRCA ? c->n_heads : 0;
    results->relations_count = c->sinks ? c->batch * relations * c->n * c->m : 0;
    results->scores = dat_allocate((size_t)results->scores_count + 1, sizeof(dat_real));
    results->relations = dat_allocate((size_t)results->relations_count + 1, sizeof(dat_real));
    uint8_t *mask = make_mask(c);

    dat_tape_begin(&tape, (uint64_t)c->seed);
    dat_tensor *out = call_case(&tape, c, naive, in, results, mask);
    if (!out)
        fail_msg("case %d: %s", (int)c->seed, tape.status.message);
    results->out_count = dat_count(out);
    dat_real *cotangent = random_values(results->out_count, (uint64_t)c->seed + 1);
    dat_tape_backward_from(&tape, out, cotangent);
    assert_int_equal(tape.status.code, DAT_CODE_OK);
    results->out = cotangent;
    memcpy(results->out, out->data, (size_t)results->out_count * sizeof(dat_real));
    for (int k = 0; k < in->count; k++)
        memcpy(in->data[k], in->tensors[k]->grad, (size_t)in->size[k] * sizeof(dat_real));
    results->peak = tape.arena.peak;
    free(mask);
    dat_tape_free(&tape);
}

static void free_case(case_inputs *in, case_results *results)
{
    for (int k = 0; k < in->count; k++)
        free(in->data[k]);
    free(results->out);
    free(results->scores);
    free(results->relations);
}

/* The largest difference, of the largest expected value; prints what is too large. NaN is. */
static int differs(const tiled_case *c, const char *what, const dat_real *actual, const dat_real *expected,
                   int64_t count)
{
    double largest = 0, difference = 0;
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)expected[i]));
        double d = fabs((double)actual[i] - (double)expected[i]);
        difference = d > difference || isnan(d) ? d : difference;
    }
    if (difference <= TOLERANCE * largest)
        return 0;
    print_error("case %d, kind %d, batch %d, n %d, m %d, heads %d/%d, layout %d: %s differs by %g of %g\n",
                (int)c->seed, (int)c->kind, (int)c->batch, (int)c->n, (int)c->m, (int)c->n_heads,
                (int)c->n_kv_heads, (int)c->attention.layout, what, difference, largest);
    return 1;
}

/* How many of a case's results are not those of the naive op. */
static int wrong_results(const tiled_case *c)
{
    static const char *const names[] = {"gradient 0", "gradient 1", "gradient 2", "gradient 3",
                                        "gradient 4", "gradient 5", "gradient 6", "gradient 7"};
    case_inputs in, expected_in;
    case_results results, expected;
    run_case(c, false, &in, &results);
    run_case(c, true, &expected_in, &expected);
    int wrong = differs(c, "output", results.out, expected.out, expected.out_count);
    wrong += differs(c, "scores", results.scores, expected.scores, expected.scores_count);
    wrong += differs(c, "relations", results.relations, expected.relations, expected.relations_count);
    for (int k = 0; k < in.count; k++)
        wrong += differs(c, names[k], in.data[k], expected_in.data[k], in.size[k]);
    free_case(&in, &results);
    free_case(&expected_in, &expected);
    return wrong;
}

static void tiled_equals_naive(void **state)
{
    (void)state;
    enum { N_CASES = 150 };
    int wrong = 0;
    for (int64_t seed = 0; seed < N_CASES; seed++) {
        tiled_case c = sample_case(seed);
        wrong += wrong_results(&c);
    }
    assert_int_equal(wrong, 0);
}

static void whole_equals_naive(void **state)
{
    (void)state;
    enum { N_CASES = 150, MOST = 32 };
    int wrong = 0;
    for (int64_t seed = 0; seed < N_CASES; seed++) {
        tiled_case c = sample_case(seed);
        bool square = c.n == c.m;
        c.n = 1 + c.n % MOST;
        c.m = square ? c.n : 1 + c.m % MOST;
        if (c.attention.causal && c.m < c.n)
            c.m = c.n;
        c.attention.first_query %= 1 + (c.attention.causal ? c.m - c.n : c.m);
        for (int b = 0; b < MOST_BATCH; b++)
            c.key_lengths[b] %= c.m + 1;
        wrong += wrong_results(&c);
    }
    assert_int_equal(wrong, 0);
}

/* A plain case of one item with padded keys; even seeds keep queries and keys apart. */
static tiled_case sample_padded_case(int64_t seed)
{
    tiled_case c = sample_case(2 * seed);
    c.kind = PLAIN;
    c.batch = 1;
    c.symmetric = c.masked = c.sinks = c.attention.causal = false;
    c.attention.dropout = 0;
    if (c.attention.layout == DAT_SYMBOLS_BY_PAIR)
        c.attention.layout = DAT_SYMBOLS_BY_SENDER;
    c.padded = true;
    /* Not 1: gradients of weights that are 1 are nothing but rounding. */
    c.key_lengths[0] = 2 + c.key_lengths[0] % (c.m - 1);
    return c;
}

/* Results are those of keys and values that end where the padding begins, whose own gradients are 0. */
static void padding_is_as_if_it_were_not_there(void **state)
{
    (void)state;
    enum { N_CASES = 60 };
    int wrong = 0;
    for (int64_t seed = 0; seed < N_CASES; seed++) {
        tiled_case c = sample_padded_case(seed), cut = c;
        case_inputs in, cut_in;
        case_results results, cut_results;
        cut.m = c.key_lengths[0];
        cut.padded = false;
        run_case(&c, false, &in, &results);
        run_case(&cut, false, &cut_in, &cut_results);
        wrong += differs(&c, "output", results.out, cut_results.out, cut_results.out_count);
        for (int k = 0; k < in.count; k++) {
            wrong += differs(&c, "gradient", in.data[k], cut_in.data[k], cut_in.size[k]);
            for (int64_t i = cut_in.size[k]; i < in.size[k]; i++)
                wrong += in.data[k][i] != 0;
        }
        free_case(&in, &results);
        free_case(&cut_in, &cut_results);
    }
    assert_int_equal(wrong, 0);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    int threads = dat_parallel_threads();
    for (int64_t seed = 0; seed < 40; seed++) {
        tiled_case c = sample_case(seed);
        case_inputs in[2];
        case_results results[2];
        for (int k = 0; k < 2; k++) {
            dat_parallel_set_threads(1 + 3 * k);
            run_case(&c, false, &in[k], &results[k]);
        }
        dat_parallel_set_threads(threads);
        assert_memory_equal(results[0].out, results[1].out, (size_t)results[0].out_count * sizeof(dat_real));
        for (int k = 0; k < in[0].count; k++)
            assert_memory_equal(in[0].data[k], in[1].data[k], (size_t)in[0].size[k] * sizeof(dat_real));
        free_case(&in[0], &results[0]);
        free_case(&in[1], &results[1]);
    }
}

/* A narrow case of each kind, whose matrices of pairs would be most of the memory. */
static size_t peak_of(attention_kind kind, int64_t length, bool naive)
{
    tiled_case c = {
        .kind = kind,
        .batch = 1,
        .n = length,
        .m = length,
        .n_heads = 2,
        .n_kv_heads = 2,
        .key_dim = 4,
        .head_dim = 4,
        .n_relations = 2,
        .rel_dim = 4,
        .attention = {.n_heads = 2, .n_kv_heads = 2, .scale = 0.5, .causal = true},
    };
    case_inputs in;
    case_results results;
    run_case(&c, naive, &in, &results);
    free_case(&in, &results);
    return results.peak;
}

static void memory_grows_with_the_length(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        size_t shorter = peak_of((attention_kind)kind, 1024, false);
        size_t longer = peak_of((attention_kind)kind, 2048, false);
        size_t naive = peak_of((attention_kind)kind, 1024, true);
        if (10 * longer > 22 * shorter || 5 * shorter > naive)
            fail_msg("kind %d: %zu bytes at 1024, %zu at 2048, naive %zu at 1024", kind, shorter, longer,
                     naive);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiled_equals_naive),
        cmocka_unit_test(whole_equals_naive),
        cmocka_unit_test(padding_is_as_if_it_were_not_there),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(memory_grows_with_the_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
