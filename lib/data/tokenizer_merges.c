#include "data/tokenizer_merges.h"

#include <stdlib.h>

#include "util/memory.h"

/* A token of a word while it is being merged: a link of a list. */
struct dat_merge_part {
    int64_t previous, next; /* -1: none */
    int32_t id;             /* -1: merged into the part before */
};

bool dat_merges_add(dat_merges *merges, dat_merge rule)
{
    if (dat_pair_map_get(&merges->ranks, rule.left, rule.right) >= 0)
        return false;
    if (merges->count == merges->capacity) {
        merges->capacity = merges->capacity ? 2 * merges->capacity : 256;
        merges->rules = dat_reallocate(merges->rules, (size_t)merges->capacity, sizeof rule);
    }
    dat_pair_map_add(&merges->ranks, rule.left, rule.right, merges->count);
    merges->rules[merges->count++] = rule;
    return true;
}

/* Queues the rule for part `at` and the one after it, if there is one. */
static void consider(dat_merges *merges, int64_t at)
{
    const struct dat_merge_part *part = &merges->parts[at];
    if (part->next < 0)
        return;
    int64_t rank = dat_pair_map_get(&merges->ranks, part->id, merges->parts[part->next].id);
    if (rank >= 0)
        dat_queue_push(&merges->queue, rank, at);
}

static void link_parts(dat_merges *merges, const int32_t *ids, int64_t count)
{
    if (count > merges->n_parts) {
        merges->n_parts = 2 * count;
        merges->parts = dat_reallocate(merges->parts, (size_t)merges->n_parts, sizeof merges->parts[0]);
    }
    for (int64_t i = 0; i < count; i++)
        merges->parts[i] = (struct dat_merge_part){i - 1, i + 1 < count ? i + 1 : -1, ids[i]};
    for (int64_t i = 0; i + 1 < count; i++)
        consider(merges, i);
}

/* Merges part `at` with the next, unless an earlier merge has changed either of them. */
static void merge_parts(dat_merges *merges, const dat_merge *rule, int64_t at)
{
    struct dat_merge_part *parts = merges->parts, *left = &parts[at];
    if (left->id != rule->left || left->next < 0 || parts[left->next].id != rule->right)
        return;
    struct dat_merge_part *right = &parts[left->next];
    left->id = rule->id;
    left->next = right->next;
    right->id = -1;
    if (left->next >= 0)
        parts[left->next].previous = at;
    if (left->previous >= 0)
        consider(merges, left->previous);
    consider(merges, at);
}

int64_t dat_merges_apply(dat_merges *merges, int32_t *ids, int64_t count)
{
    dat_queue_item item;
    int64_t n_left = 0;
    if (count < 2 || merges->count == 0)
        return count;
    link_parts(merges, ids, count);
    while (dat_queue_pop(&merges->queue, &item))
        merge_parts(merges, &merges->rules[item.first], item.second);
    for (int64_t at = 0; at >= 0; at = merges->parts[at].next)
        ids[n_left++] = merges->parts[at].id;
    return n_left;
}

void dat_merges_free(dat_merges *merges)
{
    free(merges->rules);
    free(merges->parts);
    dat_pair_map_free(&merges->ranks);
    dat_queue_free(&merges->queue);
    *merges = (dat_merges){0};
}
