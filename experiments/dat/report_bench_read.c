/* Reads the JSON files of bench. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report_bench.h"
#include "util/memory.h"

const bench_measurement *bench_measurements_find(const bench_measurements *all, const char *name,
                                                 int64_t threads)
{
    for (int64_t i = 0; i < all->count; i++)
        if (all->items[i].threads == threads && strcmp(all->items[i].name, name) == 0)
            return &all->items[i];
    return NULL;
}

int bench_kind_length(const char *name)
{
    return (int)strcspn(name, "/");
}

bool bench_is_kind(const char *name, const char *kind)
{
    int length = bench_kind_length(name);
    return length == bench_kind_length(kind) && strncmp(name, kind, (size_t)length) == 0;
}

bool bench_is_first_of_case(const bench_measurements *all, int64_t i)
{
    for (int64_t before = 0; before < i; before++)
        if (strcmp(all->items[before].name, all->items[i].name) == 0)
            return false;
    return true;
}

bool bench_is_first_of_kind(const bench_measurements *all, int64_t i)
{
    for (int64_t before = 0; before < i; before++)
        if (bench_is_kind(all->items[before].name, all->items[i].name))
            return false;
    return true;
}

/* Fills a measurement, whose name stays the object's. */
static dat_status read_object(const char *path, size_t index, json_t *object, bench_measurement *m)
{
    const char *name;
    json_int_t threads, allocations;
    json_error_t error;
    if (json_unpack_ex(object, &error, 0, "{s:s, s:I, s:F, s:F, s:F, s:F, s:F, s:F, s:F, s:I}", "name", &name,
                       "threads", &threads, "ms", &m->ms, "gflop", &m->gflop, "gflops", &m->gflops,
                       "sgemm_peak_gflops", &m->sgemm_peak_gflops, "utilisation", &m->utilisation,
                       "gbytes_per_second", &m->gbytes_per_second, "peak_rss_mib", &m->peak_rss_mib,
                       "allocations", &allocations) != 0)
        return dat_failure("%s: object %zu is not a measurement as `bench --json` writes it: %s", path,
                           index + 1, error.text);
    m->name = dat_copy_string(name);
    m->threads = threads;
    m->allocations = allocations;
    if (threads < 1 || !(m->ms > 0) || !(m->sgemm_peak_gflops > 0))
        return dat_failure(
            "%s: %s has threads, ms or sgemm_peak_gflops that are not positive; measure it again", path,
            name);
    return DAT_OK;
}

static void add_threads(bench_measurements *all, int64_t threads)
{
    int64_t place = 0;
    while (place < all->n_threads && all->threads[place] < threads)
        place++;
    if (place < all->n_threads && all->threads[place] == threads)
        return;
    all->threads = dat_reallocate(all->threads, (size_t)all->n_threads + 1, sizeof *all->threads);
    for (int64_t i = all->n_threads++; i > place; i--)
        all->threads[i] = all->threads[i - 1];
    all->threads[place] = threads;
}

static void add_measurement(bench_measurements *all, const bench_measurement *m)
{
    if (all->count == all->capacity) {
        all->capacity = all->capacity ? 2 * all->capacity : 64;
        all->items = dat_reallocate(all->items, (size_t)all->capacity, sizeof *all->items);
    }
    all->items[all->count++] = *m;
    add_threads(all, m->threads);
}

static dat_status read_array(const char *path, json_t *array, bench_measurements *all)
{
    size_t index;
    json_t *object;
    if (!json_is_array(array))
        return dat_failure("%s: expected an array of measurements as `bench --json` writes it", path);
    json_array_foreach(array, index, object)
    {
        bench_measurement m = {0};
        dat_status status = read_object(path, index, object, &m);
        bool again = status.code == DAT_CODE_OK && bench_measurements_find(all, m.name, m.threads);
        if (again)
            report_warn("%s: %s with %d threads is left out: another file has it, too", path, m.name,
                        (int)m.threads);
        if (status.code == DAT_CODE_OK && !again)
            add_measurement(all, &m);
        else
            free(m.name);
        DAT_TRY(status);
    }
    return DAT_OK;
}

static dat_status read_file(const char *path, bench_measurements *all)
{
    json_error_t error;
    json_t *array = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!array)
        return dat_failure("%s:%d:%d: not JSON: %s; write it again with `bench --json`", path, error.line,
                           error.column, error.text);
    dat_status status = read_array(path, array, all);
    json_decref(array);
    return status;
}

static int is_visible_json(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && size > 5 && strcmp(entry->d_name + size - 5, ".json") == 0;
}

bool bench_has_measurements(const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_visible_json, alphasort);
    for (int i = 0; i < n; i++)
        free(entries[i]);
    if (n >= 0)
        free(entries);
    return n > 0;
}

dat_status bench_measurements_read(const char *folder, bench_measurements *all)
{
    struct dirent **entries;
    dat_status status = DAT_OK;
    *all = (bench_measurements){0};
    int n = scandir(folder, &entries, is_visible_json, alphasort);
    if (n < 0)
        return dat_failure("%s: the folder cannot be read: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        char *path = report_format("%s/%s", folder, entries[i]->d_name);
        if (status.code == DAT_CODE_OK)
            status = read_file(path, all);
        free(path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

void bench_measurements_free(bench_measurements *all)
{
    for (int64_t i = 0; i < all->count; i++)
        free(all->items[i].name);
    free(all->items);
    free(all->threads);
    *all = (bench_measurements){0};
}
