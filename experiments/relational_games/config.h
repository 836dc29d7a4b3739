/* The YAML config of the relational games experiment, as structs. */
#ifndef RELATIONAL_GAMES_CONFIG_H
#define RELATIONAL_GAMES_CONFIG_H

#include "train/block_options.h"
#include "train/train_options.h"

typedef struct games_data_config {
    int task; /* a dat_games_task */
    int64_t train_size, validation_size, test_size, ood_size;
    double near, repeat;           /* priors of the generator; negative: the calibrated default */
    char folder[DAT_TEXT_SIZE];    /* of official npz files to train on; "": generate */
    char published[DAT_TEXT_SIZE]; /* of published npz files to evaluate on as well; "": none */
} games_data_config;

typedef struct games_model_config {
    char name[DAT_TEXT_SIZE];
    int architecture; /* a games_architecture */
    dat_block_options block;
    int64_t patch_size;
    bool final_norm;
    int pool;
} games_model_config;

typedef enum games_architecture {
    GAMES_TRANSFORMER,
    GAMES_DAT,
    GAMES_PREDINET,
    GAMES_CORELNET,
    GAMES_CORELNET_SOFTMAX,
    GAMES_ABSTRACTOR,
} games_architecture;

typedef struct games_config {
    char figure[DAT_TEXT_SIZE];
    games_data_config data;
    games_model_config model;
    dat_train_options train;
    int64_t seed;
} games_config;

extern const dat_schema games_schema;

#endif
