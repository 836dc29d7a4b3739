/* The parameter store: names, layout, tying, freezing, initial values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/params.h"
#include "support/close.h"

static const dat_init ones = {.kind = DAT_INIT_ONES};

static int64_t add(dat_params *params, const char *scope, const char *name, int64_t rows, int64_t columns,
                   dat_init init)
{
    dat_params_add(params, scope, name, 2, (int64_t[]){rows, columns}, init);
    return params->count - 1;
}

static void names_and_layout(void **state)
{
    (void)state;
    dat_params params = {0};
    dat_rng rng = dat_rng_seed(1);
    add(&params, "blocks.0", "weight", 3, 5, ones);
    add(&params, "", "table", 4, 4, ones);
    dat_tensor *scalar = dat_params_add(&params, "", "scalar", 0, NULL, ones);
    assert_null(scalar->data);
    dat_params_allocate(&params, &rng);

    assert_string_equal(params.items[0]->name, "blocks.0.weight");
    assert_string_equal(params.items[0]->tensor.name, "blocks.0.weight");
    assert_ptr_equal(dat_params_find(&params, "table"), params.items[1]);
    assert_null(dat_params_find(&params, "blocks.0"));
    assert_int_equal(dat_params_count(&params, false), 15 + 16 + 1);
    assert_true(params.size >= 32);
    for (int64_t i = 0; i < params.count; i++) {
        const dat_param *item = params.items[i];
        assert_int_equal(item->offset % 16, 0);
        assert_ptr_equal(item->tensor.data, params.values + item->offset);
        assert_ptr_equal(item->tensor.grad, params.grads + item->offset);
        assert_true(item->tensor.needs_grad);
        int64_t end = i + 1 < params.count ? params.items[i + 1]->offset : params.size;
        assert_true(item->offset + dat_count(&item->tensor) <= end);
    }
    dat_params_free(&params);
    assert_int_equal(params.count, 0);
    dat_params_free(&params);
}

static void addresses_are_stable(void **state)
{
    (void)state;
    dat_params params = {0};
    dat_tensor *first = dat_params_add(&params, "", "first", 1, (int64_t[]){3}, ones);
    char name[32];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "p%d", i);
        add(&params, "many", name, 1, 1, ones);
    }
    assert_ptr_equal(first, &params.items[0]->tensor);
    assert_string_equal(first->name, "first");
    dat_params_free(&params);
}

static void tied_parameters_are_one(void **state)
{
    (void)state;
    dat_params params = {0};
    dat_rng rng = dat_rng_seed(2);
    dat_tensor *original = dat_params_add(&params, "", "wq", 2, (int64_t[]){2, 3}, ones);
    dat_tensor *tie = dat_params_tie(&params, "", "wk", original);
    dat_tensor *tie_of_tie = dat_params_tie(&params, "other", "wk", tie);
    dat_params_allocate(&params, &rng);
    assert_int_equal(dat_params_count(&params, false), 6);
    assert_ptr_equal(tie->data, original->data);
    assert_ptr_equal(tie_of_tie->grad, original->grad);
    assert_true(dat_same_shape(tie, original));
    assert_string_equal(tie->name, "wk");
    assert_int_equal(params.items[2]->tied_to, 0);
    dat_params_free(&params);
}

static void shared_parameters_become_one(void **state)
{
    (void)state;
    dat_params params = {0};
    dat_rng rng = dat_rng_seed(1);
    dat_tensor *original = dat_params_add(&params, "0", "library", 2, (int64_t[]){3, 5}, ones);
    dat_tensor *other = dat_params_add(&params, "1", "library", 2, (int64_t[]){3, 5}, (dat_init){0});
    dat_params_freeze(&params, original);
    dat_params_share(&params, other, original);
    dat_params_allocate(&params, &rng);
    assert_int_equal(dat_params_count(&params, false), 15);
    assert_int_equal(dat_params_count(&params, true), 0);
    assert_ptr_equal(other->data, original->data);
    assert_string_equal(other->name, "1.library");
    assert_false(other->needs_grad);
    assert_true(other->data[14] == 1);
    dat_params_free(&params);
}

static void frozen_parameters_have_no_gradient(void **state)
{
    (void)state;
    dat_params params = {0};
    dat_rng rng = dat_rng_seed(3);
    dat_tensor *free_one = dat_params_add(&params, "", "a", 1, (int64_t[]){5}, ones);
    dat_tensor *frozen = dat_params_add(&params, "", "b", 1, (int64_t[]){7}, ones);
    dat_params_freeze(&params, frozen);
    dat_params_allocate(&params, &rng);
    assert_null(frozen->grad);
    assert_false(frozen->needs_grad);
    assert_non_null(free_one->grad);
    assert_int_equal(dat_params_count(&params, false), 12);
    assert_int_equal(dat_params_count(&params, true), 5);
    dat_params_free(&params);
}

static void gradient_norm_is_euclidean(void **state)
{
    (void)state;
    dat_params params = {0};
    dat_rng rng = dat_rng_seed(4);
    dat_tensor *a = dat_params_add(&params, "", "a", 1, (int64_t[]){2}, ones);
    dat_tensor *b = dat_params_add(&params, "", "b", 1, (int64_t[]){1}, ones);
    dat_params_tie(&params, "", "again", a);
    dat_params_allocate(&params, &rng);
    assert_close(dat_params_grad_norm(&params), 0, 0);
    a->grad[0] = 2;
    a->grad[1] = -3;
    b->grad[0] = 6;
    assert_close(dat_params_grad_norm(&params), 7, 1e-12);
    dat_params_zero_grads(&params);
    assert_close(dat_params_grad_norm(&params), 0, 0);
    dat_params_free(&params);
}

static void moments(const dat_tensor *t, double *mean, double *deviation, double *largest)
{
    double sum = 0, square = 0, most = 0;
    for (int64_t i = 0; i < dat_count(t); i++) {
        sum += (double)t->data[i];
        square += (double)t->data[i] * (double)t->data[i];
        most = fabs((double)t->data[i]) > most ? fabs((double)t->data[i]) : most;
    }
    *mean = sum / (double)dat_count(t);
    *deviation = sqrt(square / (double)dat_count(t) - *mean * *mean);
    *largest = most;
}

static void initial_values_follow_their_kind(void **state)
{
    (void)state;
    enum { N = 40000 };
    dat_params params = {0};
    dat_rng rng = dat_rng_seed(5);
    int64_t shape[] = {N};
    dat_tensor *zeros = dat_params_add(&params, "", "z", 1, shape, (dat_init){.kind = DAT_INIT_ZEROS});
    dat_tensor *unit = dat_params_add(&params, "", "o", 1, shape, ones);
    dat_tensor *uniform = dat_params_add(&params, "", "u", 1, shape, dat_init_fan_in(16));
    dat_tensor *normal = dat_params_add(&params, "", "n", 1, shape, ones);
    dat_params_set_init(&params, normal, (dat_init){DAT_INIT_NORMAL, 0.02});
    dat_params_allocate(&params, &rng);
    double mean, deviation, largest;
    moments(zeros, &mean, &deviation, &largest);
    assert_true(largest == 0);
    moments(unit, &mean, &deviation, &largest);
    assert_true(mean == 1 && largest == 1);
    moments(uniform, &mean, &deviation, &largest);
    assert_true(largest <= 0.25 && largest > 0.249);
    assert_close(mean, 0, 5 * 0.25 / sqrt(3.0 * N));
    assert_close(deviation, 0.25 / sqrt(3), 0.002);
    moments(normal, &mean, &deviation, &largest);
    assert_close(mean, 0, 5 * 0.02 / sqrt(N));
    assert_close(deviation, 0.02, 0.0005);
    dat_params_free(&params);
}

/* Values depend on the seed and the parameter's place, not on what is registered after it. */
static void initial_values_are_reproducible(void **state)
{
    (void)state;
    dat_params a = {0}, b = {0}, c = {0};
    dat_rng seed7 = dat_rng_seed(7), seed8 = dat_rng_seed(8);
    dat_params *stores[] = {&a, &b, &c};
    for (int s = 0; s < 3; s++)
        for (int i = 0; i < 2 + s % 2; i++)
            dat_params_add(stores[s], "",
                           i == 0   ? "x"
                           : i == 1 ? "y"
                                    : "z",
                           1, (int64_t[]){9}, dat_init_fan_in(4));
    dat_params_allocate(&a, &seed7);
    dat_params_allocate(&b, &seed7);
    dat_params_allocate(&c, &seed8);
    assert_same_bits(a.items[0]->tensor.data, b.items[0]->tensor.data, 9);
    assert_same_bits(a.items[1]->tensor.data, b.items[1]->tensor.data, 9);
    assert_true(a.items[0]->tensor.data[0] != a.items[1]->tensor.data[0]);
    assert_true(a.items[0]->tensor.data[0] != c.items[0]->tensor.data[0]);
    for (int s = 0; s < 3; s++)
        dat_params_free(stores[s]);
}

static void scopes_join_names(void **state)
{
    (void)state;
    char text[DAT_SCOPE_SIZE];
    assert_string_equal(dat_scope(text, "a.b", "c%d", 3), "a.b.c3");
    assert_string_equal(dat_scope(text, "", "only"), "only");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_layout),
        cmocka_unit_test(addresses_are_stable),
        cmocka_unit_test(tied_parameters_are_one),
        cmocka_unit_test(shared_parameters_become_one),
        cmocka_unit_test(frozen_parameters_have_no_gradient),
        cmocka_unit_test(gradient_norm_is_euclidean),
        cmocka_unit_test(initial_values_follow_their_kind),
        cmocka_unit_test(initial_values_are_reproducible),
        cmocka_unit_test(scopes_join_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
