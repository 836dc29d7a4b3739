/* Mathematics: does relational attention help to learn symbolic calculation? (Section 4.2, Figure 3 and Table
 * 2 of the paper.) */
#include "answers.h"
#include "config.h"
#include "model.h"
#include "questions.h"
#include "train/describe.h"
#include "train/experiment.h"

static dat_status check_padding(const math_config *config)
{
    if (config->data.padding == MATH_PADDING_TRIMMED && config->model.block.symbols == DAT_REL_SYM_ATTENTION)
        return dat_usage(
            "data.padding: trimmed does not go with model.symbols: rel_sym_attn, which looks at the "
            "padding behind a text; choose data.padding: reference or other symbols");
    return DAT_OK;
}

static dat_status check(const void *values)
{
    const math_config *config = values;
    dat_seq2seq_model model;
    dat_params params = {0};
    DAT_TRY(check_padding(config));
    dat_status status = math_model_init(&model, &params, &config->model);
    dat_seq2seq_free(&model);
    dat_params_free(&params);
    return status.code == DAT_CODE_OK ? math_questions_check(&config->data) : status;
}

static dat_status run(const void *values, dat_run *record, const dat_run_control *control)
{
    const math_config *config = values;
    dat_seq2seq_model model = {0};
    dat_params params = {0};
    math_questions questions;
    dat_status status = math_questions_open(&questions, &config->data);
    if (status.code == DAT_CODE_OK)
        status = math_model_init(&model, &params, &config->model);
    if (status.code != DAT_CODE_OK)
        goto done;
    dat_train_start_params(&params, config->seed);
    dat_run_set_model(record, &params);

    math_answers answers = {&model, &questions};
    dat_problem problem = {
        .params = &params,
        .model = &model,
        .forward = math_model_forward,
        .train = questions.train,
        .splits = questions.splits,
        .n_splits = MATH_N_SPLITS,
        .conclude = math_answers_conclude,
        .conclude_state = &answers,
    };
    dat_train_config train = dat_train_options_config(&config->train, config->seed);
    status = dat_train(&train, &problem, record, control);
done:
    dat_seq2seq_free(&model);
    dat_params_free(&params);
    math_questions_free(&questions);
    return status;
}

static dat_status describe(const void *values, FILE *stream)
{
    const math_config *config = values;
    dat_seq2seq_model model;
    dat_params params = {0};
    dat_problem problem = {
        .params = &params,
        .model = &model,
        .forward = math_model_forward,
        .train = {.n_tokens = DAT_MATH_EXAMPLE_TOKENS, .n_labels = DAT_MATH_ANSWER_TOKENS},
    };
    math_set_padding(&problem.train, &config->data);
    dat_status status = math_model_init(&model, &params, &config->model);
    if (status.code == DAT_CODE_OK) {
        dat_train_config train = dat_train_options_config(&config->train, config->seed);
        status = dat_describe_problem(&train, &problem, stream);
    }
    dat_seq2seq_free(&model);
    dat_params_free(&params);
    return status;
}

static const dat_experiment math = {
    .name = "math",
    .summary = "answer mathematics problems character by character (Figure 3 and Table 2 of the paper)",
    .schema = &math_schema,
    .check = check,
    .run = run,
    .describe = describe,
};

int main(int argc, char **argv)
{
    return dat_experiment_main(&math, argc, argv);
}
