#include "nn/decode_cache.h"

#include <inttypes.h>
#include <string.h>

struct dat_decode_slot {
    dat_tensor kept;
    dat_decode_slot *next;
};

dat_status dat_decode_cache_init(dat_decode_cache *cache, int64_t capacity, size_t memory_limit)
{
    DAT_ASSERT(capacity >= 1);
    *cache = (dat_decode_cache){.capacity = capacity};
    return dat_arena_init(&cache->arena, memory_limit);
}

void dat_decode_cache_free(dat_decode_cache *cache)
{
    dat_arena_free(&cache->arena);
    *cache = (dat_decode_cache){0};
}

void dat_decode_cache_clear(dat_decode_cache *cache)
{
    dat_arena_reset(&cache->arena);
    cache->length = 0;
    cache->first = NULL;
}

void dat_decode_cache_cut(dat_decode_cache *cache, int64_t length)
{
    if (length < cache->length)
        cache->length = length;
}

bool dat_decode_cache_begin(dat_tape *tape, dat_decode_cache *cache, int64_t count)
{
    cache->next = &cache->first;
    if (tape->recording)
        return dat_fail(tape, "decode cache: what is kept has no gradient, so the tape must not record");
    return cache->length + count <= cache->capacity ||
           dat_fail(tape,
                    "decode cache: %" PRId64 " positions and %" PRId64
                    " more are longer than the sequence of %" PRId64 " that there is room for",
                    cache->length, count, cache->capacity);
}

void dat_decode_cache_end(const dat_tape *tape, dat_decode_cache *cache, int64_t count)
{
    if (tape->status.code == DAT_CODE_OK)
        cache->length += count;
}

int64_t dat_decode_cache_position(const dat_decode_cache *cache)
{
    return cache ? cache->length : 0;
}

dat_tensor *dat_decode_cache_rows(dat_tape *tape, const dat_decode_cache *cache, dat_tensor *table)
{
    int64_t first = dat_decode_cache_position(cache);
    if (first == 0 || !table)
        return table;
    int64_t width = dat_width(table);
    return dat_tape_input(tape, table->name, table->data + first * width, 2,
                          (int64_t[]){dat_rows(table) - first, width});
}

/* A new slot at the end of the list, not cleared; NULL with the tape's error when memory is out. Sizes are
 * compared as doubles, which do not overflow. */
static dat_decode_slot *add_slot(dat_tape *tape, dat_decode_cache *cache, int rank, const int64_t *shape)
{
    double bytes = sizeof(dat_real);
    for (int i = 0; i < rank; i++)
        bytes *= (double)shape[i];
    dat_decode_slot *slot = dat_arena_take(&cache->arena, sizeof *slot);
    dat_real *data =
        bytes <= (double)cache->arena.limit ? dat_arena_take(&cache->arena, (size_t)bytes) : NULL;
    if (!slot || !data) {
        tape->status = dat_failure("out of memory: a decode cache for %" PRId64
                                   " positions needs more than its limit of %zu MiB; raise the limit",
                                   cache->capacity, cache->arena.limit >> 20);
        return NULL;
    }
    *slot = (dat_decode_slot){.kept = dat_tensor_over("decode cache", data, rank, shape)};
    *cache->next = slot;
    return slot;
}

/* Copies rows of columns to rows without gaps. */
static void copy_rows(dat_columns from, int64_t first, int64_t count, dat_real *to)
{
    int64_t stride = dat_width(from.tensor);
    for (int64_t i = 0; i < count; i++)
        memcpy(to + i * from.width, from.tensor->data + (first + i) * stride + from.first,
               (size_t)from.width * sizeof *to);
}

static bool check_rows(dat_tape *tape, const dat_tensor *kept, dat_columns rows)
{
    return (rows.tensor->shape[0] == kept->shape[0] && rows.width == dat_width(kept)) ||
           dat_fail(tape,
                    "decode cache: %" PRId64 " sequences of rows of %" PRId64 " do not continue %" PRId64
                    " of %" PRId64 "; clear it for another model or batch",
                    rows.tensor->shape[0], rows.width, kept->shape[0], dat_width(kept));
}

dat_columns dat_decode_cache_append(dat_tape *tape, dat_decode_cache *cache, dat_columns rows)
{
    const dat_columns none = {0};
    if (!cache || !rows.tensor)
        return rows;
    int64_t batch = rows.tensor->shape[0], count = rows.tensor->shape[1];
    dat_decode_slot *slot = *cache->next;
    if (!slot) {
        slot = add_slot(tape, cache, 3, (int64_t[]){batch, cache->capacity, rows.width});
        if (slot) /* hidden rows have no weight, but are read */
            memset(slot->kept.data, 0, (size_t)dat_count(&slot->kept) * sizeof(dat_real));
    }
    if (!slot || !check_rows(tape, &slot->kept, rows))
        return none;
    for (int64_t b = 0; b < batch; b++)
        copy_rows(rows, b * count, count,
                  slot->kept.data + (b * cache->capacity + cache->length) * rows.width);
    cache->next = &slot->next;
    return dat_all_columns(&slot->kept);
}

bool dat_decode_cache_keeps(const dat_decode_cache *cache)
{
    return cache && *cache->next;
}

dat_columns dat_decode_cache_keep(dat_tape *tape, dat_decode_cache *cache, dat_columns values)
{
    const dat_columns none = {0};
    if (!cache || (!*cache->next && !values.tensor))
        return values;
    dat_decode_slot *slot = *cache->next;
    if (!slot) {
        int64_t shape[DAT_MAX_RANK];
        memcpy(shape, values.tensor->shape, sizeof shape);
        shape[values.tensor->rank - 1] = values.width;
        slot = add_slot(tape, cache, values.tensor->rank, shape);
        if (!slot)
            return none;
        copy_rows(values, 0, dat_rows(values.tensor), slot->kept.data);
    }
    cache->next = &slot->next;
    return dat_all_columns(&slot->kept);
}
