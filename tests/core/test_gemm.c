/* Matrix products against three plain loops in double, over shapes on both sides of every threshold, all
 * transposes and strides wider than the rows; and the same bits at any thread count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/gemm.h"
#include "support/close.h"
#include "support/random_values.h"
#include "util/parallel.h"

typedef void product(int64_t m, int64_t n, int64_t k, dat_real alpha, dat_matrix a, dat_matrix b,
                     dat_real beta, dat_real *c, int64_t c_stride);

typedef struct problem {
    int64_t m, n, k;
    bool transpose_a, transpose_b;
    int64_t extra; /* values between the end of a row and the next */
    dat_real alpha, beta;
} problem;

typedef struct operands {
    dat_real *a, *b, *c;
    int64_t c_stride, c_count;
    dat_matrix left, right;
} operands;

static operands make_operands(const problem *p)
{
    int64_t a_rows = p->transpose_a ? p->k : p->m, a_stride = (p->transpose_a ? p->m : p->k) + p->extra;
    int64_t b_rows = p->transpose_b ? p->n : p->k, b_stride = (p->transpose_b ? p->k : p->n) + p->extra;
    operands o = {.a = random_values(a_rows * a_stride, 1), .b = random_values(b_rows * b_stride, 2)};
    o.c_stride = p->n + p->extra;
    o.c_count = p->m * o.c_stride;
    o.c = random_values(o.c_count, 3);
    o.left = (dat_matrix){o.a, a_stride, p->transpose_a};
    o.right = (dat_matrix){o.b, b_stride, p->transpose_b};
    return o;
}

static void free_operands(operands *o)
{
    free(o->a);
    free(o->b);
    free(o->c);
}

static double element(dat_matrix matrix, int64_t row, int64_t column)
{
    return (double)
        matrix.data[matrix.transposed ? column * matrix.stride + row : row * matrix.stride + column];
}

/* The result, and in `scale` the sum of magnitudes that bounds its rounding. */
static double naive(const problem *p, const operands *o, int64_t i, int64_t j, double *scale)
{
    double sum = p->beta == 0 ? 0 : (double)p->beta * (double)o->c[i * o->c_stride + j];
    *scale = fabs(sum);
    for (int64_t l = 0; l < p->k; l++) {
        double term = (double)p->alpha * element(o->left, i, l) * element(o->right, l, j);
        sum += term;
        *scale += fabs(term);
    }
    return sum;
}

static void check(product *multiply, const problem *p)
{
    operands o = make_operands(p);
    dat_real *result = random_values(o.c_count, 3);
    if (p->beta == 0)
        for (int64_t i = 0; i < p->m; i++)
            for (int64_t j = 0; j < p->n; j++)
                result[i * o.c_stride + j] = NAN; /* must be overwritten, not multiplied by 0 */
    multiply(p->m, p->n, p->k, p->alpha, o.left, o.right, p->beta, result, o.c_stride);
    for (int64_t i = 0; i < o.c_count; i++) {
        int64_t column = i % o.c_stride;
        if (column >= p->n) {
            assert_same_bits(result + i, o.c + i, 1); /* between rows nothing may change */
            continue;
        }
        double scale, expected = naive(p, &o, i / o.c_stride, column, &scale);
        double error = fabs((double)result[i] - expected),
               bound = 4 * DAT_REAL_EPSILON * ((double)p->k + 2) * scale;
        if (!(error <= bound))
            fail_msg("m %d n %d k %d, element %d: %g is not %g within %g", (int)p->m, (int)p->n, (int)p->k,
                     (int)i, (double)result[i], expected, bound);
    }
    free(result);
    free_operands(&o);
}

/* Every combination of transposes, strides and factors for one shape. */
static void check_shape(product *multiply, int64_t m, int64_t n, int64_t k)
{
    for (int flags = 0; flags < 16; flags++)
        check(multiply, &(problem){.m = m,
                                   .n = n,
                                   .k = k,
                                   .transpose_a = flags & 1,
                                   .transpose_b = flags & 2,
                                   .extra = flags & 4 ? 3 : 0,
                                   .alpha = flags & 8 ? (dat_real)-0.7 : 1,
                                   .beta = (dat_real)(flags & 8 ? 1 : 0)});
}

static void all_shapes(product *multiply)
{
    static const int64_t small[] = {1, 2, 3, 7, 10, 16, 17, 33};
    enum { COUNT = sizeof small / sizeof small[0] };
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++)
            for (int l = 0; l < COUNT; l++)
                check_shape(multiply, small[i], small[j], small[l]);
    static const int64_t large[][3] = {{64, 64, 64}, {63, 65, 64}, {65, 3, 64},   {100, 20, 128},
                                       {129, 5, 70}, {511, 3, 2},  {512, 3, 2},   {513, 7, 5},
                                       {800, 9, 33}, {2, 300, 70}, {31, 129, 65}, {256, 2, 257},
                                       {1, 1, 4000}, {700, 1, 1},  {1, 1000, 77}};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++)
        check_shape(multiply, large[i][0], large[i][1], large[i][2]);
}

static void parallel_product_is_right(void **state)
{
    (void)state;
    all_shapes(dat_gemm);
}

static void serial_product_is_right(void **state)
{
    (void)state;
    all_shapes(dat_gemm_serial);
}

/* Without inner terms the product is zero, and empty results touch nothing. */
static void empty_products(void **state)
{
    (void)state;
    product *const both[] = {dat_gemm, dat_gemm_serial};
    for (int i = 0; i < 2; i++) {
        dat_real c[] = {NAN, NAN, 5}, a[] = {1}, b[] = {1};
        both[i](1, 2, 0, 1, (dat_matrix){a, 1, false}, (dat_matrix){b, 2, false}, 0, c, 2);
        assert_true(c[0] == 0 && c[1] == 0 && c[2] == 5);
        both[i](1, 2, 0, 1, (dat_matrix){a, 1, false}, (dat_matrix){b, 2, false}, 1, c, 2);
        assert_true(c[0] == 0 && c[1] == 0 && c[2] == 5);
        both[i](0, 2, 1, 1, (dat_matrix){a, 1, false}, (dat_matrix){b, 2, false}, 0, c + 2, 2);
        both[i](1, 0, 1, 1, (dat_matrix){a, 1, false}, (dat_matrix){b, 1, false}, 0, c + 2, 1);
        assert_true(c[2] == 5);
    }
}

static void threads_do_not_change_bits(void **state)
{
    (void)state;
    static const int64_t shapes[][3] = {
        {100, 40, 90}, {513, 33, 65}, {1300, 20, 70}, {3, 200, 100}, {1, 400, 90}};
    int before = dat_parallel_threads();
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        problem p = {.m = shapes[s][0],
                     .n = shapes[s][1],
                     .k = shapes[s][2],
                     .transpose_b = shapes[s][0] == 1,
                     .alpha = 1};
        operands o = make_operands(&p);
        dat_real *expected = random_values(o.c_count, 0);
        dat_parallel_set_threads(1);
        dat_gemm(p.m, p.n, p.k, 1, o.left, o.right, 0, expected, o.c_stride);
        for (int threads = 2; threads <= 4; threads++) {
            dat_parallel_set_threads(threads);
            assert_int_equal(dat_parallel_threads(), threads);
            dat_gemm(p.m, p.n, p.k, 1, o.left, o.right, 0, o.c, o.c_stride);
            assert_same_bits(o.c, expected, o.c_count);
        }
        free(expected);
        free_operands(&o);
    }
    dat_parallel_set_threads(before);
}

static void blas_names_itself(void **state)
{
    (void)state;
    assert_non_null(strstr(dat_blas_description(), "OpenBLAS"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parallel_product_is_right),
        cmocka_unit_test(serial_product_is_right),
        cmocka_unit_test(empty_products),
        cmocka_unit_test(threads_do_not_change_bits),
        cmocka_unit_test(blas_names_itself),
    };
    dat_parallel_set_threads(2);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
