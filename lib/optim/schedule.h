/* Learning rates over a run. */
#ifndef DAT_OPTIM_SCHEDULE_H
#define DAT_OPTIM_SCHEDULE_H

#include <stdint.h>

#include "util/status.h"

typedef enum dat_schedule_kind {
    DAT_SCHEDULE_CONSTANT,
    DAT_SCHEDULE_WARMUP_COSINE_ITER,  /* changes with every step */
    DAT_SCHEDULE_WARMUP_COSINE_EPOCH, /* changes with every epoch */
} dat_schedule_kind;

/* "constant", "warmup_cosine_iter", "warmup_cosine_epoch"; ends with NULL. */
extern const char *const dat_schedule_names[];

/* Zeros are the constant schedule. */
typedef struct dat_schedule {
    dat_schedule_kind kind;
    int64_t warmup;          /* steps, or epochs, that rise linearly from 0; 0: none */
    int64_t length;          /* step at which the cosine ends; per epoch: half of the cosine's period */
    int64_t steps_per_epoch; /* of the per-epoch schedule */
    double min_rate;         /* where the cosine ends */
} dat_schedule;

/* An impossible schedule is a usage error. */
dat_status dat_schedule_check(const dat_schedule *schedule);

/* The learning rate of step number `step` (from 0) of a checked schedule that rises to `peak`:
 *   per step:   peak step / warmup, then from peak to min_rate by half a cosine, min_rate from step `length`
 * on; per epoch e: peak e / warmup up to e = warmup, peak once more at warmup + 1, then the cosine of e -
 * (warmup + 1) that reaches min_rate after `length` epochs. The repeated epoch and the late end are the
 * reference's. */
double dat_schedule_rate(const dat_schedule *schedule, double peak, int64_t step);

#endif
