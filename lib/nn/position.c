#include "nn/position.h"

#include <inttypes.h>
#include <stdlib.h>

#include "util/memory.h"

void dat_rope_table(int64_t length, int64_t head_dim, double theta, dat_real *cosines, dat_real *sines)
{
    for (int64_t k = 0; k < head_dim / 2; k++) {
        double frequency = pow(theta, -2.0 * (double)k / (double)head_dim);
        for (int64_t i = 0; i < length; i++) {
            cosines[i * (head_dim / 2) + k] = (dat_real)cos((double)i * frequency);
            sines[i * (head_dim / 2) + k] = (dat_real)sin((double)i * frequency);
        }
    }
}

/* Queries and keys of all heads turn by the same angles, so they must be as wide as heads are. */
static dat_status check_key_dim(const dat_attention_config *attention, int64_t n_heads, int64_t head_dim)
{
    if (n_heads > 0 && attention->key_dim && attention->key_dim != head_dim)
        return dat_usage("RoPE needs key_dim = %" PRId64 " to equal head_dim = %" PRId64, attention->key_dim,
                         head_dim);
    return DAT_OK;
}

dat_status dat_rope_angles_init(dat_rope_angles *angles, int64_t length, const dat_block_config *block)
{
    dat_dual_config c = block->attention;
    int64_t sensory = block->dual ? c.n_heads_sa : c.self_attention.n_heads;
    int64_t relational = block->dual ? c.n_heads_ra : 0, heads = sensory + relational;
    int64_t head_dim = heads > 0 ? block->d_model / heads : 0;
    *angles = (dat_rope_angles){.length = length, .pairs = head_dim / 2};
    if (length < 1 || head_dim < 2 || head_dim % 2)
        return dat_usage("RoPE rotates pairs of a head's values, so head_dim = %" PRId64
                         " must be even, and the number of positions = %" PRId64 " at least 1",
                         head_dim, length);
    DAT_TRY(check_key_dim(&c.self_attention, sensory, head_dim));
    DAT_TRY(check_key_dim(dat_dual_relational_options(&c), relational, head_dim));
    size_t count = (size_t)(length * angles->pairs);
    angles->cosines = dat_allocate(count, sizeof(dat_real));
    angles->sines = dat_allocate(count, sizeof(dat_real));
    dat_rope_table(length, head_dim, 10000, angles->cosines, angles->sines);
    return DAT_OK;
}

void dat_rope_angles_use(dat_tape *tape, const dat_rope_angles *angles, dat_attention_context *context)
{
    int64_t shape[] = {angles->length, angles->pairs};
    dat_tensor *cosines = dat_tape_input(tape, "RoPE cosines", angles->cosines, 2, shape);
    dat_tensor *sines = dat_tape_input(tape, "RoPE sines", angles->sines, 2, shape);
    context->cosines = dat_decode_cache_rows(tape, context->cache, cosines);
    context->sines = dat_decode_cache_rows(tape, context->cache, sines);
}

void dat_rope_angles_free(dat_rope_angles *angles)
{
    free(angles->cosines);
    free(angles->sines);
    *angles = (dat_rope_angles){0};
}

void dat_sinusoidal_table(int64_t length, int64_t d, dat_real *table)
{
    for (int64_t k = 0; k < d / 2; k++) {
        double frequency = pow(10000, -2.0 * (double)k / (double)d);
        for (int64_t i = 0; i < length; i++) {
            table[i * d + 2 * k] = (dat_real)sin((double)i * frequency);
            table[i * d + 2 * k + 1] = (dat_real)cos((double)i * frequency);
        }
    }
}

dat_status dat_position_encoding_init(dat_position_encoding *encoding, dat_params *params, const char *scope,
                                      const dat_position_config *config)
{
    char name[DAT_SCOPE_SIZE];
    *encoding = (dat_position_encoding){.config = *config};
    int64_t shape[] = {config->max_length, config->d_model};
    const char *what = scope[0] ? scope : "position encoding";
    if (config->max_length < 1 || config->d_model < 1)
        return dat_usage("%s: max_length = %" PRId64 " and d_model = %" PRId64 " must both be at least 1",
                         what, config->max_length, config->d_model);
    if (!(config->dropout >= 0 && config->dropout < 1))
        return dat_usage("%s: dropout = %g must be at least 0 and less than 1", what, config->dropout);
    if (!config->learned && config->d_model % 2)
        return dat_usage("%s: sinusoids come in pairs, so d_model = %" PRId64 " must be even", what,
                         config->d_model);
    if (config->learned) {
        encoding->embeddings = dat_params_add(params, dat_scope(name, scope, "position_embeddings"), "weight",
                                              2, shape, (dat_init){DAT_INIT_NORMAL, 1});
    } else {
        encoding->sinusoids = dat_allocate((size_t)(config->max_length * config->d_model), sizeof(dat_real));
        dat_sinusoidal_table(config->max_length, config->d_model, encoding->sinusoids);
    }
    return DAT_OK;
}

dat_tensor *dat_position_encoding_forward(dat_tape *tape, const dat_position_encoding *encoding,
                                          dat_tensor *x)
{
    return dat_position_encoding_next(tape, encoding, NULL, x);
}

dat_tensor *dat_position_encoding_next(dat_tape *tape, const dat_position_encoding *encoding,
                                       const dat_decode_cache *cache, dat_tensor *x)
{
    const dat_position_config *c = &encoding->config;
    dat_tensor *table = encoding->embeddings;
    if (!c->learned)
        table =
            dat_tape_input(tape, "sinusoids", encoding->sinusoids, 2, (int64_t[]){c->max_length, c->d_model});
    table = dat_decode_cache_rows(tape, cache, table);
    x = dat_add_positions(tape, x, table, c->scale ? sqrt((double)c->d_model) : 1);
    return dat_dropout(tape, x, c->dropout);
}

void dat_position_encoding_free(dat_position_encoding *encoding)
{
    free(encoding->sinusoids);
    *encoding = (dat_position_encoding){0};
}
