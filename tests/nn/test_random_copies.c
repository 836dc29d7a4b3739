/* Shared and grouped weights are nothing but copies, on random points of the option space. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/expect_configuration.h"
#include "support/random_values.h"
#include "util/memory.h"

static int64_t heads_of(const random_configuration *c, const char *parameter)
{
    const dat_dual_config *heads = &c->decoder.block.attention;
    if (strstr(parameter, "cross_attn"))
        return c->decoder.cross.n_heads;
    bool sensory = strstr(parameter, "self_attention") || !c->decoder.block.dual;
    return sensory ? heads->self_attention.n_heads : heads->n_heads_ra;
}

/* Which row of `original` row `row` of its copy repeats: every head has the rows of its group. */
static int64_t source_row(const random_configuration *c, const dat_param *copy, const dat_param *original,
                          int64_t row)
{
    int64_t rows = copy->tensor.shape[0], repeats = rows / original->tensor.shape[0];
    int64_t head_rows = repeats > 1 ? rows / heads_of(c, copy->name) : 1;
    return row / head_rows / repeats * head_rows + row % head_rows;
}

/* The parameters of a copy from those of the original with the same names. A bias that only the copy has
 * (that of keys, which symmetric attention drops) is 0. */
static void copy_values(const configured_module *copy, const configured_module *original)
{
    for (int64_t p = 0; p < copy->params.count; p++) {
        const dat_param *to = copy->params.items[p], *from = dat_params_find(&original->params, to->name);
        int64_t width = dat_count(&to->tensor) / to->tensor.shape[0];
        for (int64_t i = 0; i < dat_count(&to->tensor); i++) {
            int64_t row = from ? source_row(&copy->config, to, from, i / width) : 0;
            to->tensor.data[i] = from ? from->tensor.data[row * width + i % width] : 0;
        }
    }
}

/* Sums the copy's gradients where the original's are. */
static void sum_gradients(const configured_module *copy, const configured_module *original, dat_real *sums)
{
    for (int64_t p = 0; p < copy->params.count; p++) {
        const dat_param *from = copy->params.items[p], *to = dat_params_find(&original->params, from->name);
        int64_t width = dat_count(&from->tensor) / from->tensor.shape[0];
        for (int64_t i = 0; to && from->trainable && from->tied_to < 0 && i < dat_count(&from->tensor); i++)
            sums[to->offset + source_row(&copy->config, from, to, i / width) * width + i % width] +=
                from->tensor.grad[i];
    }
}

/* The output, which the caller frees, and gradients in `m`. */
static dat_real *run_backward(dat_tape *tape, const configured_module *m, int64_t *count)
{
    dat_tensor *out = run_configured(tape, m, &m->inputs);
    *count = dat_count(out);
    dat_real *cotangent = random_values(*count, (uint64_t)m->config.seed);
    memset(m->params.grads, 0, (size_t)m->params.size * sizeof cotangent[0]);
    dat_tape_backward_from(tape, out, cotangent);
    memcpy(cotangent, out->data, (size_t)*count * sizeof cotangent[0]);
    return cotangent;
}

/* A module and one with a copy of a weight for each of its uses are the same function, and the gradient of
 * the weight is the sum of the gradients of its copies. */
static void check_copies(dat_tape *tape, const configured_module *m, const configured_module *copy)
{
    int64_t count;
    copy_values(copy, m);
    dat_real *sums = dat_allocate((size_t)m->params.size, sizeof sums[0]);
    dat_real *output = run_backward(tape, m, &count), *expected = run_backward(tape, copy, &count);
    sum_gradients(copy, m, sums);
    expect_close(&m->config, "output", output, expected, count);
    expect_close(&m->config, "gradient", m->params.grads, sums, m->params.size);
    free(output);
    free(expected);
    free(sums);
}

static bool has_second_names(const dat_params *params)
{
    bool found = false;
    for (int64_t p = 0; p < params->count; p++)
        found |= params->items[p]->tied_to >= 0;
    return found;
}

static void shared_weights_get_the_gradients_of_both_uses(void **state)
{
    int64_t count = 0;
    for (int64_t seed = 0; seed < N_CONFIGURATIONS; seed++) {
        random_configuration config = sample_configuration(seed), untied = config;
        dat_dual_config *heads = &untied.decoder.block.attention;
        heads->share_attention = heads->relational.symmetric_relations = false;
        heads->self_attention.symmetric = dat_dual_relational_options(heads)->symmetric = false;
        untied.decoder.cross.symmetric = false;
        configured_module m, copy;
        make_configured(&m, &config);
        make_configured(&copy, &untied);
        assert_false(has_second_names(&copy.params));
        if (has_second_names(&m.params)) {
            check_copies(*state, &m, &copy);
            count++;
        }
        free_configured(&m);
        free_configured(&copy);
    }
    expect_at_least("shared weights", count, 240);
}

static void grouped_queries_equal_repeated_keys(void **state)
{
    int64_t count = 0;
    for (int64_t seed = 0; seed < N_CONFIGURATIONS; seed++) {
        random_configuration config = sample_configuration(seed), full = config;
        dat_dual_config *heads = &full.decoder.block.attention;
        heads->self_attention.n_kv_heads = dat_dual_relational_options(heads)->n_kv_heads = 0;
        full.decoder.cross.n_kv_heads = 0;
        configured_module m, copy;
        make_configured(&m, &config);
        make_configured(&copy, &full);
        if (dat_params_count(&m.params, false) != dat_params_count(&copy.params, false)) {
            check_copies(*state, &m, &copy);
            count++;
        }
        free_configured(&m);
        free_configured(&copy);
    }
    expect_at_least("grouped queries", count, 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shared_weights_get_the_gradients_of_both_uses,
                                        open_configuration_tape, close_configuration_tape),
        cmocka_unit_test_setup_teardown(grouped_queries_equal_repeated_keys, open_configuration_tape,
                                        close_configuration_tape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
