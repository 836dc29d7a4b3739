/* What must hold for any parameters: equivariance, causality, symmetry, grouping, empty rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/blocks.h"
#include "support/close.h"
#include "support/random_values.h"

enum { B = 2, L = 7, D = 24, COUNT = B * L * D };

static const int64_t shape[] = {B, L, D};

#ifdef DAT_DOUBLE
static const double TOLERANCE = 1e-12;
#else
static const double TOLERANCE = 2e-6; /* sums of some dozen values of order one */
#endif

typedef struct fixture {
    dat_tape tape;
    dat_params params;
    dat_real x[COUNT], symbols[COUNT], first[COUNT], second[COUNT];
    dat_real cosines[L * 2], sines[L * 2];
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    fill_random(f->x, COUNT, 1);
    fill_random(f->symbols, COUNT, 2);
    for (int i = 0; i < L * 2; i++) {
        f->cosines[i] = (dat_real)cos(0.3 * i);
        f->sines[i] = (dat_real)sin(0.3 * i);
    }
    *state = f;
    return dat_tape_init(&f->tape, (size_t)1 << 24).code;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    dat_tape_free(&f->tape);
    dat_params_free(&f->params);
    free(f);
    return 0;
}

static const dat_dual_config dual_config = {
    .n_heads_sa = 3,
    .n_heads_ra = 3,
    .self_attention = {.d_model = D},
    .relational = {.n_relations = 2, .relation_activation = DAT_TANH},
};

static void make_dual(fixture *f, dat_dual_layer *layer, const dat_dual_config *config)
{
    dat_rng rng = dat_rng_seed(3);
    dat_status status = dat_dual_attention_init(layer, &f->params, "", config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    dat_params_allocate(&f->params, &rng);
    randomise_params(&f->params, 1 / sqrt(D), 4);
}

static void run_dual(fixture *f, const dat_dual_layer *layer, const dat_attention_context *context,
                     dat_real *out)
{
    dat_tape *tape = &f->tape;
    dat_tape_begin(tape, 1);
    dat_tensor *x = dat_tape_input(tape, "x", f->x, 3, shape);
    dat_symbols symbols = {.values = dat_tape_input(tape, "symbols", f->symbols, 3, shape)};
    const dat_tensor *y = dat_dual_attention_forward(tape, layer, x, &symbols, context, NULL);
    if (!y)
        fail_msg("%s", tape->status.message);
    memcpy(out, y->data, COUNT * sizeof out[0]);
}

/* values[b, i] := old values[b, order[i]] */
static void permute_tokens(dat_real *values, const int64_t *order)
{
    dat_real old[COUNT];
    memcpy(old, values, sizeof old);
    for (int b = 0; b < B; b++)
        for (int i = 0; i < L; i++)
            memcpy(values + (b * L + i) * D, old + (b * L + order[i]) * D, D * sizeof old[0]);
}

static void tokens_can_be_permuted(void **state)
{
    fixture *f = *state;
    static const int64_t order[L] = {3, 0, 6, 2, 1, 5, 4};
    dat_dual_layer layer;
    make_dual(f, &layer, &dual_config);
    dat_attention_context context = {0};
    run_dual(f, &layer, &context, f->first);
    permute_tokens(f->x, order);
    permute_tokens(f->symbols, order);
    run_dual(f, &layer, &context, f->second);
    permute_tokens(f->first, order);
    assert_all_close(f->second, f->first, COUNT, TOLERANCE);

    context.cosines = dat_tape_input(&f->tape, "cosines", f->cosines, 2, (int64_t[]){L, 2});
    context.sines = dat_tape_input(&f->tape, "sines", f->sines, 2, (int64_t[]){L, 2});
    dat_tensor cosines = *context.cosines, sines = *context.sines;
    context.cosines = &cosines;
    context.sines = &sines;
    run_dual(f, &layer, &context, f->second);
    double change = 0;
    for (int i = 0; i < COUNT; i++)
        change = fmax(change, fabs((double)f->second[i] - (double)f->first[i]));
    assert_true(change > 1e-3); /* with positions it is a different function */
}

static void later_tokens_never_change_earlier_ones(void **state)
{
    fixture *f = *state;
    dat_dual_layer layer;
    make_dual(f, &layer, &dual_config);
    dat_tensor cosines = dat_tensor_over("cosines", f->cosines, 2, (int64_t[]){L, 2});
    dat_tensor sines = dat_tensor_over("sines", f->sines, 2, (int64_t[]){L, 2});
    dat_attention_context context = {.causal = true, .cosines = &cosines, .sines = &sines};
    run_dual(f, &layer, &context, f->first);
    for (int changed = L - 1; changed > 0; changed--) {
        f->x[changed * D + 3] += 1; /* in the first sequence */
        f->symbols[changed * D + 5] -= 1;
        run_dual(f, &layer, &context, f->second);
        assert_same_bits(f->second, f->first, (int64_t)changed * D);
        assert_same_bits(f->second + L * D, f->first + L * D, (int64_t)L * D);
        assert_true(memcmp(f->second + changed * D, f->first + changed * D, D * sizeof f->first[0]) != 0);
    }
}

/* The same for whole blocks of both kinds and orders of norms. */
static void causal_blocks_are_causal(void **state)
{
    fixture *f = *state;
    for (int kind = 0; kind < 4; kind++) {
        dat_block_config config = {.dual = kind & 1,
                                   .norm_first = kind & 2,
                                   .d_model = D,
                                   .activation = DAT_SWIGLU,
                                   .attention = dual_config,
                                   .bias = true};
        if (!config.dual)
            config.attention = (dat_dual_config){.self_attention = {.n_heads = 4}};
        dat_params_free(&f->params);
        dat_encoder_block block;
        dat_rng rng = dat_rng_seed(3);
        assert_int_equal(dat_encoder_block_init(&block, &f->params, "", &config).code, DAT_CODE_OK);
        dat_params_allocate(&f->params, &rng);
        randomise_params(&f->params, 1 / sqrt(D), 4);
        dat_attention_context context = {.causal = true};
        for (int run = 0; run < 2; run++) {
            dat_tape_begin(&f->tape, 1);
            dat_tensor *x = dat_tape_input(&f->tape, "x", f->x, 3, shape);
            dat_symbols symbols = {.values = dat_tape_input(&f->tape, "symbols", f->symbols, 3, shape)};
            const dat_tensor *y = dat_encoder_block_forward(&f->tape, &block, x, &symbols, &context);
            assert_non_null(y);
            memcpy(run ? f->second : f->first, y->data, sizeof f->first);
            f->x[4 * D] += 1;
        }
        assert_same_bits(f->second, f->first, 4 * D);
        assert_true(memcmp(f->second + 4 * D, f->first + 4 * D, D * sizeof f->first[0]) != 0);
    }
}

static void symmetric_relations_are_symmetric(void **state)
{
    fixture *f = *state;
    for (int symmetric = 0; symmetric < 2; symmetric++) {
        dat_dual_config config = dual_config;
        config.relational.symmetric_relations = symmetric;
        dat_dual_layer layer;
        dat_params_free(&f->params);
        make_dual(f, &layer, &config);
        enum { R = 2 };
        dat_real relations[B * L * L * R];
        run_dual(f, &layer, &(dat_attention_context){.relations = relations}, f->first);
        double asymmetry = 0;
        for (int b = 0; b < B; b++)
            for (int i = 0; i < L; i++)
                for (int j = 0; j < L; j++)
                    for (int l = 0; l < R; l++)
                        asymmetry = fmax(asymmetry, fabs((double)relations[((b * L + i) * L + j) * R + l] -
                                                         (double)relations[((b * L + j) * L + i) * R + l]));
        assert_true(symmetric ? asymmetry < 1e-6 : asymmetry > 1e-2);
    }
}

/* Probabilities are probabilities, and only of what may be attended to. */
static void scores_are_probabilities(void **state)
{
    fixture *f = *state;
    dat_dual_layer layer;
    make_dual(f, &layer, &dual_config);
    enum { H = 3 };
    dat_real scores[B * H * L * L];
    run_dual(f, &layer, &(dat_attention_context){.causal = true, .scores = scores}, f->first);
    for (int row = 0; row < B * H * L; row++) {
        double sum = 0;
        for (int j = 0; j < L; j++) {
            double p = (double)scores[row * L + j];
            assert_true(j <= row % L ? p > 0 : p == 0);
            sum += p;
        }
        assert_close(sum, 1, 1e-6);
    }
}

/* wk and wv of every group repeated for each of its heads. */
static void repeat_heads(const dat_tensor *grouped, int64_t repeats, const dat_tensor *full,
                         int64_t head_rows)
{
    int64_t width = grouped->shape[1], head = head_rows * width;
    for (int64_t h = 0; h < full->shape[0] / head_rows; h++)
        memcpy(full->data + h * head, grouped->data + h / repeats * head,
               (size_t)head * sizeof full->data[0]);
}

static void grouped_queries_equal_repeated_keys(void **state)
{
    fixture *f = *state;
    enum { HEADS = 4, GROUPS = 2, WIDTH = D / HEADS };
    dat_params *params = &f->params;
    dat_attention_layer grouped, full;
    dat_rng rng = dat_rng_seed(5);
    dat_attention_config config = {.d_model = D, .n_heads = HEADS, .n_kv_heads = GROUPS};
    assert_int_equal(dat_attention_init(&grouped, params, "grouped", &config, NULL, NULL).code, DAT_CODE_OK);
    config.n_kv_heads = HEADS;
    assert_int_equal(dat_attention_init(&full, params, "full", &config, NULL, NULL).code, DAT_CODE_OK);
    dat_params_allocate(params, &rng);
    memcpy(full.wq.weight->data, grouped.wq.weight->data, D * D * sizeof(dat_real));
    memcpy(full.wo.weight->data, grouped.wo.weight->data, D * D * sizeof(dat_real));
    repeat_heads(grouped.wk.weight, HEADS / GROUPS, full.wk.weight, WIDTH);
    repeat_heads(grouped.wv.weight, HEADS / GROUPS, full.wv.weight, WIDTH);
    dat_tape_begin(&f->tape, 1);
    dat_tensor *x = dat_tape_input(&f->tape, "x", f->x, 3, shape);
    dat_attention_context context = {.causal = true};
    const dat_tensor *a = dat_attention_forward(&f->tape, &grouped, x, x, x, &context);
    const dat_tensor *b = dat_attention_forward(&f->tape, &full, x, x, x, &context);
    assert_all_close(a->data, b->data, COUNT, TOLERANCE);
}

/* Without output biases, a token that may attend to nothing gets exactly 0 from both kinds of heads, and no
 * NaN reaches a gradient. */
static void a_row_without_keys_gives_zeros(void **state)
{
    fixture *f = *state;
    dat_dual_layer layer;
    make_dual(f, &layer, &dual_config);
    uint8_t mask[L * L];
    memset(mask, 1, sizeof mask);
    memset(mask + 2 * L, 0, L);
    dat_attention_context context = {.mask = mask};
    run_dual(f, &layer, &context, f->first);
    for (int i = 0; i < COUNT; i++)
        assert_true(i / D % L == 2 ? f->first[i] == 0 : isfinite(f->first[i]));

    dat_tape_begin(&f->tape, 1);
    dat_params_zero_grads(&f->params);
    dat_tensor *x = dat_tape_variable(&f->tape, "x", f->x, 3, shape);
    dat_symbols symbols = {.values = dat_tape_variable(&f->tape, "symbols", f->symbols, 3, shape)};
    dat_tape_backward_from(
        &f->tape, dat_dual_attention_forward(&f->tape, &layer, x, &symbols, &context, NULL), f->first);
    assert_all_finite(x->grad, COUNT);
    assert_all_finite(symbols.values->grad, COUNT);
    assert_all_finite(f->params.grads, f->params.size);
}

static void impossible_head_counts_are_refused(void **state)
{
    (void)state;
    static const struct {
        dat_dual_config config;
        const char *expected[2];
    } bad[] = {
        {{.n_heads_sa = 0, .n_heads_ra = 0, .self_attention = {.d_model = 12}},
         {"n_heads_sa = 0", "n_heads_ra = 0"}},
        {{.n_heads_sa = -1, .n_heads_ra = 2, .self_attention = {.d_model = 12}},
         {"n_heads_sa = -1", "n_heads_ra = 2"}},
        {{.n_heads_sa = 2, .n_heads_ra = 1, .share_attention = true, .self_attention = {.d_model = 12}},
         {"n_heads_sa = 2", "n_heads_ra = 1"}},
        {{.n_heads_sa = 2, .n_heads_ra = 3, .self_attention = {.d_model = 12}}, {"12", "5"}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        dat_params params = {0};
        dat_dual_layer layer;
        dat_status status = dat_dual_attention_init(&layer, &params, "attn", &bad[i].config);
        if (status.code != DAT_CODE_USAGE || !strstr(status.message, bad[i].expected[0]) ||
            !strstr(status.message, bad[i].expected[1]) || !strstr(status.message, "attn"))
            fail_msg("config %d: code %d, message '%s'", (int)i, (int)status.code, status.message);
        dat_params_free(&params);
    }
}

/* Shared projections only fit when both kinds of heads agree on their shapes. */
static void shared_projections_must_agree(void **state)
{
    (void)state;
    dat_dual_config config = {
        .n_heads_sa = 4, .n_heads_ra = 4, .share_attention = true, .self_attention = {.d_model = 32}};
    for (int option = 0; option < 3; option++) {
        dat_dual_config changed = config;
        changed.self_attention.n_kv_heads = option == 1 ? 2 : 0;
        changed.self_attention.key_dim = option == 2 ? 8 : 0;
        dat_params params = {0};
        dat_dual_layer layer;
        dat_status status = dat_dual_attention_init(&layer, &params, "attn", &changed);
        assert_int_equal(status.code, option == 0 ? DAT_CODE_OK : DAT_CODE_USAGE);
        dat_params_free(&params);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tokens_can_be_permuted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(later_tokens_never_change_earlier_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(causal_blocks_are_causal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(symmetric_relations_are_symmetric, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scores_are_probabilities, set_up, tear_down),
        cmocka_unit_test_setup_teardown(grouped_queries_equal_repeated_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_without_keys_gives_zeros, set_up, tear_down),
        cmocka_unit_test(impossible_head_counts_are_refused),
        cmocka_unit_test(shared_projections_must_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
