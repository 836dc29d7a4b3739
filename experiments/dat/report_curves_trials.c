/* Runs as trials of curves: what their configs say, and the colours of their models. */
#include <stdlib.h>
#include <string.h>

#include "report_curves.h"
#include "util/memory.h"

static int find_task(const curves_subject *subject, const char *name)
{
    for (int i = 0; name && i < subject->n_tasks; i++)
        if (strcmp(subject->tasks[i].name, name) == 0)
            return i;
    return -1;
}

/* Reads a trial's size; returns what is wrong with it, or NULL. */
static const char *read_size(const curves_subject *subject, curves_trial *trial)
{
    if (subject->over_params) {
        trial->size = trial->source->run.n_params;
        return trial->size > 0 ? NULL : "no number of parameters is recorded";
    }
    bool found = dat_resolved_integer(&trial->source->config, "data.train_size", &trial->size);
    return found && trial->size > 0 ? NULL : "data.train_size is not a positive integer";
}

/* Fills a trial; false, with a warning, when something is not there. */
static bool read_trial(const report_run *run, const curves_subject *subject, curves_trial *trial)
{
    const dat_resolved *config = &run->config;
    const char *figure = dat_resolved_text(config, "figure");
    *trial = (curves_trial){.source = run,
                            .figure = figure && *figure ? figure : subject->name,
                            .model = dat_resolved_text(config, subject->model_key),
                            .task = find_task(subject, dat_resolved_text(config, subject->task_key))};
    const char *problem = read_size(subject, trial);
    if (trial->task < 0)
        problem = "the task is not one of the experiment's";
    else if (!trial->model)
        problem = "the model has no name";
    else if (!report_is_file_name(trial->figure))
        problem = "figure is not a plain name (letters, digits, _ and -)";
    if (problem)
        report_warn("%s is left out: in its config %s", run->path, problem);
    return !problem;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The place of a name in a list that ends with NULL, or the list's length. */
static int find_name(const char *const *list, const char *name)
{
    int i = 0;
    while (list[i] && strcmp(list[i], name) != 0)
        i++;
    return i;
}

/* Gives every model its colour: first those named in `first`, then the others by name. */
static void give_colours(curves_trial *trials, int64_t n_trials, const char *const *first)
{
    const char **names = dat_allocate((size_t)n_trials + 1, sizeof *names);
    for (int64_t i = 0; i < n_trials; i++)
        names[i] = trials[i].model;
    qsort(names, (size_t)n_trials, sizeof *names, compare_names);
    int next = 0;
    while (first[next])
        next++;
    for (int64_t i = 0; i < n_trials; i++) {
        if (i > 0 && strcmp(names[i], names[i - 1]) == 0)
            continue;
        int place = find_name(first, names[i]), colour = first[place] ? place : next++;
        for (int64_t j = 0; j < n_trials; j++)
            if (strcmp(trials[j].model, names[i]) == 0)
                trials[j].colour = colour;
    }
    free(names);
}

int64_t curves_read_trials(const curves_subject *subject, const report_run *runs, int64_t n_runs,
                           curves_trial *trials)
{
    int64_t n_trials = 0;
    for (int64_t i = 0; i < n_runs; i++)
        if (read_trial(&runs[i], subject, &trials[n_trials]))
            subject->find_original(&runs[i].config, trials[n_trials++].original);
    give_colours(trials, n_trials, subject->models);
    return n_trials;
}
