/* polynomials__expand: sums and products with brackets. */
#include <math.h>

#include "data/math_polynomial.h"
#include "data/math_problem.h"
#include "data/math_sum.h"

enum { MAX_DEGREE = 5 };

/* A part of the question and what it simplifies to. */
typedef struct part {
    bool minus; /* the sign before the text */
    bool is_product;
    dat_math_text text;
    int64_t coefficients[MAX_DEGREE + 1];
} part;

static void draw_part(dat_math_draw *draw, char variable, int degree, double entropy, int length,
                      bool brackets, part *result);

/* A sum without brackets. */
static void draw_leaf(dat_math_draw *draw, char variable, int degree, double entropy, int length,
                      part *result)
{
    dat_math_sum sum;
    *result = (part){.is_product = false};
    dat_math_draw_coefficients(draw, degree, entropy / 2, 0, length, result->coefficients);
    dat_math_sum_expand(draw, result->coefficients, degree + 1, entropy / 2, length, variable, &sum);
    result->minus = sum.terms[0].minus;
    sum.terms[0].minus = false;
    dat_math_put_sum(&result->text, &sum);
}

static void add(dat_math_draw *draw, const part *left, const part *right, part *result)
{
    *result = *left;
    result->is_product = false;
    dat_math_put_sign(&result->text, right->minus, false);
    dat_math_put_text(&result->text, &right->text);
    for (int i = 0; i <= MAX_DEGREE; i++)
        result->coefficients[i] =
            dat_math_plus(left->coefficients[i], right->coefficients[i], &draw->overflow);
}

/* Two parts of which the first has brackets, in random order. Their sum keeps the degree. */
static void draw_sum(dat_math_draw *draw, char variable, int degree, const double *entropies,
                     const int *lengths, part *result)
{
    part first, second;
    do {
        draw_part(draw, variable, degree, entropies[0], lengths[0], true, &first);
        draw_part(draw, variable, degree, entropies[1], lengths[1], false, &second);
        bool swapped = dat_math_coin(draw);
        add(draw, swapped ? &second : &first, swapped ? &first : &second, result);
    } while (degree > 0 && result->coefficients[degree] == 0);
}

static void put_factor(dat_math_text *text, const part *factor)
{
    if (factor->is_product) {
        dat_math_put_text(text, &factor->text);
        return;
    }
    dat_math_put_string(text, factor->minus ? "(-" : "(");
    dat_math_put_text(text, &factor->text);
    dat_math_put_character(text, ')');
}

static void multiply(dat_math_draw *draw, const part *left, const part *right, part *result)
{
    *result = (part){.is_product = true};
    put_factor(&result->text, left);
    dat_math_put_character(&result->text, '*');
    put_factor(&result->text, right);
    for (int i = 0; i <= MAX_DEGREE; i++)
        for (int j = 0; i + j <= MAX_DEGREE; j++) {
            int64_t product = dat_math_times(left->coefficients[i], right->coefficients[j], &draw->overflow);
            result->coefficients[i + j] =
                dat_math_plus(result->coefficients[i + j], product, &draw->overflow);
        }
}

/* A factor: a constant one is not 0. */
static void draw_factor(dat_math_draw *draw, char variable, int degree, double entropy, int length,
                        part *result)
{
    do
        draw_part(draw, variable, degree, entropy, length, false, result);
    while (degree == 0 && result->coefficients[0] == 0);
}

static void draw_product(dat_math_draw *draw, char variable, int degree, const double *entropies,
                         const int *lengths, part *result)
{
    /* Constant factors are less likely than others. */
    bool any = degree <= 1 || dat_math_coin(draw);
    int left_degree = (int)(any ? dat_math_range(draw, 0, degree) : dat_math_range(draw, 1, degree - 1));
    part left, right;
    draw_factor(draw, variable, left_degree, entropies[0], lengths[0], &left);
    draw_factor(draw, variable, degree - left_degree, entropies[1], lengths[1], &right);
    multiply(draw, &left, &right, result);
}

/* A polynomial of this degree of about `length` terms, with brackets if these are asked for. */
static void draw_part(dat_math_draw *draw, char variable, int degree, double entropy, int length,
                      bool brackets, part *result)
{
    if (brackets && length < 2)
        length = 2;
    if (!brackets && (dat_math_coin(draw) || length < 2)) {
        draw_leaf(draw, variable, degree, entropy, length, result);
        return;
    }
    int lengths[2];
    double entropies[2];
    lengths[0] = (int)dat_math_range(draw, 1, length - 1);
    lengths[1] = length - lengths[0];
    dat_math_split_entropy(draw, entropy, lengths, 2, entropies);
    (dat_math_coin(draw) ? draw_sum : draw_product)(draw, variable, degree, entropies, lengths, result);
}

void dat_math_expand(dat_math_draw *draw, double entropy, dat_math_problem *problem)
{
    int degree = (int)dat_math_range(draw, 1, MAX_DEGREE);
    entropy -= log10(MAX_DEGREE);
    int length = 3 + (int)dat_math_range(draw, 0, (int)(entropy / 2));
    char variable = dat_math_letter(draw);
    part whole;
    draw_part(draw, variable, degree, entropy + dat_math_entropy_of_trees(length), length, true, &whole);
    dat_math_put_string(&problem->question, whole.minus ? "Expand -" : "Expand ");
    dat_math_put_text(&problem->question, &whole.text);
    dat_math_put_character(&problem->question, '.');
    dat_math_polynomial answer = dat_math_polynomial_of(whole.coefficients, MAX_DEGREE + 1);
    dat_math_put_polynomial(&problem->answer, &answer, variable);
}
