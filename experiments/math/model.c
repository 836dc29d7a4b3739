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

/* Texts in rows of `most` tokens with their padding, `stride` apart. */
typedef struct text_rows {
    const int32_t *first;
    int64_t stride, count, most;
} text_rows;

static text_rows questions_of(const dat_batch *batch)
{
    return (text_rows){batch->examples.tokens, batch->data->n_tokens, batch->count, DAT_MATH_QUESTION_TOKENS};
}

static text_rows answers_of(const dat_batch *batch)
{
    return (text_rows){batch->examples.tokens + DAT_MATH_QUESTION_TOKENS, batch->data->n_tokens, batch->count,
                       DAT_MATH_ANSWER_TOKENS};
}

static text_rows labels_of(const dat_batch *batch)
{
    return (text_rows){batch->examples.labels, DAT_MATH_ANSWER_TOKENS, batch->count, DAT_MATH_ANSWER_TOKENS};
}

/* Writes the length of every text; returns the longest. */
static int64_t measure(const text_rows *texts, int64_t *lengths)
{
    int64_t longest = 0;
    for (int64_t i = 0; i < texts->count; i++) {
        lengths[i] = dat_math_text_length(texts->first + i * texts->stride, texts->most);
        longest = lengths[i] > longest ? lengths[i] : longest;
    }
    return longest;
}

/* Copies the first `length` tokens of every row: (count, length). */
static void copy_starts(const text_rows *texts, int64_t length, int32_t *tokens)
{
    for (int64_t i = 0; i < texts->count; i++)
        memcpy(tokens + i * length, texts->first + i * texts->stride, (size_t)length * sizeof *tokens);
}

/* The rows as a sequence in memory for all of them; `lengths` NULL: with all their padding, else trimmed to
 * the longest of the texts in `ends`. */
static dat_sequence copy_texts(const text_rows *texts, const text_rows *ends, int32_t *tokens,
                               int64_t *lengths)
{
    int64_t length = lengths ? measure(ends, lengths) : texts->most;
    copy_starts(texts, length, tokens);
    return (dat_sequence){.tokens = {tokens, texts->count, length}, .lengths = lengths};
}

dat_sequence math_copy_questions(const dat_batch *batch, int32_t *tokens, int64_t *lengths)
{
    text_rows questions = questions_of(batch);
    return copy_texts(&questions, &questions, tokens, lengths);
}

/* The same in memory of the tape's step; nothing when the tape is full. */
static dat_sequence take_texts(dat_tape *tape, const text_rows *texts, const text_rows *ends, bool trimmed)
{
    int32_t *tokens = dat_tape_take(tape, (size_t)(texts->count * texts->most) * sizeof *tokens);
    int64_t *lengths = trimmed ? dat_tape_take(tape, (size_t)texts->count * sizeof *lengths) : NULL;
    return tape->status.code == DAT_CODE_OK ? copy_texts(texts, ends, tokens, lengths) : (dat_sequence){0};
}

dat_prediction math_model_forward(dat_tape *tape, const void *model, const dat_batch *batch)
{
    bool trimmed = batch->data->length != NULL;
    text_rows questions = questions_of(batch), answers = answers_of(batch), labels = labels_of(batch);
    dat_sequence question = take_texts(tape, &questions, &questions, trimmed);
    dat_sequence answer = take_texts(tape, &answers, &labels, trimmed);
    dat_prediction prediction = {.labels = batch->examples.labels};
    if (trimmed) {
        dat_sequence counted = take_texts(tape, &labels, &labels, true);
        prediction.labels = counted.tokens.ids;
    }
    if (tape->status.code == DAT_CODE_OK) {
        dat_memory memory = dat_seq2seq_encode(tape, model, &question);
        prediction.logits = dat_seq2seq_decode(tape, model, memory, &answer, false);
    }
    return prediction;
}
