/* Decoder blocks: where the reference drops, what is causal and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/decoder_block.h"
#include "ops/registry.h"
#include "support/close.h"
#include "support/random_values.h"

enum { B = 2, L = 4, MEMORY = 5, D = 8 };

typedef struct fixture {
    dat_params params;
    dat_decoder_block block;
    dat_tape tape;
    dat_real *x, *memory;
} fixture;

static void open_fixture(fixture *f, bool norm_first, double dropout)
{
    dat_decoder_config config = {
        .block = {.d_model = D,
                  .dff = 6,
                  .activation = DAT_GELU,
                  .norm_first = norm_first,
                  .dropout = dropout,
                  .attention = {.self_attention = {.n_heads = 2}}},
        .cross = {.n_heads = 4},
    };
    *f = (fixture){.x = random_values(B * L * D, 1), .memory = random_values(B * MEMORY * D, 2)};
    dat_rng rng = dat_rng_seed(3);
    assert_int_equal(dat_decoder_block_init(&f->block, &f->params, "", &config).code, DAT_CODE_OK);
    dat_params_allocate(&f->params, &rng);
    assert_int_equal(dat_tape_init(&f->tape, (size_t)1 << 24).code, DAT_CODE_OK);
}

static void close_fixture(fixture *f)
{
    dat_tape_free(&f->tape);
    dat_params_free(&f->params);
    free(f->x);
    free(f->memory);
}

static const dat_tensor *run(fixture *f)
{
    const dat_attention_context causal = {.causal = true};
    dat_tape_begin(&f->tape, 1);
    dat_tensor *x = dat_tape_variable(&f->tape, "x", f->x, 3, (int64_t[]){B, L, D});
    dat_tensor *memory = dat_tape_input(&f->tape, "memory", f->memory, 3, (int64_t[]){B, MEMORY, D});
    const dat_tensor *out =
        dat_decoder_block_forward(&f->tape, &f->block, x, (dat_memory){.states = memory}, NULL, &causal);
    assert_non_null(out);
    return out;
}

/* Behind both kinds of attention, and nowhere else: not behind the feed-forward block, and unlike in an
 * encoder block not between the branches either. */
static void dropouts_are_those_of_the_reference(void **state)
{
    (void)state;
    for (int norm_first = 0; norm_first < 2; norm_first++) {
        fixture f;
        open_fixture(&f, norm_first, 0.2);
        run(&f);
        int dropped_sums = 0, others = 0;
        for (const dat_node *n = f.tape.last; n; n = n->previous) {
            bool sum = n->op == &dat_op_add_dropout || n->op == &dat_op_residual_norm;
            dropped_sums += sum && *(const double *)n->args > 0; /* the argument of both is the rate */
            others += n->op == &dat_op_dropout;
        }
        assert_int_equal(dropped_sums, 2);
        assert_int_equal(others, 0);
        close_fixture(&f);
    }
}

/* Position i sees what is before it in its own sequence and everything in the memory. */
static void only_the_own_sequence_is_causal(void **state)
{
    (void)state;
    fixture f;
    dat_real before[B * L * D];
    open_fixture(&f, true, 0);
    memcpy(before, run(&f)->data, sizeof before);
    f.x[2 * D] += 1; /* position 2 of sequence 0 */
    const dat_tensor *after = run(&f);
    assert_same_bits(after->data, before, 2 * D);
    assert_true(after->data[3 * D] != before[3 * D]);
    assert_same_bits(after->data + L * D, before + L * D, L * D);
    f.x[2 * D] -= 1;

    memcpy(before, run(&f)->data, sizeof before);
    f.memory[(MEMORY - 1) * D] += 1;
    after = run(&f);
    for (int i = 0; i < L; i++)
        assert_true(after->data[i * D] != before[i * D]);
    assert_same_bits(after->data + L * D, before + L * D, L * D);
    close_fixture(&f);
}

static void impossible_heads_are_refused(void **state)
{
    (void)state;
    dat_params params = {0};
    dat_decoder_block block;
    dat_decoder_config config = {.block = {.d_model = D, .attention = {.self_attention = {.n_heads = 2}}},
                                 .cross = {.n_heads = 3}};
    dat_status status = dat_decoder_block_init(&block, &params, "layer", &config);
    assert_int_equal(status.code, DAT_CODE_USAGE);
    assert_non_null(strstr(status.message, "layer.cross_attn: d_model = 8"));
    dat_params_free(&params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dropouts_are_those_of_the_reference),
        cmocka_unit_test(only_the_own_sequence_is_causal),
        cmocka_unit_test(impossible_heads_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
