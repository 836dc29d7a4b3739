#include "support/math_solve.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/math_algebra.h"

/* Moves on behind a word if it is next. */
static bool skip(const char **text, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*text, word, length) != 0)
        return false;
    *text += length;
    return true;
}

/* Reads a lower case letter. */
static bool read_letter(const char **text, int *letter)
{
    *letter = **text - 'a';
    return islower((unsigned char)*(*text)++);
}

/* Reads one equation as left - right, which is 0. */
static bool read_equation(const knowledge *known, const char **text, poly *zero)
{
    poly right, minus = poly_constant(-1, 1);
    if (!poly_parse(known, text, zero) || !skip(text, " = ") || !poly_parse(known, text, &right))
        return false;
    right = poly_multiply(&minus, &right);
    *zero = poly_add(zero, &right);
    return true;
}

/* The letters of the equations; false if there are more than there are equations, or powers. */
static bool find_unknowns(const poly *zeros, int n, int *unknowns)
{
    int found = 0;
    for (int letter = 0; letter < N_LETTERS; letter++) {
        bool used = false;
        for (int i = 0; i < n; i++)
            used = used || poly_has(&zeros[i], letter);
        if (used && found == n)
            return false;
        if (used)
            unknowns[found++] = letter;
    }
    for (int i = 0; i < n; i++) {
        poly rest = zeros[i], linear = {.n = 0};
        for (int k = 0; k < found; k++) {
            poly letter = poly_letter(unknowns[k]);
            ratio c = poly_coefficient(&rest, unknowns[k]);
            poly coefficient = poly_constant(c.n, c.d);
            letter = poly_multiply(&letter, &coefficient);
            linear = poly_add(&linear, &letter);
        }
        ratio c = poly_coefficient(&rest, -1);
        poly constant = poly_constant(c.n, c.d);
        linear = poly_add(&linear, &constant);
        if (linear.n != rest.n)
            return false;
    }
    return found == n;
}

/* a d - b c */
static ratio cross(ratio a, ratio b, ratio c, ratio d)
{
    poly ad = poly_constant(a.n * d.n, a.d * d.d), bc = poly_constant(-b.n * c.n, b.d * c.d);
    ad = poly_add(&ad, &bc);
    return poly_coefficient(&ad, -1);
}

/* Solves one or two equations by Cramer's rule and keeps the values of their letters. */
static bool solve_equations(knowledge *known, const poly *zeros, int n)
{
    const ratio one = {1, 1}, nothing = {0, 1};
    ratio a[2][2] = {{one, nothing}, {nothing, one}}, b[2] = {nothing, nothing};
    int unknowns[2];
    if (!find_unknowns(zeros, n, unknowns))
        return false;
    for (int row = 0; row < n; row++) {
        for (int column = 0; column < n; column++)
            a[row][column] = poly_coefficient(&zeros[row], unknowns[column]);
        b[row] = poly_coefficient(&zeros[row], -1);
        b[row].n = -b[row].n;
    }
    ratio determinant = cross(a[0][0], a[0][1], a[1][0], a[1][1]);
    if (determinant.n == 0)
        return false;
    ratio solutions[2] = {cross(b[0], a[0][1], b[1], a[1][1]), cross(a[0][0], b[0], a[1][0], b[1])};
    for (int i = 0; i < n; i++) {
        known->has_value[unknowns[i]] = true;
        known->values[unknowns[i]] =
            poly_constant(solutions[i].n * determinant.d, solutions[i].d * determinant.n);
    }
    return true;
}

/* "3*x = 6" or "x + y = 2, x - y = 0". */
static bool read_system(knowledge *known, const char **text)
{
    poly zeros[2];
    int n = 1;
    if (!read_equation(known, text, &zeros[0]))
        return false;
    if (skip(text, ", ") && (n = 2, !read_equation(known, text, &zeros[1])))
        return false;
    return solve_equations(known, zeros, n);
}

/* "first " to "third " as 1 to 3; 1 when there is none. */
static int read_order(const char **text)
{
    return skip(text, "third ") ? 3 : skip(text, "second ") ? 2 : skip(text, "first ") ? 1 : 1;
}

/* "f(x) = ...", "f(x) be the second derivative of ...", "y = ...", "y be ..." after "Let ". */
static bool read_definition(knowledge *known, const char **text)
{
    int name, variable = -1, order = 0;
    poly value;
    if (!read_letter(text, &name) || known->has_value[name] || known->is_function[name])
        return false;
    if (skip(text, "(") && (!read_letter(text, &variable) || !skip(text, ")")))
        return false;
    if (variable >= 0 && skip(text, " be the ")) {
        order = read_order(text);
        if (!skip(text, "derivative of "))
            return false;
    } else if (!skip(text, " = ") && (variable >= 0 || !skip(text, " be "))) {
        return false;
    }
    if (!poly_parse(known, text, &value))
        return false;
    for (int letter = 0; letter < N_LETTERS; letter++)
        if (letter != variable && poly_has(&value, letter))
            return false;
    *(variable >= 0 ? &known->is_function[name] : &known->has_value[name]) = true;
    known->variables[name] = variable;
    known->values[name] = variable >= 0 ? poly_derivative(&value, variable, order) : value;
    return true;
}

/* The next number of a polynomial sequence, by differences; lowest degree. */
static bool continue_sequence(const char *text, char *answer)
{
    enum { MOST = 16 };
    long long values[MOST], next = 0;
    int n = 0;
    do
        values[n++] = strtoll(text, (char **)&text, 10);
    while (n < MOST && skip(&text, ", "));
    if (!skip(&text, "?") || *text)
        return false;
    for (; n > 1; n--) {
        next += values[n - 1];
        bool constant = true;
        for (int i = 0; i + 1 < n; i++) {
            values[i] = values[i + 1] - values[i];
            constant = constant && values[i] == 0;
        }
        if (constant)
            return sprintf(answer, "%lld", next) > 0;
    }
    return false;
}

/* "the second derivative of P wrt x." from "derivative" or its order on. */
static bool read_derivative(const char **text, poly *result)
{
    static const knowledge nothing;
    int order = read_order(text), variable = -1, n = 0;
    if (!skip(text, "derivative of ") || !poly_parse(&nothing, text, result))
        return false;
    if (skip(text, " wrt ") || skip(text, " with respect to ")) {
        if (!read_letter(text, &variable))
            return false;
    } else {
        for (int letter = 0; letter < N_LETTERS; letter++)
            if (poly_has(result, letter)) {
                variable = letter;
                n++;
            }
        if (n != 1)
            return false;
    }
    *result = poly_derivative(result, variable, order);
    return true;
}

/* The last sentence of a question that has a polynomial or a number as its answer. */
static bool read_question(knowledge *known, const char **text, poly *answer)
{
    bool asks = skip(text, "What is ");
    if (asks ? skip(text, "the ") : skip(text, "Find the ")) {
        if (!read_derivative(text, answer))
            return false;
    } else if (skip(text, "Differentiate ")) {
        char line[256];
        const char *rest = line;
        snprintf(line, sizeof line, "derivative of %s", *text);
        if (!read_derivative(&rest, answer))
            return false;
        *text += rest - line - (int)strlen("derivative of ");
    } else if (skip(text, "Solve ")) {
        int unknown;
        if (!read_system(known, text) || !skip(text, " for ") || !read_letter(text, &unknown))
            return false;
        *answer = known->values[unknown];
    } else {
        if (!asks && !skip(text, "Calculate ") && !skip(text, "Give ") && !skip(text, "Determine ") &&
            !skip(text, "Expand "))
            return false;
        if (!poly_parse(known, text, answer))
            return false;
    }
    return skip(text, asks ? "?" : ".") && !**text;
}

bool math_solve(const char *question, char answer[MATH_ANSWER_SIZE])
{
    const char *text = question;
    if (skip(&text, "What is next in ") || skip(&text, "What comes next: ") ||
        skip(&text, "What is the next term in "))
        return continue_sequence(text, answer);
    knowledge *known = calloc(1, sizeof *known);
    bool understood = known != NULL;
    while (understood && (strncmp(text, "Let ", 4) == 0 || strncmp(text, "Suppose ", 8) == 0))
        understood = (skip(&text, "Let ") ? read_definition(known, &text)
                                          : skip(&text, "Suppose ") && read_system(known, &text)) &&
                     skip(&text, ". ");
    poly result;
    understood = understood && read_question(known, &text, &result);
    if (understood)
        poly_print(&result, answer);
    free(known);
    return understood;
}
