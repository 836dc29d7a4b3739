/* Attention, RelationalAttention, its two ablations and DualAttention. */
#include "golden_check/attention_arguments.h"
#include "golden_check/module.h"

/* --- Attention --- */

typedef struct attention_case {
    golden_flags flags;
    dat_attention_layer layer;
} attention_case;

/* Arguments of a module of its own, not of one inside of another. */
static void read_own(golden_arguments *arguments, dat_attention_config *config)
{
    config->d_model = golden_integer(arguments, "d_model", 0);
    config->n_heads = golden_integer(arguments, "n_heads", 0);
    config->total_n_heads = golden_integer(arguments, "total_n_heads", 0);
    config->dropout = golden_number(arguments, "dropout", 0);
}

static void build_attention(golden_run *run, golden_arguments *arguments, void *module)
{
    attention_case *c = module;
    dat_attention_config config = {0};
    c->flags = golden_read_flags(arguments, "is_causal");
    read_own(arguments, &config);
    golden_read_attention_options(arguments, &config);
    golden_accept(&run->verdict, dat_attention_init(&c->layer, &run->params, "", &config, NULL, NULL));
}

static dat_tensor *run_attention(golden_run *run, const void *module)
{
    const attention_case *c = module;
    dat_tensor *query = golden_input(run, "query"), *key = golden_optional_input(run, "key");
    dat_tensor *value = golden_optional_input(run, "value");
    key = key ? key : query;
    value = value ? value : key;
    if (!query)
        return NULL;
    dat_attention_context context = golden_context(run, &c->flags);
    int64_t shape[] = {query->shape[0], c->layer.config.n_heads, query->shape[1], key->shape[1]};
    context.scores = golden_sink(run, "attn_scores", 4, shape);
    return golden_output(run, "output",
                         dat_attention_forward(&run->tape, &c->layer, query, key, value, &context));
}

/* --- RelationalAttention --- */

typedef struct relational_case {
    golden_flags flags;
    dat_relational_layer layer;
} relational_case;

static void build_relational(golden_run *run, golden_arguments *arguments, void *module)
{
    relational_case *c = module;
    dat_relational_config config = {0};
    c->flags = golden_read_flags(arguments, "is_causal");
    read_own(arguments, &config.attention);
    golden_read_relational_options(arguments, &config);
    golden_complete_relational(run, &config);
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_relational_attention_init(&c->layer, &run->params, "", &config));
}

/* Room for what relational heads can report: scores (B, n_heads, L, L) and relations of the same size, or (B,
 * L, L, n_relations). */
static void add_relational_sinks(golden_run *run, int64_t n_heads, int64_t n_relations, const dat_tensor *x,
                                 const char *scores, const char *relations, dat_attention_context *context)
{
    int64_t batch = x->shape[0], length = x->shape[1];
    context->scores = golden_sink(run, scores, 4, (int64_t[]){batch, n_heads, length, length});
    context->relations = golden_sink(run, relations, 4, (int64_t[]){batch, length, length, n_relations});
}

static dat_tensor *run_relational(golden_run *run, const void *module)
{
    const relational_case *c = module;
    dat_tensor *x = golden_input(run, "x");
    dat_symbols symbols = golden_input_symbols(run);
    if (!x)
        return NULL;
    dat_attention_context context = golden_context(run, &c->flags);
    add_relational_sinks(run, c->layer.config.attention.n_heads, c->layer.config.n_relations, x,
                         "attn_scores", "relations", &context);
    return golden_output(run, "output",
                         dat_relational_attention_forward(&run->tape, &c->layer, x, &symbols, &context));
}

/* --- RelationalCrossAttention --- */

typedef struct rca_case {
    golden_flags flags;
    dat_rca_layer layer;
} rca_case;

static void build_rca(golden_run *run, golden_arguments *arguments, void *module)
{
    rca_case *c = module;
    dat_rca_config config = {0};
    c->flags = golden_read_flags(arguments, "is_causal");
    read_own(arguments, &config.attention);
    golden_read_rca_options(arguments, &config);
    golden_accept(&run->verdict, dat_rca_init(&c->layer, &run->params, "", &config));
}

static dat_tensor *run_rca(golden_run *run, const void *module)
{
    const rca_case *c = module;
    dat_tensor *x = golden_input(run, "x");
    dat_symbols symbols = golden_input_symbols(run);
    if (!x)
        return NULL;
    dat_attention_context context = golden_context(run, &c->flags);
    int64_t shape[] = {x->shape[0], c->layer.config.attention.n_heads, x->shape[1], x->shape[1]};
    context.scores = golden_sink(run, "attn_scores", 4, shape);
    return golden_output(run, "output", dat_rca_forward(&run->tape, &c->layer, x, &symbols, &context));
}

/* --- DisentangledRelationalCrossAttention --- */

typedef struct disrca_case {
    golden_flags flags;
    dat_disrca_layer layer;
} disrca_case;

static void build_disrca(golden_run *run, golden_arguments *arguments, void *module)
{
    disrca_case *c = module;
    dat_disrca_config config = {0};
    c->flags = golden_read_flags(arguments, "is_causal");
    read_own(arguments, &config.attention);
    golden_read_disrca_options(arguments, &config);
    golden_accept(&run->verdict, dat_disrca_init(&c->layer, &run->params, "", &config));
}

static dat_tensor *run_disrca(golden_run *run, const void *module)
{
    const disrca_case *c = module;
    int64_t n_heads = c->layer.config.attention.n_heads;
    dat_tensor *x = golden_input(run, "x");
    dat_symbols symbols = golden_input_symbols(run);
    if (!x)
        return NULL;
    dat_attention_context context = golden_context(run, &c->flags);
    add_relational_sinks(run, n_heads, n_heads, x, "attn_scores", "rel_scores", &context);
    return golden_output(run, "output", dat_disrca_forward(&run->tape, &c->layer, x, &symbols, &context));
}

/* --- DualAttention --- */

typedef struct dual_case {
    golden_flags flags;
    int64_t n_heads_ra;
    dat_dual_layer layer;
} dual_case;

static void build_dual(golden_run *run, golden_arguments *arguments, void *module)
{
    dual_case *c = module;
    dat_dual_config config = {0};
    c->flags = golden_read_flags(arguments, "is_causal");
    golden_read_dual(run, arguments, golden_integer(arguments, "d_model", 0), &config);
    c->n_heads_ra = config.n_heads_ra;
    config.self_attention.dropout = dat_dual_relational_options(&config)->dropout =
        golden_number(arguments, "dropout", 0);
    if (run->verdict.outcome == GOLDEN_FINE)
        golden_accept(&run->verdict, dat_dual_attention_init(&c->layer, &run->params, "", &config));
}

/* The number of relations of the heads of ra_type; RCA has none besides its scores. */
static int64_t relations_of(const dat_dual_layer *layer)
{
    return layer->ra_type == DAT_DISRCA ? layer->disrca.config.attention.n_heads
                                        : layer->relational_attention.config.n_relations;
}

static dat_tensor *run_dual(golden_run *run, const void *module)
{
    const dual_case *c = module;
    dat_tensor *x = golden_input(run, "x");
    dat_symbols symbols = golden_input_symbols(run);
    if (!x)
        return NULL;
    dat_attention_context context = golden_context(run, &c->flags);
    if (c->layer.has_relational)
        add_relational_sinks(run, c->n_heads_ra, relations_of(&c->layer), x, "ra_attn_scores", "ra_rels",
                             &context);
    dat_real *self_scores = NULL;
    if (c->layer.has_self)
        self_scores = golden_sink(
            run, "sa_attn_scores", 4,
            (int64_t[]){x->shape[0], c->layer.self_attention.config.n_heads, x->shape[1], x->shape[1]});
    return golden_output(
        run, "output", dat_dual_attention_forward(&run->tape, &c->layer, x, &symbols, &context, self_scores));
}

const golden_module golden_attentions[] = {
    {"Attention", sizeof(attention_case), GOLDEN_MODULE_TOLERANCE, build_attention, run_attention, NULL},
    {"RelationalAttention", sizeof(relational_case), GOLDEN_MODULE_TOLERANCE, build_relational,
     run_relational, NULL},
    {"RelationalCrossAttention", sizeof(rca_case), GOLDEN_MODULE_TOLERANCE, build_rca, run_rca, NULL},
    {"DisentangledRelationalCrossAttention", sizeof(disrca_case), GOLDEN_MODULE_TOLERANCE, build_disrca,
     run_disrca, NULL},
    {"DualAttention", sizeof(dual_case), GOLDEN_MODULE_TOLERANCE, build_dual, run_dual, NULL},
    {.name = NULL},
};
