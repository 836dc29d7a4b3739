/* Arguments of encoder blocks, which models repeat. */
#ifndef TESTS_GOLDEN_CHECK_BLOCKS_H
#define TESTS_GOLDEN_CHECK_BLOCKS_H

#include "golden_check/run.h"
#include "nn/blocks.h"

/* All arguments that a block and a model of such blocks share: sizes, heads, attention options, feed-forward,
 * norms. */
void golden_read_block(const golden_run *run, golden_arguments *arguments, bool dual,
                       dat_block_config *config);

#endif
