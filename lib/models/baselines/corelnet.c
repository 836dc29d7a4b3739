#include "models/baselines/corelnet.h"

#include <inttypes.h>

dat_status dat_corelnet_init(dat_corelnet *model, dat_params *params, const dat_corelnet_config *config)
{
    *model = (dat_corelnet){.config = *config};
    DAT_TRY(dat_patch_embedder_init(&model->patches, params, "CoRelNet", &config->patches));
    if (config->n_classes < 1)
        return dat_usage("CoRelNet: n_classes = %" PRId64 " must be at least 1", config->n_classes);
    int64_t d = config->patches.d_model, n = model->patches.n_objects;
    dat_perceptron_init(&model->embedder, params, "mlp_embedder", d, 4 * d, d);
    dat_perceptron_init(&model->predictor, params, "mlp_predictor", n * n, d, d);
    dat_linear_init(&model->head, params, "mlp_predictor.3", d, config->n_classes, true);
    return DAT_OK;
}

dat_tensor *dat_corelnet_forward(dat_tape *tape, const dat_corelnet *model, dat_tensor *images)
{
    int64_t n = model->patches.n_objects;
    dat_tensor *x = dat_patch_embedder_forward(tape, &model->patches, images);
    x = dat_perceptron_forward(tape, &model->embedder, x);
    dat_tensor *similarities =
        dat_inner_products(tape, x, x); /* (B, n, n), not scaled, as in the reference */
    if (model->config.softmax)
        similarities = dat_softmax(tape, similarities);
    x = dat_reshape(tape, similarities, 1, (int64_t[]){n * n});
    x = dat_perceptron_forward(tape, &model->predictor, x);
    /* Two linear maps in a row, as in the reference. */
    return dat_linear_forward(tape, &model->head, x);
}
