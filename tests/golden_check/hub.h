/* A published checkpoint and what it must compute: config.json, model.safetensors and expected.h5. */
#ifndef TESTS_GOLDEN_CHECK_HUB_H
#define TESTS_GOLDEN_CHECK_HUB_H

#include "golden_check/run.h"

/* Loads the model of a folder and compares its logits, scores and greedily generated text with run->file,
 * which is the folder's expected.h5. */
void golden_check_hub(golden_run *run, const char *folder);

#endif
