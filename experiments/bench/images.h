/* The models of image classification, for cases with made-up and with real images. */
#ifndef BENCH_IMAGES_H
#define BENCH_IMAGES_H

#include "models/vision.h"

enum { BENCH_IMAGES_BATCH = 128 };

/* A pointer to the dat_vision_config of CIFAR-10 with some heads of each kind: 65 tokens an image. */
#define BENCH_IMAGES_MODEL(heads_sa, heads_ra)                                                               \
    &(const dat_vision_config)                                                                               \
    {                                                                                                        \
        .channels = 3, .image_height = 32, .image_width = 32, .patch_height = 4, .patch_width = 4,           \
        .n_classes = 10, .n_layers = 8, .symbols = {.kind = DAT_POSITION_RELATIVE, .max_rel_pos = 65},       \
        .pool = DAT_POOL_MEAN,                                                                               \
        .block = {.dual = (heads_ra) > 0,                                                                    \
                  .attention = {.n_heads_sa = heads_sa,                                                      \
                                .n_heads_ra = heads_ra,                                                      \
                                .self_attention = {.d_model = 384, .n_heads = heads_sa}},                    \
                  .d_model = 384,                                                                            \
                  .dff = 384,                                                                                \
                  .activation = DAT_GELU,                                                                    \
                  .norm_first = true,                                                                        \
                  .bias = true},                                                                             \
    }

#endif
