/* The subcommand describe: what a config means, without training. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "train/environment.h"
#include "train/experiment_session.h"
#include "util/memory.h"
#include "util/parallel.h"

/* The experiment's words on one run's model; the caller frees them. */
static dat_status describe_model(const dat_session *session, int64_t run, char **text)
{
    size_t size = 0;
    *text = NULL;
    FILE *stream = open_memstream(text, &size);
    DAT_ASSERT(stream);
    dat_status status = session->experiment->describe(session->config.runs[run].values, stream);
    DAT_ASSERT(fclose(stream) == 0);
    return status;
}

static int64_t find_text(char *const *texts, int64_t count, const char *text)
{
    for (int64_t i = 0; i < count; i++)
        if (strcmp(texts[i], text) == 0)
            return i;
    return count;
}

static dat_status describe_one(const dat_session *session)
{
    char *model = NULL;
    dat_status status = describe_model(session, 0, &model);
    if (status.code == DAT_CODE_OK)
        printf("# %s\n%s\n%s", session->config.runs[0].run_id, session->config.runs[0].resolved, model);
    free(model);
    return status;
}

static void print_runs(const dat_config *config)
{
    printf("%" PRId64 " runs:\n", config->n_runs);
    for (int64_t i = 0; i < config->n_runs; i++)
        printf("  %-48s  %s\n", config->runs[i].run_id, config->runs[i].label);
}

/* Lists the runs and describes every model once, under the first run that has it. */
static dat_status describe_sweep(const dat_session *session)
{
    const dat_config *config = &session->config;
    char **models = dat_allocate((size_t)config->n_runs, sizeof *models);
    int64_t n_models = 0;
    dat_status status = DAT_OK;
    print_runs(config);
    for (int64_t i = 0; i < config->n_runs && status.code == DAT_CODE_OK; i++) {
        char *model = NULL;
        status = describe_model(session, i, &model);
        if (status.code == DAT_CODE_OK && find_text(models, n_models, model) == n_models) {
            printf("\nmodel %" PRId64 ", of %s:\n%s", n_models + 1, dat_run_title(&config->runs[i]), model);
            models[n_models++] = model;
        } else {
            free(model);
        }
    }
    for (int64_t i = 0; i < n_models; i++)
        free(models[i]);
    free(models);
    return status;
}

int dat_session_describe(const dat_session *session)
{
    dat_parallel_set_threads(dat_count_cores());
    dat_status status = session->config.n_runs == 1 ? describe_one(session) : describe_sweep(session);
    return status.code == DAT_CODE_OK ? 0 : dat_session_fail(session, status);
}
