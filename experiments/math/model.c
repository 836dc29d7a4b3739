#include "model.h"

#include <inttypes.h>
#include <string.h>

static dat_status check(const math_model_config *m)
{
    if (m->architecture == MATH_TRANSFORMER && (m->block.n_heads_ra > 0 || m->decoder_heads_ra > 0))
        return dat_usage("model.n_heads_ra = %" PRId64 " and model.decoder_heads_ra = %" PRId64
                         " must be 0 with model.architecture: transformer, which has no relational heads",
                         m->block.n_heads_ra, m->decoder_heads_ra);
    if (m->block.symbols == DAT_REL_SYM_ATTENTION && m->decoder_heads_ra > 0)
        return dat_usage(
            "model.symbols: rel_sym_attn looks at characters ahead, which a decoder with relational "
            "heads (model.decoder_heads_ra = %" PRId64 ") must not see; choose other symbols",
            m->decoder_heads_ra);
    return DAT_OK;
}

dat_status math_model_init(dat_seq2seq_model *model, dat_params *params, const math_model_config *m)
{
    *model = (dat_seq2seq_model){0};
    DAT_TRY(check(m));
    dat_block_config encoder = dat_block_options_config(&m->block, m->architecture == MATH_DAT);
    dat_block_config decoder = encoder;
    decoder.attention.n_heads_sa = decoder.attention.self_attention.n_heads = m->decoder_heads_sa;
    decoder.attention.n_heads_ra = m->decoder_heads_ra;
    dat_seq2seq_config config = {
        .source = {.vocab_size = DAT_MATH_N_TOKENS},
        .target = {.vocab_size = DAT_MATH_N_TOKENS},
        .max_source = DAT_MATH_QUESTION_TOKENS,
        .max_target = DAT_MATH_ANSWER_TOKENS,
        .n_outputs = DAT_MATH_N_TOKENS,
        .n_layers_enc = m->block.n_layers,
        .n_layers_dec = m->block.n_layers,
        .encoder = encoder,
        .decoder = {.block = decoder, .cross = {.n_heads = m->decoder_heads_sa + m->decoder_heads_ra}},
        .causal_decoder = true,
        .positions = DAT_SEQ2SEQ_SINUSOIDAL,
        .tie_weights = true,
        .symbols = dat_block_options_symbols(&m->block, DAT_MATH_QUESTION_TOKENS),
    };
    return dat_seq2seq_init(model, params, &config);
}

void math_copy_tokens(const dat_batch *batch, int64_t first, int64_t length, int32_t *tokens)
{
    for (int64_t i = 0; i < batch->count; i++)
        memcpy(tokens + i * length, batch->examples.tokens + i * batch->data->n_tokens + first,
               (size_t)length * sizeof *tokens);
}

/* The same as a sequence of the tape's step; without tokens when the tape is full. */
static dat_sequence take_sequence(dat_tape *tape, const dat_batch *batch, int64_t first, int64_t length)
{
    int32_t *tokens = dat_tape_take(tape, (size_t)(batch->count * length) * sizeof *tokens);
    if (tokens)
        math_copy_tokens(batch, first, length, tokens);
    return (dat_sequence){.tokens = {tokens, batch->count, length}};
}

dat_prediction math_model_forward(dat_tape *tape, const void *model, const dat_batch *batch)
{
    dat_sequence question = take_sequence(tape, batch, 0, DAT_MATH_QUESTION_TOKENS);
    dat_sequence answer = take_sequence(tape, batch, DAT_MATH_QUESTION_TOKENS, DAT_MATH_ANSWER_TOKENS);
    dat_prediction prediction = {.labels = batch->examples.labels};
    if (tape->status.code == DAT_CODE_OK) {
        dat_memory memory = dat_seq2seq_encode(tape, model, &question);
        prediction.logits = dat_seq2seq_decode(tape, model, memory, &answer, false);
    }
    return prediction;
}
