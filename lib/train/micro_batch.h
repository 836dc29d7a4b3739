/* How many examples of a batch a step takes at a time. Activations that are still in the cache when backward
 * comes for them cost far less than those of a whole batch, which go to memory and back; gradients accumulate
 * over the slices, so the step is the same. */
#ifndef DAT_TRAIN_MICRO_BATCH_H
#define DAT_TRAIN_MICRO_BATCH_H

#include "core/tape.h"
#include "train/trainer.h"

/* Bytes of activations that a slice may always have: about the cache of one core. A constant, because results
 * depend on the slices (dropout, rounding) and must not depend on the machine. */
enum { DAT_MICRO_BATCH_BYTES = 24 << 20 };

/* Loss of `count` examples, 1 or 2, on a tape that has begun; NULL after an error. */
typedef dat_tensor *dat_examples_loss(void *context, dat_tape *tape, int64_t count);

/* Bytes of activations that one more example adds to a training step: the arena after the forward pass of two
 * examples less that of one, which leaves out what a batch shares. Shapes alone decide it: nothing is
 * computed. Fails as the pass does. */
dat_status dat_example_bytes(dat_tape *tape, dat_examples_loss *loss, void *context, int64_t *bytes);

/* Examples per slice of a batch of `batch_size` (at least 1): as many as have DAT_MICRO_BATCH_BYTES of
 * activations, or four times the parameters' bytes if that is more, since every slice reads all parameters
 * and adds to all gradients; at least one. Slices are equal unless that would halve them, else nearly equal.
 */
int64_t dat_micro_batch(int64_t batch_size, int64_t example_bytes, int64_t parameter_bytes);

/* Examples per slice of a problem's steps: the config's, or by the rule above where that is 0. The parameters
 * are allocated; examples need not be there. */
dat_status dat_problem_micro_batch(const dat_train_config *config, const dat_problem *problem, dat_tape *tape,
                                   int64_t *micro_batch);

#endif
