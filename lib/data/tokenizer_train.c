/* Training of byte pair encoding. The words of the corpus are kept as ids, together with the count of every
 * pair of neighbours and the words it may be in, so that a merge touches these words only. */
#include "data/tokenizer_train.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data/tokenizer_alphabet.h"
#include "data/tokenizer_corpus.h"
#include "data/tokenizer_parts.h"
#include "util/memory.h"
#include "util/queue.h"

enum { ANY = -1 };

/* Two neighbouring ids. */
typedef struct pair {
    int32_t left, right;
    int64_t count;  /* occurrences in the corpus */
    int64_t queued; /* the count that it was queued with last */
    int64_t *words; /* where it occurs or once did, owned */
    int64_t n_words, capacity;
    bool changed; /* listed below */
} pair;

typedef struct training {
    const int64_t *word_counts; /* borrowed */
    int32_t *ids;               /* of all words */
    int64_t *starts;            /* [n_words]: where each begins */
    int64_t *lengths;           /* [n_words] */
    pair *pairs;
    int64_t n_pairs, capacity;
    dat_pair_map numbers; /* of the pairs */
    int64_t *changed;     /* the numbers of pairs whose counts a merge has touched */
    int64_t n_changed, changed_capacity;
    dat_queue queue;        /* most frequent pair first */
    dat_string_table texts; /* of the tokens: number = id */
} training;

static void *grow(void *array, int64_t count, int64_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = 2 * count + 4;
    return dat_reallocate(array, (size_t)*capacity, size);
}

static pair *find_pair(training *t, int32_t left, int32_t right, int64_t *number)
{
    *number = dat_pair_map_get(&t->numbers, left, right);
    if (*number < 0) {
        *number = t->n_pairs;
        t->pairs = grow(t->pairs, t->n_pairs, &t->capacity, sizeof t->pairs[0]);
        t->pairs[t->n_pairs++] = (pair){.left = left, .right = right};
        dat_pair_map_add(&t->numbers, left, right, *number);
    }
    return &t->pairs[*number];
}

/* Remembers that the pair is in the word, once for neighbouring occurrences. */
static void add_word(pair *p, int64_t word)
{
    if (p->n_words > 0 && p->words[p->n_words - 1] == word)
        return;
    p->words = grow(p->words, p->n_words, &p->capacity, sizeof p->words[0]);
    p->words[p->n_words++] = word;
}

/* Adds the pairs of a word to the counts, or takes them off with sign -1. Pairs with the id `fresh` are new
 * in the word; with ANY, all are. */
static void count_pairs(training *t, int64_t word, int sign, int32_t fresh)
{
    const int32_t *ids = t->ids + t->starts[word];
    for (int64_t i = 0; i + 1 < t->lengths[word]; i++) {
        int64_t number;
        pair *p = find_pair(t, ids[i], ids[i + 1], &number);
        p->count += sign * t->word_counts[word];
        if (sign > 0 && (fresh == ANY || p->left == fresh || p->right == fresh))
            add_word(p, word);
        if (!p->changed) {
            p->changed = true;
            t->changed = grow(t->changed, t->n_changed, &t->changed_capacity, sizeof t->changed[0]);
            t->changed[t->n_changed++] = number;
        }
    }
}

/* Queues the pairs whose counts have changed. What the queue held of them is out of date. */
static void queue_changed(training *t)
{
    for (int64_t i = 0; i < t->n_changed; i++) {
        pair *p = &t->pairs[t->changed[i]];
        p->changed = false;
        if (p->count > 1 && p->count != p->queued)
            dat_queue_push(&t->queue, -p->count, (int64_t)p->left << 32 | p->right);
        p->queued = p->count;
    }
    t->n_changed = 0;
}

static void start(training *t, const dat_tokenizer_trainer *trainer, const dat_alphabet *alphabet)
{
    int32_t id_of[256];
    const dat_string_table *words = &trainer->words;
    int64_t size, total = words->count > 0 ? words->starts[words->count] : 0;
    for (int32_t id = 0; id < 256; id++) {
        id_of[alphabet->order[id]] = id;
        dat_string_table_add(&t->texts, (const char *)&alphabet->order[id], 1);
    }
    t->word_counts = trainer->counts;
    t->ids = dat_allocate((size_t)total, sizeof t->ids[0]);
    t->starts = dat_allocate((size_t)words->count, sizeof t->starts[0]);
    t->lengths = dat_allocate((size_t)words->count, sizeof t->lengths[0]);
    for (int64_t word = 0, at = 0; word < words->count; word++, at += size) {
        const char *text = dat_string_table_get(words, word, &size);
        t->starts[word] = at;
        t->lengths[word] = size;
        for (int64_t i = 0; i < size; i++)
            t->ids[at + i] = id_of[(unsigned char)text[i]];
        count_pairs(t, word, 1, ANY);
    }
    queue_changed(t);
}

static void finish(training *t)
{
    for (int64_t i = 0; i < t->n_pairs; i++)
        free(t->pairs[i].words);
    free(t->pairs);
    free(t->ids);
    free(t->starts);
    free(t->lengths);
    free(t->changed);
    dat_pair_map_free(&t->numbers);
    dat_queue_free(&t->queue);
    dat_string_table_free(&t->texts);
}

/* The number of the most frequent pair, or -1 when none occurs twice. */
static int64_t take_best(training *t)
{
    dat_queue_item item;
    while (dat_queue_pop(&t->queue, &item)) {
        int64_t number =
            dat_pair_map_get(&t->numbers, (int32_t)(item.second >> 32), (int32_t)(item.second & INT32_MAX));
        if (t->pairs[number].count == -item.first)
            return number;
    }
    return -1;
}

/* The token of a merged pair. It may be there already, made of other parts. */
static int32_t merged_id(training *t, const pair *p)
{
    int64_t left_size, right_size;
    const char *left = dat_string_table_get(&t->texts, p->left, &left_size);
    const char *right = dat_string_table_get(&t->texts, p->right, &right_size);
    char *text = dat_allocate((size_t)(left_size + right_size), 1);
    memcpy(text, left, (size_t)left_size);
    memcpy(text + left_size, right, (size_t)right_size);
    int64_t id = dat_string_table_add(&t->texts, text, left_size + right_size);
    free(text);
    return (int32_t)id;
}

/* Replaces the pair in a word, from left to right. */
static void merge_in_word(training *t, const dat_merge *rule, int64_t word)
{
    int32_t *ids = t->ids + t->starts[word];
    int64_t length = t->lengths[word], kept = 0;
    count_pairs(t, word, -1, ANY);
    for (int64_t i = 0; i < length; i++) {
        bool merges = i + 1 < length && ids[i] == rule->left && ids[i + 1] == rule->right;
        ids[kept++] = merges ? rule->id : ids[i];
        i += merges;
    }
    t->lengths[word] = kept;
    count_pairs(t, word, 1, rule->id);
}

static bool contains(const training *t, const dat_merge *rule, int64_t word)
{
    const int32_t *ids = t->ids + t->starts[word];
    for (int64_t i = 0; i + 1 < t->lengths[word]; i++)
        if (ids[i] == rule->left && ids[i + 1] == rule->right)
            return true;
    return false;
}

static dat_merge merge(training *t, int64_t number)
{
    const pair *p = &t->pairs[number];
    dat_merge rule = {p->left, p->right, merged_id(t, p)};
    /* The array of pairs may move; the list stays, as new pairs hold the new id. */
    const int64_t *words = p->words;
    int64_t n_words = p->n_words;
    for (int64_t i = 0; i < n_words; i++)
        if (contains(t, &rule, words[i]))
            merge_in_word(t, &rule, words[i]);
    queue_changed(t);
    return rule;
}

/* Merges until there are `vocab_size` tokens with end of text, and adds the rules to the tokenizer. */
static dat_status find_merges(training *t, int64_t vocab_size, dat_tokenizer *tokenizer)
{
    while (t->texts.count + 1 < vocab_size) {
        int64_t best = take_best(t);
        if (best < 0)
            return dat_failure("the corpus gives at most %" PRId64 " tokens, %" PRId64 " are asked for",
                               t->texts.count + 1, vocab_size);
        /* A rule that is there already finds new work after a token was made of other parts. */
        dat_merges_add(&tokenizer->merges, merge(t, best));
    }
    return DAT_OK;
}

dat_status dat_tokenizer_train_bpe(const dat_tokenizer_trainer *trainer, int64_t vocab_size,
                                   dat_tokenizer **tokenizer)
{
    training t = {0};
    dat_alphabet alphabet;
    *tokenizer = NULL;
    if (vocab_size < 257)
        return dat_usage("a vocabulary of %" PRId64
                         " is too small, expected at least 257: 256 bytes and end of "
                         "text",
                         vocab_size);
    *tokenizer = dat_tokenizer_new(DAT_TOKENIZER_BYTE_LEVEL);
    dat_alphabet_init(&alphabet);
    start(&t, trainer, &alphabet);
    dat_status status = find_merges(&t, vocab_size, *tokenizer);
    for (int64_t id = 0; id < t.texts.count; id++) {
        int64_t size;
        const char *text = dat_string_table_get(&t.texts, id, &size);
        dat_tokenizer_add(*tokenizer, text, size, false);
    }
    dat_tokenizer_add(*tokenizer, dat_end_of_text, (int64_t)strlen(dat_end_of_text), true);
    if (status.code == DAT_CODE_OK)
        status = dat_tokenizer_finish(*tokenizer, dat_gpt2_pattern);
    if (status.code != DAT_CODE_OK) {
        dat_tokenizer_free(*tokenizer);
        *tokenizer = NULL;
    }
    finish(&t);
    return status;
}
