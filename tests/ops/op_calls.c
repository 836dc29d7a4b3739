#include "ops/op_calls.h"

#include "ops/ops.h"

/* Part `index` of `count` equal ones, as if several projections lay side by side. */
static dat_columns part(dat_tensor *t, int64_t index, int64_t count)
{
    int64_t width = t ? dat_width(t) / count : 0;
    return (dat_columns){t, index * width, width};
}

dat_tensor *call_linear(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_linear(t, in[0], in[1], in[2]);
}

dat_tensor *call_linear_group(dat_tape *t, dat_tensor *const *in, const void *args)
{
    int count = (int)*(const int64_t *)args;
    return dat_linear_group(t, in[0], count, in + 1, in + 1 + count);
}

dat_tensor *call_norm_linear(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_norm_linear(t, in[0], in[1], in[2], in[3], in[4]);
}

dat_tensor *call_layer_norm(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_layer_norm(t, in[0], in[1], in[2]);
}

dat_tensor *call_rms_norm(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_rms_norm(t, in[0], in[1]);
}

dat_tensor *call_residual_norm(dat_tape *t, dat_tensor *const *in, const void *args)
{
    dat_tensor *sum;
    return dat_residual_norm(t, in[0], in[1], *(const double *)args, in[2], in[3], &sum);
}

dat_tensor *call_add(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_add(t, in[0], in[1]);
}

dat_tensor *call_activation(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_activation_apply(t, in[0], *(const dat_activation *)args);
}

dat_tensor *call_swiglu(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_swiglu(t, dat_all_columns(in[0]), dat_all_columns(in[1]));
}

dat_tensor *call_swiglu_halves(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_swiglu(t, part(in[0], 0, 2), part(in[0], 1, 2));
}

dat_tensor *call_softmax(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_softmax(t, in[0]);
}

dat_tensor *call_dropout(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_dropout(t, in[0], *(const double *)args);
}

dat_tensor *call_add_dropout(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_add_dropout(t, in[0], in[1], *(const double *)args);
}

dat_tensor *call_prepend_token(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_prepend_token(t, in[0], in[1], in[2]);
}

dat_tensor *call_first_rows(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_first_rows(t, in[0], *(const int64_t *)args);
}

dat_tensor *call_concat(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_concat(t, in[0], in[1]);
}

dat_tensor *call_mean_tokens(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_mean_tokens(t, in[0]);
}

dat_tensor *call_select_token(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_select_token(t, in[0], *(const int64_t *)args);
}

dat_tensor *call_patchify(dat_tape *t, dat_tensor *const *in, const void *args)
{
    const int64_t *size = args;
    return dat_patchify(t, in[0], size[0], size[1]);
}

dat_tensor *call_rope(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_rope(t, dat_all_columns(in[0]), in[1], in[2], *(const int64_t *)args);
}

dat_tensor *call_rope_half(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_rope(t, part(in[0], 1, 2), in[1], in[2], *(const int64_t *)args);
}

dat_tensor *call_attention(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_attention(t, dat_all_columns(in[0]), dat_all_columns(in[1]), dat_all_columns(in[2]), args);
}

dat_tensor *call_attention_thirds(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_attention(t, part(in[0], 2, 3), part(in[0], 0, 3), part(in[0], 1, 3), args);
}

dat_tensor *call_relational(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_relational_attention_core(t, dat_all_columns(in[0]), dat_all_columns(in[1]),
                                         dat_all_columns(in[2]), dat_all_columns(in[3]), in[4], in[5], args);
}

dat_tensor *call_relational_quarters(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_relational_attention_core(t, part(in[0], 3, 4), part(in[0], 0, 4), part(in[0], 2, 4),
                                         part(in[0], 1, 4), in[1], in[2], args);
}

dat_tensor *call_relational_thirds(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_relational_attention_core(t, part(in[0], 0, 3), part(in[0], 1, 3), part(in[0], 2, 3),
                                         part(in[0], 2, 3), in[1], in[2], args);
}

dat_tensor *call_disrca(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_disrca_core(t, dat_all_columns(in[0]), dat_all_columns(in[1]), dat_all_columns(in[2]),
                           dat_all_columns(in[3]), in[4], args);
}

dat_tensor *call_disrca_quarters(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_disrca_core(t, part(in[0], 3, 4), part(in[0], 0, 4), part(in[0], 2, 4), part(in[0], 1, 4),
                           in[1], args);
}

dat_tensor *call_neighbours(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_neighbour_relations(t, dat_all_columns(in[0]), dat_all_columns(in[1]), args);
}

dat_tensor *call_neighbour_halves(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_neighbour_relations(t, part(in[0], 1, 2), part(in[0], 0, 2), args);
}

dat_tensor *call_pair_rows(dat_tape *t, dat_tensor *const *in, const void *args)
{
    const int64_t *lengths = args;
    return dat_pair_rows(t, in[0], lengths[0], lengths[1]);
}

dat_tensor *call_cross_entropy(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_cross_entropy(t, in[0], args);
}

dat_tensor *call_embedding(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_embedding(t, in[0], *(const dat_tokens *)args);
}

dat_tensor *call_add_positions(dat_tape *t, dat_tensor *const *in, const void *args)
{
    return dat_add_positions(t, in[0], in[1], *(const double *)args);
}

dat_tensor *call_inner_products(dat_tape *t, dat_tensor *const *in, const void *args)
{
    (void)args;
    return dat_inner_products(t, in[0], in[1]);
}

dat_tensor *call_reshape(dat_tape *t, dat_tensor *const *in, const void *args)
{
    const dat_tensor *item = args;
    return dat_reshape(t, in[0], item->rank, item->shape);
}
