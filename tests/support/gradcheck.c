#include "support/gradcheck.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/random_values.h"
#include "util/memory.h"

/* The step balances the truncation (h^2) and the rounding (epsilon / h) of central differences, both near
 * 1e-10 for values of order one; the tolerance leaves two orders of magnitude above them. */
static const double STEP = 1e-5, TOLERANCE = 1e-7;

/* What the gradients of an input start from, when they are the caller's. */
static const dat_real START = (dat_real)0.5;

/* Whose gradients backward adds to: those that are there already, or those that the tape makes when it needs
 * them, which ops may have to write instead. Arena memory holds NaN then, so that a value left out shows. */
typedef enum grad_origin { CALLERS_GRADS, TAPES_GRADS } grad_origin;

static const size_t MEMORY_LIMIT = (size_t)1 << 28;

typedef struct checker {
    gradcheck_function function;
    const void *context;
    const gradcheck_input *inputs;
    int n;
    dat_real *data[GRADCHECK_MAX_INPUTS], *grads[GRADCHECK_MAX_INPUTS]; /* owned */
    dat_real *cotangent; /* owned; NULL until the output is known */
    uint64_t seed;
    dat_tape tape;
    dat_tensor *in[GRADCHECK_MAX_INPUTS];
    gradcheck_result result;
} checker;

static int64_t count_of(const gradcheck_input *input)
{
    int64_t count = 1;
    for (int axis = 0; axis < input->rank; axis++)
        count *= input->shape[axis];
    return count;
}

/* Every variable needs a gradient, or `only` that one if it is not negative. */
static bool needs_grad(const checker *c, int i, int only)
{
    return c->inputs[i].kind == GRADCHECK_VARIABLE && (only < 0 || only == i);
}

/* Runs the function on the current data. */
static dat_tensor *run(checker *c, int only, grad_origin origin)
{
    static const char *const names[GRADCHECK_MAX_INPUTS] = {"input 0", "input 1", "input 2", "input 3",
                                                            "input 4", "input 5", "input 6", "input 7"};
    dat_tape_begin(&c->tape, 7);
    dat_tensor **in = c->in;
    for (int i = 0; i < c->n; i++) {
        const gradcheck_input *input = &c->inputs[i];
        in[i] = NULL;
        if (input->kind == GRADCHECK_SAME)
            in[i] = in[i - 1];
        else if (needs_grad(c, i, only))
            in[i] = dat_tape_variable(&c->tape, names[i], c->data[i], input->rank, input->shape);
        else if (input->kind != GRADCHECK_ABSENT)
            in[i] = dat_tape_input(&c->tape, names[i], c->data[i], input->rank, input->shape);
        if (needs_grad(c, i, only) && in[i] && origin == CALLERS_GRADS)
            in[i]->grad = c->grads[i];
    }
    dat_tensor *out = c->function(&c->tape, in, c->context);
    if (!out)
        snprintf(c->result.worst, sizeof c->result.worst, "%s", c->tape.status.message);
    else if (!c->cotangent)
        c->cotangent = random_values(dat_count(out), c->seed + 1000);
    return out;
}

/* The scalar whose gradient is checked: cotangent . output. */
static double evaluate(checker *c)
{
    double sum = 0;
    c->tape.recording = false;
    const dat_tensor *out = run(c, -1, CALLERS_GRADS);
    c->tape.recording = true;
    for (int64_t i = 0; out && i < dat_count(out); i++)
        sum += (double)c->cotangent[i] * (double)out->data[i];
    return out ? sum : NAN;
}

static double difference(checker *c, dat_real *value)
{
    dat_real kept = *value;
    double step = STEP * (fabs((double)kept) > 1 ? fabs((double)kept) : 1);
    *value = (dat_real)((double)kept + step);
    double above = (double)*value, loss_above = evaluate(c);
    *value = (dat_real)((double)kept - step);
    double below = (double)*value, loss_below = evaluate(c);
    *value = kept;
    return (loss_above - loss_below) / (above - below);
}

static void record(checker *c, const char *name, int64_t element, double gradient, double expected)
{
    double scale = fabs(expected) > 1 ? fabs(expected) : 1;
    double error = fabs(gradient - expected) / scale;
    c->result.good &= error <= TOLERANCE;
    if (error <= c->result.error || isnan(c->result.error))
        return;
    c->result.error = error;
    snprintf(c->result.worst, sizeof c->result.worst,
             "%s, element %" PRId64 ": gradient %.9g, difference %.9g", name, element, gradient, expected);
}

static void backward(checker *c, int only, grad_origin origin)
{
    memset(c->tape.arena.base, 0xff, c->tape.arena.peak);
    for (int i = 0; i < c->n; i++)
        for (int64_t k = 0; c->grads[i] && k < count_of(&c->inputs[i]); k++)
            c->grads[i][k] = START;
    dat_tensor *out = run(c, only, origin);
    dat_tape_backward_from(&c->tape, out, c->cotangent);
    c->result.good &= out && c->tape.status.code == DAT_CODE_OK;
}

/* No gradient at all is one of zeros: nothing depends on the input. */
static double gradient_at(const checker *c, int i, int64_t k, grad_origin origin)
{
    if (origin == CALLERS_GRADS)
        return (double)c->grads[i][k] - (double)START;
    return c->in[i]->grad ? (double)c->in[i]->grad[k] : 0;
}

/* Compares the gradients of all variables, or of one, with the differences. */
static void compare(checker *c, dat_real *const *differences, int only, grad_origin origin)
{
    char name[64];
    backward(c, only, origin);
    for (int i = 0; i < c->n; i++) {
        if (!needs_grad(c, i, only))
            continue;
        snprintf(name, sizeof name, "input %d%s%s", i, only < 0 ? "" : " as the only variable",
                 origin == CALLERS_GRADS ? "" : " with a new gradient");
        for (int64_t k = 0; k < count_of(&c->inputs[i]); k++)
            record(c, name, k, gradient_at(c, i, k, origin), (double)differences[i][k]);
    }
}

gradcheck_result gradcheck(gradcheck_function function, const void *context, const gradcheck_input *inputs,
                           int n, uint64_t seed)
{
    checker c = {.function = function, .context = context, .inputs = inputs, .n = n, .seed = seed};
    dat_real *differences[GRADCHECK_MAX_INPUTS] = {0};
    DAT_ASSERT(n <= GRADCHECK_MAX_INPUTS && dat_tape_init(&c.tape, MEMORY_LIMIT).code == DAT_CODE_OK);
    for (int i = 0; i < n; i++) {
        if (inputs[i].kind != GRADCHECK_VARIABLE && inputs[i].kind != GRADCHECK_CONSTANT)
            continue;
        c.data[i] = random_values(count_of(&inputs[i]), seed + (uint64_t)i);
        c.grads[i] = random_values(count_of(&inputs[i]), 0);
        differences[i] = random_values(count_of(&inputs[i]), 0);
    }
    c.result.good = run(&c, -1, CALLERS_GRADS) != NULL;
    for (int i = 0; i < n; i++)
        for (int64_t k = 0; needs_grad(&c, i, -1) && k < count_of(&inputs[i]); k++)
            differences[i][k] = (dat_real)difference(&c, &c.data[i][k]);
    for (int only = -1; only < n; only++)
        for (grad_origin origin = CALLERS_GRADS; origin <= TAPES_GRADS; origin++)
            if (only < 0 || needs_grad(&c, only, only))
                compare(&c, differences, only, origin);
    for (int i = 0; i < n; i++) {
        free(c.data[i]);
        free(c.grads[i]);
        free(differences[i]);
    }
    free(c.cotangent);
    dat_tape_free(&c.tape);
    return c.result;
}

gradcheck_result gradcheck_params(gradcheck_function function, const void *context, dat_params *params,
                                  uint64_t seed)
{
    checker c = {.function = function, .context = context, .seed = seed};
    DAT_ASSERT(dat_tape_init(&c.tape, MEMORY_LIMIT).code == DAT_CODE_OK);
    dat_params_zero_grads(params);
    c.result.good = run(&c, -1, CALLERS_GRADS) != NULL;
    backward(&c, -1, CALLERS_GRADS);
    for (int64_t p = 0; c.result.good && p < params->count; p++) {
        const dat_param *param = params->items[p];
        if (!param->trainable || param->tied_to >= 0)
            continue;
        for (int64_t k = 0; k < dat_count(&param->tensor); k++)
            record(&c, param->name, k, (double)param->tensor.grad[k], difference(&c, &param->tensor.data[k]));
    }
    free(c.cotangent);
    dat_tape_free(&c.tape);
    return c.result;
}
