#include "golden_check/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static dat_tensor *tensor_of(golden_run *run, const golden_array *array, bool variable, int merged)
{
    int first = run->batch >= 0 ? 1 : 0, rank = array->rank - first;
    int64_t shape[GOLDEN_MAX_RANK] = {1, 1, 1, 1, 1, 1}, count = 1;
    for (int axis = 0; axis < rank; axis++) {
        shape[axis] = array->shape[axis + first];
        count *= shape[axis];
    }
    for (; merged > 1; merged--, rank--)
        shape[rank - 2] *= shape[rank - 1];
    if (rank < 0 || rank > DAT_MAX_RANK) {
        golden_wrong(&run->verdict, "%s has %d axes", array->name, array->rank);
        return NULL;
    }
    dat_real *data = dat_tape_take(&run->tape, (size_t)(count + 1) * sizeof *data);
    if (!data)
        return NULL;
    const double *values = array->values + (first ? run->batch * count : 0);
    for (int64_t i = 0; i < count; i++)
        data[i] = (dat_real)values[i];
    return variable ? dat_tape_variable(&run->tape, array->name, data, rank, shape)
                    : dat_tape_input(&run->tape, array->name, data, rank, shape);
}

static void add_named(golden_run *run, golden_named *list, int *count, const char *name, dat_tensor *tensor)
{
    if (*count == GOLDEN_MAX_NAMED)
        golden_wrong(&run->verdict, "more than %d inputs or outputs", GOLDEN_MAX_NAMED);
    else
        list[(*count)++] = (golden_named){name, tensor};
}

static dat_tensor *find_named(const golden_named *list, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return list[i].tensor;
    return NULL;
}

dat_tensor *golden_input_folded(golden_run *run, const char *name, int merged)
{
    const golden_array *array = golden_find(&run->file->inputs, name);
    if (!array) {
        golden_wrong(&run->verdict, "the file has no inputs/%s", name);
        return NULL;
    }
    bool variable = golden_find(&run->file->input_grads, name) != NULL;
    dat_tensor *tensor = tensor_of(run, array, variable, merged);
    add_named(run, run->inputs, &run->n_inputs, array->name, tensor);
    return tensor;
}

dat_tensor *golden_input(golden_run *run, const char *name)
{
    return golden_input_folded(run, name, 1);
}

dat_tensor *golden_optional_input(golden_run *run, const char *name)
{
    return golden_find(&run->file->inputs, name) ? golden_input(run, name) : NULL;
}

const int32_t *golden_targets(golden_run *run, const char *name, int64_t count)
{
    const dat_tensor *values = golden_input(run, name);
    if (!values || dat_count(values) != count) {
        golden_wrong(&run->verdict, "inputs/%s should have %" PRId64 " values", name, count);
        return NULL;
    }
    int32_t *targets = dat_tape_take(&run->tape, (size_t)count * sizeof *targets);
    for (int64_t i = 0; targets && i < count; i++)
        targets[i] = (int32_t)values->data[i];
    return targets;
}

dat_tensor *golden_buffer(golden_run *run, const char *name)
{
    const golden_array *array = golden_find(&run->file->buffers, name);
    if (!array) {
        golden_wrong(&run->verdict, "the file has no buffers/%s", name);
        return NULL;
    }
    return tensor_of(run, array, false, 1);
}

dat_tensor *golden_output(golden_run *run, const char *name, dat_tensor *tensor)
{
    add_named(run, run->outputs, &run->n_outputs, name, tensor);
    return tensor;
}

dat_real *golden_sink(golden_run *run, const char *name, int rank, const int64_t *shape)
{
    if (!golden_find(&run->file->outputs, name))
        return NULL;
    dat_tensor *tensor = dat_tape_input(&run->tape, name, NULL, rank, shape);
    if (tensor)
        tensor->data = dat_tape_scratch(&run->tape, dat_count(tensor));
    golden_output(run, name, tensor);
    return tensor ? tensor->data : NULL;
}

dat_attention_context golden_context(golden_run *run, const golden_flags *flags)
{
    dat_attention_context context = {.causal = flags->causal};
    if (flags->rope) {
        context.cosines = golden_buffer(run, "freqs_cos");
        context.sines = golden_buffer(run, "freqs_sin");
    }
    const dat_tensor *values = flags->mask ? golden_input(run, "attn_mask") : NULL;
    if (values) {
        uint8_t *mask = dat_tape_take(&run->tape, (size_t)dat_count(values));
        for (int64_t i = 0; mask && i < dat_count(values); i++)
            mask[i] = values->data[i] != 0;
        context.mask = mask;
    }
    return context;
}

/* --- parameters --- */

static bool same_shape(const golden_array *array, const dat_tensor *tensor)
{
    return array->rank == tensor->rank &&
           memcmp(array->shape, tensor->shape, (size_t)array->rank * sizeof array->shape[0]) == 0;
}

/* The stored key of one of our parameters: its own name, or what the file ties that name to. */
static const char *stored_key(const golden_run *run, const char *name)
{
    const char *target = json_string_value(json_object_get(run->file->tied, name));
    return target ? target : name;
}

static void load_param(golden_run *run, dat_param *param)
{
    const golden_array *array = golden_find(&run->file->params, stored_key(run, param->name));
    char text[DAT_SHAPE_TEXT_SIZE];
    if (!array) {
        golden_wrong(&run->verdict, "our parameter %s is not in the file", param->name);
        return;
    }
    if (!same_shape(array, &param->tensor)) {
        golden_wrong(&run->verdict, "our parameter %s is %s, not as in the file", param->name,
                     dat_shape_text(&param->tensor, text));
        return;
    }
    for (int64_t i = 0; i < array->count; i++)
        param->tensor.data[i] = (dat_real)array->values[i];
}

/* A parameter that is tied here must be tied there: two names with one stored key. */
static void check_our_tie(golden_run *run, const dat_param *param)
{
    const dat_param *owner = run->params.items[param->tied_to];
    if (strcmp(stored_key(run, param->name), stored_key(run, owner->name)) != 0)
        golden_wrong(&run->verdict, "%s is tied to %s here but not in the file", param->name, owner->name);
}

void golden_check_ties(golden_run *run)
{
    const char *alias;
    json_t *target;
    json_object_foreach(run->file->tied, alias, target)
    {
        const char *key = json_string_value(target);
        const dat_param *a = dat_params_find(&run->params, alias);
        const dat_param *b = key ? dat_params_find(&run->params, key) : NULL;
        if (!a || !b || a->offset != b->offset)
            golden_wrong(&run->verdict, "%s is tied to %s in the file but not here", alias,
                         key ? key : "nothing");
    }
}

void golden_load_params(golden_run *run)
{
    for (int64_t i = 0; i < run->params.count; i++) {
        load_param(run, run->params.items[i]);
        if (run->params.items[i]->tied_to >= 0)
            check_our_tie(run, run->params.items[i]);
    }
    golden_check_ties(run);
    for (int64_t i = 0; i < run->file->params.count; i++)
        if (!dat_params_find(&run->params, run->file->params.items[i].name))
            golden_wrong(&run->verdict, "params/%s of the file is not a parameter of ours",
                         run->file->params.items[i].name);
}

/* --- comparisons --- */

/* Tensors smaller than this are compared by their absolute error: below it, float rounding of the larger
 * values they were computed from is all that is left. Gradients that vanish identically are only rounding of
 * sums of order one. */
static const double SMALL = 1e-3, VANISHING = 1;

static void compare_output(golden_run *run, const golden_array *array)
{
    const dat_tensor *ours = find_named(run->outputs, run->n_outputs, array->name);
    if (!ours)
        golden_wrong(&run->verdict, "outputs/%s was not computed", array->name);
    else if (dat_count(ours) != array->count)
        golden_wrong(&run->verdict, "outputs/%s has %" PRId64 " values, ours has %" PRId64, array->name,
                     array->count, dat_count(ours));
    else
        golden_compare(&run->report, "outputs", array->name, array->count, ours->data, array->values, SMALL,
                       run->tolerance);
}

void golden_check_outputs(golden_run *run)
{
    const golden_file *file = run->file;
    for (int64_t i = 0; i < file->outputs.count; i++)
        compare_output(run, &file->outputs.items[i]);
    for (int64_t i = 0; i < file->inputs.count; i++) {
        const char *name = file->inputs.items[i].name;
        if (strcmp(name, "cotangent") != 0 && !find_named(run->inputs, run->n_inputs, name))
            golden_wrong(&run->verdict, "inputs/%s was not used", name);
    }
}

/* `key` is the gradient's name in the file's lists. */
static void compare_grad(golden_run *run, const char *group, const char *key, const golden_array *array,
                         const dat_tensor *ours)
{
    bool vanishes = golden_list_has(run->file->zero_grads, key) || golden_list_has(run->file->unused, key);
    if (!ours || dat_count(ours) != array->count)
        golden_wrong(&run->verdict, "%s/%s has no counterpart of its size", group, array->name);
    else if (!ours->needs_grad)
        golden_wrong(&run->verdict, "%s/%s is of a tensor that is frozen here", group, array->name);
    else
        golden_compare(&run->report, group, array->name, array->count, ours->grad, array->values,
                       vanishes ? VANISHING : SMALL, run->tolerance);
}

void golden_check_grads(golden_run *run)
{
    const golden_file *file = run->file;
    for (int64_t i = 0; i < file->param_grads.count; i++) {
        const golden_array *array = &file->param_grads.items[i];
        const dat_param *param = dat_params_find(&run->params, array->name);
        compare_grad(run, "grads/params", array->name, array, param ? &param->tensor : NULL);
    }
    for (int64_t i = 0; i < file->input_grads.count; i++) {
        const golden_array *array = &file->input_grads.items[i];
        char key[GOLDEN_NAME_SIZE];
        snprintf(key, sizeof key, "inputs/%s", array->name);
        compare_grad(run, "grads/inputs", key, array, find_named(run->inputs, run->n_inputs, array->name));
    }
    for (int64_t i = 0; i < run->params.count; i++) {
        const dat_param *param = run->params.items[i];
        if (param->trainable && param->tied_to < 0 &&
            !golden_find(&file->param_grads, stored_key(run, param->name)))
            golden_wrong(&run->verdict, "the file has no gradient of our parameter %s", param->name);
    }
}
