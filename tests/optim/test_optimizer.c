/* The optimizer against definitions written out for one number at a time in double: weight decay of both
 * kinds, clipping, schedules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "optim/optimizer.h"
#include "support/close.h"
#include "support/random_values.h"
#include "util/parallel.h"

enum { STEPS = 30, N_TENSORS = 5, MOST = 6000 };

/* Tensors of every kind that decay could confuse. The last one is tied to the second. */
typedef enum tensor_index { VECTOR, MATRIX, FROZEN, CUBE, LAST_VECTOR } tensor_index;

typedef struct fixture {
    dat_params params;
    dat_tensor *tensors[N_TENSORS];
    double value[N_TENSORS][MOST], first[N_TENSORS][MOST], second[N_TENSORS][MOST]; /* of the reference */
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    dat_rng rng = dat_rng_seed(3);
    dat_init normal = {DAT_INIT_NORMAL, 1};
    f->tensors[VECTOR] = dat_params_add(&f->params, "", "vector", 1, (int64_t[]){5}, normal);
    f->tensors[MATRIX] = dat_params_add(&f->params, "", "matrix", 2, (int64_t[]){7, 3}, normal);
    f->tensors[FROZEN] = dat_params_add(&f->params, "", "frozen", 2, (int64_t[]){2, 9}, normal);
    f->tensors[CUBE] = dat_params_add(&f->params, "", "cube", 3, (int64_t[]){50, 40, 3}, normal);
    f->tensors[LAST_VECTOR] = dat_params_add(&f->params, "", "last", 1, (int64_t[]){33}, normal);
    dat_params_tie(&f->params, "", "alias", f->tensors[MATRIX]);
    dat_params_freeze(&f->params, f->tensors[FROZEN]);
    dat_params_allocate(&f->params, &rng);
    for (int t = 0; t < N_TENSORS; t++)
        for (int64_t i = 0; i < dat_count(f->tensors[t]); i++)
            f->value[t][i] = (double)f->tensors[t]->data[i];
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    dat_params_free(&f->params);
    free(f);
    return 0;
}

/* Gradients of step `step`, different in every element. */
static void set_gradients(fixture *f, int step, double size)
{
    dat_real *noise = random_values(MOST, (uint64_t)step + 10);
    for (int t = 0; t < N_TENSORS; t++)
        for (int64_t i = 0; f->tensors[t]->grad && i < dat_count(f->tensors[t]); i++)
            f->tensors[t]->grad[i] = (dat_real)(size * (double)noise[i]);
    free(noise);
}

static double norm_of_gradients(const fixture *f)
{
    double sum = 0;
    for (int t = 0; t < N_TENSORS; t++)
        for (int64_t i = 0; f->tensors[t]->grad && i < dat_count(f->tensors[t]); i++)
            sum += (double)f->tensors[t]->grad[i] * (double)f->tensors[t]->grad[i];
    return sqrt(sum);
}

/* Loshchilov & Hutter 2019, algorithm 2 (violet: coupled, green: decoupled), as PyTorch groups parameters. */
static void reference_step(fixture *f, const dat_optimizer_config *c, int step, double rate)
{
    double norm = norm_of_gradients(f), scale = 1;
    if (c->max_grad_norm > 0 && c->max_grad_norm / (norm + 1e-6) < 1)
        scale = c->max_grad_norm / (norm + 1e-6);
    for (int t = 0; t < N_TENSORS; t++) {
        bool shrinks = c->decoupled && f->tensors[t]->rank >= 2;
        for (int64_t i = 0; f->tensors[t]->grad && i < dat_count(f->tensors[t]); i++) {
            double *value = &f->value[t][i], *first = &f->first[t][i], *second = &f->second[t][i];
            double grad = scale * (double)f->tensors[t]->grad[i];
            if (!c->decoupled)
                grad += c->weight_decay * *value;
            if (shrinks)
                *value *= 1 - rate * c->weight_decay;
            *first = c->adam.beta1 * *first + (1 - c->adam.beta1) * grad;
            *second = c->adam.beta2 * *second + (1 - c->adam.beta2) * grad * grad;
            double mean = *first / (1 - pow(c->adam.beta1, step + 1));
            double square = *second / (1 - pow(c->adam.beta2, step + 1));
            *value -= rate * mean / (sqrt(square) + c->adam.eps);
        }
    }
}

static void check_against_reference(fixture *f, const dat_optimizer_config *config)
{
    dat_optimizer optimizer;
    dat_status status = dat_optimizer_init(&optimizer, &f->params, config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    for (int step = 0; step < STEPS; step++) {
        set_gradients(f, step,
                      step % 3 ? 0.01 : 5); /* a third of the norms is above 1, the others are below */
        double rate = dat_schedule_rate(&config->schedule, config->adam.learning_rate, step);
        dat_optimizer_report report = dat_optimizer_step(&optimizer, &f->params);
        reference_step(f, config, step, rate);
        assert_true(report.learning_rate == rate);
        assert_close(report.grad_norm, norm_of_gradients(f), 1e-12);
        assert_int_equal(optimizer.adam.step, step + 1);
    }
    for (int t = 0; t < N_TENSORS; t++)
        for (int64_t i = 0; i < dat_count(f->tensors[t]); i++)
            assert_close(f->tensors[t]->data[i], f->value[t][i], t == FROZEN ? 0 : 1000 * DAT_REAL_EPSILON);
    dat_optimizer_free(&optimizer);
    dat_optimizer_free(&optimizer);
}

static dat_optimizer_config defaults(void)
{
    return (dat_optimizer_config){.adam = DAT_ADAM_DEFAULTS};
}

static void plain_adam(void **state)
{
    dat_optimizer_config config = defaults();
    check_against_reference(*state, &config);
}

static void coupled_decay_is_in_the_gradient_of_every_tensor(void **state)
{
    dat_optimizer_config config = defaults();
    config.weight_decay = 0.3;
    check_against_reference(*state, &config);
}

static void decoupled_decay_shrinks_tensors_of_rank_two_and_more(void **state)
{
    dat_optimizer_config config = defaults();
    config.weight_decay = 10;
    config.decoupled = true;
    check_against_reference(*state, &config);
}

static void everything_at_once(void **state)
{
    dat_optimizer_config config = {
        .adam = {.learning_rate = 0.02, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-4},
        .schedule = {DAT_SCHEDULE_WARMUP_COSINE_ITER, .warmup = 5, .length = 20, .min_rate = 0.002},
        .weight_decay = 0.5,
        .decoupled = true,
        .max_grad_norm = 1,
    };
    check_against_reference(*state, &config);
}

static void clipping_comes_before_coupled_decay(void **state)
{
    dat_optimizer_config config = defaults();
    config.weight_decay = 0.3;
    config.max_grad_norm = 1;
    check_against_reference(*state, &config);
}

/* By how much a first step scales gradients that all are `grad`: the first moment tells. */
static double measured_scale(fixture *f, double grad, double max_grad_norm)
{
    dat_optimizer_config config = defaults();
    config.max_grad_norm = max_grad_norm;
    dat_optimizer optimizer;
    assert_int_equal(dat_optimizer_init(&optimizer, &f->params, &config).code, DAT_CODE_OK);
    for (int64_t i = 0; i < dat_count(f->tensors[VECTOR]); i++)
        f->tensors[VECTOR]->grad[i] = (dat_real)grad;
    dat_optimizer_step(&optimizer, &f->params);
    double moment = (double)optimizer.adam.moments[f->tensors[VECTOR]->data - f->params.values];
    dat_optimizer_free(&optimizer);
    return moment / (1 - config.adam.beta1) / grad;
}

static void only_gradients_above_the_limit_are_scaled(void **state)
{
    double norm = sqrt(5) * 3;
    assert_close(measured_scale(*state, 3, norm / 4), 0.25, 1e-6);
    assert_close(measured_scale(*state, 3, norm * 4), 1, 1e-6);
    assert_close(measured_scale(*state, 3, 0), 1, 1e-6);
    norm = sqrt(5) * 1e-6; /* where the 1e-6 of PyTorch's rule counts */
    assert_close(measured_scale(*state, 1e-6, norm), norm / (norm + 1e-6), 1e-6);
}

/* With next to no gradients only decay moves anything: known by more than the reference. A tensor without any
 * does not decay either. */
static void decay_alone(void **state)
{
    fixture *f = *state;
    dat_optimizer_config config = defaults();
    config.adam.learning_rate = 0.1;
    config.weight_decay = 0.5;
    config.decoupled = true;
    dat_optimizer optimizer;
    assert_int_equal(dat_optimizer_init(&optimizer, &f->params, &config).code, DAT_CODE_OK);
    f->tensors[VECTOR]->grad[0] = f->tensors[CUBE]->grad[4000] = (dat_real)1e-25;
    for (int step = 0; step < 2; step++)
        dat_optimizer_step(&optimizer, &f->params);
    for (int t = 0; t < N_TENSORS; t++) {
        double kept = t == CUBE ? 0.95 * 0.95 : 1;
        for (int64_t i = 0; i < dat_count(f->tensors[t]); i++)
            assert_close(f->tensors[t]->data[i], kept * f->value[t][i], 4 * DAT_REAL_EPSILON);
    }
    f->tensors[MATRIX]->grad[20] = (dat_real)1e-25;
    dat_optimizer_step(&optimizer, &f->params);
    for (int64_t i = 0; i < dat_count(f->tensors[MATRIX]); i++)
        assert_close(f->tensors[MATRIX]->data[i], 0.95 * f->value[MATRIX][i], 4 * DAT_REAL_EPSILON);
    dat_optimizer_free(&optimizer);
}

static void gradients_are_left_as_they_are(void **state)
{
    fixture *f = *state;
    dat_optimizer_config config = defaults();
    config.weight_decay = 0.1;
    config.max_grad_norm = 0.5;
    dat_optimizer optimizer;
    assert_int_equal(dat_optimizer_init(&optimizer, &f->params, &config).code, DAT_CODE_OK);
    set_gradients(f, 0, 3);
    dat_real kept[MOST];
    memcpy(kept, f->tensors[CUBE]->grad, sizeof kept);
    dat_optimizer_step(&optimizer, &f->params);
    assert_same_bits(f->tensors[CUBE]->grad, kept, MOST);
    dat_optimizer_free(&optimizer);
}

static void impossible_settings_are_explained(void **state)
{
    fixture *f = *state;
    const dat_optimizer_config good = defaults();
    dat_optimizer_config cases[7] = {good, good, good, good, good, good, good};
    static const char *const expected[] = {
        "learning_rate = -1", "beta1 = 1",           "beta2 = -0.1", "eps = 0",
        "weight_decay = -2",  "max_grad_norm = nan", "length = 0"};
    cases[0].adam.learning_rate = -1;
    cases[1].adam.beta1 = 1;
    cases[2].adam.beta2 = -0.1;
    cases[3].adam.eps = 0;
    cases[4].weight_decay = -2;
    cases[5].max_grad_norm = NAN;
    cases[6].schedule.kind = DAT_SCHEDULE_WARMUP_COSINE_ITER;
    for (int i = 0; i < 7; i++) {
        dat_optimizer optimizer;
        dat_status status = dat_optimizer_init(&optimizer, &f->params, &cases[i]);
        assert_int_equal(status.code, DAT_CODE_USAGE);
        if (!strstr(status.message, expected[i]))
            fail_msg("'%s' is not in: %s", expected[i], status.message);
        dat_optimizer_free(&optimizer);
    }
}

int main(void)
{
    dat_parallel_set_threads(2);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(plain_adam, set_up, tear_down),
        cmocka_unit_test_setup_teardown(coupled_decay_is_in_the_gradient_of_every_tensor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decoupled_decay_shrinks_tensors_of_rank_two_and_more, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(clipping_comes_before_coupled_decay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everything_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_gradients_above_the_limit_are_scaled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decay_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gradients_are_left_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(impossible_settings_are_explained, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
