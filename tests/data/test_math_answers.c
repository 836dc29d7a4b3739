/* Mathematics problems have the right answers: those of the published sample, which proves the solver, and
 * those of the generator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/math.h"
#include "support/math_sample.h"
#include "support/math_solve.h"

enum { N_TRAINING = 1200, N_INTERPOLATE = 1000, N_GENERATED = 1500 };

static void assert_solved(const dat_math_pair *pair)
{
    char answer[MATH_ANSWER_SIZE];
    if (!math_solve(pair->question, answer))
        fail_msg("not understood: %s", pair->question);
    if (strcmp(answer, pair->answer) != 0)
        fail_msg("%s\nis %s, not %s", pair->question, answer, pair->answer);
}

/* Each kind of problem once, with answers worked out by hand. */
static void the_solver_is_right(void **state)
{
    (void)state;
    static const dat_math_pair pairs[] = {
        {"Solve 3*x - 7 = -x + 5 for x.", "3"},
        {"What comes next: 1, 4, 9, 16?", "25"},
        {"What is next in 7, 5, 3?", "1"},
        {"Find the second derivative of 2*x**3*y - x wrt x.", "12*x*y"},
        {"Differentiate -4*a**2 + 1.", "-8*a"},
        {"Expand (2 - x)*(x + 3) + x.", "-x**2 + 6"},
        {"Let f(x) = 3*x. Let g(y) = y**2 - 1. What is 2*f(z) - g(z)?", "-z**2 + 6*z + 1"},
        {"Let a be (-3)/(-6)*4. Let f(x) = x**a. Let g(u) = u. Give f(z) + g(z).", "z**2 + z"},
        {"Suppose x + y = 3, x - y = 1. Let f(a) = a. Let g(b) = 1. Give x*f(z) - y*g(z).", "2*z - 1"},
        {"Let f(x) be the third derivative of x**4/8 - x. Let g(y) = 0*y + 2. Give f(z) - g(z).", "3*z - 2"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        assert_solved(&pairs[i]);
    char answer[MATH_ANSWER_SIZE];
    assert_false(math_solve("Solve 3*x = 3*x for x.", answer));
    assert_false(math_solve("Give f(x).", answer));
    assert_false(math_solve("Expand 3 + x!", answer));
}

static void published_answers_are_right(void **state)
{
    (void)state;
    for (int module = 0; module < DAT_MATH_N_MODULES; module++)
        for (int level = 0; level < DAT_MATH_N_LEVELS; level++) {
            dat_math_dataset *dataset = math_sample((dat_math_module)module, (dat_math_level)level);
            assert_int_equal(dat_math_size(dataset),
                             level == DAT_MATH_INTERPOLATE ? N_INTERPOLATE : N_TRAINING);
            for (int64_t i = 0; i < dat_math_size(dataset); i++) {
                dat_math_pair pair;
                dat_math_pair_at(dataset, i, &pair);
                assert_solved(&pair);
            }
            dat_math_free(dataset);
        }
}

static void generated_answers_are_right(void **state)
{
    (void)state;
    for (int module = 0; module < DAT_MATH_N_MODULES; module++)
        for (int level = 0; level < DAT_MATH_N_LEVELS; level++)
            for (uint64_t i = 0; i < N_GENERATED; i++) {
                dat_math_pair pair;
                dat_math_example((dat_math_module)module, (dat_math_level)level, 4, i, &pair);
                assert_in_range(strlen(pair.question), 1, DAT_MATH_MAX_QUESTION);
                assert_in_range(strlen(pair.answer), 1, DAT_MATH_MAX_ANSWER);
                assert_solved(&pair);
            }
}

/* Other characters than the 56 of the official files would be tokens that no model has seen. */
static void generated_text_has_the_official_characters(void **state)
{
    (void)state;
    static const char used[] = " ()*+,-./0123456789:=?CDEFGLSWabcdefghijklmnopqrstuvwxyz";
    assert_int_equal(strlen(used), 56);
    for (int module = 0; module < DAT_MATH_N_MODULES; module++)
        for (uint64_t i = 0; i < N_GENERATED; i++) {
            dat_math_pair pair;
            dat_math_example((dat_math_module)module, DAT_MATH_HARD, 5, i, &pair);
            assert_int_equal(strspn(pair.question, used), strlen(pair.question));
            assert_int_equal(strspn(pair.answer, used), strlen(pair.answer));
        }
}

/* Of "-3*f(x)", "f(x)" or "y*f(x)": the letter of the multiplier (0 for a number) and of the function. */
static const char *read_term(const char *term, char *multiplier, char *function)
{
    term += *term == '-';
    *multiplier = *term >= 'a' && term[1] == '*' ? *term : '\0';
    term += *multiplier ? 2 : strspn(term, "0123456789*");
    *function = *term;
    assert_int_equal(term[1], '(');
    return term + strlen("f(x)");
}

/* Letters come before numbers, and are in alphabetical order; numbers are in the order of their functions. */
static void assert_in_order(const char *question)
{
    static const char *const openings[] = {"What is ", "Calculate ", "Give ", "Determine "};
    const char *terms = NULL;
    for (int i = 0; i < 4 && !terms; i++) {
        terms = strstr(question, openings[i]);
        terms = terms ? terms + strlen(openings[i]) : NULL;
    }
    assert_non_null(terms);
    char multipliers[2], functions[2];
    const char *sign = read_term(terms, &multipliers[0], &functions[0]);
    read_term(sign + strlen(" + "), &multipliers[1], &functions[1]);
    if (multipliers[0] && multipliers[1])
        assert_true(multipliers[0] < multipliers[1]);
    else if (multipliers[0] == multipliers[1])
        assert_true(functions[0] < functions[1]);
    else
        assert_true(multipliers[0]);
}

static void combinations_are_in_the_official_order(void **state)
{
    (void)state;
    for (int level = 0; level < DAT_MATH_N_LEVELS; level++) {
        dat_math_dataset *dataset = math_sample(DAT_MATH_ADD, (dat_math_level)level);
        for (int64_t i = 0; i < dat_math_size(dataset); i++) {
            dat_math_pair published, generated;
            dat_math_pair_at(dataset, i, &published);
            dat_math_example(DAT_MATH_ADD, (dat_math_level)level, 6, (uint64_t)i, &generated);
            assert_in_order(published.question);
            assert_in_order(generated.question);
        }
        dat_math_free(dataset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_solver_is_right),
        cmocka_unit_test(published_answers_are_right),
        cmocka_unit_test(generated_answers_are_right),
        cmocka_unit_test(generated_text_has_the_official_characters),
        cmocka_unit_test(combinations_are_in_the_official_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
