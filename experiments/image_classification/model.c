#include "model.h"

#include "data/images.h"

dat_status image_model_init(dat_vision_model *model, dat_params *params, const image_model_config *m,
                            int side, int n_classes)
{
    *model = (dat_vision_model){0};
    if (side % m->patch_size != 0)
        return dat_usage("model.patch_size = %d does not divide images of %d pixels a side",
                         (int)m->patch_size, side);
    int64_t patches = side / m->patch_size, tokens = patches * patches + 1;
    dat_vision_config config = {
        .channels = DAT_IMAGE_CHANNELS,
        .image_height = side,
        .image_width = side,
        .patch_height = m->patch_size,
        .patch_width = m->patch_size,
        .n_classes = n_classes,
        .n_layers = m->block.n_layers,
        .block = dat_block_options_config(&m->block, m->block.n_heads_ra > 0),
        .symbols = dat_block_options_symbols(&m->block, tokens),
        .final_norm = m->final_norm,
        .pool = (dat_pool)m->pool,
    };
    return dat_vision_init(model, params, &config);
}
