#include "core/tape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/gemm.h"
#include "core/rng.h"
#include "util/parallel.h"

dat_status dat_tape_init(dat_tape *tape, size_t memory_limit)
{
    *tape = (dat_tape){.training = true, .recording = true};
    dat_blas_use_one_thread();
    return dat_arena_init(&tape->arena, memory_limit);
}

void dat_tape_free(dat_tape *tape)
{
    dat_arena_free(&tape->arena);
    *tape = (dat_tape){0};
}

/* Forgets what is not shared. */
static void begin_nodes(dat_tape *tape, uint64_t key)
{
    dat_arena_reset(&tape->arena);
    tape->last = NULL;
    tape->n_nodes = 0;
    tape->key = key;
}

void dat_tape_begin(dat_tape *tape, uint64_t key)
{
    dat_tape_begin_batch(tape);
    tape->shared.adding = false;
    begin_nodes(tape, key);
}

void dat_tape_begin_batch(dat_tape *tape)
{
    dat_arena_clear(&tape->arena);
    tape->shared = (dat_shared_nodes){.adding = true};
    tape->flops = 0;
    tape->status = DAT_OK;
}

void dat_tape_begin_slice(dat_tape *tape, uint64_t key)
{
    tape->shared.adding &= !tape->shared.first;
    tape->shared.next = tape->shared.first;
    begin_nodes(tape, key);
}

bool dat_fail(dat_tape *tape, const char *format, ...)
{
    if (tape->status.code == DAT_CODE_OK) {
        tape->status.code = DAT_CODE_USAGE;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(tape->status.message, sizeof tape->status.message, format, arguments);
        va_end(arguments);
    }
    return false;
}

bool dat_shape_set(dat_tensor *out, int rank, const int64_t *shape)
{
    *out = dat_tensor_over(out->name, NULL, rank, shape);
    return true;
}

bool dat_shape_like(dat_tensor *out, const dat_tensor *t)
{
    return dat_shape_set(out, t->rank, t->shape);
}

void *dat_tape_take(dat_tape *tape, size_t size)
{
    void *memory =
        tape->shared.keeping ? dat_arena_keep(&tape->arena, size) : dat_arena_take(&tape->arena, size);
    if (!memory && tape->status.code == DAT_CODE_OK) {
        tape->status =
            dat_failure("out of memory: this step needs more than its limit of %zu MiB; use a smaller "
                        "micro-batch or raise the limit",
                        tape->arena.limit >> 20);
    }
    return memory;
}

dat_real *dat_tape_scratch(dat_tape *tape, int64_t count)
{
    return dat_tape_take(tape, (size_t)count * sizeof(dat_real));
}

static dat_tensor *new_tensor(dat_tape *tape, const char *name)
{
    dat_tensor *t = dat_tape_take(tape, sizeof *t);
    if (t)
        *t = (dat_tensor){.name = name, .shape = {1, 1, 1, 1}};
    return t;
}

dat_tensor *dat_tape_input(dat_tape *tape, const char *name, dat_real *data, int rank, const int64_t *shape)
{
    dat_tensor *t = new_tensor(tape, name);
    if (t)
        *t = dat_tensor_over(name, data, rank, shape);
    return t;
}

dat_tensor *dat_tape_variable(dat_tape *tape, const char *name, dat_real *data, int rank,
                              const int64_t *shape)
{
    DAT_ASSERT(!tape->shared.adding && !tape->shared.first);
    dat_tensor *t = dat_tape_input(tape, name, data, rank, shape);
    if (t)
        t->needs_grad = true;
    return t;
}

/* Looks at the inputs: NULL for a required one means an earlier error, which stays the one reported. */
static bool inputs_present(dat_tape *tape, const dat_op *op, dat_tensor *const *in, int n_in)
{
    DAT_ASSERT(n_in <= DAT_MAX_INPUTS && op->required <= n_in);
    for (int i = 0; i < op->required; i++)
        if (!in[i])
            return tape->status.code == DAT_CODE_OK ? dat_fail(tape, "%s: input %d is missing", op->name, i)
                                                    : false;
    return tape->status.code == DAT_CODE_OK;
}

static dat_node *new_node(dat_tape *tape, const dat_op *op, dat_tensor *const *in, int n_in, const void *args,
                          size_t args_size)
{
    dat_node *n = dat_tape_take(tape, sizeof *n);
    void *args_copy = args_size ? dat_tape_take(tape, args_size) : NULL;
    dat_tensor *out = new_tensor(tape, op->name);
    if (!n || !out || (args_size && !args_copy))
        return NULL;
    if (args_size)
        memcpy(args_copy, args, args_size);
    dat_rng stream = dat_rng_fork(&(dat_rng){.key = tape->key}, tape->n_nodes++);
    *n = (dat_node){
        .op = op, .tape = tape, .out = out, .args = args_copy, .args_size = args_size, .key = stream.key};
    if (op->two_outputs && !(n->second = new_tensor(tape, op->name)))
        return NULL;
    for (int i = 0; i < n_in; i++)
        n->in[i] = in[i];
    return n;
}

static void take_values(dat_tape *tape, dat_tensor *t)
{
    t->data = dat_tape_take(tape, (size_t)dat_count(t) * sizeof(dat_real));
}

static bool is_shared(const dat_tensor *t)
{
    return t->maker && t->maker->shared;
}

/* Whether an op's output depends on parameters alone. Arguments of more than one number may point to
 * examples.
 */
static bool is_shareable(dat_tensor *const *in, int n_in, size_t args_size)
{
    bool shareable = args_size <= sizeof(int64_t);
    for (int i = 0; i < n_in; i++) {
        bool is_parameter = in[i] && !in[i]->maker && in[i]->needs_grad;
        shareable &= !in[i] || is_parameter || is_shared(in[i]);
    }
    return shareable;
}

/* The node that an earlier slice made by the same call, if this one comes in the same order; or NULL. */
static dat_node *node_of_earlier_slice(dat_tape *tape, const dat_op *op, dat_tensor *const *in, int n_in,
                                       const void *args, size_t args_size)
{
    dat_node *n = tape->shared.next;
    if (!n || n->op != op || n->args_size != args_size ||
        (args_size && memcmp(n->args, args, args_size) != 0))
        return NULL;
    for (int i = 0; i < n_in; i++)
        if (n->in[i] != in[i])
            return NULL;
    tape->shared.next = n->next;
    tape->n_nodes++;
    return n;
}

/* A node with its shape and room for its values. */
static dat_node *prepare_node(dat_tape *tape, const dat_op *op, dat_tensor *const *in, int n_in,
                              const void *args, size_t args_size)
{
    dat_node *n = new_node(tape, op, in, n_in, args, args_size);
    if (!n || !op->shape(tape, n))
        return NULL;
    take_values(tape, n->out);
    if (n->second) {
        dat_shape_like(n->second, n->out);
        take_values(tape, n->second);
    }
    if (op->saved)
        n->saved = dat_tape_take(tape, (size_t)op->saved(n) * sizeof(dat_real));
    return tape->status.code == DAT_CODE_OK ? n : NULL;
}

static void add_shared(dat_shared_nodes *shared, dat_node *n)
{
    n->shared = true;
    if (shared->newest)
        shared->newest->next = n;
    else
        shared->first = n;
    shared->newest = n;
}

static void record(dat_node *n)
{
    dat_node **last = n->shared ? &n->tape->shared.last : &n->tape->last;
    n->previous = *last;
    *last = n;
}

dat_tensor *dat_tape_apply(dat_tape *tape, const dat_op *op, dat_tensor *const *in, int n_in,
                           const void *args, size_t args_size)
{
    if (!inputs_present(tape, op, in, n_in))
        return NULL;
    dat_node *n = node_of_earlier_slice(tape, op, in, n_in, args, args_size);
    if (n)
        return n->out;
    tape->shared.keeping = tape->shared.adding && is_shareable(in, n_in, args_size);
    n = prepare_node(tape, op, in, n_in, args, args_size);
    if (n && tape->shared.keeping)
        add_shared(&tape->shared, n);
    tape->shared.keeping = false;
    if (!n)
        return NULL;

    size_t scratch_start = tape->arena.used;
    if (!tape->counting)
        op->forward(n);
    tape->arena.used = scratch_start;
    if (tape->status.code != DAT_CODE_OK)
        return NULL;

    dat_tensor *out = n->out;
    out->maker = n;
    for (int i = 0; i < n_in && tape->recording; i++)
        out->needs_grad |= in[i] && in[i]->needs_grad;
    if (n->second) {
        n->second->maker = n;
        n->second->needs_grad = out->needs_grad;
    }
    if (out->needs_grad)
        record(n);
    if (op->flops)
        tape->flops += op->flops(n, false);
    return out;
}

static void zero_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    memset((dat_real *)context + start, 0, (size_t)(end - start) * sizeof(dat_real));
}

static bool take_grad(dat_tape *tape, dat_tensor *t, bool zeroed)
{
    if (tape->counting && !t->maker) { /* a parameter's own gradient: nothing will be added to it */
        t->grad = (dat_real *)tape->arena.base;
        return true;
    }
    tape->shared.keeping = is_shared(t);
    t->grad = dat_tape_take(tape, (size_t)dat_count(t) * sizeof(dat_real));
    tape->shared.keeping = false;
    if (t->grad && zeroed && !tape->counting)
        dat_parallel(dat_pieces_of(dat_count(t), dat_min_rows(1)), zero_piece, t->grad);
    return t->grad;
}

static bool misses_grad(const dat_node *n, int i)
{
    return n->in[i] && n->in[i]->needs_grad && !n->in[i]->grad;
}

/* Gradients appear when the first consumer's backward is about to add to them, while they are warm in cache.
 */
static bool prepare_input_grads(dat_node *n)
{
    n->fresh = 0;
    for (int i = 0; i < DAT_MAX_INPUTS; i++) {
        if (!misses_grad(n, i))
            continue;
        dat_first_grad first = n->op->first_grad ? n->op->first_grad(n, i) : DAT_GRAD_ZEROED;
        if (first == DAT_GRAD_TAKEN && is_shared(n->in[i])) /* other slices add to it */
            first = DAT_GRAD_ZEROED;
        if (first == DAT_GRAD_WRITTEN)
            n->fresh |= (uint32_t)1 << i;
        if (first != DAT_GRAD_TAKEN && !take_grad(n->tape, n->in[i], first == DAT_GRAD_ZEROED))
            return false;
    }
    return true;
}

/* The gradient of the output, which nobody reads after this node, moves on to inputs that take it. */
static void hand_over_grad(dat_node *n)
{
    for (int i = 0; i < DAT_MAX_INPUTS; i++)
        if (misses_grad(n, i))
            n->in[i]->grad = n->second ? n->second->grad : n->out->grad;
}

/* Whether anything that was differentiated depends on the node. */
static bool is_needed(const dat_node *n)
{
    return n->out->grad || (n->second && n->second->grad);
}

dat_first_grad dat_first_input_written(const dat_node *n, int input)
{
    (void)n;
    return input == 0 ? DAT_GRAD_WRITTEN : DAT_GRAD_ZEROED;
}

static void walk_back(dat_tape *tape, dat_node *last)
{
    for (dat_node *n = last; n; n = n->previous) {
        if (!is_needed(n))
            continue;
        if ((!n->out->grad && !take_grad(tape, n->out, true)) || !prepare_input_grads(n))
            return;
        size_t scratch_start = tape->arena.used;
        if (!tape->counting)
            n->op->backward(n);
        tape->arena.used = scratch_start;
        hand_over_grad(n);
        if (n->op->flops)
            tape->flops += n->op->flops(n, true);
    }
}

void dat_tape_backward_from(dat_tape *tape, dat_tensor *out, const dat_real *cotangent)
{
    if (!out || tape->status.code != DAT_CODE_OK || !out->needs_grad ||
        (!out->grad && !take_grad(tape, out, true)))
        return;
    for (int64_t i = 0; i < dat_count(out); i++)
        out->grad[i] += cotangent[i];
    walk_back(tape, tape->last);
}

void dat_tape_backward(dat_tape *tape, dat_tensor *loss, dat_real scale)
{
    DAT_ASSERT(!loss || dat_count(loss) == 1);
    dat_tape_backward_from(tape, loss, &scale);
}

void dat_tape_end_batch(dat_tape *tape)
{
    if (tape->status.code == DAT_CODE_OK)
        walk_back(tape, tape->shared.last);
}
