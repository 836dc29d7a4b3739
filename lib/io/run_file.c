#include "io/run_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/run_file_layout.h"
#include "util/memory.h"

static void set_name(char name[DAT_RUN_NAME_SIZE], const char *text)
{
    size_t length = strlen(text);
    DAT_ASSERT(length > 0 && length < DAT_RUN_NAME_SIZE);
    memcpy(name, text, length + 1);
}

static dat_fact *find_fact(dat_fact *facts, int n_facts, const char *name)
{
    for (int i = 0; i < n_facts; i++)
        if (strcmp(facts[i].name, name) == 0)
            return &facts[i];
    return NULL;
}

/* The fact of that name, made if need be, without its old text. */
static dat_fact *reset_fact(dat_fact **facts, int *n_facts, const char *name)
{
    dat_fact *fact = find_fact(*facts, *n_facts, name);
    if (fact) {
        free(fact->text);
        fact->text = NULL;
        return fact;
    }
    DAT_ASSERT(*n_facts < DAT_RUN_MAX_FACTS);
    *facts = dat_reallocate(*facts, (size_t)*n_facts + 1, sizeof **facts);
    fact = &(*facts)[(*n_facts)++];
    *fact = (dat_fact){.name = ""};
    set_name(fact->name, name);
    return fact;
}

static void set_text(dat_fact **facts, int *n_facts, const char *name, const char *text)
{
    char *copy = dat_copy_string(text); /* first: it may be the fact's old text */
    dat_fact *fact = reset_fact(facts, n_facts, name);
    fact->text = copy;
    fact->number = 0;
}

void dat_run_set_environment_text(dat_run *run, const char *name, const char *text)
{
    set_text(&run->environment, &run->n_environment, name, text);
}

void dat_run_set_environment_number(dat_run *run, const char *name, double number)
{
    reset_fact(&run->environment, &run->n_environment, name)->number = number;
}

void dat_run_set_summary(dat_run *run, const char *name, double number)
{
    reset_fact(&run->summary, &run->n_summary, name)->number = number;
}

void dat_run_set_summary_text(dat_run *run, const char *name, const char *text)
{
    set_text(&run->summary, &run->n_summary, name, text);
}

const dat_fact *dat_run_find_environment(const dat_run *run, const char *name)
{
    return find_fact(run->environment, run->n_environment, name);
}

double dat_run_summary(const dat_run *run, const char *name)
{
    const dat_fact *fact = find_fact(run->summary, run->n_summary, name);
    return fact && !fact->text ? fact->number : NAN;
}

const char *dat_run_summary_text(const dat_run *run, const char *name)
{
    const dat_fact *fact = find_fact(run->summary, run->n_summary, name);
    return fact ? fact->text : NULL;
}

static dat_series *find_series(const dat_run *run, const char *name)
{
    for (int i = 0; i < run->n_series; i++)
        if (strcmp(run->series[i].name, name) == 0)
            return &run->series[i];
    return NULL;
}

const dat_series *dat_run_find_series(const dat_run *run, const char *name)
{
    return find_series(run, name);
}

dat_series *dat_run_add_series(dat_run *run, const char *name)
{
    DAT_ASSERT(dat_run_is_series_name(name));
    run->series = dat_reallocate(run->series, (size_t)run->n_series + 1, sizeof *run->series);
    dat_series *series = &run->series[run->n_series++];
    *series = (dat_series){.name = ""};
    set_name(series->name, name);
    return series;
}

static void reserve_series(dat_series *series, int64_t capacity)
{
    series->values = dat_reallocate(series->values, (size_t)capacity, sizeof *series->values);
    series->capacity = capacity;
}

void dat_run_append(dat_run *run, const char *name, double value, int64_t capacity_hint)
{
    dat_series *series = find_series(run, name);
    if (!series) {
        series = dat_run_add_series(run, name);
        reserve_series(series, capacity_hint > 0 ? capacity_hint : 16);
    }
    if (series->count == series->capacity)
        reserve_series(series, series->capacity < 8 ? 16 : 2 * series->capacity);
    series->values[series->count++] = value;
}

static dat_run_blob *find_blob(const dat_run *run, const char *name)
{
    for (int i = 0; i < run->n_blobs; i++)
        if (strcmp(run->blobs[i].name, name) == 0)
            return &run->blobs[i];
    return NULL;
}

const dat_run_blob *dat_run_find_blob(const dat_run *run, const char *name)
{
    return find_blob(run, name);
}

static void release_bytes(dat_run_blob *blob)
{
    if (blob->owned)
        free(blob->bytes);
    blob->bytes = NULL;
}

void dat_run_set_blob(dat_run *run, const char *name, const void *bytes, size_t size)
{
    DAT_ASSERT(dat_run_is_dataset_name(name));
    dat_run_blob *blob = find_blob(run, name);
    if (!blob) {
        run->blobs = dat_reallocate(run->blobs, (size_t)run->n_blobs + 1, sizeof *run->blobs);
        blob = &run->blobs[run->n_blobs++];
        *blob = (dat_run_blob){.name = ""};
        set_name(blob->name, name);
    }
    release_bytes(blob);
    blob->bytes = (void *)bytes;
    blob->size = size;
    blob->owned = false;
}

void dat_run_clear_blobs(dat_run *run)
{
    for (int i = 0; i < run->n_blobs; i++)
        release_bytes(&run->blobs[i]);
    free(run->blobs);
    run->blobs = NULL;
    run->n_blobs = 0;
}

static void free_facts(dat_fact *facts, int n_facts)
{
    for (int i = 0; i < n_facts; i++)
        free(facts[i].text);
    free(facts);
}

void dat_run_free(dat_run *run)
{
    free(run->config_resolved);
    free(run->config_source);
    free(run->config_path);
    free(run->config_overrides);
    free(run->parameters);
    free_facts(run->environment, run->n_environment);
    free_facts(run->summary, run->n_summary);
    for (int i = 0; i < run->n_series; i++)
        free(run->series[i].values);
    free(run->series);
    dat_run_clear_blobs(run);
    *run = (dat_run){.experiment = ""};
}
