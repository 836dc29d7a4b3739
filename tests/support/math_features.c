#include "support/math_features.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "support/math_algebra.h"
#include "util/status.h"

/* The kinds of sentences before the question, from 1. */
typedef enum kind {
    SUM = 1,     /* Let y = 3 + 4. */
    ARITHMETIC,  /* Let y be 3*4/5. */
    SOLUTION,    /* Suppose 3*y = 6. */
    SOLUTIONS,   /* Suppose 3*y + z = 6, y - z = 3. */
    VALUE,       /* Let y be f(3). */
    DERIVATIVE,  /* Let f(x) be the first derivative of x**2. */
    COLLECTED,   /* Let f(x) = 3*x + 4 - x. */
    COMBINATION, /* Let f(x) = 3*g(x) + h(x). */
    PLAIN,       /* Let f(x) = 2*x + 4. */
    N_KINDS,
} kind;

/* Whether "f(x) = ..." is a polynomial in x as one would simplify it. */
static bool is_simplified(const char *sentence)
{
    static const knowledge nothing;
    char printed[512];
    const char *body = strstr(sentence, " = ") + 3, *end = body;
    poly p;
    if (!poly_parse(&nothing, &end, &p))
        return false;
    size_t length = strlen(poly_print(&p, printed));
    return length == (size_t)(end - body) && *end == '.' && strncmp(printed, body, length) == 0;
}

/* The kind of a sentence of `length` characters. */
static kind kind_of(const char *sentence, size_t length)
{
    if (strncmp(sentence, "Suppose", 7) == 0)
        return memchr(sentence, ',', length) ? SOLUTIONS : SOLUTION;
    const char *name = sentence + strlen("Let ");
    if (name[1] == '(') {
        const char *call = strchr(name + 2, '(');
        if (strncmp(name + 4, " be", 3) == 0)
            return DERIVATIVE;
        if (call && call < sentence + length)
            return COMBINATION;
        return is_simplified(sentence) ? PLAIN : COLLECTED;
    }
    if (name[2] == '=')
        return SUM;
    return islower((unsigned char)name[5]) && name[6] == '(' ? VALUE : ARITHMETIC;
}

/* A problem and how many sentences of each kind it has. */
typedef struct view {
    const char *question, *answer;
    int kinds[N_KINDS];
} view;

static view look_at(const dat_math_pair *pair)
{
    view v = {.question = pair->question, .answer = pair->answer};
    const char *sentence = pair->question;
    for (const char *next; (next = strstr(sentence, ". ")); sentence = next + 2)
        v.kinds[kind_of(sentence, (size_t)(next - sentence))]++;
    return v;
}

static int count_phrase(const char *text, const char *phrase)
{
    int n = 0;
    for (const char *found = text; (found = strstr(found, phrase)); found++)
        n++;
    return n;
}

static int question_length(const view *v)
{
    return (int)strlen(v->question);
}

static int answer_length(const view *v)
{
    return (int)strlen(v->answer);
}

static int digits(const view *v)
{
    int n = 0;
    for (const char *c = v->question; *c; c++)
        n += isdigit((unsigned char)*c) != 0;
    return n;
}

static int longest_number(const char *text)
{
    int longest = 0, length = 0;
    for (; *text; text++) {
        length = isdigit((unsigned char)*text) ? length + 1 : 0;
        longest = length > longest ? length : longest;
    }
    return longest;
}

static int longest_in_question(const view *v)
{
    return longest_number(v->question);
}

static int longest_in_answer(const view *v)
{
    return longest_number(v->answer);
}

/* The highest power in the answer. */
static int answer_degree(const view *v)
{
    int degree = strpbrk(v->answer, "abcdefghijklmnopqrstuvwxyz") != NULL;
    for (const char *power = v->answer; (power = strstr(power, "**")); power += 2)
        degree = atoi(power + 2) > degree ? atoi(power + 2) : degree;
    return degree;
}

static int answer_terms(const view *v)
{
    return 1 + count_phrase(v->answer, " + ") + count_phrase(v->answer, " - ");
}

static int answer_is_zero(const view *v)
{
    return strcmp(v->answer, "0") == 0;
}

static int answer_is_negative(const view *v)
{
    return v->answer[0] == '-';
}

/* The next letter from `text` on that is a name, not part of a word; NULL at the end. */
static const char *next_name(const char *text)
{
    bool in_word = false;
    for (; *text; text++) {
        if (islower((unsigned char)*text) && !in_word && !isalpha((unsigned char)text[1]))
            return text;
        in_word = isalpha((unsigned char)*text) != 0;
    }
    return NULL;
}

static int n_letters(const view *v)
{
    bool used[256] = {false};
    int n = 0;
    for (const char *name = v->question; (name = next_name(name)); name++) {
        n += !used[(unsigned char)*name];
        used[(unsigned char)*name] = true;
    }
    return n;
}

static int first_letter(const view *v)
{
    const char *name = next_name(v->question);
    return name ? *name - 'a' + 1 : 0;
}

/* How the question is put: its opening, and how it names the variable to differentiate with. */
static int question_template(const view *v)
{
    static const char *const openings[] = {"What is next in ",
                                           "What comes next: ",
                                           "What is the next term in ",
                                           "What is the derivative of ",
                                           "What is the first",
                                           "What is the second",
                                           "What is the third",
                                           "Find the first",
                                           "Find the second",
                                           "Find the third",
                                           "Differentiate ",
                                           "What is ",
                                           "Calculate ",
                                           "Give ",
                                           "Determine ",
                                           "Solve ",
                                           "Expand ",
                                           ""};
    const char *sentence = v->question;
    for (const char *next; (next = strstr(sentence, ". "));)
        sentence = next + 2;
    int i = 0;
    while (strncmp(sentence, openings[i], strlen(openings[i])) != 0)
        i++;
    return 3 * i + (strstr(sentence, " wrt ") ? 1 : strstr(sentence, " with respect to ") ? 2 : 0);
}

/* The number of problems that the question depends on, but for polynomials that a derivative is of. */
static int composed(const view *v)
{
    int n = 0;
    for (int i = 0; i < N_KINDS; i++)
        n += i == PLAIN ? 0 : v->kinds[i];
    return n;
}

/* The sentence of a kind, or NULL. */
static const char *sentence_of(const view *v, kind wanted)
{
    const char *sentence = v->question;
    for (const char *next; (next = strstr(sentence, ". ")); sentence = next + 2)
        if (kind_of(sentence, (size_t)(next - sentence)) == wanted)
            return sentence;
    return NULL;
}

/* How many numbers and letters the arithmetic has. */
static int arithmetic_length(const view *v)
{
    const char *sentence = v->kinds[ARITHMETIC] > 0 ? sentence_of(v, ARITHMETIC) : NULL;
    int n = 0;
    for (bool inside = false; sentence && *sentence != '.'; sentence++) {
        bool is_name = isalnum((unsigned char)*sentence) != 0;
        n += is_name && !inside;
        inside = is_name;
    }
    return n;
}

/* Digits at the start of a polynomial whose value is asked for, if it is given as "Let f(x) = ...": 1 more.
 */
static int digits_of_function(const view *v)
{
    const char *value = v->kinds[VALUE] > 0 ? sentence_of(v, VALUE) : NULL;
    char definition[] = "Let f(";
    if (!value)
        return 0;
    definition[4] = value[strlen("Let y be ")];
    const char *start = strstr(v->question, definition);
    start = start && strncmp(start + 8, " = ", 3) == 0 ? start + 11 : NULL;
    return start ? 1 + (int)strspn(start + (*start == '-'), "0123456789") : 0;
}

/* Whether the first term of what is to be expanded is a constant. */
static int starts_with_constant(const view *v)
{
    const char *term = v->question + strcspn(v->question, " ");
    term += strspn(term, " (-");
    size_t n = strspn(term, "0123456789");
    return n > 0 && term[n] != '*';
}

/* The value is a function's, or how often something is in the problem. */
static const struct {
    const char *name;
    int (*value)(const view *v);
    const char *in_question, *in_answer;
    kind kind;
} features[] = {
    {"question length", .value = question_length},
    {"answer length", .value = answer_length},
    {"digits", .value = digits},
    {"longest number", .value = longest_in_question},
    {"longest number of the answer", .value = longest_in_answer},
    {"plus", .in_question = " + "},
    {"minus", .in_question = " - "},
    {"all minus", .in_question = "-"},
    {"stars", .in_question = "*"},
    {"powers", .in_question = "**"},
    {"squares", .in_question = "**2"},
    {"slashes", .in_question = "/"},
    {"brackets", .in_question = "("},
    {"bracketed minus", .in_question = "(-"},
    {"products of brackets", .in_question = ")*("},
    {"terms of 0", .in_question = " 0*"},
    {"zeros", .in_question = " 0 "},
    {"ones", .in_question = " 1 "},
    {"empty left sides", .in_question = " 0 ="},
    {"empty right sides", .in_question = "= 0"},
    {"commas", .in_question = ","},
    {"sentences", .in_question = ". "},
    {"letters", .value = n_letters},
    {"first letter", .value = first_letter},
    {"template", .value = question_template},
    {"answer degree", .value = answer_degree},
    {"answer terms", .value = answer_terms},
    {"answer is 0", .value = answer_is_zero},
    {"answer is negative", .value = answer_is_negative},
    {"answer minus", .in_answer = " - "},
    {"answer stars", .in_answer = "*"},
    {"sums", .kind = SUM},
    {"arithmetic", .kind = ARITHMETIC},
    {"solutions", .kind = SOLUTION},
    {"solutions of two equations", .kind = SOLUTIONS},
    {"function values", .kind = VALUE},
    {"derivatives", .kind = DERIVATIVE},
    {"collected", .kind = COLLECTED},
    {"combinations", .kind = COMBINATION},
    {"plain", .kind = PLAIN},
    {"composed", .value = composed},
    {"length of arithmetic", .value = arithmetic_length},
    {"digits of functions", .value = digits_of_function},
    {"starts with a constant", .value = starts_with_constant},
};
_Static_assert(sizeof features / sizeof features[0] == MATH_FEATURES, "the number in the header");

const char *math_feature_name(int feature)
{
    return features[feature].name;
}

static int feature_value(int i, const view *v)
{
    if (features[i].value)
        return features[i].value(v);
    if (features[i].in_question)
        return count_phrase(v->question, features[i].in_question);
    return features[i].in_answer ? count_phrase(v->answer, features[i].in_answer)
                                 : v->kinds[features[i].kind];
}

void math_tally_add(math_tally *tally, const dat_math_pair *pair)
{
    view v = look_at(pair);
    for (int i = 0; i < MATH_FEATURES; i++) {
        int value = feature_value(i, &v);
        DAT_ASSERT(value >= 0 && value < MATH_FEATURE_VALUES);
        tally->counts[i][value]++;
    }
}

void math_tally_join(math_tally *tally, const math_tally *other)
{
    for (int i = 0; i < MATH_FEATURES; i++)
        for (int value = 0; value < MATH_FEATURE_VALUES; value++)
            tally->counts[i][value] += other->counts[i][value];
}
