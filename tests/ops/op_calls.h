/* Every op behind one signature, so that tables can hold calls of all of them. */
#ifndef TESTS_OPS_OP_CALLS_H
#define TESTS_OPS_OP_CALLS_H

#include "support/gradcheck.h"

/* `args` is the op's argument struct; a double for rates, an int64_t for counts and indices, two of them for
 * patchify and pair_rows; the shape of an item for reshape, as a tensor. Inputs come in the op's order. */
typedef dat_tensor *op_call(dat_tape *tape, dat_tensor *const *in, const void *args);

op_call call_linear, call_linear_group, call_norm_linear, call_layer_norm, call_rms_norm, call_residual_norm,
    call_add, call_activation, call_swiglu, call_softmax, call_dropout, call_add_dropout, call_prepend_token,
    call_first_rows, call_concat, call_mean_tokens, call_select_token, call_patchify, call_rope,
    call_attention, call_relational, call_cross_entropy, call_inner_products, call_reshape, call_embedding,
    call_add_positions, call_disrca, call_neighbours, call_pair_rows;

/* The ops that read columns of wider tensors, with all of them in one tensor: gate and factor; the second
 * half of the heads; value, query, key in some order; the four projections of relational attention, or three
 * with symmetric relations; those of disrca; keys and queries of neighbours. */
op_call call_swiglu_halves, call_rope_half, call_attention_thirds, call_relational_quarters,
    call_relational_thirds, call_disrca_quarters, call_neighbour_halves;

/* An input of a case: its shape, or a table that has no gradient, nothing, or the input before it once more.
 */
#define RANK(...) (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define SHAPE(...)                                                                                           \
    {                                                                                                        \
        .rank = RANK(__VA_ARGS__), .shape = { __VA_ARGS__ }                                                  \
    }
#define TABLE(...)                                                                                           \
    {                                                                                                        \
        .rank = RANK(__VA_ARGS__), .shape = {__VA_ARGS__}, .kind = GRADCHECK_CONSTANT                        \
    }
#define ABSENT                                                                                               \
    {                                                                                                        \
        .kind = GRADCHECK_ABSENT                                                                             \
    }
#define SAME                                                                                                 \
    {                                                                                                        \
        .kind = GRADCHECK_SAME                                                                               \
    }

/* Arguments of a case. */
#define ACTIVATION(kind)                                                                                     \
    &(const dat_activation)                                                                                  \
    {                                                                                                        \
        kind                                                                                                 \
    }
#define NUMBER(value)                                                                                        \
    &(const double)                                                                                          \
    {                                                                                                        \
        value                                                                                                \
    }
#define INTEGER(value)                                                                                       \
    &(const int64_t)                                                                                         \
    {                                                                                                        \
        value                                                                                                \
    }
#define ATTENTION(...)                                                                                       \
    &(const dat_attention_args)                                                                              \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define RELATIONAL(...)                                                                                      \
    &(const dat_relational_args)                                                                             \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define TOKENS(ids, batch, length)                                                                           \
    &(const dat_tokens)                                                                                      \
    {                                                                                                        \
        ids, batch, length                                                                                   \
    }
#define ITEM(...)                                                                                            \
    &(const dat_tensor)                                                                                      \
    {                                                                                                        \
        .rank = RANK(__VA_ARGS__), .shape = { __VA_ARGS__ }                                                  \
    }
#define DISRCA(...)                                                                                          \
    &(const dat_disrca_args)                                                                                 \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define NEIGHBOURS(...)                                                                                      \
    &(const dat_neighbour_args)                                                                              \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define LOSS(...)                                                                                            \
    &(const dat_cross_entropy_args)                                                                          \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

#endif
