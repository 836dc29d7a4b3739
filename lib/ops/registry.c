#include "ops/registry.h"

const dat_op *const dat_ops[] = {
    &dat_op_linear,        &dat_op_linear_group,
    &dat_op_norm_linear,   &dat_op_layer_norm,
    &dat_op_rms_norm,      &dat_op_add,
    &dat_op_activation,    &dat_op_swiglu,
    &dat_op_softmax,       &dat_op_dropout,
    &dat_op_add_dropout,   &dat_op_prepend_token,
    &dat_op_first_rows,    &dat_op_concat,
    &dat_op_mean_tokens,   &dat_op_select_token,
    &dat_op_patchify,      &dat_op_rope,
    &dat_op_attention,     &dat_op_relational_attention,
    &dat_op_cross_entropy, NULL,
};
