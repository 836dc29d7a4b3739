#include "train/experiment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "train/environment.h"
#include "train/experiment_session.h"
#include "util/memory.h"

dat_task dat_session_task(const dat_session *session, int64_t run)
{
    return (dat_task){
        .experiment = session->experiment,
        .config = &session->config,
        .run = &session->config.runs[run],
        .overrides = session->overrides,
        .results = session->options.results,
    };
}

const char *dat_run_title(const dat_run_config *run)
{
    return *run->label ? run->label : run->run_id;
}

int dat_session_fail(const dat_session *session, dat_status status)
{
    fprintf(stderr, "%s: %s\n", session->experiment->name, status.message);
    return (int)status.code;
}

/* The changes of the command line as one text; the caller frees it. */
static char *join_overrides(const dat_options *options)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    DAT_ASSERT(stream);
    if (options->preset)
        fprintf(stream, "--preset %s\n", options->preset);
    for (int i = 0; i < options->n_overrides; i++)
        fprintf(stream, "--set %s\n", options->overrides[i]);
    DAT_ASSERT(fclose(stream) == 0);
    return text;
}

/* Checks every run before anything is trained. */
static dat_status check_runs(const dat_session *session)
{
    const dat_config *config = &session->config;
    for (int64_t i = 0; i < config->n_runs; i++) {
        dat_status status = session->experiment->check(config->runs[i].values);
        if (status.code != DAT_CODE_OK && *config->runs[i].label)
            status = dat_status_prefix(status, "%s", config->runs[i].label);
        if (status.code != DAT_CODE_OK)
            return dat_status_prefix(status, "%s", config->path);
    }
    return DAT_OK;
}

static dat_status open_session(dat_session *session, dat_command command, int argc, char **argv)
{
    dat_options *options = &session->options;
    DAT_TRY(dat_options_parse(command, argc, argv, options));
    if (options->help)
        return DAT_OK;
    session->overrides = join_overrides(options);
    DAT_TRY(dat_config_load(options->config, session->experiment->schema, options->preset, options->overrides,
                            options->n_overrides, &session->config));
    return check_runs(session);
}

static int run_command(const dat_experiment *experiment, dat_command command, int argc, char **argv)
{
    static int (*const commands[DAT_N_COMMANDS])(const dat_session *) = {
        [DAT_COMMAND_RUN] = dat_session_run,
        [DAT_COMMAND_SWEEP] = dat_session_sweep,
        [DAT_COMMAND_DESCRIBE] = dat_session_describe,
    };
    dat_session session = {.experiment = experiment};
    int result = 0;
    dat_status status = open_session(&session, command, argc, argv);
    if (status.code != DAT_CODE_OK)
        result = dat_session_fail(&session, status);
    else if (session.options.help)
        dat_options_print_help(experiment->name, command, stdout);
    else
        result = commands[command](&session);
    dat_config_free(&session.config);
    free(session.overrides);
    free(session.options.overrides);
    return result;
}

static int dispatch(const dat_experiment *experiment, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    dat_command command;
    if (dat_command_find(word, &command))
        return run_command(experiment, command, argc - 1, argv + 1);
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        dat_options_print_usage(experiment->name, experiment->summary, stdout);
    } else if (strcmp(word, "--help-config") == 0) {
        dat_schema_print(experiment->schema, stdout);
    } else if (strcmp(word, "--version") == 0) {
        printf("%s %s\n", experiment->name, dat_version());
    } else {
        fprintf(stderr, "%s: %s%.60s%s; the commands are run, sweep and describe, see %s --help\n",
                experiment->name, *word ? "unknown command \"" : "a command is missing", word,
                *word ? "\"" : "", experiment->name);
        return DAT_CODE_USAGE;
    }
    return 0;
}

int dat_experiment_main(const dat_experiment *experiment, int argc, char **argv)
{
    int result = dispatch(experiment, argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && result == 0) {
        fprintf(stderr, "%s: cannot write to standard output: %s\n", experiment->name, strerror(errno));
        result = DAT_CODE_FAILURE;
    }
    return result;
}
