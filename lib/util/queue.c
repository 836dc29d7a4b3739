#include "util/queue.h"

#include <stdlib.h>

#include "util/memory.h"

static bool is_less(const dat_queue_item *a, const dat_queue_item *b)
{
    return a->first != b->first ? a->first < b->first : a->second < b->second;
}

void dat_queue_push(dat_queue *queue, int64_t first, int64_t second)
{
    dat_queue_item item = {first, second};
    if (queue->count == queue->capacity) {
        queue->capacity = queue->capacity ? 2 * queue->capacity : 64;
        queue->items = dat_reallocate(queue->items, (size_t)queue->capacity, sizeof item);
    }
    int64_t at = queue->count++;
    for (; at > 0 && is_less(&item, &queue->items[(at - 1) / 2]); at = (at - 1) / 2)
        queue->items[at] = queue->items[(at - 1) / 2];
    queue->items[at] = item;
}

bool dat_queue_pop(dat_queue *queue, dat_queue_item *item)
{
    if (queue->count == 0)
        return false;
    *item = queue->items[0];
    dat_queue_item last = queue->items[--queue->count];
    int64_t at = 0;
    for (int64_t child; (child = 2 * at + 1) < queue->count; at = child) {
        if (child + 1 < queue->count && is_less(&queue->items[child + 1], &queue->items[child]))
            child++;
        if (!is_less(&queue->items[child], &last))
            break;
        queue->items[at] = queue->items[child];
    }
    queue->items[at] = last;
    return true;
}

void dat_queue_free(dat_queue *queue)
{
    free(queue->items);
    *queue = (dat_queue){0};
}
