#include "data/math_linear.h"

#include <math.h>

#include "data/math_problem.h"

enum { MAX_MATRIX = DAT_MATH_MAX_EQUATIONS * DAT_MATH_MAX_EQUATIONS };

static bool has_one_solution(const int64_t *matrix, int n, bool *overflow)
{
    if (n == 1)
        return matrix[0] != 0;
    int64_t determinant = dat_math_plus(dat_math_times(matrix[0], matrix[3], overflow),
                                        -dat_math_times(matrix[1], matrix[2], overflow), overflow);
    return determinant != 0 && matrix[1] != 0 && matrix[3] != 0;
}

static void draw_matrix(dat_math_draw *draw, int n, double entropy, int64_t *matrix)
{
    double entropies[MAX_MATRIX];
    dat_math_split_entropy(draw, entropy, NULL, n * n, entropies);
    do
        for (int i = 0; i < n * n; i++)
            matrix[i] = dat_math_draw_signed(draw, fmax(1, entropies[i]));
    while (!has_one_solution(matrix, n, &draw->overflow));
}

/* Moves a random half of the terms to the right. */
static void split_sides(dat_math_draw *draw, const dat_math_sum *terms, dat_math_sum *left,
                        dat_math_sum *right)
{
    left->n = right->n = 0;
    for (int i = 0; i < terms->n; i++) {
        bool stays = dat_math_coin(draw);
        dat_math_sum *side = stays ? left : right;
        side->terms[side->n] = terms->terms[i];
        side->terms[side->n++].minus ^= !stays;
    }
    if (left->n == 0)
        dat_math_sum_add(left, dat_math_integer(0), '\0', 0);
    if (right->n == 0)
        dat_math_sum_add(right, dat_math_integer(0), '\0', 0);
}

/* The matrix row by row, then what its product with the solutions is. */
static void draw_values(dat_math_draw *draw, int n, const int64_t *solutions, double entropy, int64_t *values)
{
    int64_t *constants = values + n * n;
    draw_matrix(draw, n, entropy, values);
    for (int row = 0; row < n; row++) {
        constants[row] = 0;
        for (int column = 0; column < n; column++) {
            int64_t part = dat_math_times(values[row * n + column], solutions[column], &draw->overflow);
            constants[row] = dat_math_plus(constants[row], part, &draw->overflow);
        }
    }
}

void dat_math_draw_equations(dat_math_draw *draw, int n, const char *unknowns, const int64_t *solutions,
                             double entropy, dat_math_equations *equations)
{
    int64_t values[MAX_MATRIX + DAT_MATH_MAX_EQUATIONS];
    double matrix_share = dat_math_uniform(draw, 1.0 / 3, 2.0 / 3);
    draw_values(draw, n, solutions, matrix_share * entropy, values);
    int shortest = 1;
    for (int i = 0; i < n * n + n; i++)
        shortest += values[i] != 0;
    int longest = 1 + (int)(n * (1 + entropy / 2));
    int length = (int)dat_math_range(draw, shortest, longest > shortest ? longest : shortest);
    dat_math_terms terms;
    dat_math_draw_terms(draw, values, n * n + n, length, (1 - matrix_share) * entropy, &terms);

    /* The terms come in the order of the values; those of a row in two places. */
    dat_math_sum rows[DAT_MATH_MAX_EQUATIONS] = {{.n = 0}};
    const int64_t *value = terms.values;
    for (int i = 0; i < n * n + n; i++)
        for (int k = 0; k < terms.counts[i]; k++, value++) {
            if (i < n * n)
                dat_math_sum_add(&rows[i / n], dat_math_integer(*value), unknowns[i % n], 1);
            else
                dat_math_sum_add(&rows[i - n * n], dat_math_integer(-*value), '\0', 0);
        }
    equations->n = n;
    for (int row = 0; row < n; row++)
        split_sides(draw, &rows[row], &equations->left[row], &equations->right[row]);
}

void dat_math_equations_constants(dat_math_equations *equations, dat_math_constants *constants)
{
    for (int i = 0; i < equations->n; i++) {
        dat_math_sum_constants(&equations->left[i], constants);
        dat_math_sum_constants(&equations->right[i], constants);
    }
}

void dat_math_put_equations(dat_math_text *text, const dat_math_equations *equations)
{
    for (int i = 0; i < equations->n; i++) {
        if (i > 0)
            dat_math_put_string(text, ", ");
        dat_math_put_sum(text, &equations->left[i]);
        dat_math_put_string(text, " = ");
        dat_math_put_sum(text, &equations->right[i]);
    }
}

void dat_math_linear_1d(dat_math_draw *draw, double entropy, dat_math_problem *problem)
{
    double solution_entropy = fmax(1, entropy / 4);
    int64_t solution = dat_math_draw_signed(draw, solution_entropy);
    char unknown = dat_math_letter(draw);
    dat_math_equations equation;
    dat_math_draw_equations(draw, 1, &unknown, &solution, fmax(1, entropy - solution_entropy), &equation);
    dat_math_put_string(&problem->question, "Solve ");
    dat_math_put_equations(&problem->question, &equation);
    dat_math_put_string(&problem->question, " for ");
    dat_math_put_character(&problem->question, unknown);
    dat_math_put_character(&problem->question, '.');
    dat_math_put_integer(&problem->answer, solution);
}
