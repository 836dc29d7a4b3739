/* The drawings of image classification: data for plots/epochs.gp and plots/confusion.gp. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_images.h"
#include "report_plot.h"
#include "util/memory.h"

/* --- accuracy over epochs --- */

/* Value i of a series of a trial; NAN when it is not there. */
static double value_at(const report_run *run, const char *name, int64_t i)
{
    const dat_series *series = dat_run_find_series(&run->run, name);
    return series && i >= 0 && i < series->count ? series->values[i] : NAN;
}

/* Epochs done at a test; NAN when there was no such test. */
static double epoch_of_test(const report_run *run, int64_t test)
{
    double step = value_at(run, "eval/test/step", test);
    return isnan(step) ? NAN : value_at(run, "train/epoch", (int64_t)step - 1);
}

/* Mean training accuracy in epoch `epoch` (from 1); NAN when the trial has none. */
static double train_accuracy(const report_run *run, int64_t epoch)
{
    const dat_series *epochs = dat_run_find_series(&run->run, "train/epoch");
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = 0; epochs && i < epochs->count; i++) {
        if ((int64_t)ceil(epochs->values[i]) != epoch)
            continue;
        sum += value_at(run, "train/accuracy", i);
        n++;
    }
    return n > 0 ? sum / (double)n : NAN;
}

/* Lines "epoch accuracy", means over the trials, as long as all have the point; `any`: there was one. */
static void write_test_points(const images_group *group, FILE *file, bool *any)
{
    for (int64_t test = 0;; test++) {
        double epoch = epoch_of_test(group->runs[0], test), sum = 0;
        for (int64_t i = 0; i < group->n_trials; i++)
            sum += value_at(group->runs[i], "eval/test/accuracy", test);
        if (isnan(epoch) || isnan(sum))
            return;
        fprintf(file, "%.17g %.17g\n", epoch, sum / (double)group->n_trials);
        *any = true;
    }
}

static void write_train_points(const images_group *group, FILE *file, bool *any)
{
    for (int64_t epoch = 1; epoch <= group->epochs; epoch++) {
        double sum = 0;
        for (int64_t i = 0; i < group->n_trials; i++)
            sum += train_accuracy(group->runs[i], epoch);
        if (isnan(sum))
            return;
        fprintf(file, "%" PRId64 " %.17g\n", epoch, sum / (double)group->n_trials);
        *any = true;
    }
}

static dat_status write_group_points(report_plot *plot, const images_group *group, int number, bool *any)
{
    static const struct {
        const char *kind;
        void (*write)(const images_group *group, FILE *file, bool *any);
    } kinds[] = {{"test", write_test_points}, {"train", write_train_points}};
    *any = true;
    for (int k = 0; k < 2; k++) {
        char *name = report_format("%d.%s", number, kinds[k].kind);
        FILE *file;
        bool here = false;
        dat_status status = report_plot_data(plot, name, &file);
        free(name);
        DAT_TRY(status);
        kinds[k].write(group, file, &here);
        DAT_TRY(report_plot_data_end(plot, file));
        *any = *any && here;
    }
    return DAT_OK;
}

/* The panel of a dataset, the first of whose groups is number `first`; sets the number after its last. */
static dat_status write_panel(report_plot *plot, const images_figure *figure, int panel, int first, int *next)
{
    char *lines = dat_copy_string("");
    dat_status status = DAT_OK;
    const char *dataset = figure->groups[first].dataset;
    for (*next = first; *next < figure->n_groups && status.code == DAT_CODE_OK; ++*next) {
        const images_group *group = &figure->groups[*next];
        bool any = false;
        if (strcmp(group->dataset, dataset) != 0)
            break;
        status = write_group_points(plot, group, *next + 1, &any);
        if (!any)
            continue;
        char *longer = report_format("%s %d", lines, *next + 1);
        char *label = report_format("%s (%" PRId64 " trial%s)", group->label, group->n_trials,
                                    group->n_trials == 1 ? "" : "s");
        report_plot_set_text(plot, "label", *next + 1, label);
        free(label);
        free(lines);
        lines = longer;
    }
    report_plot_set_text(plot, "title", panel, images_dataset_words(dataset));
    report_plot_set_text(plot, "lines", panel, lines);
    free(lines);
    return status;
}

static dat_status draw_curves(const dat_report *report, const images_figure *figure)
{
    report_plot plot;
    int n_panels = 0;
    DAT_TRY(report_plot_open(&plot));
    dat_status status = DAT_OK;
    for (int first = 0, next; first < figure->n_groups && status.code == DAT_CODE_OK; first = next)
        status = write_panel(&plot, figure, ++n_panels, first, &next);
    int64_t epochs = 1;
    for (int i = 0; i < figure->n_groups; i++)
        epochs = figure->groups[i].epochs > epochs ? figure->groups[i].epochs : epochs;
    report_plot_set_number(&plot, "epochs", 0, (double)epochs);
    report_plot_set_number(&plot, "n_panels", 0, n_panels);
    char *name = report_format("%s_curves", figure->name);
    if (status.code == DAT_CODE_OK)
        status = report_plot_render(&plot, report, "epochs.gp", name);
    free(name);
    report_plot_close(&plot);
    return status;
}

void images_draw_curves(dat_report *report, const images_figure *figure)
{
    if (report->drawing.code == DAT_CODE_OK)
        report->drawing = draw_curves(report, figure);
}

/* --- confusion matrices --- */

enum { MOST_NAMED_CLASSES = 20 }; /* more have no room on an axis */

/* Classes of a group's confusion matrices, which all its trials must have; 0 without. */
static int64_t count_classes(const images_group *group)
{
    int64_t cells = 0;
    for (int64_t i = 0; i < group->n_trials; i++) {
        const dat_series *counts = dat_run_find_series(&group->runs[i]->run, "confusion/test");
        if (!counts || (i > 0 && counts->count != cells))
            return 0;
        cells = counts->count;
    }
    int64_t classes = (int64_t)lround(sqrt((double)cells));
    return classes * classes == cells ? classes : 0;
}

/* Lines "predicted class percent": of the images of a class, over all trials. */
static dat_status write_matrix(report_plot *plot, const images_group *group, int number, int64_t classes)
{
    char *name = report_format("%d.matrix", number);
    FILE *file;
    dat_status status = report_plot_data(plot, name, &file);
    free(name);
    DAT_TRY(status);
    double *sums = dat_allocate((size_t)classes, sizeof *sums);
    for (int64_t row = 0; row < classes; row++) {
        double total = 0;
        for (int64_t column = 0; column < classes; column++) {
            sums[column] = 0;
            for (int64_t i = 0; i < group->n_trials; i++)
                sums[column] += value_at(group->runs[i], "confusion/test", row * classes + column);
            total += sums[column];
        }
        for (int64_t column = 0; column < classes; column++)
            fprintf(file, "%" PRId64 " %" PRId64 " %.17g\n", column, row,
                    total > 0 ? 100 * sums[column] / total : 0);
    }
    free(sums);
    return report_plot_data_end(plot, file);
}

/* Class names as gnuplot's tics, `"cat" 0, "dog" 1`, with ? for what would end the text; empty where they are
 * unknown or too many. The caller frees them. */
static char *class_tics(const images_group *group, int64_t classes)
{
    const dat_fact *names = dat_run_find_environment(&group->runs[0]->run, "classes");
    const char *c = names && names->text && classes <= MOST_NAMED_CLASSES ? names->text : "";
    char *tics = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&tics, &size);
    DAT_ASSERT(stream);
    for (int64_t i = 0; i < classes && *c; i++) {
        fputs(i > 0 ? ", \"" : "\"", stream);
        for (; *c && *c != '\n'; c++)
            fputc(strchr("\"\\'", *c) ? '?' : *c, stream);
        fprintf(stream, "\" %" PRId64, i);
        c += *c == '\n';
    }
    DAT_ASSERT(fclose(stream) == 0);
    return tics;
}

static dat_status write_confusion_panel(report_plot *plot, const images_group *group, int number,
                                        int64_t classes)
{
    char *title = report_format("%s: %s", images_dataset_words(group->dataset), group->label);
    char *tics = class_tics(group, classes);
    report_plot_set_text(plot, "title", number, title);
    report_plot_set_text(plot, "tics", number, tics);
    report_plot_set_number(plot, "classes", number, (double)classes);
    free(title);
    free(tics);
    return write_matrix(plot, group, number, classes);
}

static dat_status draw_confusion(const dat_report *report, const images_figure *figure)
{
    report_plot plot;
    int n_panels = 0;
    DAT_TRY(report_plot_open(&plot));
    dat_status status = DAT_OK;
    for (int i = 0; i < figure->n_groups && status.code == DAT_CODE_OK; i++) {
        int64_t classes = count_classes(&figure->groups[i]);
        if (classes > 0)
            status = write_confusion_panel(&plot, &figure->groups[i], ++n_panels, classes);
    }
    report_plot_set_number(&plot, "n_panels", 0, n_panels);
    char *name = report_format("%s_confusion", figure->name);
    if (status.code == DAT_CODE_OK && n_panels > 0)
        status = report_plot_render(&plot, report, "confusion.gp", name);
    free(name);
    report_plot_close(&plot);
    return status;
}

void images_draw_confusion(dat_report *report, const images_figure *figure)
{
    if (report->drawing.code == DAT_CODE_OK)
        report->drawing = draw_confusion(report, figure);
}
