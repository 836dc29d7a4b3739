/* Random points of the option space of attention and blocks, tiny, and the modules they configure. */
#ifndef TESTS_SUPPORT_RANDOM_CONFIGURATION_H
#define TESTS_SUPPORT_RANDOM_CONFIGURATION_H

#include "nn/decoder_block.h"
#include "nn/position.h"
#include "nn/symbols.h"

typedef enum configuration_module {
    PLAIN_ATTENTION,
    CROSS_ATTENTION, /* plain attention to a memory */
    RELATIONAL_ATTENTION,
    RCA_ATTENTION,
    DISRCA_ATTENTION,
    DUAL_ATTENTION,
    ENCODER_BLOCK,
    DECODER_BLOCK,
    N_MODULES,
} configuration_module;

typedef enum configuration_symbols {
    BY_SENDER,        /* (B, L, d) */
    SHARED_BY_SENDER, /* (1, L, d) */
    BY_DISTANCE,      /* (2 max_distance + 1, d) */
    BY_PAIR,          /* (L, L, d) */
    RETRIEVED,        /* by a retriever of any kind */
    N_SYMBOL_SOURCES,
} configuration_symbols;

enum { MOST_TOKENS = 5, WIDEST = 12, CONFIGURATION_TEXT_SIZE = 256 };

/* A configuration. `decoder` holds the options of every module: those of its heads in block.attention. */
typedef struct random_configuration {
    int64_t seed;
    configuration_module module;
    int64_t batch, length, memory_length, d_model;
    int64_t total_n_heads; /* of a module of relational heads alone */
    dat_decoder_config decoder;
    bool causal, masked, rope;
    configuration_symbols symbols;
    int64_t max_distance;
    dat_retriever_config retriever;
} random_configuration;

/* The configuration number `seed`; modules take turns. */
random_configuration sample_configuration(int64_t seed);

/* "17: encoder block, ...": for messages. Returns `text`. */
const char *describe_configuration(const random_configuration *c, char text[CONFIGURATION_TEXT_SIZE]);

/* Whether it has relational heads. */
bool configuration_has_relational(const random_configuration *c);

/* Whether it normalises relations over all keys, later and masked ones included, as the reference does. */
bool configuration_relates_to_all(const random_configuration *c);

/* What a run reads and what it reports; NULL where a module has no use for it. */
typedef struct configured_inputs {
    dat_tensor *x, *memory; /* (B, L, d_model), (B, memory_length, d_model) */
    dat_tensor *symbols;    /* as given by random_configuration.symbols */
    const uint8_t *mask;
    dat_real *scores, *relations;
} configured_inputs;

/* A module with random parameters. Its inputs are parameters, too, so that all gradients are in one place. */
typedef struct configured_module {
    random_configuration config;
    dat_params params;
    configured_inputs inputs;
    uint8_t mask[MOST_TOKENS * MOST_TOKENS];
    dat_attention_layer attention;
    dat_dual_layer dual; /* also of relational heads alone: the member of their kind */
    dat_encoder_block encoder;
    dat_decoder_block decoder;
    dat_retriever retriever;
    dat_real cosines[MOST_TOKENS * WIDEST], sines[MOST_TOKENS * WIDEST];
} configured_module;

/* Ends the running test if the library refuses the configuration. */
void make_configured(configured_module *m, const random_configuration *config);
void free_configured(configured_module *m);

/* Begins a step and runs the module: (B, L, d) with a width that depends on the heads. Ends the running test
 * after an error. */
dat_tensor *run_configured(dat_tape *tape, const configured_module *m, const configured_inputs *inputs);

#endif
