/* Where a token stands: encodings that are added to the input, and the angles of rotary embeddings. */
#ifndef DAT_NN_POSITION_H
#define DAT_NN_POSITION_H

#include "nn/blocks.h"

/* The cosine and sine of position theta^(-2k / head_dim) in row `position`, column k; both tables are
 * (length, head_dim / 2). */
void dat_rope_table(int64_t length, int64_t head_dim, double theta, dat_real *cosines, dat_real *sines);

/* Rotary embeddings of a model: tables for its longest sequence. */
typedef struct dat_rope_angles {
    int64_t length, pairs;     /* shape of both tables; pairs is head_dim / 2 */
    dat_real *cosines, *sines; /* owned */
} dat_rope_angles;

/* Angles for the heads of `block` and theta = 10000, as in the reference. Fails on heads of odd width and on
 * another key_dim. The caller frees them whatever the result. */
dat_status dat_rope_angles_init(dat_rope_angles *angles, int64_t length, const dat_block_config *block);

/* Lets the attention of `context` rotate its queries and keys, from the position on that its cache has
 * reached.
 */
void dat_rope_angles_use(dat_tape *tape, const dat_rope_angles *angles, dat_attention_context *context);

void dat_rope_angles_free(dat_rope_angles *angles);

/* sin(i w_k) in column 2k and cos(i w_k) in column 2k + 1 of row i, w_k = 10000^(-2k / d); d is even. */
void dat_sinusoidal_table(int64_t length, int64_t d, dat_real *table);

typedef struct dat_position_config {
    bool learned; /* else sinusoidal */
    int64_t d_model, max_length;
    bool scale; /* multiply the input (not the encoding) by sqrt(d_model), as the reference does by default */
    double dropout;
} dat_position_config;

/* The reference's SinusoidalPositionalEncoding and LearnedPositionalEmbeddings. */
typedef struct dat_position_encoding {
    dat_position_config config;
    dat_tensor *embeddings; /* (max_length, d_model) of the learned one */
    dat_real *sinusoids;    /* (max_length, d_model) of the sinusoidal one, owned */
} dat_position_encoding;

/* Registers "<scope>.position_embeddings.weight" if it learns, and computes the sinusoids if not, which need
 * an even d_model. The caller frees the encoding whatever the result. */
dat_status dat_position_encoding_init(dat_position_encoding *encoding, dat_params *params, const char *scope,
                                      const dat_position_config *config);

/* x (B, L, d_model) with its positions -> as x. */
dat_tensor *dat_position_encoding_forward(dat_tape *tape, const dat_position_encoding *encoding,
                                          dat_tensor *x);

/* The same for the positions of a step of decoding; a cache of NULL has none before them. */
dat_tensor *dat_position_encoding_next(dat_tape *tape, const dat_position_encoding *encoding,
                                       const dat_decode_cache *cache, dat_tensor *x);

void dat_position_encoding_free(dat_position_encoding *encoding);

#endif
