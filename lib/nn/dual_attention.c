#include "nn/dual_attention.h"

#include <inttypes.h>

#include "nn/choice.h"

const char *const dat_ra_type_names[] = {"relational_attention", "rca", "disrca", NULL};

dat_attention_config *dat_dual_relational_options(dat_dual_config *config)
{
    switch (config->ra_type) {
    case DAT_RCA:
        return &config->rca.attention;
    case DAT_DISRCA:
        return &config->disrca.attention;
    case DAT_RELATIONAL_ATTENTION:
        break;
    }
    return &config->relational.attention;
}

/* Shared projections of queries and keys need the same shapes on both sides. RCA has none that are for
 * attention alone; the reference fails there, too. */
static dat_status check_sharing(dat_dual_config *c, const char *what)
{
    const dat_attention_config *self = &c->self_attention, *relational = dat_dual_relational_options(c);
    int64_t head_dim = self->d_model / (c->n_heads_sa + c->n_heads_ra);
    int64_t kv_self = self->n_kv_heads ? self->n_kv_heads : c->n_heads_sa;
    int64_t kv_relational = relational->n_kv_heads ? relational->n_kv_heads : c->n_heads_ra;
    int64_t key_self = self->key_dim ? self->key_dim : head_dim;
    int64_t key_relational = relational->key_dim ? relational->key_dim : head_dim;
    if (c->ra_type == DAT_RCA)
        return dat_usage(
            "%s: share_attn_params = true and ra_type = rca do not go together: rca's queries and "
            "keys are its relations",
            what);
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

static dat_status check(dat_dual_config *c, const char *what)
{
    DAT_TRY(dat_check_choice(what, "ra_type", (int)c->ra_type, dat_ra_type_names));
    if (c->n_heads_sa < 0 || c->n_heads_ra < 0 || c->n_heads_sa + c->n_heads_ra < 1)
        return dat_usage("%s: n_heads_sa = %" PRId64 " and n_heads_ra = %" PRId64
                         " must not be negative, and at least one of them positive",
                         what, c->n_heads_sa, c->n_heads_ra);
    return c->share_attention ? check_sharing(c, what) : DAT_OK;
}

static dat_status init_relational(dat_dual_layer *layer, dat_params *params, const char *scope,
                                  const dat_dual_config *config)
{
    switch (config->ra_type) {
    case DAT_RCA:
        return dat_rca_init(&layer->rca, params, scope, &config->rca);
    case DAT_DISRCA:
        return dat_disrca_init(&layer->disrca, params, scope, &config->disrca);
    case DAT_RELATIONAL_ATTENTION:
        break;
    }
    return dat_relational_attention_init(&layer->relational_attention, params, scope, &config->relational);
}

static dat_status init_self(dat_dual_layer *layer, dat_params *params, const char *scope,
                            const dat_dual_config *config)
{
    bool disrca = config->ra_type == DAT_DISRCA;
    const dat_linear_layer *wq = disrca ? &layer->disrca.wq_attn : &layer->relational_attention.wq_attn;
    const dat_linear_layer *wk = disrca ? &layer->disrca.wk_attn : &layer->relational_attention.wk_attn;
    bool share = config->share_attention;
    return dat_attention_init(&layer->self_attention, params, scope, &config->self_attention,
                              share ? wq : NULL, share ? wk : NULL);
}

dat_status dat_dual_attention_init(dat_dual_layer *layer, dat_params *params, const char *scope,
                                   const dat_dual_config *config)
{
    char name[DAT_SCOPE_SIZE];
    dat_dual_config c = *config;
    *layer = (dat_dual_layer){
        .has_self = c.n_heads_sa > 0, .has_relational = c.n_heads_ra > 0, .ra_type = c.ra_type};
    DAT_TRY(check(&c, scope[0] ? scope : "dual_attention"));
    dat_attention_config *self = &c.self_attention, *relational = dat_dual_relational_options(&c);
    relational->d_model = self->d_model;
    relational->n_heads = c.n_heads_ra;
    self->n_heads = c.n_heads_sa;
    relational->total_n_heads = self->total_n_heads = c.n_heads_sa + c.n_heads_ra;

    if (layer->has_relational)
        DAT_TRY(init_relational(layer, params, dat_scope(name, scope, "relational_attention"), &c));
    if (layer->has_self)
        DAT_TRY(init_self(layer, params, dat_scope(name, scope, "self_attention"), &c));
    return DAT_OK;
}

/* The layers of the relational heads' projections, and how many they are. */
static int relational_layers(const dat_dual_layer *layer,
                             const dat_linear_layer *layers[DAT_RELATIONAL_PROJECTIONS])
{
    switch (layer->ra_type) {
    case DAT_RCA:
        dat_rca_layers(&layer->rca, layers);
        return DAT_RCA_PROJECTIONS;
    case DAT_DISRCA:
        dat_disrca_layers(&layer->disrca, layers);
        return DAT_RELATIONAL_PROJECTIONS;
    case DAT_RELATIONAL_ATTENTION:
        break;
    }
    dat_relational_attention_layers(&layer->relational_attention, layers);
    return DAT_RELATIONAL_PROJECTIONS;
}

/* The relational heads' output from those projections. */
static dat_tensor *attend_relational(dat_tape *tape, const dat_dual_layer *layer,
                                     const dat_columns *projected, const dat_symbols *symbols,
                                     const dat_attention_context *context)
{
    if (layer->ra_type == DAT_RCA)
        return dat_rca_attend(tape, &layer->rca, projected[0], projected[1], symbols, context);
    dat_relational_projections projections = {projected[0], projected[1], projected[2], projected[3]};
    if (layer->ra_type == DAT_DISRCA)
        return dat_disrca_attend(tape, &layer->disrca, &projections, symbols, context);
    return dat_relational_attention_attend(tape, &layer->relational_attention, &projections, symbols,
                                           context);
}

/* All heads read the same input: their projections are one product. */
dat_tensor *dat_dual_attention_forward(dat_tape *tape, const dat_dual_layer *layer, dat_tensor *x,
                                       const dat_symbols *symbols, const dat_attention_context *context,
                                       dat_real *self_scores)
{
    enum { Q, K, V, SELF_PROJECTIONS, MOST = DAT_RELATIONAL_PROJECTIONS + SELF_PROJECTIONS };
    const dat_attention_layer *self = &layer->self_attention;
    dat_tensor *inputs[MOST];
    const dat_linear_layer *layers[MOST];
    dat_columns out[MOST];
    int count = layer->has_relational ? relational_layers(layer, layers) : 0;
    const dat_columns *own = out + count; /* of the sensory heads */
    if (layer->has_self) {
        layers[count++] = &self->wq;
        layers[count++] = self->config.symmetric ? NULL : &self->wk;
        layers[count++] = &self->wv;
    }
    for (int i = 0; i < count; i++)
        inputs[i] = x;
    dat_project(tape, count, inputs, layers, out);

    dat_attention_context self_context = *context;
    self_context.scores = self_scores;
    dat_tensor *sensory =
        layer->has_self ? dat_attention_attend(tape, self, own[Q], own[K], own[V], &self_context) : NULL;
    dat_tensor *relational =
        layer->has_relational ? attend_relational(tape, layer, out, symbols, context) : NULL;
    if (!layer->has_self || !layer->has_relational)
        return layer->has_self ? sensory : relational;
    return dat_concat(tape, sensory, relational);
}
