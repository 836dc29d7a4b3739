/* The YAML config of the relational games experiment, as structs. */
#ifndef RELATIONAL_GAMES_CONFIG_H
#define RELATIONAL_GAMES_CONFIG_H

#include "io/config.h"

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
    int64_t d_model, dff, n_layers, n_heads_sa, n_heads_ra, n_kv_heads, n_relations, relation_dim, patch_size;
    int64_t n_symbols, symbol_heads;
    bool symmetric_relations, norm_first, bias, final_norm;
    int ra_type, symbols, relation_init, relation_activation, activation, norm, pool;
    double dropout;
} games_model_config;

typedef enum games_architecture {
    GAMES_TRANSFORMER,
    GAMES_DAT,
    GAMES_PREDINET,
    GAMES_CORELNET,
    GAMES_CORELNET_SOFTMAX,
    GAMES_ABSTRACTOR,
} games_architecture;

typedef struct games_train_config {
    int64_t epochs, batch_size, micro_batch, evaluate_every;
    double learning_rate, beta1, beta2, checkpoint_seconds;
} games_train_config;

typedef struct games_config {
    char figure[DAT_TEXT_SIZE];
    games_data_config data;
    games_model_config model;
    games_train_config train;
    int64_t seed;
} games_config;

extern const dat_schema games_schema;

#endif
