/* The YAML config of the mathematics experiment, as structs. */
#ifndef MATH_CONFIG_H
#define MATH_CONFIG_H

#include "data/math.h"
#include "train/block_options.h"
#include "train/train_options.h"

typedef struct math_data_config {
    int module;                       /* a dat_math_module */
    char train_levels[DAT_TEXT_SIZE]; /* "easy, hard": see math_levels_parse */
    int64_t train_size, test_size;
    char folder[DAT_TEXT_SIZE]; /* of official files; "": generate */
    int padding;                /* a math_padding */
} math_data_config;

/* What attention sees behind a text. */
typedef enum math_padding {
    MATH_PADDING_REFERENCE, /* all padding, up to the longest text there can be */
    MATH_PADDING_TRIMMED,   /* nothing; problems of a step that are of like length go together */
} math_padding;

typedef enum math_architecture { MATH_TRANSFORMER, MATH_DAT } math_architecture;

typedef struct math_model_config {
    char name[DAT_TEXT_SIZE], family[DAT_TEXT_SIZE];
    int architecture;        /* a math_architecture */
    dat_block_options block; /* of both stacks, but for the decoder's heads: */
    int64_t decoder_heads_sa, decoder_heads_ra;
} math_model_config;

typedef struct math_config {
    char figure[DAT_TEXT_SIZE];
    math_data_config data;
    math_model_config model;
    dat_train_options train;
    int64_t seed;
} math_config;

extern const dat_schema math_schema;

/* Training levels named in a text, separated by commas or spaces; each at most once, at least one. */
typedef struct math_levels {
    dat_math_level items[DAT_MATH_N_TRAINING_LEVELS];
    int n;
} math_levels;
dat_status math_levels_parse(const char *text, math_levels *levels);

#endif
