/* The config.json of the authors' published language models: the keyword arguments that the reference's
 * DualAttnTransformerLM (told by "n_heads_sa") or TransformerLM ("n_heads") was constructed with, as Hugging
 * Face's PyTorchModelHubMixin saves them. Every argument has its effect here, except those that have none
 * there either:
 *
 *     bias                  of DualAttnTransformerLM: not passed on, its feed-forward always has biases
 *     use_flash_attention   of TransformerLM: the same numbers either way
 *     sinusoidal            of positional symbols: kept, never read
 *
 * Unknown arguments are refused, as by the reference. */
#ifndef DAT_MODELS_HUB_CONFIG_H
#define DAT_MODELS_HUB_CONFIG_H

#include <jansson.h>

#include "models/language.h"

/* Reads the arguments; what they do not give has the reference's default. Whether they go together is checked
 * by dat_language_init. */
dat_status dat_hub_config_read(const json_t *json, dat_language_config *config);

/* The arguments that make the reference's model of this config, which dat_language_init accepts; refused when
 * there are none (symbols_once, rel_sym_attn, symmetric attention). The caller releases *json with
 * json_decref; NULL on error. */
dat_status dat_hub_config_write(const dat_language_config *config, json_t **json);

/* What relations go through, by name: the pointwise activations in the order of dat_activation, then
 * "softmax", at DAT_N_ACTIVATIONS; ends with NULL. */
extern const char *const dat_hub_relation_names[];

#endif
