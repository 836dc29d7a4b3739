/* Arguments of attention modules, which also appear nested in those of blocks and models. */
#ifndef TESTS_GOLDEN_CHECK_ATTENTION_ARGUMENTS_H
#define TESTS_GOLDEN_CHECK_ATTENTION_ARGUMENTS_H

#include "golden_check/run.h"
#include "nn/dual_attention.h"

/* The options of Attention: all its arguments but d_model, n_heads, dropout and total_n_heads. */
void golden_read_attention_options(golden_arguments *arguments, dat_attention_config *config);

/* The same for RelationalAttention, RelationalCrossAttention and DisentangledRelationalCrossAttention. Of
 * RelationalAttention, call golden_complete_relational when sizes and head counts are known. */
void golden_read_relational_options(golden_arguments *arguments, dat_relational_config *config);
void golden_read_rca_options(golden_arguments *arguments, dat_rca_config *config);
void golden_read_disrca_options(golden_arguments *arguments, dat_disrca_config *config);

/* Fills in what the two sources have different defaults for. */
void golden_complete_relational(const golden_run *run, dat_relational_config *config);

/* Everything that DualAttention and its block share: head counts, sa_kwargs, ra_kwargs, ra_type,
 * share_attn_params. */
void golden_read_dual(const golden_run *run, golden_arguments *arguments, int64_t d_model,
                      dat_dual_config *config);

/* Whether the relational heads take symbols by pair: use_relative_positional_symbols, of the module itself or
 * among the ra_kwargs of it, of its encoder or of its decoder. */
bool golden_relative_symbols(const golden_run *run);

/* The input "symbols", by pair or by sender. */
dat_symbols golden_input_symbols(golden_run *run);

/* is_causal (or `causal_key`), rope, attn_mask. */
golden_flags golden_read_flags(golden_arguments *arguments, const char *causal_key);

#endif
