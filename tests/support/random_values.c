#include "support/random_values.h"

#include "util/memory.h"

void fill_random(dat_real *values, int64_t count, uint64_t seed)
{
    dat_rng rng = dat_rng_seed(seed);
    for (int64_t i = 0; i < count; i++)
        values[i] = (dat_real)dat_rng_normal(&rng);
}

dat_real *random_values(int64_t count, uint64_t seed)
{
    dat_real *values = dat_allocate((size_t)count + 1, sizeof values[0]);
    fill_random(values, count, seed);
    return values;
}

void randomise_params(dat_params *params, double scale, uint64_t seed)
{
    dat_rng rng = dat_rng_seed(seed);
    for (int64_t p = 0; p < params->count; p++) {
        const dat_param *param = params->items[p];
        double centre = param->init.kind == DAT_INIT_ONES ? 1 : 0;
        for (int64_t i = 0; i < dat_count(&param->tensor); i++)
            param->tensor.data[i] = (dat_real)(centre + scale * dat_rng_normal(&rng));
    }
}
