#include "data/math_arithmetic.h"

#include <math.h>
#include <string.h>

#include "util/status.h"

/* Both sides of an operation. */
typedef struct operands {
    dat_math_fraction left, right;
} operands;

/* The entropy of writing value as a product of two integers. */
static double entropy_of_factors(int64_t value)
{
    if (value == 0)
        return 0;
    dat_math_factors factors = dat_math_factorise(value);
    double entropy = factors.sign < 0 ? log10(2) : 0;
    for (int i = 0; i < factors.count; i++)
        entropy += log10(factors.powers[i] + 1);
    return entropy;
}

/* Writes value as the product of two integers; 0 as 1 * 0. */
static void split_factors(dat_math_draw *draw, int64_t value, int64_t *left, int64_t *right)
{
    *left = 1;
    *right = value;
    if (value == 0)
        return;
    dat_math_factors factors = dat_math_factorise(value);
    if (factors.sign < 0 && dat_math_coin(draw))
        *left = -1;
    for (int i = 0; i < factors.count; i++)
        *left *= dat_math_power(factors.primes[i], (int)dat_math_range(draw, 0, factors.powers[i]),
                                &draw->overflow);
    *right = value / *left;
}

static dat_math_fraction ratio_of_products(dat_math_draw *draw, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return dat_math_ratio(dat_math_times(a, b, &draw->overflow), dat_math_times(c, d, &draw->overflow),
                          &draw->overflow);
}

static operands draw_sum(dat_math_draw *draw, dat_math_fraction value, int n, double entropy)
{
    dat_math_fraction x = n >= 3 ? dat_math_draw_fraction(draw, entropy)
                                 : dat_math_integer(dat_math_draw_signed(draw, entropy));
    dat_math_fraction rest = dat_math_subtract(value, x, &draw->overflow);
    return dat_math_coin(draw) ? (operands){x, rest} : (operands){rest, x};
}

static operands draw_difference(dat_math_draw *draw, dat_math_fraction value, int n, double entropy)
{
    operands sum = draw_sum(draw, value, n, entropy);
    sum.right = dat_math_negate(sum.right);
    return sum;
}

/* value = A / B: both sides get a random part of the factors of the value's numerator and denominator, and
 * more factors that cancel. */
static operands draw_long_quotient(dat_math_draw *draw, dat_math_fraction value, double entropy)
{
    int64_t p1, p2, q1, q2;
    entropy -= entropy_of_factors(value.numerator) + entropy_of_factors(value.denominator);
    split_factors(draw, value.numerator, &p2, &p1);
    split_factors(draw, value.denominator, &q1, &q2);
    double part = dat_math_uniform(draw, 0, entropy);
    int64_t above = dat_math_times(q1, p2, &draw->overflow), below = dat_math_times(p1, q2, &draw->overflow);
    int64_t r = dat_math_draw_integer(draw, part, true, 1, above);
    int64_t w = dat_math_draw_integer(draw, entropy - part, false, 1, below);
    return (operands){ratio_of_products(draw, r, p1, w, q1), ratio_of_products(draw, r, q2, w, p2)};
}

static operands draw_quotient(dat_math_draw *draw, dat_math_fraction value, int n, double entropy)
{
    int64_t p = value.numerator, q = value.denominator;
    if (n >= 3)
        return draw_long_quotient(draw, value, entropy);
    if (n == 1) {
        int64_t m = dat_math_draw_integer(draw, entropy, true, 1, 1);
        return (operands){ratio_of_products(draw, p, m, 1, 1), ratio_of_products(draw, q, m, 1, 1)};
    }
    if (p == 0 || dat_math_coin(draw)) {
        int64_t x = dat_math_draw_integer(draw, entropy, true, 1, q);
        return (operands){ratio_of_products(draw, x, p, q, 1), dat_math_integer(x)};
    }
    int64_t x = dat_math_draw_integer(draw, entropy, true, 1, p);
    return (operands){dat_math_integer(x), ratio_of_products(draw, x, q, p, 1)};
}

static operands draw_product(dat_math_draw *draw, dat_math_fraction value, int n, double entropy)
{
    operands sides;
    if (n >= 3) {
        sides = draw_long_quotient(draw, value, entropy);
        sides.right = ratio_of_products(draw, sides.right.denominator, 1, sides.right.numerator, 1);
    } else {
        int64_t left, right, m = 1;
        split_factors(draw, value.numerator, &left, &right);
        if (n == 2) {
            entropy -= entropy_of_factors(value.numerator);
            m = dat_math_draw_integer(draw, entropy, true, 1, left);
        }
        sides.left = ratio_of_products(draw, left, 1, m, value.denominator);
        sides.right = ratio_of_products(draw, right, m, 1, 1);
    }
    return dat_math_coin(draw) ? (operands){sides.right, sides.left} : sides;
}

/* A random operation that n of them, this one included, can make the value with. */
static char choose_operation(dat_math_draw *draw, dat_math_fraction value, int n, double entropy)
{
    char allowed[5] = "/";
    if (n >= 2 || dat_math_is_integer(value))
        strcat(allowed, "+-");
    if (n >= 2 || (dat_math_is_integer(value) && entropy <= entropy_of_factors(value.numerator)))
        strcat(allowed, "*");
    return allowed[dat_math_range(draw, 0, (int64_t)strlen(allowed) - 1)];
}

static operands draw_operands(dat_math_draw *draw, char operation, dat_math_fraction value, int n,
                              double entropy)
{
    switch (operation) {
    case '+':
        return draw_sum(draw, value, n, entropy);
    case '-':
        return draw_difference(draw, value, n, entropy);
    case '*':
        return draw_product(draw, value, n, entropy);
    default:
        return draw_quotient(draw, value, n, entropy);
    }
}

/* Adds a tree of n operations and returns its index. A fraction takes at least one. */
static int add_tree(dat_math_draw *draw, dat_math_fraction value, int n, double entropy,
                    dat_math_arithmetic *expression)
{
    int index = expression->n++;
    dat_math_node *node = &expression->nodes[index];
    *node = (dat_math_node){.number.value = value};
    if (n == 0)
        return index;
    double own = entropy / n, entropies[2];
    node->operation = choose_operation(draw, value, n, entropy);
    operands sides = draw_operands(draw, node->operation, value, n, own);
    bool left_fraction = !dat_math_is_integer(sides.left), right_fraction = !dat_math_is_integer(sides.right);
    int counts[2];
    dat_math_split_count(draw, n - 1 - left_fraction - right_fraction, 2, counts);
    counts[0] += left_fraction;
    counts[1] += right_fraction;
    dat_math_split_entropy(draw, entropy - own, counts, 2, entropies);
    node->left = add_tree(draw, sides.left, counts[0], entropies[0], expression);
    node->right = add_tree(draw, sides.right, counts[1], entropies[1], expression);
    return index;
}

void dat_math_draw_arithmetic(dat_math_draw *draw, dat_math_fraction value, double entropy,
                              dat_math_arithmetic *expression)
{
    enum { FEWEST = 3 };
    int most = FEWEST + (int)(entropy / 2);
    int n = (int)dat_math_range(draw, FEWEST, most);
    DAT_ASSERT(n <= DAT_MATH_MAX_OPERATIONS);
    entropy += dat_math_entropy_of_trees(n) - log10(most - FEWEST + 1);
    expression->n = 0;
    add_tree(draw, value, n, entropy, expression);
}

void dat_math_arithmetic_constants(dat_math_arithmetic *expression, dat_math_constants *constants)
{
    for (int i = 0; i < expression->n; i++)
        if (!expression->nodes[i].operation)
            dat_math_constants_add(constants, &expression->nodes[i].number);
}

/* How loosely a node binds. */
static int looseness(const dat_math_node *node)
{
    switch (node->operation) {
    case '+':
    case '-':
        return 3;
    case '*':
    case '/':
        return 2;
    default: /* a negative number is like a product */
        return !node->number.letter && node->number.value.numerator < 0 ? 2 : 1;
    }
}

static void put_node(dat_math_text *text, const dat_math_arithmetic *expression, int index);

/* A side of an operation, in brackets if it binds more loosely, or equally and `brackets_if_equal`. */
static void put_side(dat_math_text *text, const dat_math_arithmetic *expression, const dat_math_node *parent,
                     int index, bool brackets_if_equal)
{
    int side = looseness(&expression->nodes[index]), whole = looseness(parent);
    bool brackets = side > whole || (side == whole && brackets_if_equal);
    dat_math_put_string(text, brackets ? "(" : "");
    put_node(text, expression, index);
    dat_math_put_string(text, brackets ? ")" : "");
}

static void put_node(dat_math_text *text, const dat_math_arithmetic *expression, int index)
{
    const dat_math_node *node = &expression->nodes[index];
    if (!node->operation) {
        dat_math_put_constant(text, &node->number);
        return;
    }
    /* Sums in sums go without brackets, differences in sums do not. */
    bool is_sum = node->operation == '+', is_quotient = node->operation == '/';
    bool left_is_sum = expression->nodes[node->left].operation == '+';
    bool right_is_sum = expression->nodes[node->right].operation == '+';
    put_side(text, expression, node, node->left, is_quotient || (is_sum && !left_is_sum));
    dat_math_put_string(text, is_sum ? " + " : node->operation == '-' ? " - " : is_quotient ? "/" : "*");
    put_side(text, expression, node, node->right,
             is_quotient || node->operation == '-' || (is_sum && !right_is_sum));
}

void dat_math_put_arithmetic(dat_math_text *text, const dat_math_arithmetic *expression)
{
    put_node(text, expression, 0);
}
