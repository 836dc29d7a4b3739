/* Objects x_j carry their index j as one more feature, not scaled, as in the reference. Head h attends to an
 * object by each of its two queries, e_1^h = sum_j softmax_j(q_1^h . W_k x_j) x_j,  e_2^h likewise, and
 * reports [W_s e_1^h - W_s e_2^h, index of e_1^h, index of e_2^h]. As W_s is linear, objects are projected
 * before they are averaged. */
#include "models/baselines/predinet.h"

#include <inttypes.h>

static dat_status check(const dat_predinet_config *c)
{
    if (c->n_heads < 1 || c->n_relations < 1 || c->n_classes < 1)
        return dat_usage("PrediNet: n_heads = %" PRId64 ", n_relations = %" PRId64 " and n_classes = %" PRId64
                         " must be at least 1",
                         c->n_heads, c->n_relations, c->n_classes);
    if (c->patches.d_model < c->n_heads)
        return dat_usage("PrediNet: keys are d_model / n_heads wide, so d_model = %" PRId64
                         " must be at least n_heads = %" PRId64,
                         c->patches.d_model, c->n_heads);
    return DAT_OK;
}

dat_status dat_predinet_init(dat_predinet *model, dat_params *params, const dat_predinet_config *config)
{
    *model = (dat_predinet){.config = *config};
    DAT_TRY(check(config));
    DAT_TRY(dat_patch_embedder_init(&model->patches, params, "PrediNet", &config->patches));
    int64_t d = config->patches.d_model, width = d + 1, n = model->patches.n_objects;
    model->key_dim = d / config->n_heads;
    int64_t queries = config->n_heads * model->key_dim;
    dat_linear_init(&model->key, params, "predinet.W_k", width, model->key_dim, false);
    dat_linear_init(&model->first_query, params, "predinet.W_q1", n * width, queries, false);
    dat_linear_init(&model->second_query, params, "predinet.W_q2", n * width, queries, false);
    dat_linear_init(&model->relation, params, "predinet.W_s", width, config->n_relations, false);
    dat_perceptron_init(&model->predictor, params, "mlp_predictor",
                        config->n_heads * (config->n_relations + 2), d, config->n_classes);
    return DAT_OK;
}

/* The index of every object of a batch: (batch, n, 1). */
static dat_tensor *object_indices(dat_tape *tape, int64_t batch, int64_t n)
{
    dat_real *values = dat_tape_take(tape, (size_t)(batch * n) * sizeof(dat_real));
    for (int64_t i = 0; values && i < batch * n; i++)
        values[i] = (dat_real)(i % n);
    return values ? dat_tape_input(tape, "object indices", values, 3, (int64_t[]){batch, n, 1}) : NULL;
}

/* What one query of every head sees: (B, n_heads, n_relations + 1), the last column the index. `objects` are
 * their keys, relations and indices side by side. */
static dat_tensor *look(dat_tape *tape, const dat_predinet *model, const dat_linear_layer *query,
                        dat_tensor *flat, dat_tensor *objects)
{
    const dat_predinet_config *c = &model->config;
    dat_tensor *q =
        dat_reshape(tape, dat_linear_forward(tape, query, flat), 2, (int64_t[]){c->n_heads, model->key_dim});
    dat_columns key = {objects, 0, model->key_dim}, seen = {objects, model->key_dim, c->n_relations + 1};
    /* Queries of all heads meet the same keys: heads are rows of one attention head. */
    dat_attention_args args = {.n_heads = 1, .n_kv_heads = 1, .scale = 1};
    return dat_attention(tape, dat_all_columns(q), key, seen, &args);
}

/* The linear map [s_1, i_1, s_2, i_2] -> [s_1 - s_2, i_1, i_2]. */
static dat_tensor *comparison(dat_tape *tape, int64_t n_relations)
{
    int64_t rows = n_relations + 2, side = n_relations + 1, columns = 2 * side;
    dat_real *values = dat_tape_take(tape, (size_t)(rows * columns) * sizeof(dat_real));
    if (!values)
        return NULL;
    for (int64_t i = 0; i < rows * columns; i++)
        values[i] = 0;
    for (int64_t r = 0; r < n_relations; r++) {
        values[r * columns + r] = 1;
        values[r * columns + side + r] = -1;
    }
    values[n_relations * columns + side - 1] = 1;
    values[(n_relations + 1) * columns + columns - 1] = 1;
    return dat_tape_input(tape, "comparison", values, 2, (int64_t[]){rows, columns});
}

dat_tensor *dat_predinet_forward(dat_tape *tape, const dat_predinet *model, dat_tensor *images)
{
    const dat_predinet_config *c = &model->config;
    int64_t n = model->patches.n_objects, width = c->patches.d_model + 1;
    dat_tensor *x = dat_patch_embedder_forward(tape, &model->patches, images);
    if (!x)
        return NULL;
    dat_tensor *indices = object_indices(tape, x->shape[0], n);
    x = dat_concat(tape, x, indices); /* (B, n, d + 1) */
    dat_columns projected[2];
    dat_project(tape, 2, (dat_tensor *[]){x, x}, (const dat_linear_layer *[]){&model->key, &model->relation},
                projected);
    dat_tensor *objects = dat_concat(tape, projected[0].tensor, indices);
    dat_tensor *flat = dat_reshape(tape, x, 1, (int64_t[]){n * width});
    dat_tensor *first = look(tape, model, &model->first_query, flat, objects);
    dat_tensor *second = look(tape, model, &model->second_query, flat, objects);
    dat_tensor *pairs = dat_concat(tape, first, second);
    dat_tensor *relations = dat_linear(tape, pairs, comparison(tape, c->n_relations), NULL);
    relations = dat_reshape(tape, relations, 1, (int64_t[]){c->n_heads * (c->n_relations + 2)});
    return dat_perceptron_forward(tape, &model->predictor, relations);
}
