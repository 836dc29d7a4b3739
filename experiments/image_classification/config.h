/* The YAML config of the image classification experiment, as structs. */
#ifndef IMAGE_CLASSIFICATION_CONFIG_H
#define IMAGE_CLASSIFICATION_CONFIG_H

#include "io/config.h"
#include "train/block_options.h"

typedef enum image_dataset {
    IMAGE_CIFAR10,
    IMAGE_CIFAR100_FINE,
    IMAGE_CIFAR100_COARSE,
    IMAGE_FOLDER,
} image_dataset;

typedef struct image_data_config {
    int dataset; /* an image_dataset */
    char folder[DAT_TEXT_SIZE];
    int64_t train_size, image_size, crop_padding;
    bool flip, crop_paste;
    int autoaugment; /* a dat_autoaugment */
    double cutmix, mixup;
} image_data_config;

typedef struct image_model_config {
    char name[DAT_TEXT_SIZE];
    dat_block_options block;
    int64_t patch_size;
    bool final_norm;
    int pool;
} image_model_config;

typedef struct image_train_config {
    int64_t epochs, batch_size, micro_batch, evaluate_every, warmup_epochs, loader_threads;
    double learning_rate, min_learning_rate, weight_decay, beta1, beta2, checkpoint_seconds;
    bool keep_parameters;
} image_train_config;

typedef struct image_config {
    char figure[DAT_TEXT_SIZE];
    image_data_config data;
    image_model_config model;
    image_train_config train;
    int64_t seed;
} image_config;

extern const dat_schema image_schema;

#endif
