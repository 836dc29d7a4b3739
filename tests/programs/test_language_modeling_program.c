/* The program language_modeling from its command line to its run files: what it logs and keeps, the same bits
 * after kills and at any thread count, the sizes of the published models, and what it refuses. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_experiment.h"
#include "support/program_runs.h"
#include "support/run_file_sample.h"
#include "train/trainer.h"
#include "util/hash.h"

static const char program[] = DAT_BINARY_DIR "/bin/language_modeling";

/* 25 steps, each with a checkpoint, validated after 10, 20 and 25. The learning rate is constant after its
 * warm-up, so a run of fewer steps is the beginning of a longer one. */
static const char config[] =
    "data: {text: text.txt, tokenizer: characters, validation_share: 0.25, context: 8}\n"
    "model: {d_model: 16, n_layers: 2, n_heads_sa: 1, n_heads_ra: 1}\n"
    "train: {steps: 25, evaluate_every: 10, batch_size: 6, micro_batch: 4, learning_rate: 0.02,\n"
    "  min_learning_rate: 0.02, warmup: 4, keep_best: true, checkpoint_seconds: 0}\n"
    "seed: 5\n";
enum { STEPS = 25, BATCH_TOKENS = 6 * 8, VOCABULARY = 9, SERIES = 7 + 4 };

/* Three quarters are the letters a to d in turn, the rest e to h: what is learned does not help there. */
static int enter(void **state)
{
    char text[800];
    if (fake_folder_enter(state) != 0)
        return -1;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)((i < 600 ? 'a' : 'e') + i % 4);
    fake_write_config(config);
    return sample_write_file("text.txt", text, sizeof text) ? 0 : -1;
}

/* Runs `run c.yaml --set <change>` to its end and returns the run. */
static dat_run run_with(const char *change)
{
    const char *const arguments[] = {program, "run", "c.yaml", "--threads", "1", "--set", change, NULL};
    launch process = launch_program(arguments, NULL);
    return program_load(program_completed(launch_wait(&process)).text);
}

static const double *values_of(const dat_run *run, const char *name, int64_t count)
{
    const dat_series *series = dat_run_find_series(run, name);
    if (!series || series->count != count)
        fail_msg("%s has %d values", name, series ? (int)series->count : 0);
    return series->values;
}

static void a_run_logs_what_it_does(void **state)
{
    (void)state;
    static const double validated[] = {10, 20, 25};
    program_path path = program_complete(program, "results");
    dat_run run = program_load(path.text);
    assert_int_equal(run.state, DAT_RUN_COMPLETE);
    const double *loss = values_of(&run, "train/loss", STEPS), *rate = values_of(&run, "train/lr", STEPS);
    const double *tokens = values_of(&run, "train/tokens", STEPS);
    /* A new model says much the same about all nine tokens, and learns an endless a b c d in a few steps. */
    assert_true(fabs(loss[0] - log(VOCABULARY)) < 0.2);
    assert_true(loss[STEPS - 1] < 0.5 * loss[0]);
    for (int i = 0; i < STEPS; i++) {
        assert_true(tokens[i] == (i + 1) * BATCH_TOKENS);
        assert_true(fabs(rate[i] - (i < 4 ? 0.02 * i / 4 : 0.02)) < 1e-15);
    }
    const double *steps = values_of(&run, "eval/validation/step", 3);
    assert_memory_equal(steps, validated, sizeof validated);
    const double *losses = values_of(&run, "eval/validation/loss", 3);
    const double *perplexities = values_of(&run, "eval/validation/perplexity", 3);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(perplexities[i] - exp(losses[i])) < 1e-12 * perplexities[i]);
    assert_true(dat_run_summary(&run, "loss/validation") == losses[2]);
    assert_true(dat_run_summary(&run, "perplexity/validation") == perplexities[2]);
    assert_true(dat_run_summary(&run, "tokens_per_second") > 0);
    dat_run_free(&run);
    fake_expect(program_finish(program, "results"), 0, "perplexity validation", NULL);
}

/* Validation gets worse with training, so the best parameters are those of a run of ten steps. */
static void the_best_parameters_are_kept(void **state)
{
    (void)state;
    char hash[17];
    dat_run run = run_with("train.steps=25"), shorter = run_with("train.steps=10");
    const double *losses = values_of(&run, "eval/validation/loss", 3);
    assert_true(losses[0] < losses[1] && losses[0] < losses[2]);
    const dat_run_blob *best = dat_run_find_blob(&run, DAT_BEST_PARAMETERS);
    const dat_fact *expected = dat_run_find_environment(&shorter, "parameters_xxh3");
    assert_non_null(best);
    assert_non_null(expected);
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)dat_hash64(best->bytes, best->size));
    assert_string_equal(hash, expected->text);
    dat_run_free(&run);
    dat_run_free(&shorter);
    run = run_with("train.keep_best=false");
    assert_int_equal(run.n_blobs, 0);
    dat_run_free(&run);
}

static void killed_runs_end_the_same(void **state)
{
    (void)state;
    program_path reference = program_complete(program, "reference");
    program_kill_and_resume(program, &reference, SERIES);
}

static void threads_do_not_matter(void **state)
{
    (void)state;
    program_expect_threads_do_not_matter(program, SERIES);
}

static double last_loss(const char *change)
{
    dat_run run = run_with(change);
    double loss = dat_run_summary(&run, "loss/validation");
    assert_true(isfinite(loss));
    dat_run_free(&run);
    return loss;
}

/* Every kind of model trains, and all differ. */
static void options_change_the_model(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "model.architecture=dat",     "model.architecture=transformer",  "model.ra_type=rca",
        "model.ra_type=disrca",       "model.symbols=position_relative", "model.symbols=positional_symbols",
        "model.symbols=rel_sym_attn", "model.shared_symbols=false",      "model.positions=pos_emb",
        "model.norm=rmsnorm",         "model.activation=swiglu",         "model.dropout=0.1",
        "data.order=sequential",
    };
    enum { N = sizeof changes / sizeof changes[0] };
    double losses[N];
    for (int i = 0; i < N; i++) {
        losses[i] = last_loss(changes[i]);
        for (int j = 0; j < i; j++)
            if (losses[i] == losses[j])
                fail_msg("%s gives the loss of %s", changes[i], changes[j]);
    }
}

/* Token files of a text are as good as the text. */
static void files_train_as_their_text_does(void **state)
{
    (void)state;
    uint16_t ids[800];
    for (int i = 0; i < 800; i++)
        ids[i] = (uint16_t)((i < 600 ? 0 : 4) + i % 4);
    assert_true(sample_write_file("train_0.bin", ids, 400 * sizeof ids[0]));
    assert_true(sample_write_file("train_1.bin", ids + 400, 200 * sizeof ids[0]));
    assert_true(sample_write_file("val_0.bin", ids + 600, 200 * sizeof ids[0]));
    const char *const arguments[] = {program,
                                     "run",
                                     "c.yaml",
                                     "--set",
                                     "data.train=train_*.bin",
                                     "--set",
                                     "data.validation=val_*.bin",
                                     "--set",
                                     "data.vocab_size=9",
                                     "--results",
                                     "files",
                                     "--threads",
                                     "1",
                                     NULL};
    launch process = launch_program(arguments, NULL);
    program_path files = program_completed(launch_wait(&process)), text = program_complete(program, "text");
    program_expect_same_run(files.text, text.text, SERIES);
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *change, *error;
        int status;
    } cases[] = {
        {"model.d_modle=16", "d_model", 2},
        {"train.steps=0", "steps", 2},
        {"train.warmup=25", "train.warmup = 25 must be less than train.steps = 25", 2},
        {"model.n_heads_sa=2", "d_model = 16 must be a multiple of the total number of heads = 3", 2},
        {"model.n_relations=3", "3", 2},
        {"data.context=200", "validation: 200 tokens are too few for data.context = 200", 2},
        {"data.validation_share=1", "training: 0 tokens", 2},
        {"data.vocab_size=8", "data.vocab_size = 8 is less than the 9 tokens", 2},
        {"data.text=none.txt", "none.txt", 1},
        {"data.text=\"\"", "data.text or data.train", 2},
        {"data.tokenizer=none.json", "none.json", 1},
        {"data.train=train_*.bin", "both or neither", 2},
        {"data={train: \"t_*.bin\", validation: \"v_*.bin\"}", "data.vocab_size is needed", 2},
        {"data={train: \"t_*.bin\", validation: \"v_*.bin\", vocab_size: 9}", "t_*.bin", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        program_expect_refusal(program, cases[i].change, cases[i].status, cases[i].error);
}

static void ids_outside_the_vocabulary_are_refused(void **state)
{
    (void)state;
    static const uint16_t ids[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6, 5};
    assert_true(sample_write_file("t_0.bin", ids, 9 * sizeof ids[0]));
    assert_true(sample_write_file("v_0.bin", ids, sizeof ids));
    program_expect_refusal(program,
                           "data={train: \"t_*.bin\", validation: \"v_*.bin\", vocab_size: 9, context: 4}", 1,
                           "v_0.bin: token 9 is 9, outside the vocabulary of 9");
}

/* The trainable parameters of Table 5's models, as counted from the reference
 * (tests/golden/param_counts.json, vocabulary 50,304; the 734M model has 64 relations instead of the 48
 * there: 24 layers of 768 x 16 weights more). */
static void published_models_have_their_sizes(void **state)
{
    (void)state;
    static const char expected[] = "trainable parameters: 353601536\n"
                                   "trainable parameters: 344026112\n"
                                   "trainable parameters: 756894720\n"
                                   "trainable parameters: 734667264\n"
                                   "trainable parameters: 1311182848\n"
                                   "trainable parameters: 1272633344\n";
    char command[1024];
    snprintf(command, sizeof command,
             "%s describe %s/experiments/language_modeling/configs/fig4_scaling.yaml | grep ^trainable",
             program, DAT_SOURCE_DIR);
    const char *const arguments[] = {"/bin/sh", "-c", command, NULL};
    launch process = launch_program(arguments, NULL);
    launch_end *end = launch_wait(&process);
    assert_string_equal(end->err, "");
    assert_string_equal(end->out, expected);
    free(end);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, fake_folder_leave)
    const struct CMUnitTest tests[] = {
        TEST(a_run_logs_what_it_does),
        TEST(the_best_parameters_are_kept),
        TEST(killed_runs_end_the_same),
        TEST(threads_do_not_matter),
        TEST(options_change_the_model),
        TEST(files_train_as_their_text_does),
        TEST(mistakes_are_refused),
        TEST(ids_outside_the_vocabulary_are_refused),
        TEST(published_models_have_their_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
