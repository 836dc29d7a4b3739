/* Encoder-decoder models: a Transformer or Dual Attention Transformer from one sequence to another, as the
 * reference's Seq2SeqTransformer and Seq2SeqDualAttnTransformer. Parameter names are its state_dict keys. */
#ifndef DAT_MODELS_SEQ2SEQ_H
#define DAT_MODELS_SEQ2SEQ_H

#include "nn/decoder_block.h"
#include "nn/position.h"
#include "nn/symbols.h"

/* What a sequence is made of: tokens of a vocabulary or vectors of a size, the other being 0. */
typedef struct dat_sequence_spec {
    int64_t vocab_size, vector_size;
} dat_sequence_spec;

/* A batch of sequences; the spec says which of the two is read. */
typedef struct dat_sequence {
    dat_tokens tokens;
    dat_tensor *vectors;    /* (B, L, vector_size) */
    const int64_t *lengths; /* (B): what comes from lengths[b] on is padding, which nothing before it depends
                               on; borrowed until the end of the step; NULL: no padding */
} dat_sequence;

typedef enum dat_seq2seq_positions {
    DAT_SEQ2SEQ_SINUSOIDAL,
    DAT_SEQ2SEQ_LEARNED,
    DAT_SEQ2SEQ_ROPE, /* of the attention inside of each sequence, not from one to the other */
} dat_seq2seq_positions;

/* "sinusoidal", "learned", "RoPE", as in the reference; ends with NULL. */
extern const char *const dat_seq2seq_position_names[];

typedef struct dat_seq2seq_config {
    dat_sequence_spec source, target;   /* what the encoder and the decoder read */
    int64_t max_source, max_target;     /* lengths; the reference's in_block_size and out_block_size */
    int64_t n_outputs;                  /* logits per position of the target */
    int64_t n_layers_enc, n_layers_dec; /* the reference's dual model takes n_layers_enc for both */
    dat_block_config encoder;           /* d_model and dual are those of the decoder's blocks, too */
    dat_decoder_config decoder;
    bool causal_encoder, causal_decoder;
    dat_seq2seq_positions positions;
    double position_dropout;      /* of learned positions; 0.1 in the reference */
    bool tie_weights;             /* only adds names: see dat_seq2seq_init */
    dat_retriever_config symbols; /* of dual models; d_model and max_length 0: the model's */
    bool symbols_once;            /* retrieve symbols once for each stack, not for each layer */
} dat_seq2seq_config;

/* How one of the two sequences enters the model. */
typedef struct dat_sequence_entry {
    dat_tensor *embeddings;          /* (vocab_size, d_model) of tokens */
    dat_linear_layer projection;     /* (d_model, vector_size) of vectors */
    dat_position_encoding positions; /* added ones */
    dat_rope_angles angles;          /* of RoPE */
} dat_sequence_entry;

typedef struct dat_seq2seq_model {
    dat_seq2seq_config config;
    dat_sequence_entry source, target;
    dat_retriever retriever;           /* of dual models, for both stacks */
    dat_encoder_block *encoder_blocks; /* n_layers_enc, owned */
    dat_decoder_block *decoder_blocks; /* n_layers_dec, owned */
    dat_linear_layer head;             /* (n_outputs, d_model) */
} dat_seq2seq_model;

/* Checks the config and registers all parameters. With tie_weights the head's parameters get the second names
 * "layers.target_embedder.weights.*", and that is all: as in the reference, the embedding of the target stays
 * a matrix of its own. The caller frees the model whatever the result. */
dat_status dat_seq2seq_init(dat_seq2seq_model *model, dat_params *params, const dat_seq2seq_config *config);

/* source (B, Ls) -> the memory (B, Ls, d_model) that the decoder reads, with the source's lengths. Symbols
 * that look at neighbours ahead would see padding: DAT_REL_SYM_ATTENTION with lengths is an error of the tape
 * then. */
dat_memory dat_seq2seq_encode(dat_tape *tape, const dat_seq2seq_model *model, const dat_sequence *source);

/* memory and target (B, Lt) -> logits (B, Lt, n_outputs); for the last position only: (B, n_outputs). A
 * causal decoder needs no lengths of the target, unless its relations are softmaxes, which causality does not
 * mask. */
dat_tensor *dat_seq2seq_decode(dat_tape *tape, const dat_seq2seq_model *model, dat_memory memory,
                               const dat_sequence *target, bool last_only);

/* Whether dat_seq2seq_next can be used: a causal decoder, and see dat_block_can_cache. */
bool dat_seq2seq_can_cache(const dat_seq2seq_model *model);

/* Tokens (B, Lt) of the target that go on from the positions in the cache, which get Lt more -> logits (B,
 * n_outputs) of the last one, as dat_seq2seq_decode gives for the whole target. The memory is read in the
 * first step. */
dat_tensor *dat_seq2seq_next(dat_tape *tape, const dat_seq2seq_model *model, dat_decode_cache *cache,
                             dat_memory memory, dat_tokens target);

void dat_seq2seq_free(dat_seq2seq_model *model);

#endif
