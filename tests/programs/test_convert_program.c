/* `dat convert`, and run files where the other commands take checkpoints: the same model in every layout. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/safetensors.h"
#include "support/fake_experiment.h"
#include "support/program_runs.h"
#include "support/run_file_sample.h"
#include "train/trainer.h"

#define DAT  DAT_BINARY_DIR "/bin/dat"
#define TINY DAT_SOURCE_DIR "/tests/golden/hub_tiny_dat"

static const char program[] = DAT_BINARY_DIR "/bin/language_modeling";

/* Validation is 25 whole windows and the token after them. */
static const char config[] =
    "data: {text: text.txt, tokenizer: characters, validation_share: 0.25, context: 8}\n"
    "model: {d_model: 16, n_layers: 2, n_heads_sa: 1, n_heads_ra: 1}\n"
    "train: {steps: 25, evaluate_every: 10, batch_size: 6, micro_batch: 4, learning_rate: 0.02,\n"
    "  warmup: 4, keep_best: true}\n";
enum { N_TRAIN = 603, N_VALIDATION = 201, N_EVALUATIONS = 3 };

static int enter(void **state)
{
    char text[N_TRAIN + N_VALIDATION];
    if (fake_folder_enter(state) != 0)
        return -1;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)((i < N_TRAIN ? 'a' : 'e') + i % 4);
    fake_write_config(config);
    return sample_write_file("text.txt", text, sizeof text) &&
                   sample_write_file("end.txt", text + N_TRAIN, N_VALIDATION)
               ? 0
               : -1;
}

/* Trains the config with a change and returns the path of the run file. */
static program_path train(const char *change)
{
    const char *const arguments[] = {program, "run", "c.yaml", "--threads", "1", "--set", change, NULL};
    launch process = launch_program(arguments, NULL);
    return program_completed(launch_wait(&process));
}

#define CALL(status, part, ...)                                                                              \
    free(launch_expect((const char *const[]){DAT, __VA_ARGS__, NULL}, NULL, status, part))

static void convert(const char *checkpoint, const char *out)
{
    CALL(0, out, "convert", "--checkpoint", checkpoint, "--out", out);
}

/* What `dat eval` prints of end.txt with the checkpoint's own tokenizer. The caller frees the end. */
static launch_end *evaluate(const char *checkpoint)
{
    return launch_expect((const char *const[]){DAT, "eval", "--checkpoint", checkpoint, "end.txt", NULL},
                         NULL, 0, "loss");
}

static double loss_of(const char *checkpoint)
{
    launch_end *end = evaluate(checkpoint);
    double loss = strtod(strstr(end->out, "loss ") + 5, NULL);
    free(end);
    return loss;
}

static void expect_same_loss(const char *a, const char *b)
{
    launch_end *first = evaluate(a), *second = evaluate(b);
    assert_string_equal(first->out, second->out);
    free(first);
    free(second);
}

static void expect_same_files(const char *a, const char *b)
{
    size_t size_a, size_b;
    unsigned char *bytes_a = sample_read_file(a, &size_a), *bytes_b = sample_read_file(b, &size_b);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(bytes_a, bytes_b, size_a);
    free(bytes_a);
    free(bytes_b);
}

/* The model of the least validation loss is taken, and its loss is the one that training saw. */
static void the_best_model_is_converted(void **state)
{
    (void)state;
    program_path path = train("seed=1");
    dat_run run = program_load(path.text);
    const dat_series *losses = dat_run_find_series(&run, "eval/validation/loss");
    double least = INFINITY;
    assert_int_equal(losses->count, N_EVALUATIONS);
    for (int i = 0; i < N_EVALUATIONS; i++)
        least = fmin(least, losses->values[i]);
    assert_true(losses->values[N_EVALUATIONS - 1] > least + 0.01); /* the last one is another */
    dat_run_free(&run);
    convert(path.text, "folder");
    double loss = loss_of("folder");
    if (!(fabs(loss - least) < 1e-4))
        fail_msg("the folder has a loss of %.6f, training saw %.6f", loss, least);
    expect_same_loss(path.text, "folder");
}

/* Run file, folder, run file, folder: no bit changes. */
static void there_and_back_nothing_changes(void **state)
{
    (void)state;
    program_path path = train("seed=2");
    assert_int_equal(mkdir("folder", 0777), 0); /* empty, so it may be taken */
    convert(path.text, "folder");
    convert("folder/", "deep/er/back.h5");
    convert("deep/er/back.h5", "again");
    dat_run first = program_load(path.text), back = program_load("deep/er/back.h5");
    const dat_run_blob *best = dat_run_find_blob(&first, DAT_BEST_PARAMETERS);
    const dat_run_blob *values = dat_run_find_blob(&back, "parameters");
    assert_int_equal(back.state, DAT_RUN_COMPLETE);
    assert_int_equal(back.n_params, first.n_params);
    assert_int_equal(values->size, best->size);
    assert_memory_equal(values->bytes, best->bytes, best->size);
    dat_run_free(&first);
    dat_run_free(&back);
    expect_same_files("folder/model.safetensors", "again/model.safetensors");
    expect_same_files("folder/config.json", "again/config.json");
    expect_same_files("folder/tokenizer.json", "again/tokenizer.json");
    expect_same_loss("folder", "deep/er/back.h5");
}

/* Text from a run file is text from its folder. */
static void texts_are_the_same(void **state)
{
    (void)state;
    program_path path = train("seed=3");
    convert(path.text, "folder");
    const char *const places[] = {path.text, "folder"};
    launch_end *ends[2];
    for (int i = 0; i < 2; i++)
        ends[i] = launch_expect((const char *const[]){DAT, "generate", "--checkpoint", places[i], "--prompt",
                                                      "abcd", "--tokens", "30", "--seed", "4", NULL},
                                NULL, 0, "tokens per second");
    assert_memory_equal(ends[0]->out, "abcd", 4);
    assert_string_equal(ends[0]->out, ends[1]->out);
    free(ends[0]);
    free(ends[1]);
}

/* Every option of the experiment that the hub knows. */
static void every_kind_of_model_is_converted(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "model={architecture: transformer, bias: true}",
        "model={architecture: transformer, n_heads_sa: 2, n_kv_heads: 1, norm_first: false, d_model: 8}",
        "model={n_heads_sa: 2, n_heads_ra: 2, n_kv_heads: 1, n_relations: 4, relation_dim: 3, d_model: 32}",
        "model={ra_type: rca, symbols: positional_symbols}",
        "model={ra_type: disrca, symbols: position_relative}",
        "model={symmetric_relations: true, relation_activation: relu, n_symbols: 5, symbol_heads: 2}",
        "model={train_symbols: true, shared_symbols: false, positions: pos_emb, dff: 24}",
        "model={activation: swiglu, norm: rmsnorm, dropout: 0.1}",
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char folder[32], file[32];
        snprintf(folder, sizeof folder, "folder%zu", i);
        snprintf(file, sizeof file, "back%zu.h5", i);
        program_path path = train(changes[i]);
        convert(path.text, folder);
        convert(folder, file);
        expect_same_loss(path.text, folder);
        expect_same_loss(path.text, file);
    }
}

static void weights_can_be_half_as_large(void **state)
{
    (void)state;
    static const char *const dtypes[] = {"float32", "bfloat16", "float16"};
    program_path path = train("seed=5");
    for (int i = 0; i < 3; i++) {
        dat_safetensors file;
        char weights[64];
        CALL(0, dtypes[i], "convert", "--checkpoint", path.text, "--out", dtypes[i], "--dtype", dtypes[i]);
        snprintf(weights, sizeof weights, "%s/model.safetensors", dtypes[i]);
        assert_int_equal(dat_safetensors_open(weights, &file).code, DAT_CODE_OK);
        for (int64_t j = 0; j < file.count; j++)
            assert_int_equal(file.tensors[j].type, i);
        dat_safetensors_close(&file);
        assert_true(fabs(loss_of(dtypes[i]) - loss_of(path.text)) < 0.05);
    }
}

/* A published model becomes a run file when it is given a tokenizer, or none. */
static void published_models_are_converted(void **state)
{
    (void)state;
    convert(TINY, "tiny.h5");
    CALL(0, "without a tokenizer", "convert", "--checkpoint", "tiny.h5", "--out", "tiny");
    CALL(2, "tiny has no tokenizer of its own: give it one with --tokenizer", "eval", "--checkpoint", "tiny",
         "end.txt");
    dat_safetensors theirs, ours;
    assert_int_equal(dat_safetensors_open(TINY "/model.safetensors", &theirs).code, DAT_CODE_OK);
    assert_int_equal(dat_safetensors_open("tiny/model.safetensors", &ours).code, DAT_CODE_OK);
    assert_int_equal(ours.count, theirs.count);
    for (int64_t i = 0; i < ours.count; i++) {
        assert_string_equal(ours.tensors[i].name, theirs.tensors[i].name);
        assert_true(dat_stored_tensor_equal(&ours.tensors[i], &theirs.tensors[i]));
    }
    dat_safetensors_close(&theirs);
    dat_safetensors_close(&ours);
}

/* --- refusals --- */

/* Asserts that nothing is converted, nor left. */
static void expect_refused(const char *checkpoint, int status, const char *part)
{
    CALL(status, part, "convert", "--checkpoint", checkpoint, "--out", "refused");
    assert_int_not_equal(access("refused", F_OK), 0);
}

static void runs_without_a_model_are_refused(void **state)
{
    (void)state;
    program_path none = train("train.keep_best=false"), good = train("seed=6");
    expect_refused(none.text, 1, "keeps no parameters; train again with --set train.keep_best=true");
    expect_refused(train("model.symbols=rel_sym_attn").text, 2, "have no symbols by rel_sym_attn");
    dat_run run = program_load(good.text);
    snprintf(run.experiment, sizeof run.experiment, "math");
    assert_int_equal(dat_run_save(&run, "other.h5").code, DAT_CODE_OK);
    expect_refused("other.h5", 2, "it is a run of \"math\", expected one of language_modeling");
    snprintf(run.experiment, sizeof run.experiment, "language_modeling");
    memcpy(strstr(run.config_resolved, "n_layers: 2"), "n_layers: 1", 11);
    assert_int_equal(dat_run_save(&run, "other.h5").code, DAT_CODE_OK);
    expect_refused("other.h5", 1, "parameters, but its config describes");
    memcpy(strstr(run.config_resolved, "n_layers: 1"), "n_layers: 2", 11);
    memcpy(strstr(run.config_resolved, "d_model: 16"), "d_model: 24", 11);
    assert_int_equal(dat_run_save(&run, "other.h5").code, DAT_CODE_OK);
    expect_refused("other.h5", 1, "but its config describes layers.token_embedder.weight [9, 24]");
    dat_run_free(&run);
    assert_true(sample_write_file("damaged.h5", "dat run file\n", 13));
    expect_refused("damaged.h5", 1, "damaged.h5");
    expect_refused("nowhere", 1, "nowhere/config.json: cannot be opened");
}

/* What configs of the experiment cannot say is named. */
static void other_published_models_stay_folders(void **state)
{
    (void)state;
    CALL(1, "have no way to say \"symbol_retriever_config\"", "convert", "--checkpoint", TINY "_bf16",
         "--out", "tied.h5");
    assert_int_not_equal(access("tied.h5", F_OK), 0);
    CALL(0, "wrote folder", "convert", "--checkpoint", TINY "_bf16", "--out", "folder");
}

static void nothing_is_overwritten(void **state)
{
    (void)state;
    assert_int_equal(mkdir("full", 0777), 0);
    assert_true(sample_write_file("full/x", "x", 1));
    assert_true(sample_write_file("file", "x", 1));
    assert_true(sample_write_file("file.h5", "x", 1));
    CALL(1, "full exists and is not overwritten; choose another --out or an empty folder", "convert",
         "--checkpoint", TINY, "--out", "full");
    CALL(1, "file exists", "convert", "--checkpoint", TINY, "--out", "file");
    CALL(1, "file.h5 exists", "convert", "--checkpoint", TINY, "--out", "file.h5");
    assert_int_equal(sample_count_entries("full"), 1);
}

static void wrong_usage_is_refused(void **state)
{
    (void)state;
    CALL(0, "Usage: dat convert", "convert", "--help");
    CALL(2, "needs --checkpoint and --out", "convert", "--checkpoint", TINY);
    CALL(2, "takes no \"x\"", "convert", "--checkpoint", TINY, "--out", "a", "x");
    CALL(2, "expected float32, bfloat16 or float16", "convert", "--dtype", "int8");
    CALL(2, "run files hold float32", "convert", "--checkpoint", TINY, "--out", "a.h5", "--dtype", "float16");
    assert_true(sample_write_file("b.h5", "x", 1));
    CALL(2, "are both run files", "convert", "--checkpoint", "b.h5", "--out", "a.h5");
    CALL(1, "has 257 tokens, more than the 61", "convert", "--checkpoint", TINY, "--tokenizer", "bytes",
         "--out", "a");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, fake_folder_leave)
    const struct CMUnitTest tests[] = {
        TEST(the_best_model_is_converted),
        TEST(there_and_back_nothing_changes),
        TEST(texts_are_the_same),
        TEST(every_kind_of_model_is_converted),
        TEST(weights_can_be_half_as_large),
        TEST(published_models_are_converted),
        TEST(runs_without_a_model_are_refused),
        TEST(other_published_models_stay_folders),
        TEST(nothing_is_overwritten),
        TEST(wrong_usage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
