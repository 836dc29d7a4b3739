/* Whole training steps and evaluations of the vision models. */
#ifndef BENCH_VISION_STEPS_H
#define BENCH_VISION_STEPS_H

#include "bench.h"

dat_status bench_games_dat_1_1(void **state);
dat_status bench_games_dat_0_2(void **state);
dat_status bench_games_transformer(void **state);

/* One optimizer step of batch 512 (forward, backward, Adam); one evaluation pass over 512 images. */
double bench_vision_step(void *state);
double bench_vision_evaluate(void *state);
void bench_vision_release(void *state);

#endif
