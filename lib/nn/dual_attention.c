#include "nn/dual_attention.h"

#include <inttypes.h>

/* Shared projections of queries and keys need the same shapes on both sides. */
static dat_status check_sharing(const dat_dual_config *c, const char *what)
{
    const dat_attention_config *self = &c->self_attention, *relational = &c->relational.attention;
    int64_t head_dim = self->d_model / (c->n_heads_sa + c->n_heads_ra);
    int64_t kv_self = self->n_kv_heads ? self->n_kv_heads : c->n_heads_sa;
    int64_t kv_relational = relational->n_kv_heads ? relational->n_kv_heads : c->n_heads_ra;
    int64_t key_self = self->key_dim ? self->key_dim : head_dim;
    int64_t key_relational = relational->key_dim ? relational->key_dim : head_dim;
    if (c->n_heads_sa != c->n_heads_ra)
        return dat_usage("%s: sharing attention parameters needs n_heads_sa = %" PRId64
                         " to equal n_heads_ra = %" PRId64,
                         what, c->n_heads_sa, c->n_heads_ra);
    if (kv_self != kv_relational || key_self != key_relational || self->symmetric != relational->symmetric)
        return dat_usage("%s: sharing attention parameters needs equal options of both kinds of heads, not "
                         "n_kv_heads = %" PRId64 " and %" PRId64 ", key_dim = %" PRId64 " and %" PRId64
                         ", symmetric = %d and %d",
                         what, kv_self, kv_relational, key_self, key_relational, self->symmetric,
                         relational->symmetric);
    return DAT_OK;
}

static dat_status check(const dat_dual_config *c, const char *what)
{
    if (c->n_heads_sa < 0 || c->n_heads_ra < 0 || c->n_heads_sa + c->n_heads_ra < 1)
        return dat_usage("%s: n_heads_sa = %" PRId64 " and n_heads_ra = %" PRId64
                         " must not be negative, and at least one of them positive",
                         what, c->n_heads_sa, c->n_heads_ra);
    return c->share_attention ? check_sharing(c, what) : DAT_OK;
}

dat_status dat_dual_attention_init(dat_dual_layer *layer, dat_params *params, const char *scope,
                                   const dat_dual_config *config)
{
    char name[DAT_SCOPE_SIZE];
    *layer = (dat_dual_layer){.has_self = config->n_heads_sa > 0, .has_relational = config->n_heads_ra > 0};
    DAT_TRY(check(config, scope[0] ? scope : "dual_attention"));
    dat_relational_config relational = config->relational;
    relational.attention.d_model = config->self_attention.d_model;
    relational.attention.n_heads = config->n_heads_ra;
    relational.attention.total_n_heads = config->n_heads_sa + config->n_heads_ra;
    dat_attention_config self = config->self_attention;
    self.n_heads = config->n_heads_sa;
    self.total_n_heads = config->n_heads_sa + config->n_heads_ra;

    if (layer->has_relational)
        DAT_TRY(dat_relational_attention_init(&layer->relational_attention, params,
                                              dat_scope(name, scope, "relational_attention"), &relational));
    bool share = config->share_attention;
    if (layer->has_self)
        DAT_TRY(dat_attention_init(&layer->self_attention, params, dat_scope(name, scope, "self_attention"),
                                   &self, share ? &layer->relational_attention.wq_attn : NULL,
                                   share ? &layer->relational_attention.wk_attn : NULL));
    return DAT_OK;
}

/* Both kinds of heads read the same input: all their projections are one product. */
static dat_tensor *attend_both(dat_tape *tape, const dat_dual_layer *layer, dat_tensor *x,
                               dat_tensor *symbols, const dat_attention_context *context,
                               const dat_attention_context *self_context)
{
    enum { Q = DAT_RELATIONAL_PROJECTIONS, K, V, COUNT };
    const dat_attention_layer *self = &layer->self_attention;
    dat_tensor *inputs[COUNT];
    const dat_linear_layer *layers[COUNT];
    dat_columns out[COUNT];
    for (int i = 0; i < COUNT; i++)
        inputs[i] = x;
    dat_relational_attention_layers(&layer->relational_attention, layers);
    layers[Q] = &self->wq;
    layers[K] = self->config.symmetric ? NULL : &self->wk;
    layers[V] = &self->wv;
    dat_project(tape, COUNT, inputs, layers, out);
    dat_relational_projections projections = {out[0], out[1], out[2], out[3]};
    dat_tensor *sensory = dat_attention_attend(tape, self, out[Q], out[K], out[V], self_context);
    dat_tensor *relational =
        dat_relational_attention_attend(tape, &layer->relational_attention, &projections, symbols, context);
    return dat_concat(tape, sensory, relational);
}

dat_tensor *dat_dual_attention_forward(dat_tape *tape, const dat_dual_layer *layer, dat_tensor *x,
                                       dat_tensor *symbols, const dat_attention_context *context,
                                       dat_real *self_scores)
{
    dat_attention_context self_context = *context;
    self_context.scores = self_scores;
    if (layer->has_self && layer->has_relational)
        return attend_both(tape, layer, x, symbols, context, &self_context);
    if (layer->has_self)
        return dat_attention_forward(tape, &layer->self_attention, x, x, x, &self_context);
    return dat_relational_attention_forward(tape, &layer->relational_attention, x, symbols, context);
}
