#include "config.h"

#include "data/autoaugment.h"
#include "models/vision.h"

/* Of image_dataset. */
static const char *const datasets[] = {"cifar10", "cifar100_fine", "cifar100_coarse", "folder", NULL};

#define FIELD(structure, member, kind) .key = #member, .type = kind, .offset = offsetof(structure, member)

#define DATA(member, kind) FIELD(image_data_config, member, kind)
static const dat_field data_fields[] = {
    {DATA(dataset, DAT_FIELD_CHOICE), "cifar10", .choices = datasets,
     .help = "which images and labels; folder: your own, in folder/train/CLASS and folder/test/CLASS"},
    {DATA(folder, DAT_FIELD_TEXT), "datasets/cifar10-sample", .help = "where the files are"},
    {DATA(train_size, DAT_FIELD_INT), "2000", 1, 1e9,
     .help = "training images, drawn by the seed if there are more"},
    {DATA(image_size, DAT_FIELD_INT), "32", 1, 1024,
     .help = "side in pixels that images of a folder are resized to"},
    {DATA(crop_padding, DAT_FIELD_INT), "4", 0, 1024,
     .help = "black border that crops may reach into; 0: no crops"},
    {DATA(flip, DAT_FIELD_BOOL), "true", .help = "mirror every other image"},
    {DATA(autoaugment, DAT_FIELD_CHOICE), "none", .choices = dat_autoaugment_names,
     .help = "AutoAugment's policy for CIFAR-10, as in the authors' code or as in torchvision"},
    {DATA(crop_paste, DAT_FIELD_BOOL), "false", .help = "blend a box of an image into another place of it"},
    {DATA(cutmix, DAT_FIELD_REAL), "0", 0, 1, .help = "probability of CutMix"},
    {DATA(mixup, DAT_FIELD_REAL), "0", 0, 1, .help = "probability of MixUp where CutMix is not done"},
    {0},
};
static const dat_schema data_schema = {sizeof(image_data_config), data_fields};

#define MODEL(member, kind) FIELD(image_model_config, member, kind)
#define S                   image_model_config
static const dat_field model_fields[] = {
    {MODEL(name, DAT_FIELD_TEXT), "model", .help = "label in tables and plots"},
    DAT_BLOCK_D_MODEL(S, "384"),
    DAT_BLOCK_DFF(S, "384"),
    DAT_BLOCK_N_LAYERS(S, "8", "encoder blocks"),
    DAT_BLOCK_N_HEADS_SA(S, "6", "self-attention heads"),
    DAT_BLOCK_N_HEADS_RA(S, "6", "relational attention heads; 0: a ViT"),
    DAT_BLOCK_N_KV_HEADS(S, "0"),
    DAT_BLOCK_N_RELATIONS(S, "0", "relations; 0: n_heads_ra"),
    {MODEL(patch_size, DAT_FIELD_INT), "4", 1, 1024, .help = "side of a square patch in pixels"},
    DAT_BLOCK_SYMMETRIC_RELATIONS(S, "true"),
    DAT_BLOCK_SYMBOLS(S, "position_relative"),
    DAT_BLOCK_N_SYMBOLS(S, "64"),
    DAT_BLOCK_SYMBOL_HEADS(S, "4"),
    DAT_BLOCK_RELATION_INIT(S, "package"),
    DAT_BLOCK_RELATION_ACTIVATION(S, "identity"),
    DAT_BLOCK_ACTIVATION(S, "gelu"),
    DAT_BLOCK_NORM(S, "layernorm"),
    DAT_BLOCK_NORM_FIRST(S, "true"),
    {MODEL(final_norm, DAT_FIELD_BOOL), "true", .help = "a norm before the classifier"},
    DAT_BLOCK_BIAS(S, "true"),
    {MODEL(pool, DAT_FIELD_CHOICE), "mean", .choices = dat_pool_names, .help = "what the classifier sees"},
    DAT_BLOCK_DROPOUT(S, "0"),
    {0},
};
static const dat_schema model_schema = {sizeof(image_model_config), model_fields};

#define TRAIN(member, kind) FIELD(image_train_config, member, kind)
static const dat_field train_fields[] = {
    {TRAIN(epochs, DAT_FIELD_INT), "100", 1, 1e6, .help = "passes over the training images"},
    {TRAIN(batch_size, DAT_FIELD_INT), "128", 1, 1e6, .help = "images per optimizer step"},
    {TRAIN(micro_batch, DAT_FIELD_INT), "0", 0, 1e6,
     .help = "images processed at a time, gradients accumulate over a batch; 0: as many as fit the cache"},
    {TRAIN(evaluate_every, DAT_FIELD_INT), "1", 0, 1e6, .help = "epochs between tests; 0: at the end only"},
    {TRAIN(warmup_epochs, DAT_FIELD_INT), "5", 0, 1e6,
     .help = "epochs in which the learning rate rises from 0"},
    {TRAIN(learning_rate, DAT_FIELD_REAL), "0.001", 0, 10, .help = "of Adam, after the warm-up"},
    {TRAIN(min_learning_rate, DAT_FIELD_REAL), "1e-5", 0, 10,
     .help = "where its cosine over the epochs ends"},
    {TRAIN(weight_decay, DAT_FIELD_REAL), "5e-5", 0, 10,
     .help = "L2 regularisation, coupled as in PyTorch's Adam"},
    {TRAIN(beta1, DAT_FIELD_REAL), "0.9", 0, 1, .help = "of Adam"},
    {TRAIN(beta2, DAT_FIELD_REAL), "0.999", 0, 1, .help = "of Adam"},
    {TRAIN(loader_threads, DAT_FIELD_INT), "1", 0, 64,
     .help = "threads that augment ahead of the step; 0: none"},
    {TRAIN(checkpoint_seconds, DAT_FIELD_REAL), "60", 0, 1e6, .help = "between saves of the run file"},
    {TRAIN(keep_parameters, DAT_FIELD_BOOL), "false",
     .help = "keep the trained parameters in the run file, for `dat inspect`"},
    {0},
};
static const dat_schema train_schema = {sizeof(image_train_config), train_fields};

#define TOP(member, kind) FIELD(image_config, member, kind)
static const dat_field fields[] = {
    {TOP(figure, DAT_FIELD_TEXT), "\"\"", .help = "the report's table that this run belongs to"},
    {TOP(data, DAT_FIELD_SECTION), .section = &data_schema, .help = "images and their augmentation"},
    {TOP(model, DAT_FIELD_SECTION), .section = &model_schema, .help = "network"},
    {TOP(train, DAT_FIELD_SECTION), .section = &train_schema, .help = "optimisation"},
    {TOP(seed, DAT_FIELD_INT), "0", 0, 9e15,
     .help = "of the choice of images, start, order, augmentation and dropout"},
    {0},
};
const dat_schema image_schema = {sizeof(image_config), fields};
