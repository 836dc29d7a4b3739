#include "train/describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

void dat_describe_params(const dat_params *params, FILE *stream)
{
    char shape[DAT_SHAPE_TEXT_SIZE];
    fprintf(stream, "%-64s %16s %12s\n", "parameter", "shape", "count");
    for (int64_t i = 0; i < params->count; i++) {
        const dat_param *item = params->items[i];
        fprintf(stream, "%-64s %16s ", item->name, dat_shape_text(&item->tensor, shape));
        if (item->tied_to >= 0)
            fprintf(stream, "%12s = %s\n", "tied", params->items[item->tied_to]->name);
        else
            fprintf(stream, "%12" PRId64 "%s\n", dat_count(&item->tensor),
                    item->trainable ? "" : " (frozen)");
    }
    fprintf(stream, "%-64s %16s %12" PRId64 "\n", "total", "", dat_params_count(params, false));
}

void dat_run_set_model(dat_run *run, const dat_params *params)
{
    free(run->parameters);
    run->n_params = dat_params_count(params, true);
    run->n_parameters = params->count;
    run->parameters = dat_allocate((size_t)params->count, sizeof run->parameters[0]);
    for (int64_t i = 0; i < params->count; i++) {
        const dat_param *item = params->items[i];
        dat_run_parameter *row = &run->parameters[i];
        snprintf(row->name, sizeof row->name, "%s", item->name);
        row->rank = item->tensor.rank;
        memcpy(row->shape, item->tensor.shape, sizeof row->shape);
    }
}
