/* How well a language model predicts a text. */
#ifndef DAT_MODELS_LANGUAGE_LOSS_H
#define DAT_MODELS_LANGUAGE_LOSS_H

#include "models/language.h"

/* Mean cross-entropy, in nats, of tokens[1 .. count - 1], each predicted once: the text is cut into windows
 * of max_length side by side (the last one may be shorter), and every token is predicted from those before it
 * in its window. `count` is at least 2; ids outside the vocabulary are refused. Calls `step(context, done)`
 * after each window with the number of predictions so far; it may be NULL. */
dat_status dat_language_loss(dat_tape *tape, const dat_language_model *model, const int32_t *tokens,
                             int64_t count, void step(void *context, int64_t done), void *context,
                             double *loss);

#endif
