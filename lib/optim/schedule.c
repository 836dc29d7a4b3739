#include "optim/schedule.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

static const double PI = 3.14159265358979323846;

const char *const dat_schedule_names[] = {"constant", "warmup_cosine_iter", "warmup_cosine_epoch", NULL};

dat_status dat_schedule_check(const dat_schedule *s)
{
    if (s->kind == DAT_SCHEDULE_CONSTANT)
        return DAT_OK;
    const char *name = dat_schedule_names[s->kind];
    if (s->warmup < 0)
        return dat_usage("learning rate schedule %s: warmup = %" PRId64 " must not be negative", name,
                         s->warmup);
    if (s->length < 1)
        return dat_usage("learning rate schedule %s: length = %" PRId64 " must be at least 1", name,
                         s->length);
    if (s->kind == DAT_SCHEDULE_WARMUP_COSINE_EPOCH && s->steps_per_epoch < 1)
        return dat_usage("learning rate schedule %s: steps_per_epoch = %" PRId64 " must be at least 1", name,
                         s->steps_per_epoch);
    if (!(isfinite(s->min_rate) && s->min_rate >= 0))
        return dat_usage("learning rate schedule %s: min_rate = %g must be a number and not negative", name,
                         s->min_rate);
    return DAT_OK;
}

/* From `peak` at 0 to the schedule's minimum at `progress` 1 (and up again after that). */
static double cosine(const dat_schedule *s, double peak, double progress)
{
    return s->min_rate + (peak - s->min_rate) * 0.5 * (1 + cos(PI * progress));
}

static double rate_of_step(const dat_schedule *s, double peak, int64_t step)
{
    if (step < s->warmup)
        return peak * (double)step / (double)s->warmup;
    if (step >= s->length)
        return s->min_rate;
    return cosine(s, peak, (double)(step - s->warmup) / (double)(s->length - s->warmup));
}

static double rate_of_epoch(const dat_schedule *s, double peak, int64_t epoch)
{
    int64_t start = s->warmup + 1;
    if (epoch < s->warmup)
        return peak * (double)epoch / (double)s->warmup;
    return epoch <= start ? peak : cosine(s, peak, (double)(epoch - start) / (double)s->length);
}

double dat_schedule_rate(const dat_schedule *schedule, double peak, int64_t step)
{
    switch (schedule->kind) {
    case DAT_SCHEDULE_WARMUP_COSINE_ITER:
        return rate_of_step(schedule, peak, step);
    case DAT_SCHEDULE_WARMUP_COSINE_EPOCH:
        return rate_of_epoch(schedule, peak, step / schedule->steps_per_epoch);
    case DAT_SCHEDULE_CONSTANT:
        break;
    }
    return peak;
}
