/* What the table and the figures of image classification share: runs that are trials of one model, by figure.
 */
#ifndef DAT_REPORT_IMAGES_H
#define DAT_REPORT_IMAGES_H

#include "io/csv.h"
#include "report.h"

/* Runs whose configs differ in the seed alone. Texts are borrowed from the first one's config. */
typedef struct images_group {
    const report_run **runs; /* [n_trials], borrowed */
    int64_t n_trials;
    const char *dataset, *model;
    int64_t train_size, epochs;
    char *label; /* the model, with what tells it apart from others of the figure; owned */
} images_group;

/* The groups of one figure, of the same dataset one after the other. */
typedef struct images_figure {
    const char *name;
    images_group *groups;
    int n_groups;
} images_figure;

/* "CIFAR-10" for "cifar10"; other names stay. */
const char *images_dataset_words(const char *name);

/* The value of a run's config; "" when it has none. */
const char *images_text(const report_run *run, const char *key);

/* A row of the paper's tables; texts are borrowed from its file. */
typedef struct images_paper_row {
    const char *dataset, *augmentation, *model, *symmetric;
    int64_t table, n_layers, d_model, heads_sa, heads_ra;
    double accuracy, error; /* percent */
} images_paper_row;

typedef struct images_paper {
    dat_csv csv;
    images_paper_row *rows;
    int64_t n_rows;
} images_paper;

/* Reads the paper's numbers; without rows on error. Release with images_free_paper whatever the result. */
dat_status images_read_paper(const dat_report *report, images_paper *paper);
void images_free_paper(images_paper *paper);

/* Writes results/tables/<figure>. */
dat_status images_write_table(const dat_report *report, const images_figure *figure,
                              const images_paper *paper);

/* Accuracy over epochs as <figure>_curves, confusion matrices as <figure>_confusion. */
void images_draw_curves(dat_report *report, const images_figure *figure);
void images_draw_confusion(dat_report *report, const images_figure *figure);

#endif
