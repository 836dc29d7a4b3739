#include "core/params.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

/* Blocks start and parameters are padded on cache lines. */
enum { PADDING = 16, ALIGNMENT = 64 };

dat_init dat_init_fan_in(int64_t fan_in)
{
    return (dat_init){DAT_INIT_UNIFORM, 1 / sqrt((double)fan_in)};
}

const char *dat_scope(char text[DAT_SCOPE_SIZE], const char *scope, const char *format, ...)
{
    int used = scope[0] ? snprintf(text, DAT_SCOPE_SIZE, "%s.", scope) : 0;
    DAT_ASSERT(used < DAT_SCOPE_SIZE);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(text + used, (size_t)(DAT_SCOPE_SIZE - used), format, arguments);
    va_end(arguments);
    DAT_ASSERT(used + more < DAT_SCOPE_SIZE);
    return text;
}

static dat_param *add_item(dat_params *params, const char *scope, const char *name)
{
    char full[DAT_SCOPE_SIZE];
    dat_scope(full, scope, "%s", name);
    DAT_ASSERT(params->size == 0 && !dat_params_find(params, full));
    if (params->count == params->capacity) {
        params->capacity = params->capacity ? 2 * params->capacity : 64;
        params->items = dat_reallocate(params->items, (size_t)params->capacity, sizeof params->items[0]);
    }
    dat_param *item = dat_allocate(1, sizeof *item);
    item->name = dat_copy_string(full);
    item->trainable = true;
    item->tied_to = -1;
    params->items[params->count++] = item;
    return item;
}

static int64_t index_of(const dat_params *params, const dat_tensor *tensor)
{
    int64_t i = 0;
    while (i < params->count && &params->items[i]->tensor != tensor)
        i++;
    DAT_ASSERT(i < params->count); /* else it is not a registered parameter */
    return i;
}

dat_tensor *dat_params_add(dat_params *params, const char *scope, const char *name, int rank,
                           const int64_t *shape, dat_init init)
{
    dat_param *item = add_item(params, scope, name);
    item->tensor = dat_tensor_over(item->name, NULL, rank, shape);
    item->tensor.needs_grad = true;
    item->init = init;
    return &item->tensor;
}

static void make_second_name(const dat_params *params, dat_param *item, int64_t target)
{
    const dat_param *owner = params->items[target];
    item->tensor = owner->tensor;
    item->tensor.name = item->name;
    item->trainable = owner->trainable;
    item->tied_to = owner->tied_to >= 0 ? owner->tied_to : target;
}

dat_tensor *dat_params_tie(dat_params *params, const char *scope, const char *name,
                           const dat_tensor *original)
{
    int64_t target = index_of(params, original);
    dat_param *item = add_item(params, scope, name);
    make_second_name(params, item, target);
    return &item->tensor;
}

void dat_params_share(dat_params *params, dat_tensor *tensor, const dat_tensor *original)
{
    DAT_ASSERT(params->size == 0 && tensor != original && dat_same_shape(tensor, original));
    make_second_name(params, params->items[index_of(params, tensor)], index_of(params, original));
}

void dat_params_freeze(dat_params *params, dat_tensor *tensor)
{
    dat_param *item = params->items[index_of(params, tensor)];
    item->trainable = false;
    item->tensor.needs_grad = false;
}

void dat_params_set_init(dat_params *params, const dat_tensor *tensor, dat_init init)
{
    DAT_ASSERT(params->size == 0);
    params->items[index_of(params, tensor)]->init = init;
}

static dat_real *allocate_block(int64_t count)
{
    size_t bytes = ((size_t)count * sizeof(dat_real) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    dat_real *block = aligned_alloc(ALIGNMENT, bytes ? bytes : ALIGNMENT);
    DAT_ASSERT(block);
    memset(block, 0, bytes);
    return block;
}

static void fill(dat_param *item, dat_rng rng)
{
    dat_real *values = item->tensor.data;
    for (int64_t i = 0; i < dat_count(&item->tensor); i++) {
        switch (item->init.kind) {
        case DAT_INIT_ZEROS:
            values[i] = 0;
            break;
        case DAT_INIT_ONES:
            values[i] = 1;
            break;
        case DAT_INIT_UNIFORM:
            values[i] = (dat_real)(item->init.scale * (2 * dat_rng_uniform(&rng) - 1));
            break;
        case DAT_INIT_NORMAL:
            values[i] = (dat_real)(item->init.scale * dat_rng_normal(&rng));
            break;
        }
    }
}

/* Places the parameters in blocks and allocates the one of values. */
static void allocate_values(dat_params *params)
{
    DAT_ASSERT(params->size == 0);
    for (int64_t i = 0; i < params->count; i++) {
        dat_param *item = params->items[i];
        if (item->tied_to >= 0)
            continue;
        item->offset = params->size;
        params->size += (dat_count(&item->tensor) + PADDING - 1) / PADDING * PADDING;
    }
    params->values = allocate_block(params->size);
    for (int64_t i = 0; i < params->count; i++) {
        dat_param *item = params->items[i];
        if (item->tied_to >= 0)
            item->offset = params->items[item->tied_to]->offset;
        item->tensor.data = params->values + item->offset;
    }
}

void dat_params_allocate(dat_params *params, const dat_rng *rng)
{
    allocate_values(params);
    params->grads = allocate_block(params->size);
    for (int64_t i = 0; i < params->count; i++) {
        dat_param *item = params->items[i];
        item->tensor.grad = item->trainable ? params->grads + item->offset : NULL;
        if (item->tied_to < 0)
            fill(item, dat_rng_fork(rng, (uint64_t)i));
    }
}

void dat_params_allocate_values(dat_params *params)
{
    allocate_values(params);
    for (int64_t i = 0; i < params->count; i++)
        params->items[i]->tensor.needs_grad = false;
}

void dat_params_zero_grads(dat_params *params)
{
    memset(params->grads, 0, (size_t)params->size * sizeof params->grads[0]);
}

dat_param *dat_params_find(const dat_params *params, const char *name)
{
    for (int64_t i = 0; i < params->count; i++)
        if (strcmp(params->items[i]->name, name) == 0)
            return params->items[i];
    return NULL;
}

int64_t dat_params_count(const dat_params *params, bool trainable_only)
{
    int64_t total = 0;
    for (int64_t i = 0; i < params->count; i++) {
        const dat_param *item = params->items[i];
        if (item->tied_to < 0 && (item->trainable || !trainable_only))
            total += dat_count(&item->tensor);
    }
    return total;
}

double dat_params_grad_norm(const dat_params *params)
{
    double sum = 0;
    for (int64_t i = 0; i < params->size; i++)
        sum += (double)params->grads[i] * (double)params->grads[i];
    return sqrt(sum);
}

void dat_params_free(dat_params *params)
{
    for (int64_t i = 0; i < params->count; i++) {
        free(params->items[i]->name);
        free(params->items[i]);
    }
    free(params->items);
    free(params->values);
    free(params->grads);
    *params = (dat_params){0};
}
