/* calculus__differentiate: derivatives of polynomials in one to four variables. */
#include <math.h>
#include <stdlib.h>

#include "data/math_polynomial.h"
#include "data/math_problem.h"

enum { MAX_TEMPLATES = 9 };

/* %n: "second"; %p: the polynomial; %x: the variable. */
static const struct {
    const char *text;
    bool first_only, one_variable_only;
} templates[MAX_TEMPLATES] = {
    {"Find the %n derivative of %p wrt %x.", false, false},
    {"What is the %n derivative of %p wrt %x?", false, false},
    {"Differentiate %p with respect to %x.", true, false},
    {"Differentiate %p wrt %x.", true, false},
    {"What is the derivative of %p wrt %x?", true, false},
    {"Find the %n derivative of %p.", false, true},
    {"What is the %n derivative of %p?", false, true},
    {"Differentiate %p.", true, true},
    {"What is the derivative of %p?", true, true},
};

static const char *choose_template(dat_math_draw *draw, int order, int n_variables)
{
    const char *fitting[MAX_TEMPLATES];
    int n = 0;
    for (int i = 0; i < MAX_TEMPLATES; i++)
        if ((order == 1 || !templates[i].first_only) && (n_variables == 1 || !templates[i].one_variable_only))
            fitting[n++] = templates[i].text;
    return fitting[dat_math_range(draw, 0, n - 1)];
}

static int by_alphabet(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* Terms that stay, then terms that vanish when differentiated `order` times; returns the number of all. Every
 * variable is in one of them. */
static int draw_terms(dat_math_draw *draw, int n_variables, int variable, int order, double entropy,
                      int *n_staying, dat_math_monomial *terms)
{
    int degrees[DAT_MATH_MAX_VARIABLES];
    for (int i = 0; i < n_variables; i++)
        degrees[i] = (int)dat_math_range(draw, i != variable, 3);
    *n_staying = dat_math_draw_polynomial(draw, degrees, n_variables, entropy, 0, 0, terms);
    for (int i = 0; i < *n_staying; i++)
        terms[i].powers += dat_math_powers(variable, order);
    degrees[variable] = order - 1;
    return *n_staying +
           dat_math_draw_polynomial(draw, degrees, n_variables, entropy, 0, 0, terms + *n_staying);
}

static void differentiate(dat_math_monomial *terms, int n, int variable, bool *overflow)
{
    for (int i = 0; i < n; i++) {
        uint32_t power = terms[i].powers / dat_math_powers(variable, 1) & UINT8_MAX;
        int64_t coefficient = terms[i].coefficient.numerator;
        terms[i].coefficient = dat_math_integer(dat_math_times(coefficient, power, overflow));
        terms[i].powers -= dat_math_powers(variable, 1);
    }
}

static void put_template(dat_math_text *text, const char *template, int order,
                         const dat_math_text *polynomial, char variable)
{
    for (const char *next = template; *next; next++) {
        if (*next != '%')
            dat_math_put_character(text, *next);
        else if (*++next == 'n')
            dat_math_put_string(text, dat_math_ordinals[order]);
        else if (*next == 'p')
            dat_math_put_text(text, polynomial);
        else
            dat_math_put_character(text, variable);
    }
}

void dat_math_differentiate(dat_math_draw *draw, double entropy, dat_math_problem *problem)
{
    int n_variables = (int)dat_math_range(draw, 1, DAT_MATH_MAX_VARIABLES);
    int order = (int)dat_math_range(draw, 1, DAT_MATH_MAX_ORDER);
    int variable = (int)dat_math_range(draw, 0, n_variables - 1), n_staying;
    dat_math_monomial terms[2 * DAT_MATH_MAX_MONOMIALS];
    int n = draw_terms(draw, n_variables, variable, order, fmax(0, entropy - log10(DAT_MATH_MAX_ORDER)),
                       &n_staying, terms);
    char letters[DAT_MATH_MAX_VARIABLES];
    for (int i = 0; i < n_variables; i++)
        letters[i] = dat_math_letter(draw);
    qsort(letters, (size_t)n_variables, 1, by_alphabet);

    dat_math_text polynomial = {0};
    dat_math_put_monomials(&polynomial, terms, n, letters);
    const char *template = choose_template(draw, order, n_variables);
    put_template(&problem->question, template, order, &polynomial, letters[variable]);
    for (int i = 0; i < order; i++)
        differentiate(terms, n_staying, variable, &draw->overflow);
    dat_math_put_monomials(&problem->answer, terms, n_staying, letters);
}
