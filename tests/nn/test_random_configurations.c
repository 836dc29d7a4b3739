/* What must hold for attention and blocks whatever their options are, on random points of the option space:
 * exact gradients, causality, equivariance, symmetry, truncation. Every property counts the configurations it
 * applies to. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/expect_configuration.h"
#include "support/random_values.h"
#include "util/memory.h"

enum { MOST_VALUES = MOST_TOKENS * MOST_TOKENS * WIDEST };

/* The output of a run, kept beyond it. The caller frees it. */
static dat_real *output_of(dat_tape *tape, const configured_module *m, const configured_inputs *inputs)
{
    const dat_tensor *out = run_configured(tape, m, inputs);
    size_t bytes = (size_t)dat_count(out) * sizeof out->data[0];
    return memcpy(dat_allocate(bytes, 1), out->data, bytes);
}

/* --- gradients --- */

#ifdef DAT_DOUBLE

/* Central differences: truncation (h^2) and rounding (epsilon / h) are both near 1e-10. The shorter step is
 * for a norm of a few nearly equal values, or a kink of relu within the longer one; a wrong gradient
 * disagrees with both. */
static const double STEP = 1e-5, SHORT_STEP = 1e-6, GRADIENT_TOLERANCE = 1e-7;

/* What gradients start from, as backward must add. */
static const dat_real START = (dat_real)0.5;

/* Tensors above FEW values are checked at SAMPLE random ones. */
enum { FEW = 40, SAMPLE = 30 };

static double loss_at(dat_tape *tape, const configured_module *m, const dat_real *cotangent, dat_real *value,
                      double at)
{
    dat_real kept = *value;
    double sum = 0;
    *value = (dat_real)at;
    const dat_tensor *out = run_configured(tape, m, &m->inputs);
    for (int64_t i = 0; i < dat_count(out); i++)
        sum += (double)cotangent[i] * (double)out->data[i];
    *value = kept;
    return sum;
}

static double difference(dat_tape *tape, const configured_module *m, const dat_real *cotangent,
                         dat_real *value, double h)
{
    double x = (double)*value;
    return (loss_at(tape, m, cotangent, value, x + h) - loss_at(tape, m, cotangent, value, x - h)) / (2 * h);
}

static bool agrees(double gradient, double expected)
{
    return fabs(gradient - expected) <= GRADIENT_TOLERANCE * fmax(1, fabs(expected));
}

static void check_parameter(dat_tape *tape, const configured_module *m, const dat_real *cotangent,
                            const dat_param *param, dat_rng *rng)
{
    char text[CONFIGURATION_TEXT_SIZE];
    int64_t count = dat_count(&param->tensor), checked = count <= FEW ? count : SAMPLE;
    for (int64_t k = 0; k < checked; k++) {
        int64_t element = count <= FEW ? k : (int64_t)dat_rng_below(rng, (uint64_t)count);
        double gradient = (double)m->params.grads[param->offset + element] - (double)START;
        dat_real *value = &m->params.values[param->offset + element];
        double expected = param->trainable ? difference(tape, m, cotangent, value, STEP) : 0;
        if (param->trainable && !agrees(gradient, expected))
            expected = difference(tape, m, cotangent, value, SHORT_STEP);
        if (!agrees(gradient, expected))
            fail_msg("configuration %s: %s, element %" PRId64 ": gradient %.12g, difference %.12g",
                     describe_configuration(&m->config, text), param->name, element, gradient, expected);
    }
}

/* Of all parameters and inputs, with dropout where the configuration has some. */
static void gradients_are_exact(void **state)
{
    dat_tape *tape = *state;
    int64_t dropping = 0;
    for (int64_t seed = 0; seed < N_CONFIGURATIONS; seed++) {
        configured_module m;
        random_configuration config = sample_configuration(seed);
        dat_rng rng = dat_rng_seed((uint64_t)seed);
        make_configured(&m, &config);
        for (int64_t i = 0; i < m.params.size; i++)
            m.params.grads[i] = START;
        tape->recording = tape->training = true;
        dat_tensor *out = run_configured(tape, &m, &m.inputs);
        dat_real *cotangent = random_values(dat_count(out), (uint64_t)seed);
        dat_tape_backward_from(tape, out, cotangent);
        tape->recording = false;
        for (int64_t p = 0; p < m.params.count; p++)
            if (m.params.items[p]->tied_to < 0)
                check_parameter(tape, &m, cotangent, m.params.items[p], &rng);
        dropping += config.module >= ENCODER_BLOCK && config.decoder.block.dropout > 0;
        free(cotangent);
        free_configured(&m);
    }
    expect_at_least("gradients", N_CONFIGURATIONS, 800);
    expect_at_least("gradients with dropout", dropping, 50);
}

#endif

/* --- causality --- */

/* Whether a retriever looks at later objects. */
static bool symbols_see_later_tokens(const random_configuration *c)
{
    return configuration_has_relational(c) && c->symbols == RETRIEVED &&
           c->retriever.kind == DAT_REL_SYM_ATTENTION && !c->retriever.causal_neighbours;
}

/* Changes the symbols of sender `token` wherever they are by position. */
static void change_symbols(configured_module *m, int64_t token)
{
    const random_configuration *c = &m->config;
    if (!m->inputs.symbols || c->symbols == BY_DISTANCE)
        return;
    int64_t d = c->d_model, rows = dat_rows(m->inputs.symbols);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t k = 0; row % c->length == token && k < d; k++)
            m->inputs.symbols->data[row * d + k] += 1;
}

/* Whether a change of token `changed` of the first sequence, and of its symbols, is seen where it may be.
 * Fails if it is seen before. */
static bool check_causality(dat_tape *tape, configured_module *m, int64_t changed)
{
    const random_configuration *c = &m->config;
    dat_real *before = output_of(tape, m, &m->inputs);
    m->inputs.x->data[changed * c->d_model + c->seed % c->d_model] += 1;
    const dat_tensor *after = run_configured(tape, m, &m->inputs);
    int64_t width = dat_width(after), sequence = c->length * width, others = (c->batch - 1) * sequence;
    expect_bits(c, "a later token is seen", after->data, before, changed * width);
    expect_bits(c, "another sequence is seen", after->data + sequence, before + sequence, others);
    bool seen = memcmp(after->data + changed * width, before + changed * width,
                       (size_t)(sequence - changed * width) * sizeof before[0]) != 0;
    change_symbols(m, changed);
    after = run_configured(tape, m, &m->inputs);
    for (int64_t b = 0; b < c->batch; b++)
        expect_bits(c, "a later symbol is seen", after->data + b * sequence, before + b * sequence,
                    changed * width);
    free(before);
    return seen;
}

static void later_tokens_never_change_earlier_outputs(void **state)
{
    int64_t count = 0, changes = 0, seen = 0;
    for (int64_t seed = 0; seed < N_CONFIGURATIONS; seed++) {
        random_configuration config = sample_configuration(seed);
        if (!config.causal || configuration_relates_to_all(&config) || symbols_see_later_tokens(&config))
            continue;
        configured_module m;
        make_configured(&m, &config);
        count++;
        for (int64_t changed = config.length - 1; changed > 0; changed--, changes++)
            seen += check_causality(*state, &m, changed);
        free_configured(&m);
    }
    expect_at_least("causality", count, 240);
    if (seen * 10 < changes * 9)
        fail_msg("only %" PRId64 " of %" PRId64 " changes were seen at all", seen, changes);
}

/* As in the reference: the one way in which a causal model sees later tokens. */
static void softmax_relations_see_later_tokens(void **state)
{
    int64_t count = 0;
    for (int64_t seed = 0; seed < N_CONFIGURATIONS; seed++) {
        random_configuration config = sample_configuration(seed);
        config.masked = false;
        if (!config.causal || !configuration_relates_to_all(&config))
            continue;
        configured_module m;
        make_configured(&m, &config);
        dat_real *before = output_of(*state, &m, &m.inputs);
        for (int64_t k = 0; k < config.d_model; k++)
            m.inputs.x->data[(config.length - 1) * config.d_model + k] *= -1;
        const dat_tensor *after = run_configured(*state, &m, &m.inputs);
        count += memcmp(after->data, before, (size_t)dat_width(after) * sizeof before[0]) != 0;
        free(before);
        free_configured(&m);
    }
    expect_at_least("the future in softmax relations", count, 18);
}

/* --- order --- */

/* rows[i] := old rows[order[i]], for each of `count` groups of n rows of `width` values. */
static void permute_rows(dat_real *values, int64_t count, int64_t n, int64_t width, const int64_t *order)
{
    dat_real old[MOST_VALUES];
    for (int64_t g = 0; g < count; g++, values += n * width) {
        memcpy(old, values, (size_t)(n * width) * sizeof old[0]);
        for (int64_t i = 0; i < n; i++)
            memcpy(values + i * width, old + order[i] * width, (size_t)width * sizeof old[0]);
    }
}

static void permute_mask(uint8_t *mask, int64_t n, const int64_t *order)
{
    uint8_t old[MOST_TOKENS * MOST_TOKENS];
    memcpy(old, mask, sizeof old);
    for (int64_t i = 0; i < n * n; i++)
        mask[i] = old[order[i / n] * n + order[i % n]];
}

static void permute_inputs(configured_module *m, const int64_t *order)
{
    const random_configuration *c = &m->config;
    int64_t n = c->length, d = c->d_model;
    permute_rows(m->inputs.x->data, c->batch, n, d, order);
    permute_mask(m->mask, n, order);
    if (!m->inputs.symbols)
        return;
    dat_real *symbols = m->inputs.symbols->data;
    permute_rows(symbols, m->inputs.symbols->shape[0], n, d, order);
    if (c->symbols == BY_PAIR) /* by receiver as well */
        permute_rows(symbols, 1, n, n * d, order);
}

static bool knows_positions(const random_configuration *c)
{
    bool retrieved = c->symbols == RETRIEVED && c->retriever.kind != DAT_SYMBOLIC_ATTENTION;
    return c->causal || c->rope ||
           (configuration_has_relational(c) && (c->symbols == BY_DISTANCE || retrieved));
}

/* Permuted tokens (with their symbols and masks) give permuted outputs; the order of a memory is of no
 * account. */
static void tokens_can_be_permuted(void **state)
{
    int64_t count = 0;
    for (int64_t seed = 0; seed < N_CONFIGURATIONS; seed++) {
        random_configuration config = sample_configuration(seed);
        if (config.module == CROSS_ATTENTION || knows_positions(&config))
            continue;
        configured_module m;
        int64_t order[MOST_TOKENS], memory_order[MOST_TOKENS];
        dat_rng rng = dat_rng_seed((uint64_t)seed);
        dat_rng_permutation(&rng, config.length, order);
        dat_rng_permutation(&rng, config.memory_length, memory_order);
        make_configured(&m, &config);
        dat_real *expected = output_of(*state, &m, &m.inputs);
        permute_inputs(&m, order);
        if (m.inputs.memory)
            permute_rows(m.inputs.memory->data, config.batch, config.memory_length, config.d_model,
                         memory_order);
        const dat_tensor *out = run_configured(*state, &m, &m.inputs);
        permute_rows(expected, config.batch, config.length, dat_width(out), order);
        expect_close(&config, "permuted output", out->data, expected, dat_count(out));
        count++;
        free(expected);
        free_configured(&m);
    }
    expect_at_least("equivariance", count, 150);
}

/* --- symmetry --- */

/* Largest |r_ij - r_ji| of `outer` matrices (n, n) of `inner` values. */
static double asymmetry_of(const dat_real *values, int64_t outer, int64_t n, int64_t inner)
{
    double asymmetry = 0;
    for (int64_t o = 0; o < outer; o++, values += n * n * inner)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < i; j++)
                for (int64_t l = 0; l < inner; l++)
                    asymmetry = fmax(asymmetry, fabs((double)values[(i * n + j) * inner + l] -
                                                     (double)values[(j * n + i) * inner + l]));
    return asymmetry;
}

/* RCA's relations are its weights, which causality and masks cut. */
static double relations_asymmetry(dat_tape *tape, configured_module *m, dat_ra_type type)
{
    const random_configuration *c = &m->config;
    int64_t heads = c->decoder.block.attention.n_heads_ra, n = c->length;
    int64_t relations = c->decoder.block.attention.relational.n_relations;
    relations = relations ? relations : heads;
    int64_t per_pair = type == DAT_RCA ? heads : relations;
    dat_real *values = dat_allocate((size_t)(c->batch * n * n * per_pair), sizeof values[0]);
    configured_inputs inputs = m->inputs;
    *(type == DAT_RCA ? &inputs.scores : &inputs.relations) = values;
    run_configured(tape, m, &inputs);
    double asymmetry = type == DAT_RCA ? asymmetry_of(values, c->batch * heads, n, 1)
                                       : asymmetry_of(values, c->batch, n, relations);
    free(values);
    return asymmetry;
}

static void symmetric_relations_are_symmetric(void **state)
{
    char text[CONFIGURATION_TEXT_SIZE];
    int64_t count[2] = {0}, plain = 0;
    for (int64_t seed = 0; seed < N_CONFIGURATIONS; seed++) {
        random_configuration config = sample_configuration(seed);
        const dat_dual_config *heads = &config.decoder.block.attention;
        bool rca = heads->ra_type == DAT_RCA;
        config.causal &= !rca;
        config.masked &= !rca;
        bool comparable = rca ? heads->rca.pointwise : heads->ra_type == DAT_RELATIONAL_ATTENTION;
        if (!configuration_has_relational(&config) || configuration_relates_to_all(&config) || !comparable)
            continue;
        bool symmetric = rca ? heads->rca.attention.symmetric : heads->relational.symmetric_relations;
        configured_module m;
        make_configured(&m, &config);
        double asymmetry = relations_asymmetry(*state, &m, heads->ra_type);
        if (symmetric && !(asymmetry <= CONFIGURATION_TOLERANCE))
            fail_msg("configuration %s: |r_ij - r_ji| = %g", describe_configuration(&config, text),
                     asymmetry);
        count[rca] += symmetric;
        plain += !symmetric && asymmetry > 1e-3;
        free_configured(&m);
    }
    expect_at_least("symmetric relations", count[false], 50);
    expect_at_least("symmetric relations of rca", count[true], 18);
    expect_at_least("relations with a direction", plain, 80);
}

/* --- masks --- */

/* The inputs of the first `length` tokens, in buffers. */
typedef struct truncated_inputs {
    configured_inputs inputs;
    dat_tensor x, symbols;
    dat_real x_values[2 * MOST_TOKENS * WIDEST], symbol_values[MOST_VALUES];
    uint8_t mask[MOST_TOKENS * MOST_TOKENS];
} truncated_inputs;

/* The first `length` of every n rows of the first `groups` groups. */
static void truncate_rows(dat_real *out, const dat_tensor *in, int64_t groups, int64_t n, int64_t length)
{
    int64_t width = dat_width(in);
    for (int64_t g = 0; g < groups; g++)
        memcpy(out + g * length * width, in->data + g * n * width, (size_t)(length * width) * sizeof out[0]);
}

static void truncate_inputs(truncated_inputs *t, const configured_module *m, int64_t length)
{
    const random_configuration *c = &m->config;
    t->inputs = m->inputs;
    truncate_rows(t->x_values, m->inputs.x, c->batch, c->length, length);
    t->x = dat_tensor_over("x", t->x_values, 3, (int64_t[]){c->batch, length, c->d_model});
    t->inputs.x = &t->x;
    for (int64_t i = 0; i < length * length; i++)
        t->mask[i] = m->mask[i / length * c->length + i % length];
    t->inputs.mask = c->masked ? t->mask : NULL;
    if (!m->inputs.symbols || c->symbols == BY_DISTANCE)
        return;
    int64_t groups = c->symbols == BY_PAIR ? length : m->inputs.symbols->shape[0];
    truncate_rows(t->symbol_values, m->inputs.symbols, groups, c->length, length);
    t->symbols = dat_tensor_over("symbols", t->symbol_values, 3, (int64_t[]){groups, length, c->d_model});
    t->inputs.symbols = &t->symbols;
}

static void check_truncation(dat_tape *tape, const configured_module *m, int64_t length)
{
    const random_configuration *c = &m->config;
    truncated_inputs shorter;
    configured_inputs inputs = m->inputs;
    uint8_t mask[MOST_TOKENS * MOST_TOKENS];
    for (int64_t i = 0; i < c->length * c->length; i++)
        mask[i] = i % c->length < length && (!c->masked || m->mask[i]);
    inputs.mask = mask;
    dat_real *masked = output_of(tape, m, &inputs);
    truncate_inputs(&shorter, m, length);
    const dat_tensor *out = run_configured(tape, m, &shorter.inputs);
    int64_t sequence = length * dat_width(out);
    for (int64_t b = 0; b < c->batch; b++)
        expect_close(c, "masked output", masked + b * c->length * dat_width(out), out->data + b * sequence,
                     sequence);
    free(masked);
}

/* Tokens that nobody may attend to might as well not be there. */
static void masked_equals_truncated(void **state)
{
    int64_t count = 0;
    for (int64_t seed = 0; seed < N_CONFIGURATIONS; seed++) {
        random_configuration config = sample_configuration(seed);
        if (config.module == CROSS_ATTENTION || configuration_relates_to_all(&config) ||
            symbols_see_later_tokens(&config))
            continue;
        configured_module m;
        make_configured(&m, &config);
        for (int64_t length = 1; length < config.length; length++)
            check_truncation(*state, &m, length);
        count++;
        free_configured(&m);
    }
    expect_at_least("masked and truncated", count, 450);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef DAT_DOUBLE
        cmocka_unit_test_setup_teardown(gradients_are_exact, open_configuration_tape,
                                        close_configuration_tape),
#endif
        cmocka_unit_test_setup_teardown(later_tokens_never_change_earlier_outputs, open_configuration_tape,
                                        close_configuration_tape),
        cmocka_unit_test_setup_teardown(softmax_relations_see_later_tokens, open_configuration_tape,
                                        close_configuration_tape),
        cmocka_unit_test_setup_teardown(tokens_can_be_permuted, open_configuration_tape,
                                        close_configuration_tape),
        cmocka_unit_test_setup_teardown(symmetric_relations_are_symmetric, open_configuration_tape,
                                        close_configuration_tape),
        cmocka_unit_test_setup_teardown(masked_equals_truncated, open_configuration_tape,
                                        close_configuration_tape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
