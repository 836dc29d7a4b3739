#include "support/random_configuration.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/random_values.h"

static const char *const module_names[N_MODULES] = {
    "attention", "cross attention", "relational attention", "rca",
    "disrca",    "dual attention",  "encoder block",        "decoder block"};
static const char *const symbol_names[N_SYMBOL_SOURCES] = {"by sender", "shared", "by distance", "by pair",
                                                           "retrieved"};

/* --- sampling --- */

static int64_t between(dat_rng *rng, int64_t least, int64_t most)
{
    return least + (int64_t)dat_rng_below(rng, (uint64_t)(most - least + 1));
}

static bool one_in(dat_rng *rng, int64_t n)
{
    return between(rng, 1, n) == 1;
}

static int64_t divisor_of(dat_rng *rng, int64_t n)
{
    int64_t divisor;
    do
        divisor = between(rng, 1, n);
    while (n % divisor);
    return divisor;
}

/* What n_heads and d_model leave open. */
static void sample_heads(dat_rng *rng, dat_attention_config *c, int64_t n_heads, bool rope, bool disrca)
{
    c->n_heads = n_heads;
    c->symmetric = one_in(rng, 4);
    if (!c->symmetric && n_heads > 0 && !one_in(rng, 3))
        c->n_kv_heads = disrca || one_in(rng, 2) ? 1 : divisor_of(rng, n_heads);
    if (!rope && one_in(rng, 3))
        c->key_dim = between(rng, 1, 5);
    c->bias_kv = one_in(rng, 2);
    c->bias_out = one_in(rng, 2);
}

static dat_activation sample_activation(dat_rng *rng)
{
    return (dat_activation)between(rng, 0, DAT_N_ACTIVATIONS - 1);
}

static void sample_relations(dat_rng *rng, dat_relational_config *c, int64_t width)
{
    switch (between(rng, 0, 2)) {
    case 0: /* both by default */
        break;
    case 1:
        c->n_relations = divisor_of(rng, width);
        break;
    default:
        c->n_relations = between(rng, 1, 5);
        c->rel_proj_dim = between(rng, 1, 4);
    }
    c->symmetric_relations = one_in(rng, 2);
    c->relation_softmax = one_in(rng, 5);
    c->relation_activation = sample_activation(rng);
    c->relation_init = one_in(rng, 2) ? DAT_RELATION_INIT_PAPER : DAT_RELATION_INIT_PACKAGE;
}

/* Heads of both kinds for a model of `head_dim` values a head. */
static void sample_dual(dat_rng *rng, random_configuration *c, int64_t n_heads_sa, int64_t n_heads_ra,
                        int64_t head_dim)
{
    dat_dual_config *dual = &c->decoder.block.attention;
    dual->n_heads_sa = n_heads_sa;
    dual->n_heads_ra = n_heads_ra;
    if (c->module == RCA_ATTENTION || c->module == DISRCA_ATTENTION)
        dual->ra_type = c->module == RCA_ATTENTION ? DAT_RCA : DAT_DISRCA;
    else if (c->module != RELATIONAL_ATTENTION && one_in(rng, 2))
        dual->ra_type = one_in(rng, 2) ? DAT_RCA : DAT_DISRCA;
    sample_heads(rng, &dual->self_attention, n_heads_sa, c->rope, false);
    sample_heads(rng, dat_dual_relational_options(dual), n_heads_ra, c->rope, dual->ra_type == DAT_DISRCA);
    sample_relations(rng, &dual->relational, n_heads_ra > 0 ? n_heads_ra * head_dim : 1);
    dual->rca.pointwise = one_in(rng, 2);
    dual->rca.activation = sample_activation(rng);
    dual->disrca.relation_softmax = one_in(rng, 5);
    dual->disrca.relation_activation = sample_activation(rng);
    dual->share_attention = n_heads_sa == n_heads_ra && dual->ra_type != DAT_RCA && one_in(rng, 2);
    if (dual->share_attention) {
        const dat_attention_config *relational = dat_dual_relational_options(dual);
        dual->self_attention.symmetric = relational->symmetric;
        dual->self_attention.n_kv_heads = relational->n_kv_heads;
        dual->self_attention.key_dim = relational->key_dim;
    }
}

static void sample_block(dat_rng *rng, dat_decoder_config *c, int64_t n_heads)
{
    dat_block_config *block = &c->block;
    block->dff = one_in(rng, 3) ? 0 : between(rng, 3, 8);
    block->activation = (int)between(rng, 0, DAT_SWIGLU);
    block->norm_type = (dat_norm_type)between(rng, 0, DAT_NO_NORM);
    block->norm_first = one_in(rng, 2);
    block->bias = one_in(rng, 2);
    block->dropout = one_in(rng, 3) ? 0.2 : 0;
    sample_heads(rng, &c->cross, n_heads, false, false);
}

static void sample_symbols(dat_rng *rng, random_configuration *c)
{
    c->symbols = (configuration_symbols)between(rng, 0, N_SYMBOL_SOURCES - 1);
    c->max_distance = between(rng, 0, 4);
    c->retriever = (dat_retriever_config){
        .kind = (dat_retriever_kind)between(rng, 0, DAT_REL_SYM_ATTENTION),
        .d_model = c->d_model,
        .n_heads = divisor_of(rng, c->d_model),
        .n_symbols = between(rng, 1, 4),
        .scale = one_in(rng, 3) ? 0.7 : 0,
        .fixed_symbols = one_in(rng, 3),
        .max_length = c->length + between(rng, 0, 2),
        .max_rel_pos = between(rng, 0, 4),
        .rel_n_heads = divisor_of(rng, c->d_model),
        .neighbours = between(rng, 1, 3),
        .causal_neighbours = one_in(rng, 2),
        .include_self = one_in(rng, 2),
        .normalise_relations = one_in(rng, 2),
        .rel_scale = one_in(rng, 3) ? 0.7 : 0,
    };
}

random_configuration sample_configuration(int64_t seed)
{
    dat_rng rng = dat_rng_seed((uint64_t)seed + 1000);
    random_configuration c = {.seed = seed, .module = (configuration_module)(seed % N_MODULES)};
    c.batch = between(&rng, 1, 2);
    c.length = between(&rng, 3, MOST_TOKENS);
    c.memory_length = between(&rng, 2, MOST_TOKENS);
    c.causal = c.module != CROSS_ATTENTION && one_in(&rng, 2);
    c.masked = one_in(&rng, 3);
    int64_t heads, head_dim;
    do {
        heads = between(&rng, 1, 4);
        head_dim = between(&rng, 1, 6);
        c.d_model = heads * head_dim;
    } while (c.d_model < 4 || c.d_model > WIDEST);
    c.rope = c.module != CROSS_ATTENTION && head_dim % 2 == 0 && one_in(&rng, 2);

    bool relational = c.module >= RELATIONAL_ATTENTION && c.module <= DISRCA_ATTENTION;
    dat_block_config *block = &c.decoder.block;
    block->dual = relational || c.module == DUAL_ATTENTION || (c.module >= ENCODER_BLOCK && one_in(&rng, 2));
    block->d_model = block->attention.self_attention.d_model = c.d_model;
    int64_t used = relational ? between(&rng, 1, heads) : heads; /* others would be another module's */
    int64_t sensory = relational ? 0 : block->dual ? between(&rng, 0, heads) : heads;
    if (c.module == DUAL_ATTENTION && heads % 2 == 0 && one_in(&rng, 2))
        sensory = heads / 2;
    c.total_n_heads = heads;
    if (block->dual)
        sample_dual(&rng, &c, sensory, used - sensory, head_dim);
    else
        sample_heads(&rng, &block->attention.self_attention, heads, c.rope, false);
    sample_block(&rng, &c.decoder, heads);
    sample_symbols(&rng, &c);
    return c;
}

const char *describe_configuration(const random_configuration *c, char text[CONFIGURATION_TEXT_SIZE])
{
    const dat_dual_config *a = &c->decoder.block.attention;
    snprintf(text, CONFIGURATION_TEXT_SIZE,
             "%" PRId64 ": %s, B %" PRId64 ", L %" PRId64 ", d %" PRId64 ", dual %d, heads %" PRId64
             " + %" PRId64 " of %s, causal %d, masked %d, RoPE %d, symbols %s (%s)",
             c->seed, module_names[c->module], c->batch, c->length, c->d_model, c->decoder.block.dual,
             a->self_attention.n_heads, a->n_heads_ra, dat_ra_type_names[a->ra_type], c->causal, c->masked,
             c->rope, symbol_names[c->symbols], dat_retriever_names[c->retriever.kind]);
    return text;
}

bool configuration_has_relational(const random_configuration *c)
{
    return c->decoder.block.dual && c->decoder.block.attention.n_heads_ra > 0;
}

bool configuration_relates_to_all(const random_configuration *c)
{
    const dat_dual_config *heads = &c->decoder.block.attention;
    if (!configuration_has_relational(c) || heads->ra_type == DAT_RCA)
        return false;
    return heads->ra_type == DAT_DISRCA ? heads->disrca.relation_softmax : heads->relational.relation_softmax;
}

/* --- modules --- */

static dat_status init_module(configured_module *m)
{
    const random_configuration *c = &m->config;
    dat_dual_config heads = c->decoder.block.attention;
    dat_attention_config *relational = dat_dual_relational_options(&heads);
    relational->d_model = c->d_model;
    relational->n_heads = heads.n_heads_ra;
    relational->total_n_heads = c->total_n_heads;
    switch (c->module) {
    case PLAIN_ATTENTION:
    case CROSS_ATTENTION:
        return dat_attention_init(&m->attention, &m->params, "m", &heads.self_attention, NULL, NULL);
    case RELATIONAL_ATTENTION:
        return dat_relational_attention_init(&m->dual.relational_attention, &m->params, "m",
                                             &heads.relational);
    case RCA_ATTENTION:
        return dat_rca_init(&m->dual.rca, &m->params, "m", &heads.rca);
    case DISRCA_ATTENTION:
        return dat_disrca_init(&m->dual.disrca, &m->params, "m", &heads.disrca);
    case DUAL_ATTENTION:
        return dat_dual_attention_init(&m->dual, &m->params, "m", &heads);
    case ENCODER_BLOCK:
        return dat_encoder_block_init(&m->encoder, &m->params, "m", &c->decoder.block);
    case DECODER_BLOCK:
        return dat_decoder_block_init(&m->decoder, &m->params, "m", &c->decoder);
    case N_MODULES:
        break;
    }
    return dat_usage("module %d", (int)c->module);
}

static dat_tensor *add_symbols(configured_module *m)
{
    const random_configuration *c = &m->config;
    const dat_init init = {0};
    int64_t d = c->d_model, n = c->length;
    switch (c->symbols) {
    case BY_SENDER:
        return dat_params_add(&m->params, "", "symbols", 3, (int64_t[]){c->batch, n, d}, init);
    case SHARED_BY_SENDER:
        return dat_params_add(&m->params, "", "symbols", 3, (int64_t[]){1, n, d}, init);
    case BY_DISTANCE:
        return dat_params_add(&m->params, "", "symbols", 2, (int64_t[]){2 * c->max_distance + 1, d}, init);
    case BY_PAIR:
        return dat_params_add(&m->params, "", "symbols", 3, (int64_t[]){n, n, d}, init);
    case RETRIEVED:
    case N_SYMBOL_SOURCES:
        break;
    }
    return NULL;
}

static void sample_mask(configured_module *m)
{
    const random_configuration *c = &m->config;
    dat_rng rng = dat_rng_seed((uint64_t)c->seed + 3000);
    for (int i = 0; i < MOST_TOKENS * MOST_TOKENS; i++)
        m->mask[i] = !one_in(&rng, 3);
    m->inputs.mask = c->masked ? m->mask : NULL;
}

void make_configured(configured_module *m, const random_configuration *config)
{
    char text[CONFIGURATION_TEXT_SIZE];
    *m = (configured_module){.config = *config};
    const random_configuration *c = &m->config;
    dat_status status = init_module(m);
    if (status.code == DAT_CODE_OK && configuration_has_relational(c) && c->symbols == RETRIEVED)
        status = dat_retriever_init(&m->retriever, &m->params, "retriever", &c->retriever);
    if (status.code != DAT_CODE_OK)
        fail_msg("configuration %s: %s", describe_configuration(c, text), status.message);
    const dat_init init = {0};
    m->inputs.x = dat_params_add(&m->params, "", "x", 3, (int64_t[]){c->batch, c->length, c->d_model}, init);
    if (c->module == CROSS_ATTENTION || c->module == DECODER_BLOCK)
        m->inputs.memory = dat_params_add(&m->params, "", "memory", 3,
                                          (int64_t[]){c->batch, c->memory_length, c->d_model}, init);
    if (configuration_has_relational(c))
        m->inputs.symbols = add_symbols(m);
    dat_rng rng = dat_rng_seed(1);
    dat_params_allocate(&m->params, &rng);
    randomise_params(&m->params, 0.5, (uint64_t)c->seed + 2000);
    sample_mask(m);
    int64_t head_dim = c->d_model / c->total_n_heads;
    if (c->rope)
        dat_rope_table(MOST_TOKENS, head_dim, 100, m->cosines, m->sines);
}

void free_configured(configured_module *m)
{
    dat_params_free(&m->params);
}

static dat_symbols symbols_of(dat_tape *tape, const configured_module *m, const configured_inputs *in)
{
    const random_configuration *c = &m->config;
    if (configuration_has_relational(c) && c->symbols == RETRIEVED)
        return dat_retrieve_symbols(tape, &m->retriever, in->x);
    dat_symbols symbols = {.values = in->symbols, .max_distance = c->max_distance};
    if (c->symbols == BY_DISTANCE || c->symbols == BY_PAIR)
        symbols.layout = c->symbols == BY_PAIR ? DAT_SYMBOLS_BY_PAIR : DAT_SYMBOLS_BY_DISTANCE;
    return symbols;
}

static dat_tensor *forward(dat_tape *tape, const configured_module *m, const configured_inputs *in,
                           const dat_symbols *symbols, const dat_attention_context *context)
{
    switch (m->config.module) {
    case PLAIN_ATTENTION:
        return dat_attention_forward(tape, &m->attention, in->x, in->x, in->x, context);
    case CROSS_ATTENTION:
        return dat_attention_forward(tape, &m->attention, in->x, in->memory, in->memory, context);
    case RELATIONAL_ATTENTION:
        return dat_relational_attention_forward(tape, &m->dual.relational_attention, in->x, symbols, context);
    case RCA_ATTENTION:
        return dat_rca_forward(tape, &m->dual.rca, in->x, symbols, context);
    case DISRCA_ATTENTION:
        return dat_disrca_forward(tape, &m->dual.disrca, in->x, symbols, context);
    case DUAL_ATTENTION:
        return dat_dual_attention_forward(tape, &m->dual, in->x, symbols, context, NULL);
    case ENCODER_BLOCK:
        return dat_encoder_block_forward(tape, &m->encoder, in->x, symbols, context);
    case DECODER_BLOCK:
        return dat_decoder_block_forward(tape, &m->decoder, in->x, (dat_memory){.states = in->memory},
                                         symbols, context);
    case N_MODULES:
        break;
    }
    return NULL;
}

dat_tensor *run_configured(dat_tape *tape, const configured_module *m, const configured_inputs *in)
{
    char text[CONFIGURATION_TEXT_SIZE];
    const random_configuration *c = &m->config;
    int64_t angles[] = {MOST_TOKENS, c->d_model / c->total_n_heads / 2};
    dat_tape_begin(tape, 7);
    dat_attention_context context = {
        .causal = c->causal, .mask = in->mask, .scores = in->scores, .relations = in->relations};
    if (c->rope) {
        context.cosines = dat_tape_input(tape, "cosines", (dat_real *)m->cosines, 2, angles);
        context.sines = dat_tape_input(tape, "sines", (dat_real *)m->sines, 2, angles);
    }
    dat_symbols symbols = symbols_of(tape, m, in);
    dat_tensor *out = forward(tape, m, in, &symbols, &context);
    if (!out)
        fail_msg("configuration %s: %s", describe_configuration(c, text), tape->status.message);
    return out;
}
