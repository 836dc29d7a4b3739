#include "train/train_options.h"

/* Of the seed, beside those of the trainer. */
enum { STREAM_PARAMETERS = 3 };

/* The most memory that one micro-batch may use. */
static const int64_t MEMORY_LIMIT = (int64_t)4 << 30;

static const char *const schedules[] = {"constant", "cosine", NULL};
static const dat_schedule_kind schedule_kinds[] = {DAT_SCHEDULE_CONSTANT, DAT_SCHEDULE_WARMUP_COSINE_ITER};

#define FIELD(member, kind) .key = #member, .type = kind, .offset = offsetof(dat_train_options, member)
static const dat_field fields[] = {
    {FIELD(epochs, DAT_FIELD_INT), "50", 1, 1e6, .help = "passes over the training examples"},
    {FIELD(batch_size, DAT_FIELD_INT), "256", 1, 1e6, .help = "examples per optimizer step"},
    {FIELD(micro_batch, DAT_FIELD_INT), "0", 0, 1e6,
     .help = "examples processed at a time, gradients accumulate over a batch; 0: as many as fit the cache"},
    {FIELD(evaluate_every, DAT_FIELD_INT), "10", 0, 1e6, .help = "epochs between validations; 0: never"},
    {FIELD(learning_rate, DAT_FIELD_REAL), "0.001", 0, 10, .help = "of Adam, at the start"},
    {FIELD(schedule, DAT_FIELD_CHOICE), "constant", .choices = schedules,
     .help = "what the learning rate does after that: nothing, or fall to 0 along half a cosine"},
    {FIELD(beta1, DAT_FIELD_REAL), "0.9", 0, 1, .help = "of Adam"},
    {FIELD(beta2, DAT_FIELD_REAL), "0.99", 0, 1, .help = "of Adam"},
    {FIELD(checkpoint_seconds, DAT_FIELD_REAL), "30", 0, 1e6, .help = "between saves of the run file"},
    {0},
};
const dat_schema dat_train_options_schema = {sizeof(dat_train_options), fields};

dat_train_config dat_train_options_config(const dat_train_options *options, int64_t seed)
{
    return (dat_train_config){
        .epochs = options->epochs,
        .batch_size = options->batch_size,
        .micro_batch = options->micro_batch,
        .evaluate_every = options->evaluate_every,
        .checkpoint_every = options->checkpoint_seconds,
        .optimizer = {.adam = {options->learning_rate, options->beta1, options->beta2, 1e-8},
                      .schedule = {.kind = schedule_kinds[options->schedule]}},
        .seed = (uint64_t)seed,
        .memory_limit = MEMORY_LIMIT,
    };
}

void dat_train_start_params(dat_params *params, int64_t seed)
{
    dat_rng root = dat_rng_seed((uint64_t)seed);
    dat_rng start = dat_rng_fork(&root, STREAM_PARAMETERS);
    dat_params_allocate(params, &start);
}
