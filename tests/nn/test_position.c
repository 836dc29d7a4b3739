/* Positions: the tables against their formulas, and what makes them useful. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/position.h"
#include "support/close.h"
#include "support/random_values.h"

static int open_tape(void **state)
{
    dat_tape *tape = calloc(1, sizeof *tape);
    *state = tape;
    return dat_tape_init(tape, (size_t)1 << 24).code;
}

static int close_tape(void **state)
{
    dat_tape_free(*state);
    free(*state);
    return 0;
}

/* Worked out by hand: pair k of position p turns by p theta^(-2k / head_dim). */
static void angles_are_those_of_the_formula(void **state)
{
    (void)state;
    dat_real cosines[3 * 2], sines[3 * 2];
    dat_rope_table(3, 4, 10000, cosines, sines);
    for (int pair = 0; pair < 2; pair++) {
        assert_close(cosines[pair], 1, 0);
        assert_close(sines[pair], 0, 0);
    }
    assert_close(cosines[1 * 2 + 0], 0.540302305868139717, 1e-7);
    assert_close(sines[1 * 2 + 1], 0.00999983333416666468, 1e-7);
    assert_close(cosines[2 * 2 + 1], 0.999800006666577777, 1e-7);
    assert_close(sines[2 * 2 + 0], 0.909297426825681695, 1e-7);
    dat_rope_table(3, 4, 16, cosines, sines);
    assert_close(sines[2 * 2 + 1], 0.479425538604203, 1e-7); /* 2 / 16^(1/2) */
}

static dat_block_config heads_of(int64_t d_model, int64_t n_heads)
{
    return (dat_block_config){.d_model = d_model, .attention = {.self_attention = {.n_heads = n_heads}}};
}

/* The product of a rotated query and key depends on how far they are apart, not on where they are. */
static void rotated_products_depend_on_distance(void **state)
{
    dat_tape *tape = *state;
    enum { L = 9, D = 6 };
    dat_rope_angles angles;
    dat_attention_context context = {0};
    dat_block_config block = heads_of(D, 1);
    assert_int_equal(dat_rope_angles_init(&angles, L, &block).code, DAT_CODE_OK);
    dat_real *one = random_values(2 * D, 3), x[2 * L * D];
    for (int i = 0; i < 2 * L; i++) /* the same query, then the same key, at every position */
        memcpy(x + i * D, one + i / L * D, D * sizeof(dat_real));
    dat_tape_begin(tape, 1);
    dat_rope_angles_use(tape, &angles, &context);
    dat_tensor *in = dat_tape_input(tape, "x", x, 3, (int64_t[]){2, L, D});
    const dat_tensor *out = dat_rope(tape, dat_all_columns(in), context.cosines, context.sines, 1);
    assert_non_null(out);
    double first = 0, last = 0, nearer = 0;
    for (int j = 0; j < D; j++) {
        first += (double)out->data[3 * D + j] * (double)out->data[(L + 0) * D + j];
        last += (double)out->data[8 * D + j] * (double)out->data[(L + 5) * D + j];
        nearer += (double)out->data[8 * D + j] * (double)out->data[(L + 7) * D + j];
    }
    assert_close(first, last, 1e-5);
    assert_true(fabs(first - nearer) > 1e-2);
    dat_rope_angles_free(&angles);
    free(one);
}

static void impossible_angles_are_refused(void **state)
{
    (void)state;
    dat_block_config odd = heads_of(10, 2), keys = heads_of(8, 2), none = heads_of(8, 0);
    keys.attention.self_attention.key_dim = 6;
    const dat_block_config *const blocks[] = {&odd, &keys, &none};
    static const char *const expected[] = {"head_dim = 5", "key_dim = 6 to equal head_dim = 4",
                                           "head_dim = 0"};
    for (int i = 0; i < 3; i++) {
        dat_rope_angles angles;
        dat_status status = dat_rope_angles_init(&angles, 5, blocks[i]);
        if (status.code != DAT_CODE_USAGE || !strstr(status.message, expected[i]))
            fail_msg("case %d: code %d, message '%s'", i, (int)status.code, status.message);
        dat_rope_angles_free(&angles);
    }
}

static void sinusoids_are_those_of_the_formula(void **state)
{
    (void)state;
    dat_real table[4 * 6];
    dat_sinusoidal_table(4, 6, table);
    for (int position = 0; position < 4; position++)
        for (int column = 0; column < 6; column++) {
            double angle = position / pow(10000, (column - column % 2) / 6.0);
            assert_close(table[position * 6 + column], column % 2 ? cos(angle) : sin(angle), 1e-6);
        }
}

/* The input is multiplied by sqrt(d_model), the encoding is not. */
static void the_input_is_scaled(void **state)
{
    dat_tape *tape = *state;
    enum { L = 2, D = 4 };
    dat_params params = {0};
    dat_rng rng = dat_rng_seed(2);
    dat_real x[L * D] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int scaled = 0; scaled < 2; scaled++) {
        dat_position_encoding encoding;
        dat_position_config config = {.learned = true, .d_model = D, .max_length = 3, .scale = scaled};
        const char *scope = scaled ? "scaled" : "plain";
        assert_int_equal(dat_position_encoding_init(&encoding, &params, scope, &config).code, DAT_CODE_OK);
        dat_params_allocate(&params, &rng);
        dat_tape_begin(tape, 1);
        dat_tensor *in = dat_tape_input(tape, "x", x, 3, (int64_t[]){1, L, D});
        const dat_tensor *out = dat_position_encoding_forward(tape, &encoding, in);
        assert_non_null(out);
        for (int i = 0; i < L * D; i++)
            assert_close(out->data[i], (scaled ? 2 : 1) * x[i] + encoding.embeddings->data[i], 1e-6);
        dat_position_encoding_free(&encoding);
        dat_params_free(&params);
    }
}

static void impossible_encodings_are_refused(void **state)
{
    (void)state;
    static const dat_position_config configs[] = {
        {.d_model = 5, .max_length = 3},
        {.d_model = 4, .max_length = 0},
        {.learned = true, .d_model = 4, .max_length = 3, .dropout = 1},
    };
    static const char *const expected[] = {"d_model = 5 must be even", "max_length = 0", "dropout = 1"};
    for (int i = 0; i < 3; i++) {
        dat_params params = {0};
        dat_position_encoding encoding;
        dat_status status = dat_position_encoding_init(&encoding, &params, "entry", &configs[i]);
        if (status.code != DAT_CODE_USAGE || !strstr(status.message, expected[i]))
            fail_msg("case %d: code %d, message '%s'", i, (int)status.code, status.message);
        dat_position_encoding_free(&encoding);
        dat_params_free(&params);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(angles_are_those_of_the_formula),
        cmocka_unit_test_setup_teardown(rotated_products_depend_on_distance, open_tape, close_tape),
        cmocka_unit_test(impossible_angles_are_refused),
        cmocka_unit_test(sinusoids_are_those_of_the_formula),
        cmocka_unit_test_setup_teardown(the_input_is_scaled, open_tape, close_tape),
        cmocka_unit_test(impossible_encodings_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
