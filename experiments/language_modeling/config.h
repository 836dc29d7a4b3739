/* The YAML config of the language modeling experiment, as structs. */
#ifndef LANGUAGE_MODELING_CONFIG_H
#define LANGUAGE_MODELING_CONFIG_H

#include "io/config.h"

typedef struct lm_data_config {
    char text[DAT_TEXT_SIZE];       /* a text file, in memory; unless train is given */
    char tokenizer[DAT_TEXT_SIZE];  /* of the text */
    double validation_share;        /* of the text: its end */
    char train[DAT_TEXT_SIZE];      /* a pattern of token files; "": the text */
    char validation[DAT_TEXT_SIZE]; /* another, with train */
    int order;                      /* of training examples: a dat_window_order */
    int64_t vocab_size;             /* 0: the tokenizer's */
    int64_t context;                /* tokens of an example */
    int64_t validation_windows;     /* 0: all */
} lm_data_config;

typedef struct lm_model_config {
    char name[DAT_TEXT_SIZE];
    int architecture; /* a lm_architecture */
    int64_t d_model, dff, n_layers, n_heads_sa, n_heads_ra, n_kv_heads, n_relations, relation_dim;
    int64_t n_symbols, symbol_heads;
    bool symmetric_relations, train_symbols, shared_symbols, norm_first, bias;
    int ra_type, relation_activation, symbols, positions, activation, norm;
    double dropout;
} lm_model_config;

typedef enum lm_architecture { LM_TRANSFORMER, LM_DAT } lm_architecture;

typedef struct lm_train_config {
    int64_t steps, evaluate_every, batch_size, micro_batch, warmup;
    double learning_rate, min_learning_rate, beta1, beta2, weight_decay, max_grad_norm;
    bool keep_best;
    double checkpoint_seconds;
} lm_train_config;

typedef struct lm_config {
    char figure[DAT_TEXT_SIZE];
    lm_data_config data;
    lm_model_config model;
    lm_train_config train;
    int64_t seed;
} lm_config;

extern const dat_schema lm_schema;

#endif
