/* The model of a run: a Vision Transformer, or a Dual Attention one where there are relational heads. */
#ifndef IMAGE_CLASSIFICATION_MODEL_H
#define IMAGE_CLASSIFICATION_MODEL_H

#include "config.h"
#include "models/vision.h"

/* Checks the config and registers all parameters of a model of square images of `side` pixels. The caller
 * frees the model with dat_vision_free whatever the result. */
dat_status image_model_init(dat_vision_model *model, dat_params *params, const image_model_config *config,
                            int side, int n_classes);

#endif
