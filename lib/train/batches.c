#include "train/batches.h"

#include <stdlib.h>
#include <string.h>

#include "ops/ops.h"
#include "util/memory.h"
#include "util/parallel.h"

/* --- memory --- */

static dat_examples allocate_examples(const dat_dataset *data, int64_t capacity)
{
    int64_t inputs = capacity * dat_input_count(data), tokens = capacity * data->n_tokens;
    size_t labels = (size_t)(capacity * data->n_labels);
    dat_examples examples = {.labels = dat_allocate(labels, sizeof(int32_t))};
    if (inputs)
        examples.inputs = dat_allocate((size_t)inputs, sizeof(dat_real));
    if (tokens)
        examples.tokens = dat_allocate((size_t)tokens, sizeof(int32_t));
    if (data->mixed) {
        examples.second_labels = dat_allocate(labels, sizeof(int32_t));
        examples.weights = dat_allocate(labels, sizeof(dat_real));
    }
    return examples;
}

static void free_examples(dat_examples examples)
{
    free(examples.inputs);
    free(examples.tokens);
    free(examples.labels);
    free(examples.second_labels);
    free(examples.weights);
}

void dat_batch_init(dat_batch *batch, const dat_dataset *data, int64_t capacity)
{
    *batch = (dat_batch){.data = data, .capacity = capacity, .examples = allocate_examples(data, capacity)};
    if (data->length) {
        batch->lengths = dat_allocate((size_t)capacity, sizeof batch->lengths[0]);
        batch->unordered = allocate_examples(data, capacity);
        batch->places = dat_allocate((size_t)data->n_tokens + 1, sizeof batch->places[0]);
    }
}

void dat_batch_free(dat_batch *batch)
{
    free_examples(batch->examples);
    free_examples(batch->unordered);
    free(batch->lengths);
    free(batch->places);
    *batch = (dat_batch){0};
}

/* --- reading --- */

static int64_t unordered_length(const dat_batch *batch, int64_t i)
{
    int64_t length = batch->data->length(dat_examples_from(batch->data, batch->unordered, i));
    DAT_ASSERT(length >= 0 && length <= batch->data->n_tokens);
    return length;
}

static void copy(void *to, const void *from, int64_t count, size_t size)
{
    if (from)
        memcpy(to, from, (size_t)count * size);
}

/* Copies example i of what was read to its place. */
static void place_example(const dat_batch *batch, int64_t i, int64_t place)
{
    const dat_dataset *data = batch->data;
    dat_examples from = dat_examples_from(data, batch->unordered, i);
    dat_examples to = dat_examples_from(data, batch->examples, place);
    copy(to.inputs, from.inputs, dat_input_count(data), sizeof *to.inputs);
    copy(to.tokens, from.tokens, data->n_tokens, sizeof *to.tokens);
    copy(to.labels, from.labels, data->n_labels, sizeof *to.labels);
    copy(to.second_labels, from.second_labels, data->n_labels, sizeof *to.second_labels);
    copy(to.weights, from.weights, data->n_labels, sizeof *to.weights);
}

/* Sorts what was read by length, if the dataset tells it; examples of equal length stay in order. */
static void order_by_length(dat_batch *batch)
{
    if (!batch->data->length)
        return;
    int64_t n_places = batch->data->n_tokens + 1, shorter = 0;
    memset(batch->places, 0, (size_t)n_places * sizeof batch->places[0]);
    for (int64_t i = 0; i < batch->count; i++)
        batch->places[unordered_length(batch, i)]++;
    for (int64_t length = 0; length < n_places; length++) {
        int64_t count = batch->places[length];
        batch->places[length] = shorter;
        shorter += count;
    }
    for (int64_t i = 0; i < batch->count; i++) {
        int64_t length = unordered_length(batch, i), place = batch->places[length]++;
        batch->lengths[place] = length;
        place_example(batch, i, place);
    }
}

typedef struct read_work {
    const dat_batch *batch;
    int64_t epoch;
    const int64_t *indices;
} read_work;

static void read_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const read_work *work = context;
    const dat_batch *batch = work->batch;
    const dat_dataset *data = batch->data;
    dat_examples into = data->length ? batch->unordered : batch->examples;
    data->read(data, work->epoch, work->indices + start, end - start, dat_examples_from(data, into, start));
}

void dat_batch_read(dat_batch *batch, int64_t epoch, const int64_t *indices, int64_t count)
{
    DAT_ASSERT(count <= batch->capacity);
    batch->count = count;
    dat_parallel(dat_pieces_of(count, 1), read_piece, &(read_work){batch, epoch, indices});
    order_by_length(batch);
}

void dat_batch_read_alone(dat_batch *batch, int64_t epoch, const int64_t *indices, int64_t count)
{
    DAT_ASSERT(count <= batch->capacity);
    batch->count = count;
    read_piece(&(read_work){batch, epoch, indices}, 0, 0, count);
    order_by_length(batch);
}

/* --- slices --- */

/* Examples that fit into a slice from `start` on; each next one is the longest. */
static int64_t slice_count(const dat_batch *batch, int64_t start, int64_t micro_batch)
{
    int64_t left = batch->count - start, count = 1;
    if (!batch->lengths)
        return left < micro_batch ? left : micro_batch;
    while (count < left && (count + 1) * batch->lengths[start + count] <= micro_batch * batch->data->n_tokens)
        count++;
    return count;
}

dat_batch dat_batch_slice(const dat_batch *batch, int64_t start, int64_t micro_batch)
{
    DAT_ASSERT(start >= 0 && start < batch->count && micro_batch > 0);
    int64_t count = slice_count(batch, start, micro_batch);
    return (dat_batch){
        .data = batch->data,
        .capacity = count,
        .count = count,
        .examples = dat_examples_from(batch->data, batch->examples, start),
        .lengths = batch->lengths ? batch->lengths + start : NULL,
    };
}

/* --- what models see --- */

int64_t dat_batch_counted(const dat_batch *batch)
{
    int64_t counted = 0;
    for (int64_t i = 0; i < batch->count * batch->data->n_labels; i++)
        counted += batch->examples.labels[i] != DAT_NO_LABEL;
    return counted;
}

dat_tensor *dat_batch_images(dat_tape *tape, const dat_batch *batch)
{
    const int64_t *shape = batch->data->input_shape;
    return dat_tape_input(tape, "images", batch->examples.inputs, 4,
                          (int64_t[]){batch->count, shape[0], shape[1], shape[2]});
}

dat_prediction dat_batch_prediction(const dat_batch *batch, dat_tensor *logits)
{
    const dat_examples *e = &batch->examples;
    return (dat_prediction){logits, e->labels, e->second_labels, e->weights};
}

/* How many classes are better than the label; equals go by their order, and what is no number is better. */
static int64_t rank_of(const dat_real *row, int64_t classes, int32_t label)
{
    int better = 0;
#pragma omp simd reduction(+ : better)
    for (int64_t k = 0; k < label; k++)
        better += !(row[k] < row[label]);
#pragma omp simd reduction(+ : better)
    for (int64_t k = label + 1; k < classes; k++)
        better += !(row[k] <= row[label]);
    return better;
}

typedef struct rank_work {
    const dat_prediction *prediction;
    int64_t ranks[DAT_MAX_PIECES][DAT_TALLY_RANKS];
} rank_work;

static void rank_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    rank_work *work = context;
    const dat_prediction *p = work->prediction;
    int64_t classes = dat_width(p->logits);
    for (int64_t r = start; r < end; r++) {
        if (p->labels[r] == DAT_NO_LABEL)
            continue;
        int64_t rank = rank_of(p->logits->data + r * classes, classes, p->labels[r]);
        if (rank < DAT_TALLY_RANKS)
            work->ranks[piece][rank]++;
    }
}

static void count_ranks(const dat_prediction *prediction, dat_tally *tally)
{
    const dat_tensor *logits = prediction->logits;
    rank_work work = {.prediction = prediction};
    dat_pieces pieces = dat_pieces_of(dat_rows(logits), dat_min_rows(dat_width(logits)));
    dat_parallel(pieces, rank_piece, &work);
    for (int64_t piece = 0; piece < pieces.count; piece++)
        for (int rank = 0; rank < DAT_TALLY_RANKS; rank++)
            tally->ranks[rank] += work.ranks[piece][rank];
}

static void count_confusion(const dat_prediction *prediction, int64_t *confusion)
{
    int64_t classes = dat_width(prediction->logits);
    for (int64_t r = 0; r < dat_rows(prediction->logits); r++) {
        const dat_real *row = prediction->logits->data + r * classes;
        int64_t best = 0;
        for (int64_t k = 1; k < classes; k++)
            best = row[k] > row[best] ? k : best;
        if (prediction->labels[r] != DAT_NO_LABEL)
            confusion[prediction->labels[r] * classes + best]++;
    }
}

dat_tensor *dat_batch_loss(dat_tape *tape, dat_forward *forward, const void *model, const dat_batch *batch,
                           dat_tally *tally)
{
    dat_prediction prediction = forward(tape, model, batch);
    dat_cross_entropy_args args = {.targets = prediction.labels,
                                   .ignore_index = DAT_NO_LABEL,
                                   .second_targets = prediction.second_labels,
                                   .weights = prediction.weights};
    dat_tensor *loss = dat_cross_entropy(tape, prediction.logits, &args);
    if (!loss)
        return NULL;
    count_ranks(&prediction, tally);
    if (tally->confusion)
        count_confusion(&prediction, tally->confusion);
    return loss;
}
