#include "nn/symbols.h"

#include <inttypes.h>

#include "nn/choice.h"

const char *const dat_retriever_names[] = {"positional_symbols", "position_relative", "symbolic_attention",
                                           "rel_sym_attn", NULL};

/* --- configs --- */

static bool attends(dat_retriever_kind kind)
{
    return kind == DAT_SYMBOLIC_ATTENTION || kind == DAT_REL_SYM_ATTENTION;
}

static dat_neighbour_args neighbours_of(const dat_retriever_config *c)
{
    return (dat_neighbour_args){.n_heads = c->rel_n_heads,
                                .distance = c->neighbours,
                                .causal = c->causal_neighbours,
                                .include_self = c->include_self,
                                .softmax = c->normalise_relations,
                                .scale = c->rel_scale};
}

static dat_status complete_symbolic_attention(dat_retriever_config *c, const char *what)
{
    if (c->n_heads < 1 || c->d_model % c->n_heads)
        return dat_usage("%s: d_model = %" PRId64 " must be a multiple of n_heads = %" PRId64
                         " of symbolic attention",
                         what, c->d_model, c->n_heads);
    if (c->n_symbols < 1)
        return dat_usage("%s: n_symbols = %" PRId64 " must be at least 1", what, c->n_symbols);
    if (!(c->dropout >= 0 && c->dropout < 1))
        return dat_usage("%s: dropout = %g must be at least 0 and less than 1", what, c->dropout);
    c->scale = c->scale != 0 ? c->scale : 1 / sqrt((double)(c->d_model / c->n_heads));
    return DAT_OK;
}

static dat_status complete_relations(dat_retriever_config *c, const char *what)
{
    if (c->rel_n_heads < 1 || c->d_model % c->rel_n_heads)
        return dat_usage("%s: d_model = %" PRId64 " must be a multiple of rel_n_heads = %" PRId64, what,
                         c->d_model, c->rel_n_heads);
    dat_neighbour_args neighbours = neighbours_of(c);
    if (c->neighbours < 0 || dat_neighbour_count(&neighbours) < 1)
        return dat_usage("%s: nbhd_delta = %" PRId64 " with include_self = %d leaves no neighbours", what,
                         c->neighbours, c->include_self);
    c->rel_scale = c->rel_scale != 0 ? c->rel_scale : 1 / sqrt((double)(c->d_model / c->rel_n_heads));
    return DAT_OK;
}

static dat_status complete_config(dat_retriever_config *c, const char *what)
{
    DAT_TRY(dat_check_choice(what, "symbol retriever", (int)c->kind, dat_retriever_names));
    if (c->d_model < 1)
        return dat_usage("%s: symbols are d_model = %" PRId64 " wide, which must be at least 1", what,
                         c->d_model);
    if (c->kind == DAT_POSITIONAL_SYMBOLS && c->max_length < 1)
        return dat_usage("%s: max_length = %" PRId64 " must be at least 1", what, c->max_length);
    if (c->kind == DAT_POSITION_RELATIVE && c->max_rel_pos < 0)
        return dat_usage("%s: max_rel_pos = %" PRId64 " must not be negative", what, c->max_rel_pos);
    if (attends(c->kind))
        DAT_TRY(complete_symbolic_attention(c, what));
    return c->kind == DAT_REL_SYM_ATTENTION ? complete_relations(c, what) : DAT_OK;
}

/* --- parameters --- */

/* How a module's parameter comes to its name: registered anew, or as another name of `original`. */
static dat_tensor *add_or_tie(dat_params *params, const char *scope, const char *name, const int64_t shape[2],
                              dat_init init, const dat_tensor *original)
{
    return original ? dat_params_tie(params, scope, name, original)
                    : dat_params_add(params, scope, name, 2, shape, init);
}

static void add_or_tie_linear(dat_linear_layer *layer, dat_params *params, const char *scope, int64_t in,
                              int64_t out, const dat_linear_layer *original)
{
    if (original)
        dat_linear_tie(layer, params, scope, original);
    else
        dat_linear_init(layer, params, scope, in, out, true);
}

static void register_tables(dat_retriever *r, dat_params *params, const char *scope,
                            const dat_retriever *original)
{
    const dat_retriever_config *c = &r->config;
    const dat_init normal = {DAT_INIT_NORMAL, 1};
    const dat_tensor *library = original ? original->library : NULL;
    int64_t d = c->d_model, distances = 2 * c->max_rel_pos + 1;
    switch (c->kind) {
    case DAT_POSITIONAL_SYMBOLS:
        r->library = add_or_tie(params, scope, "symbol_library.weight", (int64_t[]){c->max_length, d}, normal,
                                library);
        break;
    case DAT_POSITION_RELATIVE: /* Xavier's uniform start */
        r->library = add_or_tie(params, scope, "rel_pos_enc.rel_pos_embeddings", (int64_t[]){distances, d},
                                (dat_init){DAT_INIT_UNIFORM, sqrt(6 / (double)(distances + d))}, library);
        break;
    case DAT_SYMBOLIC_ATTENTION:
    case DAT_REL_SYM_ATTENTION:
        r->templates = add_or_tie(params, scope, "template_features", (int64_t[]){c->n_symbols, d}, normal,
                                  original ? original->templates : NULL);
        r->library =
            add_or_tie(params, scope, "symbol_library", (int64_t[]){c->n_symbols, d}, normal, library);
        break;
    }
    if (c->fixed_symbols && !original)
        dat_params_freeze(params, r->library);
}

static void register_symbolic_attention(dat_retriever *r, dat_params *params, const char *scope,
                                        const dat_retriever *original)
{
    char name[DAT_SCOPE_SIZE];
    add_or_tie_linear(&r->query, params, dat_scope(name, scope, "q_proj"), r->config.d_model,
                      r->config.d_model, original ? &original->query : NULL);
    register_tables(r, params, scope, original);
}

static void register_relations(dat_retriever *r, dat_params *params, const char *scope,
                               const dat_retriever *original)
{
    char name[DAT_SCOPE_SIZE];
    int64_t d = r->config.d_model;
    dat_neighbour_args neighbours = neighbours_of(&r->config);
    add_or_tie_linear(&r->rel_query, params, dat_scope(name, scope, "q_proj"), d, d,
                      original ? &original->rel_query : NULL);
    add_or_tie_linear(&r->rel_key, params, dat_scope(name, scope, "k_proj"), d, d,
                      original ? &original->rel_key : NULL);
    add_or_tie_linear(&r->model_projection, params, dat_scope(name, scope, "model_dim_proj"),
                      dat_neighbour_count(&neighbours) * neighbours.n_heads, d,
                      original ? &original->model_projection : NULL);
    register_symbolic_attention(r, params, dat_scope(name, scope, "symbolic_attention"), original);
}

static void register_all(dat_retriever *r, dat_params *params, const char *scope,
                         const dat_retriever *original)
{
    if (r->config.kind == DAT_REL_SYM_ATTENTION)
        register_relations(r, params, scope, original);
    else if (r->config.kind == DAT_SYMBOLIC_ATTENTION)
        register_symbolic_attention(r, params, scope, original);
    else
        register_tables(r, params, scope, original);
}

dat_status dat_retriever_init(dat_retriever *retriever, dat_params *params, const char *scope,
                              const dat_retriever_config *config)
{
    *retriever = (dat_retriever){.config = *config};
    DAT_TRY(complete_config(&retriever->config, scope[0] ? scope : "symbol retriever"));
    register_all(retriever, params, scope, NULL);
    return DAT_OK;
}

void dat_retriever_tie(dat_retriever *retriever, dat_params *params, const char *scope,
                       const dat_retriever *original)
{
    *retriever = (dat_retriever){.config = original->config};
    register_all(retriever, params, scope, original);
}

/* --- symbols --- */

bool dat_retriever_reads_objects(const dat_retriever *retriever)
{
    return attends(retriever->config.kind);
}

/* A table (n_symbols, d) as (1, n_symbols, d), to be shared by the batch. While training it is copied, for
 * its gradient, and because the number of ops before a dropout decides its mask. */
static dat_tensor *as_item(dat_tape *tape, dat_tensor *table)
{
    int64_t rows = dat_rows(table), width = dat_width(table);
    if (tape->recording || tape->training)
        return dat_first_rows(tape, table, rows);
    return dat_tape_input(tape, table->name, table->data, 3, (int64_t[]){1, rows, width});
}

dat_tensor *dat_symbolic_attention_forward(dat_tape *tape, const dat_retriever *r, dat_tensor *x,
                                           dat_real *scores)
{
    const dat_retriever_config *c = &r->config;
    dat_tensor *query = dat_linear_forward(tape, &r->query, x);
    dat_tensor *templates = as_item(tape, r->templates), *library = as_item(tape, r->library);
    dat_attention_args args = {.n_heads = c->n_heads,
                               .n_kv_heads = c->n_heads,
                               .scale = c->scale,
                               .dropout = c->dropout,
                               .scores = scores};
    return dat_attention(tape, dat_all_columns(query), dat_all_columns(templates), dat_all_columns(library),
                         &args);
}

/* What symbolic attention queries with in rel_sym_attn: (B, L, d). */
static dat_tensor *relations_with_neighbours(dat_tape *tape, const dat_retriever *r, dat_tensor *x)
{
    dat_tensor *const inputs[] = {x, x};
    const dat_linear_layer *const layers[] = {&r->rel_query, &r->rel_key};
    dat_columns projected[2];
    dat_project(tape, 2, inputs, layers, projected);
    dat_neighbour_args neighbours = neighbours_of(&r->config);
    dat_tensor *relations = dat_neighbour_relations(tape, projected[0], projected[1], &neighbours);
    return dat_linear_forward(tape, &r->model_projection, relations);
}

dat_symbols dat_retrieve_symbols(dat_tape *tape, const dat_retriever *r, dat_tensor *x)
{
    return dat_retrieve_next_symbols(tape, r, NULL, x);
}

dat_symbols dat_retrieve_next_symbols(dat_tape *tape, const dat_retriever *r, const dat_decode_cache *cache,
                                      dat_tensor *x)
{
    dat_symbols symbols = {0};
    if (!x)
        return symbols;
    switch (r->config.kind) {
    case DAT_POSITIONAL_SYMBOLS:
        symbols.values = dat_first_rows(tape, dat_decode_cache_rows(tape, cache, r->library), x->shape[1]);
        break;
    case DAT_POSITION_RELATIVE:
        symbols = (dat_symbols){r->library, DAT_SYMBOLS_BY_DISTANCE, r->config.max_rel_pos};
        break;
    case DAT_SYMBOLIC_ATTENTION:
        symbols.values = dat_symbolic_attention_forward(tape, r, x, NULL);
        break;
    case DAT_REL_SYM_ATTENTION:
        symbols.values = dat_symbolic_attention_forward(tape, r, relations_with_neighbours(tape, r, x), NULL);
        break;
    }
    return symbols;
}
