/* The list of all ops. Tests walk it: an op without a gradient case fails. */
#ifndef DAT_OPS_REGISTRY_H
#define DAT_OPS_REGISTRY_H

#include "core/tape.h"

extern const dat_op dat_op_linear, dat_op_linear_group, dat_op_norm_linear, dat_op_layer_norm,
    dat_op_rms_norm, dat_op_add, dat_op_activation, dat_op_swiglu, dat_op_softmax, dat_op_dropout,
    dat_op_add_dropout, dat_op_prepend_token, dat_op_first_rows, dat_op_concat, dat_op_mean_tokens,
    dat_op_select_token, dat_op_patchify, dat_op_rope, dat_op_attention, dat_op_relational_attention,
    dat_op_disrca, dat_op_neighbour_relations, dat_op_pair_rows, dat_op_cross_entropy, dat_op_inner_products,
    dat_op_reshape, dat_op_embedding, dat_op_add_positions, dat_op_residual_norm;

/* All of them; ends with NULL. */
extern const dat_op *const dat_ops[];

#endif
