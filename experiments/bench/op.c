#include "op.h"

#include <stdlib.h>

#include "core/rng.h"
#include "ops/registry.h"
#include "util/memory.h"

typedef struct op_state {
    dat_tape tape;  /* owns the inputs' values, too */
    dat_node *node; /* the op, ready to run again */
    bench_work forward, backward;
} op_state;

static dat_real *random_values(dat_tape *tape, int64_t count, dat_rng *rng)
{
    dat_real *values = dat_tape_take(tape, (size_t)count * sizeof *values);
    for (int64_t i = 0; values && i < count; i++)
        values[i] = (dat_real)(2 * dat_rng_uniform(rng) - 1);
    return values;
}

static dat_tensor *make_input(dat_tape *tape, const bench_op_input *input, dat_rng *rng)
{
    int64_t count = input->shape[0];
    for (int i = 1; i < input->rank; i++)
        count *= input->shape[i];
    if (input->rank == 0)
        return NULL;
    dat_real *values = random_values(tape, count, rng);
    return input->constant ? dat_tape_input(tape, "input", values, input->rank, input->shape)
                           : dat_tape_variable(tape, "input", values, input->rank, input->shape);
}

/* Values of input i that the op uses: some ops only look at the rows that are in the output. */
static double used_values(const dat_node *node, int i)
{
    int64_t count = dat_count(node->in[i]), out = dat_count(node->out);
    bool some_rows = node->op == &dat_op_embedding || node->op == &dat_op_select_token;
    return (double)(some_rows && out < count ? out : count);
}

static void count_bytes(op_state *s, bool linear)
{
    const double size = sizeof(dat_real), out = size * (double)dat_count(s->node->out);
    s->forward.bytes = s->backward.bytes = out;
    for (int i = 0; i < DAT_MAX_INPUTS; i++) {
        const dat_tensor *in = s->node->in[i];
        double used = in ? size * used_values(s->node, i) : 0;
        bool differentiable = in && in->needs_grad;
        s->forward.bytes += used;
        s->backward.bytes += (linear && differentiable ? 0 : used) + (differentiable ? 2 * used : 0);
    }
}

static dat_status prepare(const void *config, void **state)
{
    const bench_op_config *c = config;
    op_state *s = *state = dat_allocate(1, sizeof *s);
    dat_rng rng = dat_rng_seed(1);
    dat_tensor *in[BENCH_MAX_OP_INPUTS];
    DAT_TRY(dat_tape_init(&s->tape, BENCH_MEMORY_LIMIT));
    dat_tape_begin(&s->tape, 0);
    for (int i = 0; i < BENCH_MAX_OP_INPUTS; i++)
        in[i] = make_input(&s->tape, &c->in[i], &rng);
    dat_tensor *out = c->call(&s->tape, in, c->args);
    dat_real *cotangent = out ? random_values(&s->tape, dat_count(out), &rng) : NULL;
    s->forward.flops = s->tape.flops;
    dat_tape_backward_from(&s->tape, out, cotangent);
    s->backward.flops = s->tape.flops - s->forward.flops;
    DAT_TRY(s->tape.status);
    s->node = out->maker;
    if (!s->node->op->flops)
        count_bytes(s, c->linear);
    return DAT_OK;
}

/* Runs a function of the op; its scratch is taken back. */
static void run(op_state *s, void (*function)(dat_node *node))
{
    size_t used = s->tape.arena.used;
    function(s->node);
    s->tape.arena.used = used;
    DAT_ASSERT(s->tape.status.code == DAT_CODE_OK);
}

static bench_work repeat_forward(void *state)
{
    op_state *s = state;
    run(s, s->node->op->forward);
    return s->forward;
}

static bench_work repeat_backward(void *state)
{
    op_state *s = state;
    run(s, s->node->op->backward);
    return s->backward;
}

static void release(void *state)
{
    op_state *s = state;
    dat_tape_free(&s->tape);
    free(s);
}

const bench_kind bench_op_forward = {prepare, repeat_forward, release};
const bench_kind bench_op_backward = {prepare, repeat_backward, release};
