/* Checkpoint folders in the layout of the authors' language models on the Hugging Face hub: config.json
 * (models/hub_config.h) and the weights (io/weights.h). */
#ifndef DAT_MODELS_HUB_H
#define DAT_MODELS_HUB_H

#include "io/safetensors.h"
#include "models/language.h"

/* Reads the config of a folder. To train a published model on, initialise and allocate a model of this config
 * before dat_weights_load. */
dat_status dat_hub_read_config(const char *folder, dat_language_config *config);

/* Initialises the model of a folder with its weights, for evaluation: there are no gradients. The weights are
 * checked against the config before memory is taken for them. The caller frees model and parameters whatever
 * the result. */
dat_status dat_hub_load(const char *folder, dat_language_model *model, dat_params *params);

/* Writes a model and its parameters, rounded to `type`, as such a folder, which is created if need be;
 * refused for a model that the reference does not have (dat_hub_config_write). Its files are replaced in one
 * step each, the weights first. */
dat_status dat_hub_save(const char *folder, const dat_language_model *model, const dat_params *params,
                        dat_float_type type);

#endif
