/* Arguments of blocks, which models repeat. */
#ifndef TESTS_GOLDEN_CHECK_BLOCKS_H
#define TESTS_GOLDEN_CHECK_BLOCKS_H

#include "golden_check/run.h"
#include "nn/decoder_block.h"

/* All arguments that a block and a model of such blocks share: sizes, heads, attention options, feed-forward,
 * norms; the options are all of them but d_model, which is in the config already. */
void golden_read_block_options(const golden_run *run, golden_arguments *arguments, bool dual,
                               dat_block_config *config);
void golden_read_block(const golden_run *run, golden_arguments *arguments, bool dual,
                       dat_block_config *config);

/* The same options of decoder blocks. */
void golden_read_decoder_options(const golden_run *run, golden_arguments *arguments, bool dual,
                                 dat_decoder_config *config);

#endif
