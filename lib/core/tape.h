/* Define-by-run automatic differentiation. A tape owns one step: the arena, the nodes recorded so far,
 * whether it trains, its random stream and one sticky error. Ops append nodes, backward walks them in
 * reverse, begin frees everything at once.
 *
 * A step that takes its batch in slices begins the batch once and then every slice. What depends on
 * parameters alone (projections of symbols, say) is computed by the first slice only, collects the gradients
 * of all, and passes them on at the end of the batch.
 *
 * An op that is called with impossible shapes sets the error and returns NULL; an op that gets NULL returns
 * NULL. So model code is straight-line, and the loop looks at tape->status once per step. */
#ifndef DAT_CORE_TAPE_H
#define DAT_CORE_TAPE_H

#include "core/arena.h"
#include "core/tensor.h"

enum { DAT_MAX_INPUTS = 16 };

typedef struct dat_tape dat_tape;

/* What an op's backward does with the gradient of an input that nobody has added to yet. */
typedef enum dat_first_grad {
    DAT_GRAD_ZEROED,  /* adds to zeros */
    DAT_GRAD_WRITTEN, /* writes every element, where dat_is_fresh */
    DAT_GRAD_TAKEN,   /* nothing: the (second) output's gradient itself becomes the input's */
} dat_first_grad;

/* All the library knows about an op: a constant next to its code. A multiply-add counts 2 FLOPs; only those
 * of matrix products and attention contractions count. */
typedef struct dat_op {
    const char *name;
    int required;                                      /* the first `required` inputs must not be NULL */
    bool two_outputs;                                  /* n->second as well, of the shape of n->out */
    bool (*shape)(dat_tape *tape, dat_node *n);        /* sets n->out's shape, or dat_fail() and false */
    double (*flops)(const dat_node *n, bool backward); /* NULL: none */
    int64_t (*saved)(const dat_node *n);               /* values kept for backward; NULL: none */
    void (*forward)(dat_node *n);                      /* writes every element of n->out->data */
    void (*backward)(dat_node *n);                     /* adds into n->in[i]->grad where it is not NULL */
    dat_first_grad (*first_grad)(const dat_node *n, int input); /* NULL: DAT_GRAD_ZEROED for all inputs */
} dat_op;

struct dat_node {
    const dat_op *op;
    dat_tape *tape;
    dat_tensor *in[DAT_MAX_INPUTS];
    dat_tensor *out;
    dat_tensor *second; /* of an op with two outputs; its gradient is NULL where nobody uses it */
    const void *args;   /* the op's own argument struct */
    dat_real *saved;    /* what forward leaves for backward */
    uint64_t key;       /* this node's stream for dat_rng_element */
    uint32_t fresh;     /* bit i: in backward, the gradient of in[i] holds nothing yet */
    dat_node *previous; /* recorded before this one */
    dat_node *next;     /* of those that the slices of a batch share */
    size_t args_size;
    bool shared; /* by the slices of a batch */
};

/* The nodes that all slices of a batch share. */
typedef struct dat_shared_nodes {
    dat_node *first, *newest; /* as the first slice made them */
    dat_node *next;           /* the one that this slice has not come to yet */
    dat_node *last;           /* newest recorded one */
    bool adding;              /* until a slice has added some */
    bool keeping;             /* memory that is taken is to last as long as the batch */
} dat_shared_nodes;

struct dat_tape {
    dat_arena arena;
    dat_node *last; /* newest recorded node */
    dat_shared_nodes shared;
    uint64_t n_nodes;  /* applied since begin, recorded or not */
    uint64_t key;      /* of the step's random stream */
    bool training;     /* dropout is active */
    bool recording;    /* keep nodes for backward */
    bool counting;     /* shapes, memory and FLOPs only: ops compute nothing, and parameters need no values */
    double flops;      /* of all ops since begin, or since the batch began: forward and backward */
    dat_status status; /* the first error since begin */
};

/* Whether backward must write the gradient of in[i] instead of adding to it. */
static inline bool dat_is_fresh(const dat_node *n, int i)
{
    return n->fresh >> i & 1;
}

/* A tape whose steps may use up to `memory_limit` bytes. Training and recording start true. */
dat_status dat_tape_init(dat_tape *tape, size_t memory_limit);
void dat_tape_free(dat_tape *tape);

/* Starts a step: forgets all nodes and tensors of the last one and its error. `key` decides all randomness of
 * the step, e.g. a hash of seed and step number. */
void dat_tape_begin(dat_tape *tape, uint64_t key);

/* Starts a batch that is taken in slices, and so a step: parameters must not change before it ends. */
void dat_tape_begin_batch(dat_tape *tape);

/* Starts the next slice: forgets nodes and tensors as dat_tape_begin does, but neither an error nor what the
 * slices share. `key` decides the randomness of the slice. */
void dat_tape_begin_slice(dat_tape *tape, uint64_t key);

/* After the last slice: passes the gradients of what the slices shared on to parameters. Only needed after
 * backward. */
void dat_tape_end_batch(dat_tape *tape);

/* A tensor of this step over the caller's buffer, which must outlive the step. */
dat_tensor *dat_tape_input(dat_tape *tape, const char *name, dat_real *data, int rank, const int64_t *shape);

/* The same, and backward computes its gradient (in the arena). Not for slices, where only parameters have
 * one. */
dat_tensor *dat_tape_variable(dat_tape *tape, const char *name, dat_real *data, int rank,
                              const int64_t *shape);

/* Applies an op: checks, takes the output from the arena, runs forward, records. `args` is copied. */
dat_tensor *dat_tape_apply(dat_tape *tape, const dat_op *op, dat_tensor *const *in, int n_in,
                           const void *args, size_t args_size);

/* Adds d(scale * loss)/d(t) into the grad of every tensor that needs one. `loss` has one element. Does
 * nothing after an error. */
void dat_tape_backward(dat_tape *tape, dat_tensor *loss, dat_real scale);

/* The same for any output: starts from the given cotangent, of the shape of `out`. */
void dat_tape_backward_from(dat_tape *tape, dat_tensor *out, const dat_real *cotangent);

/* Records the first error of a step. Returns false, so that shape rules can `return dat_fail(...)`. */
bool dat_fail(dat_tape *tape, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The rule of ops whose backward writes the gradient of their first input where it is fresh. */
dat_first_grad dat_first_input_written(const dat_node *n, int input);

/* For shape rules: sets the output's shape. Returns true. */
bool dat_shape_set(dat_tensor *out, int rank, const int64_t *shape);
bool dat_shape_like(dat_tensor *out, const dat_tensor *t);

/* Values that live until the op call that asks for them returns. Aborts the op's step with an error when the
 * arena is full: returns NULL then. */
dat_real *dat_tape_scratch(dat_tape *tape, int64_t count);

/* Values that live as long as the node that is being made; NULL (and the error) when the arena is full. */
void *dat_tape_take(dat_tape *tape, size_t size);

#endif
