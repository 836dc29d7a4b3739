/* Which trials belong on one line. Seeds are trials of one point; any other setting in which two trials of a
 * point differ (a preset with fewer epochs, another batch size) makes them different lines, named after that
 * setting. */
#include <stdlib.h>
#include <string.h>

#include "report_curves.h"
#include "util/memory.h"

typedef struct setting_list {
    const char **keys; /* borrowed from the configs */
    int64_t n_keys, capacity;
} setting_list;

static bool has_key(const setting_list *settings, const char *key)
{
    for (int64_t i = 0; i < settings->n_keys; i++)
        if (strcmp(settings->keys[i], key) == 0)
            return true;
    return false;
}

static void add_key(setting_list *settings, const char *key)
{
    if (settings->n_keys == settings->capacity) {
        settings->capacity = settings->capacity ? 2 * settings->capacity : 64;
        settings->keys = dat_reallocate(settings->keys, (size_t)settings->capacity, sizeof *settings->keys);
    }
    settings->keys[settings->n_keys++] = key;
}

static const char *setting(const curves_trial *trial, const char *key)
{
    const char *value = dat_resolved_text(&trial->source->config, key);
    return value ? value : "";
}

static bool same_point(const curves_trial *a, const curves_trial *b)
{
    return a->task == b->task && a->size == b->size && strcmp(a->model, b->model) == 0;
}

static bool same_settings(const curves_trial *a, const curves_trial *b, const setting_list *settings)
{
    for (int64_t i = 0; i < settings->n_keys; i++)
        if (strcmp(setting(a, settings->keys[i]), setting(b, settings->keys[i])) != 0)
            return false;
    return true;
}

/* Whether two trials of one point, alike in the chosen settings, differ in `key`. */
static bool tells_apart(const curves_figure *figure, const setting_list *chosen, const char *key)
{
    for (int64_t i = 0; i < figure->n_trials; i++) {
        const curves_trial *a = &figure->trials[i];
        for (int64_t j = i + 1; j < figure->n_trials && same_point(a, &figure->trials[j]); j++) {
            const curves_trial *b = &figure->trials[j];
            if (strcmp(setting(a, key), setting(b, key)) != 0 && same_settings(a, b, chosen))
                return true;
        }
    }
    return false;
}

/* The fewest settings, in the configs' order, that keep different trials of a point apart. */
static setting_list choose_settings(const curves_figure *figure)
{
    setting_list seen = {0}, chosen = {0};
    add_key(&seen, "seed");
    for (int64_t i = 0; i < figure->n_trials; i++) {
        const dat_resolved *config = &figure->trials[i].source->config;
        for (int64_t j = 0; j < config->n_entries; j++) {
            const char *key = config->entries[j].key;
            if (has_key(&seen, key))
                continue;
            add_key(&seen, key);
            if (tells_apart(figure, &chosen, key))
                add_key(&chosen, key);
        }
    }
    free(seen.keys);
    return chosen;
}

static bool varies_within_model(const curves_figure *figure, const curves_trial *trial, const char *key)
{
    for (int64_t i = 0; i < figure->n_trials; i++)
        if (strcmp(figure->trials[i].model, trial->model) == 0 &&
            strcmp(setting(&figure->trials[i], key), setting(trial, key)) != 0)
            return true;
    return false;
}

/* "DAT(1,1), batch size 256"; the caller frees it. */
static char *make_label(const curves_figure *figure, const curves_trial *trial, const setting_list *chosen)
{
    char *label = dat_copy_string(trial->model);
    for (int64_t i = 0; i < chosen->n_keys; i++) {
        const char *key = chosen->keys[i], *dot = strrchr(key, '.');
        if (!varies_within_model(figure, trial, key))
            continue;
        char *longer = report_format("%s, %s %s", label, dot ? dot + 1 : key, setting(trial, key));
        for (char *c = longer + strlen(label) + 2; *c != ' '; c++)
            *c = *c == '_' ? ' ' : *c;
        free(label);
        label = longer;
    }
    return label;
}

static int compare_lines(const void *a, const void *b)
{
    const curves_line *x = a, *y = b;
    int order = x->colour - y->colour;
    if (order == 0)
        order = strcmp(x->model, y->model);
    return order ? order : strcmp(x->label, y->label);
}

static int find_line(const curves_figure *figure, const char *label)
{
    for (int i = 0; i < figure->n_lines; i++)
        if (strcmp(figure->lines[i].label, label) == 0)
            return i;
    return -1;
}

static void add_trial(curves_line *line, const curves_trial *trial)
{
    int64_t params = trial->source->run.n_params;
    line->least_params = params < line->least_params ? params : line->least_params;
    line->most_params = params > line->most_params ? params : line->most_params;
}

/* Where two lines would be drawn alike (a model with several lines, more models than colours in all figures),
 * every line has a colour of its own. */
static void give_colours(curves_figure *figure)
{
    bool repeated = false;
    for (int i = 0; i < figure->n_lines; i++)
        for (int j = 0; j < i; j++)
            repeated =
                repeated || (figure->lines[i].colour - figure->lines[j].colour) % CURVES_N_COLOURS == 0;
    for (int i = 0; repeated && i < figure->n_lines; i++)
        figure->lines[i].colour = i;
}

void curves_find_lines(curves_figure *figure)
{
    setting_list chosen = choose_settings(figure);
    char **labels = dat_allocate((size_t)figure->n_trials, sizeof *labels);
    figure->lines = dat_allocate((size_t)figure->n_trials, sizeof *figure->lines);
    for (int64_t i = 0; i < figure->n_trials; i++) {
        const curves_trial *trial = &figure->trials[i];
        labels[i] = make_label(figure, trial, &chosen);
        int line = find_line(figure, labels[i]);
        if (line < 0) {
            line = figure->n_lines++;
            figure->lines[line] = (curves_line){.label = dat_copy_string(labels[i]),
                                                .model = trial->model,
                                                .colour = trial->colour,
                                                .example = trial,
                                                .least_params = INT64_MAX};
        }
        add_trial(&figure->lines[line], trial);
    }
    qsort(figure->lines, (size_t)figure->n_lines, sizeof *figure->lines, compare_lines);
    for (int64_t i = 0; i < figure->n_trials; i++) {
        figure->trials[i].line = find_line(figure, labels[i]);
        free(labels[i]);
    }
    give_colours(figure);
    free(labels);
    free(chosen.keys);
}

void curves_free_lines(curves_figure *figure)
{
    for (int i = 0; i < figure->n_lines; i++)
        free(figure->lines[i].label);
    free(figure->lines);
    figure->lines = NULL;
    figure->n_lines = 0;
}
