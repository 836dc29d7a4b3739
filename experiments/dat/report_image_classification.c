/* The report of image classification: tables beside the paper's, learning curves and confusion matrices, for
 * every figure named in the runs. */
#include <stdlib.h>
#include <string.h>

#include "report_images.h"
#include "util/memory.h"

const char *images_dataset_words(const char *name)
{
    static const char *const words[][2] = {{"cifar10", "CIFAR-10"},
                                           {"cifar100_fine", "CIFAR-100"},
                                           {"cifar100_coarse", "CIFAR-100, 20 superclasses"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], name) == 0)
            return words[i][1];
    return name;
}

const char *images_text(const report_run *run, const char *key)
{
    const char *text = dat_resolved_text(&run->config, key);
    return text ? text : "";
}

/* Whether two runs are trials of the same thing. */
static bool same_but_seed(const report_run *a, const report_run *b)
{
    if (a->config.n_entries != b->config.n_entries)
        return false;
    for (int64_t i = 0; i < a->config.n_entries; i++) {
        const dat_resolved_entry *x = &a->config.entries[i], *y = &b->config.entries[i];
        if (strcmp(x->key, y->key) != 0 || (strcmp(x->key, "seed") != 0 && strcmp(x->value, y->value) != 0))
            return false;
    }
    return true;
}

static const char *figure_of(const report_run *run)
{
    const char *figure = images_text(run, "figure");
    return *figure ? figure : "image_classification";
}

/* Says what is wrong with a run's config, or NULL. */
static const char *problem_of(const report_run *run)
{
    int64_t number;
    if (!*images_text(run, "data.dataset") || !*images_text(run, "model.name"))
        return "data.dataset or model.name is missing";
    if (!dat_resolved_integer(&run->config, "data.train_size", &number) ||
        !dat_resolved_integer(&run->config, "train.epochs", &number))
        return "data.train_size or train.epochs is not an integer";
    return report_is_file_name(figure_of(run)) ? NULL
                                               : "figure is not a plain name (letters, digits, _ and -)";
}

/* Names every group of the figure so that no two are alike. */
static void set_labels(images_figure *figure)
{
    const images_group *first = &figure->groups[0];
    bool sizes_differ = false;
    for (int i = 1; i < figure->n_groups; i++)
        sizes_differ = sizes_differ || figure->groups[i].train_size != first->train_size ||
                       figure->groups[i].epochs != first->epochs;
    for (int i = 0; i < figure->n_groups; i++) {
        images_group *g = &figure->groups[i];
        g->label = sizes_differ ? report_format("%s, %d images, %d epochs", g->model, (int)g->train_size,
                                                (int)g->epochs)
                                : dat_copy_string(g->model);
        for (int j = 0; j < i; j++) {
            if (strcmp(figure->groups[j].label, g->label) != 0 ||
                strcmp(figure->groups[j].dataset, g->dataset) != 0)
                continue;
            char *longer = report_format("%s, %s", g->label, g->runs[0]->run.run_id);
            free(g->label);
            g->label = longer;
        }
    }
}

/* Runs are sorted by config, in which the seed comes last. */
static void find_groups(images_figure *figure, const report_run **runs, int64_t n_runs)
{
    figure->groups = dat_allocate((size_t)n_runs, sizeof *figure->groups);
    for (int64_t i = 0; i < n_runs; i++) {
        if (i > 0 && same_but_seed(runs[i], runs[i - 1])) {
            figure->groups[figure->n_groups - 1].n_trials++;
            continue;
        }
        images_group *group = &figure->groups[figure->n_groups++];
        *group = (images_group){.runs = &runs[i],
                                .n_trials = 1,
                                .dataset = images_text(runs[i], "data.dataset"),
                                .model = images_text(runs[i], "model.name")};
        dat_resolved_integer(&runs[i]->config, "data.train_size", &group->train_size);
        dat_resolved_integer(&runs[i]->config, "train.epochs", &group->epochs);
    }
    set_labels(figure);
}

static dat_status write_figure(dat_report *report, const report_run **runs, int64_t n_runs,
                               const images_paper *paper)
{
    images_figure figure = {.name = figure_of(runs[0])};
    find_groups(&figure, runs, n_runs);
    dat_status status = images_write_table(report, &figure, paper);
    if (status.code == DAT_CODE_OK && report->draws) {
        images_draw_curves(report, &figure);
        images_draw_confusion(report, &figure);
    }
    for (int i = 0; i < figure.n_groups; i++)
        free(figure.groups[i].label);
    free(figure.groups);
    return status;
}

static int compare_runs(const void *a, const void *b)
{
    const report_run *x = *(const report_run *const *)a, *y = *(const report_run *const *)b;
    int order = strcmp(figure_of(x), figure_of(y));
    return order ? order : strcmp(x->run.config_resolved, y->run.config_resolved);
}

/* The runs that can be reported, by figure; the caller frees the list. */
static const report_run **sort_runs(const report_run *runs, int64_t n_runs, int64_t *n_sorted)
{
    const report_run **sorted = dat_allocate((size_t)n_runs, sizeof *sorted);
    *n_sorted = 0;
    for (int64_t i = 0; i < n_runs; i++) {
        const char *problem = problem_of(&runs[i]);
        if (problem)
            report_warn("%s is left out: in its config %s", runs[i].path, problem);
        else
            sorted[(*n_sorted)++] = &runs[i];
    }
    qsort(sorted, (size_t)*n_sorted, sizeof *sorted, compare_runs);
    return sorted;
}

dat_status report_image_classification(dat_report *report, const report_run *runs, int64_t n_runs)
{
    int64_t n_sorted;
    const report_run **sorted = sort_runs(runs, n_runs, &n_sorted);
    images_paper paper;
    dat_status status = images_read_paper(report, &paper);
    if (status.code != DAT_CODE_OK)
        report_warn("no comparison with the paper: %s", status.message);
    status = DAT_OK;
    for (int64_t first = 0, next = 0; first < n_sorted && status.code == DAT_CODE_OK; first = next) {
        while (next < n_sorted && strcmp(figure_of(sorted[next]), figure_of(sorted[first])) == 0)
            next++;
        status = write_figure(report, sorted + first, next - first, &paper);
    }
    images_free_paper(&paper);
    free(sorted);
    return status;
}
