/* A priority queue of pairs of numbers. */
#ifndef DAT_UTIL_QUEUE_H
#define DAT_UTIL_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct dat_queue_item {
    int64_t first, second; /* the second decides among equals */
} dat_queue_item;

/* The least comes out first. Empty when all zero. */
typedef struct dat_queue {
    dat_queue_item *items; /* a binary heap, owned */
    int64_t count, capacity;
} dat_queue;

void dat_queue_push(dat_queue *queue, int64_t first, int64_t second);

/* Takes the least item out; false when there is none. */
bool dat_queue_pop(dat_queue *queue, dat_queue_item *item);

void dat_queue_free(dat_queue *queue);

#endif
