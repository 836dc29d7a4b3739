/* Language modeling: how does the loss fall with tokens and parameters? (Section 4.4, Figures 4, 10 and 12
 * and Table 5 of the paper.) */
#include <inttypes.h>

#include "config.h"
#include "corpus.h"
#include "model.h"
#include "train/describe.h"
#include "train/experiment.h"
#include "train/train_options.h"

/* The most memory that one micro-batch may use. */
static const int64_t MEMORY_LIMIT = (int64_t)64 << 30;

static dat_status check(const void *values)
{
    const lm_config *config = values;
    dat_language_model model = {0};
    dat_params params = {0};
    DAT_TRY(lm_corpus_check(config));
    if (config->train.warmup >= config->train.steps)
        return dat_usage("train.warmup = %" PRId64 " must be less than train.steps = %" PRId64,
                         config->train.warmup, config->train.steps);
    /* No rule depends on the size of the vocabulary, which is not known before the text is read. */
    dat_status status = lm_model_init(&model, &params, config, 1);
    dat_language_free(&model);
    dat_params_free(&params);
    return status;
}

static dat_train_config train_config(const lm_config *config)
{
    const lm_train_config *t = &config->train;
    return (dat_train_config){
        .epochs = (t->steps + t->evaluate_every - 1) / t->evaluate_every,
        .batch_size = t->batch_size,
        .max_steps = t->steps,
        .keep_best = t->keep_best,
        .micro_batch = t->micro_batch,
        .evaluate_every = 1,
        .checkpoint_every = t->checkpoint_seconds,
        .optimizer = {.adam = {t->learning_rate, t->beta1, t->beta2, 1e-8},
                      .schedule = {.kind = DAT_SCHEDULE_WARMUP_COSINE_ITER,
                                   .warmup = t->warmup,
                                   .length = t->steps,
                                   .min_rate = t->min_learning_rate},
                      .weight_decay = t->weight_decay,
                      .decoupled = true,
                      .max_grad_norm = t->max_grad_norm},
        .seed = (uint64_t)config->seed,
        .memory_limit = MEMORY_LIMIT,
    };
}

static dat_status run(const void *values, dat_run *record, const dat_run_control *control)
{
    const lm_config *config = values;
    lm_corpus corpus = {0};
    dat_language_model model = {0};
    dat_params params = {0};
    dat_status status = lm_corpus_open(&corpus, config);
    if (status.code == DAT_CODE_OK)
        status = lm_model_init(&model, &params, config, corpus.vocab_size);
    if (status.code != DAT_CODE_OK)
        goto done;
    dat_train_start_params(&params, config->seed);
    dat_run_set_model(record, &params);
    if (config->train.keep_best && corpus.tokenizer)
        dat_run_set_environment_text(record, LM_TOKENIZER, corpus.tokenizer);

    dat_split validation = {"validation", dat_windows_as_dataset(&corpus.validation),
                            .during_training = true};
    dat_problem problem = {
        .params = &params,
        .model = &model,
        .forward = lm_model_forward,
        .train = dat_windows_as_dataset(&corpus.train),
        .splits = &validation,
        .n_splits = 1,
    };
    dat_train_config train = train_config(config);
    status = dat_train(&train, &problem, record, control);
done:
    dat_language_free(&model);
    dat_params_free(&params);
    lm_corpus_free(&corpus);
    return status;
}

static void print_cost(const lm_config *config, const lm_step_cost *cost, FILE *stream)
{
    const double mebibyte = 1 << 20;
    const lm_train_config *t = &config->train;
    double step = cost->flops * (double)t->batch_size;
    fprintf(stream,
            "training: %.4g MFLOP a token, %.4g GFLOP a step of %" PRId64 " tokens, %.4g TFLOP in all\n",
            cost->flops / (double)config->data.context * 1e-6, step * 1e-9,
            t->batch_size * config->data.context, step * (double)t->steps * 1e-12);
    fprintf(stream,
            "memory: %.1f MiB for parameters, gradients and moments, %.1f MiB for a micro-batch of %" PRId64
            "\n",
            (double)cost->parameters / mebibyte, (double)cost->activations / mebibyte, t->micro_batch);
}

static dat_status describe(const void *values, FILE *stream)
{
    const lm_config *config = values;
    dat_language_model model = {0};
    dat_params params = {0};
    int64_t vocab_size;
    lm_step_cost cost;
    DAT_TRY(lm_corpus_vocab_size(&config->data, &vocab_size));
    dat_status status = lm_model_init(&model, &params, config, vocab_size);
    if (status.code == DAT_CODE_OK)
        status = lm_model_cost(&model, &params, config->train.micro_batch, MEMORY_LIMIT, &cost);
    if (status.code == DAT_CODE_OK) {
        dat_describe_params(&params, stream);
        fprintf(stream, "trainable parameters: %" PRId64 "\n", dat_params_count(&params, true));
        print_cost(config, &cost, stream);
    }
    dat_language_free(&model);
    dat_params_free(&params);
    return status;
}

static const dat_experiment language_modeling = {
    .name = "language_modeling",
    .summary = "learn to predict the next token of a text (Figures 4, 10, 12 and Table 5 of the paper)",
    .schema = &lm_schema,
    .check = check,
    .run = run,
    .describe = describe,
};

int main(int argc, char **argv)
{
    return dat_experiment_main(&language_modeling, argc, argv);
}
