#include "kept_parameters.h"

#include <inttypes.h>
#include <string.h>

#include "train/trainer.h"

/* The run's table of parameters against what its config describes. */
static dat_status check_table(const char *path, const dat_run *run, const dat_params *params)
{
    char stored[DAT_SHAPE_TEXT_SIZE], expected[DAT_SHAPE_TEXT_SIZE];
    if (run->n_parameters != params->count)
        return dat_failure("%.200s: it has %" PRId64 " parameters, but its config describes %" PRId64, path,
                           run->n_parameters, params->count);
    for (int64_t i = 0; i < params->count; i++) {
        const dat_run_parameter *row = &run->parameters[i];
        const dat_param *param = params->items[i];
        dat_tensor shape = dat_tensor_over(row->name, NULL, row->rank, row->shape);
        if (strcmp(row->name, param->name) != 0 || !dat_same_shape(&shape, &param->tensor))
            return dat_failure("%.120s: parameter %" PRId64
                               " is %.100s %s, but its config describes %.100s %s",
                               path, i, row->name, dat_shape_text(&shape, stored), param->name,
                               dat_shape_text(&param->tensor, expected));
    }
    return DAT_OK;
}

dat_status kept_parameters_restore(const char *path, const dat_run *run, const char *key, dat_params *params)
{
    const dat_run_blob *blob = dat_run_find_blob(run, DAT_BEST_PARAMETERS);
    if (!blob)
        blob = dat_run_find_blob(run, "parameters");
    if (!blob)
        return dat_failure("%.200s: it keeps no parameters; train again with --set %s=true", path, key);
    DAT_TRY(check_table(path, run, params));
    dat_params_allocate_values(params);
    if (blob->size != (size_t)params->size * sizeof(dat_real))
        return dat_failure("%.200s: it keeps %zu bytes of parameters, but its config describes %zu", path,
                           blob->size, (size_t)params->size * sizeof(dat_real));
    memcpy(params->values, blob->bytes, blob->size);
    return DAT_OK;
}
