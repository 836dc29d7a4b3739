#define _XOPEN_SOURCE 700 /* nftw */
#include "support/fake_experiment.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/run_file.h"
#include "util/memory.h"

typedef enum fake_behaviour { SUCCEED, FAIL, CRASH, DEAF, STOP } fake_behaviour;

typedef struct fake_config {
    int behaviour;
    int64_t steps, milliseconds, seed;
    char trace[DAT_TEXT_SIZE];
} fake_config;

static const char *const behaviours[] = {"succeed", "fail", "crash", "deaf", "stop", NULL};

static const dat_field fields[] = {
    {.key = "behaviour",
     .type = DAT_FIELD_CHOICE,
     .offset = offsetof(fake_config, behaviour),
     .fallback = "succeed",
     .choices = behaviours,
     .help = "what the run does"},
    {"steps", DAT_FIELD_INT, offsetof(fake_config, steps), "4", 1, 10000, .help = "length of the run"},
    {"milliseconds", DAT_FIELD_INT, offsetof(fake_config, milliseconds), "0", 0, 10000, .help = "of a step"},
    {"seed", DAT_FIELD_INT, offsetof(fake_config, seed), "0", 0, 1000, .help = "of the losses"},
    {"trace", DAT_FIELD_TEXT, offsetof(fake_config, trace), "trace.txt", .help = "file to report to"},
    {0},
};
static const dat_schema schema = {sizeof(fake_config), fields};

static dat_status check(const void *values)
{
    const fake_config *config = values;
    return config->seed == 13 ? dat_usage("seed 13 is refused; take another one") : DAT_OK;
}

/* One whole line, so that those of several processes do not mix. */
static void trace(const fake_config *config, const char *word, const char *run_id)
{
    char line[256];
    int length = snprintf(line, sizeof line, "%s %s\n", word, run_id);
    int file = open(config->trace, O_WRONLY | O_CREAT | O_APPEND, 0666);
    DAT_ASSERT(file >= 0 && write(file, line, (size_t)length) == length);
    close(file);
}

double fake_loss(int64_t seed, int64_t step)
{
    return 1.0 / (double)(1 + step) + (double)seed;
}

static dat_status save(dat_run *run, const dat_run_control *control, int64_t step)
{
    if (run->state == DAT_RUN_RUNNING)
        dat_run_set_blob(run, "position", &step, sizeof step);
    dat_status status = dat_run_save(run, control->path);
    dat_run_clear_blobs(run);
    return status;
}

/* The step that the checkpoint is at, which must be the one that the series say. */
static dat_status first_step(const dat_run *run, int64_t *step)
{
    const dat_series *losses = dat_run_find_series(run, "train/loss");
    const dat_run_blob *position = dat_run_find_blob(run, "position");
    *step = losses ? losses->count : 0;
    if (*step > 0 &&
        (!position || position->size != sizeof *step || memcmp(position->bytes, step, sizeof *step) != 0))
        return dat_failure("the checkpoint is not at step %" PRId64, *step);
    return DAT_OK;
}

static dat_status misbehave(const fake_config *config)
{
    if (config->behaviour == CRASH)
        raise(SIGABRT);
    return config->behaviour == FAIL ? dat_failure("it failed as it was told") : DAT_OK;
}

static dat_status train(const fake_config *config, dat_run *run, const dat_run_control *control)
{
    int64_t first;
    DAT_TRY(first_step(run, &first));
    if (config->behaviour == STOP)
        raise(SIGTERM);
    for (int64_t step = first; step < config->steps; step++) {
        DAT_TRY(save(run, control, step));
        if (*control->stop && config->behaviour != DEAF)
            return DAT_OK;
        if (step == config->steps / 2)
            DAT_TRY(misbehave(config));
        launch_pause((int)config->milliseconds);
        double loss = fake_loss(config->seed, step);
        dat_run_append(run, "train/loss", loss, config->steps);
        trace(config, "step", run->run_id);
        dat_train_progress progress = {step + 1, config->steps, step + 1, config->steps,
                                       loss,     0.5,           10,       "train"};
        control->report(control->sink, &progress);
    }
    run->state = DAT_RUN_COMPLETE;
    dat_run_set_summary(run, "accuracy/fake", 0.75);
    return save(run, control, config->steps);
}

static dat_status run(const void *values, dat_run *record, const dat_run_control *control)
{
    const fake_config *config = values;
    trace(config, "start", record->run_id);
    dat_status status = train(config, record, control);
    trace(config, "end", record->run_id);
    return status;
}

static dat_status describe(const void *values, FILE *stream)
{
    const fake_config *config = values;
    fprintf(stream, "a fake of %" PRId64 " steps\n", config->steps);
    return DAT_OK;
}

const dat_experiment fake_experiment = {
    .name = "fake",
    .summary = "trains nothing",
    .schema = &schema,
    .check = check,
    .run = run,
    .describe = describe,
};

int fake_main(int argc, char **argv)
{
    return dat_experiment_main(&fake_experiment, argc, argv);
}

int fake_trace_count(const char *path, const char *word)
{
    char line[256];
    int count = 0;
    FILE *stream = fopen(path, "r");
    while (stream && fgets(line, sizeof line, stream))
        count += strncmp(line, word, strlen(word)) == 0;
    if (stream)
        fclose(stream);
    return count;
}

int fake_trace_most_at_once(const char *path)
{
    char line[256];
    int now = 0, most = 0;
    FILE *stream = fopen(path, "r");
    while (stream && fgets(line, sizeof line, stream)) {
        now += (strncmp(line, "start", 5) == 0) - (strncmp(line, "end", 3) == 0);
        most = now > most ? now : most;
    }
    if (stream)
        fclose(stream);
    return most;
}

int fake_folder_enter(void **state)
{
    char template[] = "/tmp/dat-driver-XXXXXX";
    if (!mkdtemp(template) || chdir(template) != 0)
        return -1;
    *state = dat_copy_string(template);
    return 0;
}

static int delete_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path);
}

int fake_folder_leave(void **state)
{
    int result = chdir("/") == 0 ? nftw(*state, delete_entry, 16, FTW_DEPTH | FTW_PHYS) : -1;
    free(*state);
    return result;
}

void fake_write_config(const char *config)
{
    FILE *stream = fopen("c.yaml", "w");
    assert_non_null(stream);
    fputs(config, stream);
    assert_int_equal(fclose(stream), 0);
}

launch_end *fake_call(const char *const *arguments)
{
    launch process = launch_function(fake_main, arguments, NULL);
    return launch_wait(&process);
}

void fake_expect(launch_end *end, int status, const char *out, const char *err)
{
    bool as_expected =
        end->status == status && (!out || strstr(end->out, out)) && (!err || strstr(end->err, err));
    if (!as_expected)
        fail_msg("expected exit %d with \"%s\" and error \"%s\", got exit %d (signal %d)\n%s\n%s", status,
                 out ? out : "", err ? err : "", end->status, end->signal, end->out, end->err);
    free(end);
}

void fake_expect_complete(const char *path, int64_t seed, int64_t steps)
{
    dat_run run;
    dat_status status = dat_run_load(path, true, &run);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    assert_int_equal(run.state, DAT_RUN_COMPLETE);
    assert_int_equal(run.n_blobs, 0);
    assert_true(dat_run_summary(&run, "accuracy/fake") == 0.75);
    const dat_series *losses = dat_run_find_series(&run, "train/loss");
    assert_non_null(losses);
    assert_int_equal(losses->count, steps);
    for (int64_t i = 0; i < steps; i++)
        assert_true(losses->values[i] == fake_loss(seed, i));
    dat_run_free(&run);
}

char *fake_run_path(const char *const *overrides, int n_overrides, int64_t run)
{
    dat_config config;
    dat_status status = dat_config_load("c.yaml", &schema, NULL, overrides, n_overrides, &config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    char path[256];
    snprintf(path, sizeof path, "results/fake/%s.h5", config.runs[run].run_id);
    dat_config_free(&config);
    return dat_copy_string(path);
}
