/* The program math from its command line to its run files: the same bits whether it is left alone, killed or
 * given other threads, what it answers, the published numbers of parameters, and one plain sentence for what
 * it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "data/math.h"
#include "io/csv.h"
#include "support/close.h"
#include "support/fake_experiment.h"
#include "support/launch.h"
#include "support/program_runs.h"
#include "support/run_file_sample.h"

static const char program[] = DAT_BINARY_DIR "/bin/math";

/* 40 steps, each with a checkpoint. */
#define CONFIG(padding, micro_batch)                                                                         \
    "data: {module: algebra__linear_1d, train_size: 160, test_size: 12, padding: " padding "}\n"             \
    "model: {d_model: 16, dff: 32, n_layers: 1, n_heads_sa: 1, n_heads_ra: 1, decoder_heads_sa: 2}\n"        \
    "train: {epochs: 2, batch_size: 8, micro_batch: " micro_batch                                            \
    ", evaluate_every: 1, checkpoint_seconds: 0}\n"                                                          \
    "seed: 5\n"
static const char config[] = CONFIG("reference", "4"), trimmed_config[] = CONFIG("trimmed", "1");
enum { STEPS = 40 };

/* Series that two runs have in common at least: six of train, three of each of four splits. */
enum { LEAST_SERIES = 6 + 4 * 3 };

static int enter(void **state)
{
    if (fake_folder_enter(state) != 0)
        return -1;
    fake_write_config(config);
    return 0;
}

/* Line i of a text, without its end; the caller frees it. */
static char *copy_line(const char *text, int i)
{
    for (; i > 0 && text; i--) {
        text = strchr(text, '\n');
        text += text ? 1 : 0;
    }
    assert_non_null(text);
    char *line = strdup(text);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

/* Ten lines of question, answer and prediction, with the answers right. */
static void expect_predictions(const dat_run *run, const char *name)
{
    const char *text = dat_run_summary_text(run, name);
    assert_non_null(text);
    int lines = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 10);
    for (int i = 0; i < lines; i++) {
        char *line = copy_line(text, i), *answer = strchr(line, '\t');
        assert_int_equal(strncmp(line, "Solve ", 6), 0);
        assert_non_null(answer);
        char *prediction = strchr(answer + 1, '\t');
        assert_non_null(prediction);
        assert_true(prediction > answer + 1 &&
                    strspn(answer + 1, "-0123456789") == (size_t)(prediction - answer - 1));
        assert_null(strchr(prediction + 1, '\t'));
        free(line);
    }
}

static void test_complete_run(void **state)
{
    (void)state;
    static const char *const splits[] = {"interpolate", "train-hard", "train-medium", "train-easy"};
    program_path path = program_complete(program, "results");
    dat_run run = program_load(path.text);
    assert_string_equal(run.experiment, "math");
    assert_int_equal(run.n_blobs, 0);
    assert_true(run.n_params > 1000 && run.flops_per_step > 1e6);
    assert_int_equal(dat_run_find_series(&run, "train/loss")->count, STEPS);
    assert_int_equal(dat_run_find_series(&run, "eval/interpolate/accuracy")->count, 2);
    for (int i = 0; i < 4; i++) {
        char name[64];
        snprintf(name, sizeof name, "accuracy/%s", splits[i]);
        double accuracy = dat_run_summary(&run, name);
        assert_true(accuracy >= 0 && accuracy <= 1);
    }
    assert_true(dat_run_summary(&run, "answers/interpolate") >= 0 &&
                dat_run_summary(&run, "answers/train-hard") <= 1);
    expect_predictions(&run, "predictions/interpolate");
    expect_predictions(&run, "predictions/train-hard");
    dat_run_free(&run);
    fake_expect(program_finish(program, "results"), 0, "already complete: results/math/c-", NULL);
}

static void test_killed_runs_end_the_same(void **state)
{
    (void)state;
    program_path reference = program_complete(program, "reference");
    program_kill_and_resume(program, &reference, LEAST_SERIES);
}

static void test_threads_do_not_matter(void **state)
{
    (void)state;
    program_expect_threads_do_not_matter(program, LEAST_SERIES);
}

static void test_killed_trimmed_runs_end_the_same(void **state)
{
    (void)state;
    fake_write_config(trimmed_config);
    program_path reference = program_complete(program, "reference");
    dat_run run = program_load(reference.text);
    expect_predictions(&run, "predictions/interpolate");
    dat_run_free(&run);
    program_kill_and_resume(program, &reference, LEAST_SERIES);
}

static void test_threads_do_not_matter_when_trimmed(void **state)
{
    (void)state;
    fake_write_config(trimmed_config);
    program_expect_threads_do_not_matter(program, LEAST_SERIES);
}

/* Without dropout a step is the same however it is sliced, and so are the evaluations. */
static void test_slices_of_trimmed_steps_do_not_matter(void **state)
{
    (void)state;
    double losses[3], accuracies[3];
    for (int i = 0; i < 3; i++) {
        static const char *const folders[] = {"ones", "threes", "eights"};
        char text[512];
        snprintf(text, sizeof text,
                 "data: {module: calculus__differentiate, train_size: 160, test_size: 60, padding: trimmed}\n"
                 "model: {d_model: 16, dff: 32, n_layers: 1, n_heads_sa: 1, n_heads_ra: 1, decoder_heads_sa: "
                 "2, dropout: 0}\n"
                 "train: {epochs: 1, batch_size: 16, micro_batch: %d, learning_rate: 0.0001}\n",
                 (const int[]){1, 3, 8}[i]);
        fake_write_config(text);
        program_path path = program_complete(program, folders[i]);
        dat_run run = program_load(path.text);
        const dat_series *loss = dat_run_find_series(&run, "train/loss");
        losses[i] = loss->values[loss->count - 1];
        accuracies[i] = dat_run_summary(&run, "accuracy/train-hard");
        dat_run_free(&run);
    }
    for (int i = 1; i < 3; i++) {
        assert_close(losses[i], losses[0], 1e-4);
        assert_close(accuracies[i], accuracies[0], 5e-3); /* of some thousand characters */
    }
}

/* A model that learns one answer gives it, also without padding: all questions of a file have the answer 7.
 */
static void expect_learnt_answers(const char *padding)
{
    enum { PAIRS = 64 };
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    for (int i = 0; i < PAIRS; i++)
        fprintf(stream, "Solve 0 = %d*x - %d for x.\n7\n", i + 1, 7 * (i + 1));
    fclose(stream);
    assert_int_equal(system("mkdir -p data/train-easy data/interpolate"), 0);
    assert_true(sample_write_file("data/train-easy/algebra__linear_1d.txt", text, size));
    assert_true(sample_write_file("data/interpolate/algebra__linear_1d.txt", text, size));
    free(text);
    char config_text[512];
    snprintf(
        config_text, sizeof config_text,
        "data: {module: algebra__linear_1d, folder: data, train_levels: easy, train_size: 64, test_size: "
        "64, padding: %s}\n"
        "model: {architecture: transformer, d_model: 16, dff: 32, n_layers: 1, n_heads_sa: 2, n_heads_ra: "
        "0, decoder_heads_sa: 2}\n"
        "train: {epochs: 12, batch_size: 8, micro_batch: 8, learning_rate: 0.01}\n",
        padding);
    fake_write_config(config_text);
    program_path path = program_complete(program, padding);
    dat_run run = program_load(path.text);
    assert_true(dat_run_summary(&run, "accuracy/interpolate") == 1);
    assert_true(dat_run_summary(&run, "answers/interpolate") == 1);
    assert_true(dat_run_summary(&run, "answers/train-hard") < 0.5); /* generated: other answers */
    char *first = copy_line(dat_run_summary_text(&run, "predictions/interpolate"), 0);
    assert_string_equal(first, "Solve 0 = 1*x - 7 for x.\t7\t7");
    free(first);
    dat_run_free(&run);
}

static void test_answers_what_it_has_learnt(void **state)
{
    (void)state;
    expect_learnt_answers("reference");
    expect_learnt_answers("trimmed");
}

/* Official files are read, and training pairs drawn from all of their levels. */
static void test_official_files(void **state)
{
    (void)state;
    size_t size;
    fake_write_config(
        "data: {module: polynomials__add, train_size: 60, test_size: 12, folder: " DAT_SOURCE_DIR
        "/datasets/mathematics}\n"
        "model: {d_model: 16, dff: 32, n_layers: 1, n_heads_sa: 1, n_heads_ra: 1, decoder_heads_sa: 2}\n"
        "train: {epochs: 1, batch_size: 20}\n");
    program_path path = program_complete(program, "results");
    dat_run run = program_load(path.text);
    unsigned char *bytes =
        sample_read_file(DAT_SOURCE_DIR "/datasets/mathematics/interpolate/polynomials__add.txt", &size);
    assert_non_null(bytes);
    char *line = copy_line(dat_run_summary_text(&run, "predictions/interpolate"), 0);
    *strchr(line, '\t') = '\0';
    assert_memory_equal(bytes, line, strlen(line));
    assert_int_equal(bytes[strlen(line)], '\n');
    free(line);
    free(bytes);
    dat_run_free(&run);
}

static void test_refusals(void **state)
{
    (void)state;
    static const char folder[] = "data.folder=" DAT_SOURCE_DIR "/datasets/mathematics";
    static const struct {
        const char *change, *error;
        int status;
    } cases[] = {
        {"data.module=arithmetic", "algebra__linear_1d", 2},
        {"data.train_levels=hardest",
         "\"hardest\" in \"hardest\" is not a training level; expected some of easy", 2},
        {"data.train_levels=\"easy, hard, easy\"", "\"easy\" in \"easy, hard, easy\" is there twice", 2},
        {"data.train_levels=\", \"", "data.train_levels is empty", 2},
        {"data.padding=none", "trimmed", 2},
        {"data.folder=nowhere", "no readable file nowhere/train-easy/algebra__linear_1d.txt", 2},
        {"data.train_size=0", "train_size", 2},
        {"model.architecture=transformer", "model.n_heads_ra = 1 and model.decoder_heads_ra = 0 must be 0",
         2},
        {"model.decoder_heads_sa=3", "d_model = 16", 2},
        {"model.layers=3", "n_layers", 2},
        {"train.learning_rate=x", "learning_rate", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        program_expect_refusal(program, cases[i].change, cases[i].status, cases[i].error);
    fake_write_config("data: {module: algebra__linear_1d, train_size: 3601}\n");
    program_expect_refusal(program, folder, 2,
                           "data.train_size = 3601 but the files of algebra__linear_1d in ");
    fake_write_config("data: {module: algebra__linear_1d, train_size: 3600, test_size: 1001}\n");
    program_expect_refusal(program, folder, 2, "data.test_size = 1001 but ");
    fake_write_config(
        "data: {module: algebra__linear_1d}\nmodel: {decoder_heads_sa: 4, decoder_heads_ra: 4}\n");
    program_expect_refusal(program, "model.symbols=rel_sym_attn", 2, "looks at characters ahead");
    fake_write_config("data: {module: algebra__linear_1d, padding: trimmed}\n");
    program_expect_refusal(program, "model.symbols=rel_sym_attn", 2,
                           "data.padding: trimmed does not go with");
}

/* What `describe` says about c.yaml or another config. The caller frees it. */
static launch_end *describe(const char *path)
{
    const char *const arguments[] = {program,
                                     "describe",
                                     path,
                                     "--set",
                                     "train.batch_size=1",
                                     "--set",
                                     "seed=0",
                                     "--set",
                                     "data.module=polynomials__add",
                                     NULL};
    launch process = launch_program(arguments, NULL);
    launch_end *end = launch_wait(&process);
    if (end->status != 0)
        fail_msg("%s: %s", path, end->err);
    return end;
}

/* The count in the next line "total ..." of a text, and the text after it; NULL after the last. */
static const char *next_total(const char *text, int64_t *count)
{
    const char *line = strstr(text, "\ntotal ");
    if (!line)
        return NULL;
    char *end;
    *count = strtoll(line + strlen("\ntotal "), &end, 10);
    return end;
}

static json_int_t integer(const json_t *object, const char *section, const char *key)
{
    return json_integer_value(json_object_get(json_object_get(object, section), key));
}

/* Writes c.yaml with the model of an entry of param_counts.json. */
static void write_model(const json_t *entry)
{
    const json_t *c = json_object_get(entry, "config");
    const char *symbols = json_string_value(json_object_get(c, "symbol_retrieval"));
    bool older = json_object_get(c, "rel_proj_dim") != NULL; /* d_model / n_heads_ra, says the file */
    char text[1024];
    int length = snprintf(
        text, sizeof text, "data: {module: polynomials__add}\nmodel: {d_model: %d, dff: %d, n_layers: %d, ",
        (int)json_integer_value(json_object_get(c, "d_model")), (int)integer(c, "encoder_kwargs", "dff"),
        (int)json_integer_value(json_object_get(c, "n_layers_enc")));
    if (!symbols)
        snprintf(text + length, sizeof text - (size_t)length,
                 "architecture: transformer, n_heads_sa: %d, n_heads_ra: 0, decoder_heads_sa: %d}\n",
                 (int)integer(c, "encoder_kwargs", "n_heads"), (int)integer(c, "decoder_kwargs", "n_heads"));
    else
        snprintf(
            text + length, sizeof text - (size_t)length,
            "n_heads_sa: %d, n_heads_ra: %d, decoder_heads_sa: %d, decoder_heads_ra: %d, symbols: %s, "
            "n_symbols: "
            "%d, relation_dim: %d}\n",
            (int)integer(c, "encoder_kwargs", "n_heads_sa"), (int)integer(c, "encoder_kwargs", "n_heads_ra"),
            (int)integer(c, "decoder_kwargs", "n_heads_sa"), (int)integer(c, "decoder_kwargs", "n_heads_ra"),
            symbols, symbols[0] == 's' ? (int)integer(c, "symbol_retrieval_kwargs", "n_symbols") : 1,
            older ? 32 : 0);
    fake_write_config(text);
}

static void test_published_parameter_counts(void **state)
{
    (void)state;
    json_error_t error;
    json_t *list = json_load_file(DAT_SOURCE_DIR "/tests/golden/param_counts.json", 0, &error), *entry;
    assert_non_null(list);
    size_t i;
    int checked = 0;
    json_array_foreach(json_object_get(list, "entries"), i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "family")), "math") != 0)
            continue;
        int64_t count = 0;
        write_model(entry);
        launch_end *end = describe("c.yaml");
        assert_non_null(next_total(end->out, &count));
        if (count != json_integer_value(json_object_get(entry, "total")))
            fail_msg("%s: %d parameters", json_string_value(json_object_get(entry, "name")), (int)count);
        free(end);
        checked++;
    }
    json_decref(list);
    assert_int_equal(checked, 20);
}

/* What a step costs is said of a batch of full length, which trimming leaves as it is. */
static void test_describe_counts_full_length(void **state)
{
    (void)state;
    static const char start[] = "\ntraining step: ";
    launch_end *reference = describe("c.yaml");
    fake_write_config(trimmed_config);
    launch_end *trimmed = describe("c.yaml");
    const char *untold = strstr(reference->out, start), *told = strstr(trimmed->out, start);
    assert_non_null(untold);
    assert_non_null(told);
    size_t length = strcspn(untold + 1, "\n") + 1;
    assert_memory_equal(told, untold, length);
    assert_memory_equal(told + length, " of full length\n", strlen(" of full length\n"));
    free(reference);
    free(trimmed);
}

/* The models of the figure are those of Table 2, by their numbers of parameters. */
static void test_the_figure_has_the_models_of_the_table(void **state)
{
    (void)state;
    dat_csv table;
    int64_t column, expected[7], found, count;
    assert_int_equal(dat_csv_read(DAT_SOURCE_DIR "/results/reference/paper_math_table2.csv", &table).code,
                     DAT_CODE_OK);
    assert_int_equal(dat_csv_column(&table, "n_params", &column).code, DAT_CODE_OK);
    for (int64_t row = 0; row < 7; row++) /* the first module's */
        assert_int_equal(dat_csv_integer(&table, row, column, &expected[row]).code, DAT_CODE_OK);
    dat_csv_free(&table);
    launch_end *end = describe(DAT_SOURCE_DIR "/experiments/math/configs/fig3_math.yaml");
    const char *text = end->out;
    for (found = 0; (text = next_total(text, &count)); found++) {
        bool known = false;
        for (int i = 0; i < 7; i++)
            known = known || expected[i] == count;
        assert_true(known);
    }
    assert_int_equal(found, 7);
    free(end);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, fake_folder_leave)
    const struct CMUnitTest tests[] = {
        TEST(test_complete_run),
        TEST(test_killed_runs_end_the_same),
        TEST(test_threads_do_not_matter),
        TEST(test_killed_trimmed_runs_end_the_same),
        TEST(test_threads_do_not_matter_when_trimmed),
        TEST(test_slices_of_trimmed_steps_do_not_matter),
        TEST(test_answers_what_it_has_learnt),
        TEST(test_official_files),
        TEST(test_refusals),
        TEST(test_published_parameter_counts),
        TEST(test_describe_counts_full_length),
        TEST(test_the_figure_has_the_models_of_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
