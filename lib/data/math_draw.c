#include "data/math_draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/status.h"

/* Larger sets are of no use: their numbers do not fit into an answer. */
static const double LARGEST = 1e18;

/* Redrawing a number this often in vain means that there is none. */
enum { MAX_REDRAWS = 1000 };

dat_math_draw dat_math_draw_start(dat_rng rng)
{
    dat_math_draw draw = {.rng = rng};
    memcpy(draw.letters, "abcdfghijklmnopqrstuvwxyz", DAT_MATH_N_LETTERS);
    return draw;
}

double dat_math_uniform(dat_math_draw *draw, double low, double high)
{
    return low + (high - low) * dat_rng_uniform(&draw->rng);
}

int64_t dat_math_range(dat_math_draw *draw, int64_t low, int64_t high)
{
    return low + (int64_t)dat_rng_below(&draw->rng, (uint64_t)(high - low) + 1);
}

bool dat_math_coin(dat_math_draw *draw)
{
    return dat_rng_next(&draw->rng) >> 63;
}

char dat_math_letter(dat_math_draw *draw)
{
    DAT_ASSERT(draw->n_used < DAT_MATH_N_LETTERS);
    int64_t chosen = dat_math_range(draw, draw->n_used, DAT_MATH_N_LETTERS - 1);
    char letter = draw->letters[chosen];
    draw->letters[chosen] = draw->letters[draw->n_used];
    draw->letters[draw->n_used++] = letter;
    return letter;
}

void dat_math_split_entropy(dat_math_draw *draw, double total, const int *weights, int n, double *parts)
{
    if (n == 1) {
        parts[0] = total;
        return;
    }
    /* A Gamma variate of integer shape k is the sum of k exponential ones. */
    double sum = 0;
    for (int i = 0; i < n; i++) {
        double product = 1;
        for (int k = weights ? weights[i] : 1; k > 0; k--)
            product *= 1 - dat_rng_uniform(&draw->rng);
        parts[i] = -log(product);
        sum += parts[i];
    }
    for (int i = 0; i < n; i++)
        parts[i] = sum > 0 ? total * (parts[i] / sum) : total / n;
}

void dat_math_split_count(dat_math_draw *draw, int sum, int n, int *parts)
{
    /* n - 1 separators among sum + n - 1 places: walk over the places, taking each with the right chance. */
    int places = sum + n - 1, separators = n - 1, part = 0;
    memset(parts, 0, (size_t)n * sizeof *parts);
    for (; places > 0; places--) {
        if (dat_math_range(draw, 1, places) <= separators) {
            separators--;
            part++;
        } else {
            parts[part]++;
        }
    }
}

int64_t dat_math_draw_integer(dat_math_draw *draw, double entropy, bool is_signed, int64_t minimum,
                              int64_t coprime_to)
{
    double size = pow(10, entropy) + (double)minimum;
    if (llabs(coprime_to) >= 2)
        size = size / dat_math_coprime_density(llabs(coprime_to)) + 1;
    if (!(size <= LARGEST)) {
        draw->overflow = true;
        size = LARGEST;
    }
    int64_t high = (int64_t)ceil(is_signed ? size / 2 : size), low = is_signed ? -high : minimum;
    if (coprime_to == 0) /* the few that are left would take long to hit */
        return is_signed && dat_math_coin(draw) ? -1 : 1;
    for (int i = 0; i < MAX_REDRAWS; i++) {
        int64_t value = dat_math_range(draw, low, high);
        if (llabs(value) >= minimum && (llabs(coprime_to) == 1 || dat_math_gcd(value, coprime_to) == 1))
            return value;
    }
    draw->overflow = true;
    return 1;
}

int64_t dat_math_draw_signed(dat_math_draw *draw, double entropy)
{
    return dat_math_draw_integer(draw, entropy, true, 0, 1);
}

dat_math_fraction dat_math_draw_fraction(dat_math_draw *draw, double entropy)
{
    if (dat_math_coin(draw))
        return dat_math_integer(dat_math_draw_signed(draw, entropy));
    double numerator_entropy = dat_math_uniform(draw, 0, entropy);
    int64_t numerator = dat_math_draw_integer(draw, numerator_entropy, true, 1, 1);
    int64_t denominator = dat_math_draw_integer(draw, entropy - numerator_entropy, false, 2, numerator);
    return dat_math_ratio(numerator, denominator, &draw->overflow);
}

static double entropy_of_integer(int64_t value)
{
    return log10(5 * fabs((double)value) + 1);
}

double dat_math_entropy_of(dat_math_fraction value)
{
    double entropy = entropy_of_integer(value.numerator);
    return dat_math_is_integer(value) ? entropy : entropy + entropy_of_integer(value.denominator);
}

double dat_math_entropy_of_trees(int n)
{
    double catalan = 1;
    for (int k = 2; k <= n; k++)
        catalan *= (double)(n + k) / k;
    return log10(catalan);
}

/* The index of a random zero that has one term, or -1. */
static int choose_single_zero(dat_math_draw *draw, const int64_t *coefficients, int n, const int *counts)
{
    int found = 0, choice = -1;
    for (int i = 0; i < n; i++)
        if (coefficients[i] == 0 && counts[i] == 1 && dat_math_range(draw, 1, ++found) == 1)
            choice = i;
    return choice;
}

/* The index of a random other coefficient that has terms, or -1. */
static int choose_written_except(dat_math_draw *draw, int except, int n, const int *counts)
{
    int found = 0, choice = -1;
    for (int i = 0; i < n; i++)
        if (counts[i] >= 1 && i != except && dat_math_range(draw, 1, ++found) == 1)
            choice = i;
    return choice;
}

/* How many terms each coefficient gets. */
static void count_terms(dat_math_draw *draw, const int64_t *coefficients, int n, int length, int *counts)
{
    int needed = 0;
    for (int i = 0; i < n; i++)
        needed += coefficients[i] != 0;
    DAT_ASSERT(length > needed);
    dat_math_split_count(draw, length - needed, n, counts);
    for (int i = 0; i < n; i++)
        counts[i] += coefficients[i] != 0;
    /* One term alone cannot add up to 0. */
    for (int zero; (zero = choose_single_zero(draw, coefficients, n, counts)) >= 0;) {
        int other = choose_written_except(draw, zero, n, counts);
        DAT_ASSERT(other >= 0);
        counts[zero]--;
        counts[other]++;
    }
}

/* n integers with this sum, in random order; n may be 0 if the sum is. */
static void split_value(dat_math_draw *draw, int64_t sum, int n, double entropy, int64_t *terms)
{
    if (n <= 1) {
        if (n == 1)
            terms[0] = sum;
        return;
    }
    double entropies[DAT_MATH_MAX_TERMS];
    int64_t drawn[DAT_MATH_MAX_TERMS], order[DAT_MATH_MAX_TERMS];
    dat_math_split_entropy(draw, entropy * n / (n - 1), NULL, n, entropies);
    double least = fmax(1, entropy_of_integer(-dat_math_floor_divide(-sum, n)));
    int64_t difference = sum;
    for (int i = 0; i < n; i++) {
        drawn[i] = dat_math_draw_signed(draw, fmax(entropies[i], least));
        difference = dat_math_plus(difference, -drawn[i], &draw->overflow);
    }
    dat_rng_permutation(&draw->rng, n, order);
    for (int i = 0; i < n; i++) {
        int64_t share = dat_math_floor_divide(dat_math_plus(difference, i, &draw->overflow), n);
        terms[order[i]] = dat_math_plus(drawn[i], share, &draw->overflow);
    }
}

void dat_math_draw_terms(dat_math_draw *draw, const int64_t *coefficients, int n, int length, double entropy,
                         dat_math_terms *terms)
{
    DAT_ASSERT(n <= DAT_MATH_MAX_POWERS && length <= DAT_MATH_MAX_TERMS);
    int weights[DAT_MATH_MAX_POWERS] = {0};
    double entropies[DAT_MATH_MAX_POWERS];
    count_terms(draw, coefficients, n, length, terms->counts);
    for (int i = 0; i < n; i++)
        weights[i] = terms->counts[i] > 1 ? terms->counts[i] - 1 : 0;
    dat_math_split_entropy(draw, entropy, weights, n, entropies);
    int64_t *values = terms->values;
    for (int i = 0; i < n; i++) {
        split_value(draw, coefficients[i], terms->counts[i], entropies[i], values);
        values += terms->counts[i];
    }
}

uint32_t dat_math_powers(int variable, int power)
{
    return (uint32_t)power << 8 * (DAT_MATH_MAX_VARIABLES - 1 - variable);
}

static uint32_t draw_powers(dat_math_draw *draw, const int *degrees, int n_variables)
{
    uint32_t powers = 0;
    for (int i = 0; i < n_variables; i++)
        powers += dat_math_powers(i, (int)dat_math_range(draw, 0, degrees[i]));
    return powers;
}

/* Adds a term of these powers unless there is one. */
static int add_powers(dat_math_monomial *terms, int n, uint32_t powers)
{
    for (int i = 0; i < n; i++)
        if (terms[i].powers == powers)
            return n;
    terms[n].powers = powers;
    return n + 1;
}

int dat_math_draw_polynomial(dat_math_draw *draw, const int *degrees, int n_variables, double entropy,
                             int fewest, int most, dat_math_monomial *terms)
{
    int n = 0, possible = 1;
    for (int i = 0; i < n_variables; i++) {
        possible *= degrees[i] + 1;
        if (degrees[i] == 0)
            continue;
        uint32_t any = draw_powers(draw, degrees, n_variables), mask = dat_math_powers(i, UINT8_MAX);
        n = add_powers(terms, n, (any & ~mask) | dat_math_powers(i, degrees[i]));
    }
    fewest = fewest > n ? fewest : n;
    fewest = fewest > 1 ? fewest : 1;
    most = most > 0 ? most : fewest + (int)(entropy / 2);
    fewest = fewest < possible ? fewest : possible;
    most = most < possible ? most : possible;
    most = most > fewest ? most : fewest;
    int wanted = (int)dat_math_range(draw, fewest, most);
    DAT_ASSERT(wanted <= DAT_MATH_MAX_MONOMIALS);
    while (n < wanted)
        n = add_powers(terms, n, draw_powers(draw, degrees, n_variables));
    double entropies[DAT_MATH_MAX_MONOMIALS];
    dat_math_split_entropy(draw, entropy, NULL, n, entropies);
    for (int i = 0; i < n; i++)
        terms[i].coefficient = dat_math_integer(dat_math_draw_integer(draw, entropies[i], true, 1, 1));
    return n;
}

void dat_math_draw_coefficients(dat_math_draw *draw, int degree, double entropy, int fewest, int most,
                                int64_t *coefficients)
{
    dat_math_monomial terms[DAT_MATH_MAX_MONOMIALS];
    int n = dat_math_draw_polynomial(draw, &degree, 1, entropy, fewest, most, terms);
    memset(coefficients, 0, (size_t)(degree + 1) * sizeof *coefficients);
    for (int i = 0; i < n; i++)
        coefficients[terms[i].powers / dat_math_powers(0, 1)] = terms[i].coefficient.numerator;
}
