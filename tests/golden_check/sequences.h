/* What models of sequences share: token inputs and their loss. */
#ifndef TESTS_GOLDEN_CHECK_SEQUENCES_H
#define TESTS_GOLDEN_CHECK_SEQUENCES_H

#include "golden_check/run.h"
#include "ops/ops.h"

/* The input called `name` as token ids; no tokens (and a verdict) when it is not a batch of sequences. */
dat_tokens golden_tokens(golden_run *run, const char *name);

/* Names the logits and their cross-entropy for the file's targets, of which `ignore_index` do not count.
 * Returns the loss. */
dat_tensor *golden_token_loss(golden_run *run, dat_tensor *logits, int64_t ignore_index);

#endif
