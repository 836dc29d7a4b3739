#include "models/baselines/parts.h"

#include <inttypes.h>

static dat_status check(const dat_patch_config *c, const char *what)
{
    if (c->patch_height < 1 || c->patch_width < 1 || c->image_height < 1 || c->image_width < 1 ||
        c->image_height % c->patch_height || c->image_width % c->patch_width)
        return dat_usage("%s: patches of %" PRId64 " x %" PRId64 " do not tile images of %" PRId64
                         " x %" PRId64,
                         what, c->patch_height, c->patch_width, c->image_height, c->image_width);
    if (c->channels < 1 || c->d_model < 1)
        return dat_usage("%s: channels = %" PRId64 " and d_model = %" PRId64 " must both be at least 1", what,
                         c->channels, c->d_model);
    return DAT_OK;
}

dat_status dat_patch_embedder_init(dat_patch_embedder *embedder, dat_params *params, const char *what,
                                   const dat_patch_config *config)
{
    *embedder = (dat_patch_embedder){.config = *config};
    const dat_patch_config *c = &embedder->config;
    DAT_TRY(check(c, what));
    embedder->n_objects = (c->image_height / c->patch_height) * (c->image_width / c->patch_width);
    int64_t pixels = c->patch_height * c->patch_width * c->channels;
    dat_norm_init(&embedder->patch_norm, params, "patch_embedder.1", DAT_LAYER_NORM, pixels);
    dat_linear_init(&embedder->projection, params, "patch_embedder.2", pixels, c->d_model, true);
    dat_norm_init(&embedder->object_norm, params, "patch_embedder.3", DAT_LAYER_NORM, c->d_model);
    return DAT_OK;
}

/* Images of another size would have another number of objects. */
static bool check_images(dat_tape *tape, const dat_patch_config *c, const dat_tensor *images)
{
    char text[DAT_SHAPE_TEXT_SIZE];
    return (images->rank == 4 && images->shape[1] == c->channels && images->shape[2] == c->image_height &&
            images->shape[3] == c->image_width) ||
           dat_fail(tape, "patch embedder: %s is %s, expected (batch, %" PRId64 ", %" PRId64 ", %" PRId64 ")",
                    images->name, dat_shape_text(images, text), c->channels, c->image_height, c->image_width);
}

dat_tensor *dat_patch_embedder_forward(dat_tape *tape, const dat_patch_embedder *embedder, dat_tensor *images)
{
    const dat_patch_config *c = &embedder->config;
    if (!images || !check_images(tape, c, images))
        return NULL;
    dat_tensor *patches = dat_patchify(tape, images, c->patch_height, c->patch_width);
    dat_tensor *objects =
        dat_norm_linear(tape, patches, embedder->patch_norm.gain, embedder->patch_norm.shift,
                        embedder->projection.weight, embedder->projection.bias);
    return dat_norm_forward(tape, &embedder->object_norm, objects);
}

void dat_perceptron_init(dat_perceptron *perceptron, dat_params *params, const char *scope, int64_t in,
                         int64_t hidden, int64_t out)
{
    char name[DAT_SCOPE_SIZE];
    dat_linear_init(&perceptron->inner, params, dat_scope(name, scope, "0"), in, hidden, true);
    dat_linear_init(&perceptron->outer, params, dat_scope(name, scope, "2"), hidden, out, true);
}

dat_tensor *dat_perceptron_forward(dat_tape *tape, const dat_perceptron *perceptron, dat_tensor *x)
{
    dat_tensor *hidden =
        dat_activation_apply(tape, dat_linear_forward(tape, &perceptron->inner, x), DAT_RELU);
    return dat_linear_forward(tape, &perceptron->outer, hidden);
}
