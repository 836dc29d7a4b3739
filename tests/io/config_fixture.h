/* A small experiment schema and a scratch folder for the tests of configs. */
#ifndef DAT_TESTS_IO_CONFIG_FIXTURE_H
#define DAT_TESTS_IO_CONFIG_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/config.h"

typedef struct fixture_config {
    struct {
        int task;
        int64_t train_size;
    } data;
    struct {
        char name[DAT_TEXT_SIZE];
        int64_t n_heads_sa, n_heads_ra;
        bool symmetric;
        double dropout;
        struct {
            int64_t width;
        } ffn;
    } model;
    struct {
        int64_t epochs;
        double lr, shift;
        char note[DAT_TEXT_SIZE];
    } train;
    int64_t seed;
} fixture_config;

static const char *const fixture_tasks[] = {"same", "occurs", "off", NULL};

static const dat_field fixture_data_fields[] = {
    {.key = "task", .type = DAT_FIELD_CHOICE, .offset = 0, .fallback = "same", .choices = fixture_tasks},
    {.key = "train_size",
     .type = DAT_FIELD_INT,
     .offset = offsetof(fixture_config, data.train_size) - offsetof(fixture_config, data),
     .fallback = "100",
     .minimum = 1,
     .maximum = 1e6,
     .help = "Number of training examples"},
    {0},
};
static const dat_schema fixture_data = {sizeof(((fixture_config *)0)->data), fixture_data_fields};

static const dat_field fixture_ffn_fields[] = {
    {.key = "width", .type = DAT_FIELD_INT, .offset = 0, .fallback = "64"},
    {0},
};
static const dat_schema fixture_ffn = {sizeof(((fixture_config *)0)->model.ffn), fixture_ffn_fields};

#define FIXTURE_MODEL(member) (offsetof(fixture_config, model.member) - offsetof(fixture_config, model))
static const dat_field fixture_model_fields[] = {
    {.key = "name", .type = DAT_FIELD_TEXT, .offset = FIXTURE_MODEL(name), .fallback = ""},
    {.key = "n_heads_sa",
     .type = DAT_FIELD_INT,
     .offset = FIXTURE_MODEL(n_heads_sa),
     .fallback = "2",
     .minimum = 0,
     .maximum = 64},
    {.key = "n_heads_ra",
     .type = DAT_FIELD_INT,
     .offset = FIXTURE_MODEL(n_heads_ra),
     .fallback = "0",
     .minimum = 0,
     .maximum = 64},
    {.key = "symmetric", .type = DAT_FIELD_BOOL, .offset = FIXTURE_MODEL(symmetric), .fallback = "false"},
    {.key = "dropout",
     .type = DAT_FIELD_REAL,
     .offset = FIXTURE_MODEL(dropout),
     .fallback = "0.1",
     .minimum = 0,
     .maximum = 0.9},
    {.key = "ffn", .type = DAT_FIELD_SECTION, .offset = FIXTURE_MODEL(ffn), .section = &fixture_ffn},
    {0},
};
static const dat_schema fixture_model = {sizeof(((fixture_config *)0)->model), fixture_model_fields};

#define FIXTURE_TRAIN(member) (offsetof(fixture_config, train.member) - offsetof(fixture_config, train))
static const dat_field fixture_train_fields[] = {
    {.key = "epochs",
     .type = DAT_FIELD_INT,
     .offset = FIXTURE_TRAIN(epochs),
     .fallback = "50",
     .minimum = 1,
     .maximum = 1000,
     .help = "Passes over the training set"},
    {.key = "lr",
     .type = DAT_FIELD_REAL,
     .offset = FIXTURE_TRAIN(lr),
     .fallback = "1e-3",
     .minimum = 0,
     .maximum = INFINITY},
    {.key = "shift", .type = DAT_FIELD_REAL, .offset = FIXTURE_TRAIN(shift), .fallback = "0"},
    {.key = "note", .type = DAT_FIELD_TEXT, .offset = FIXTURE_TRAIN(note), .fallback = "none"},
    {0},
};
static const dat_schema fixture_train = {sizeof(((fixture_config *)0)->train), fixture_train_fields};

static const dat_field fixture_fields[] = {
    {.key = "data",
     .type = DAT_FIELD_SECTION,
     .offset = offsetof(fixture_config, data),
     .section = &fixture_data,
     .help = "What to learn"},
    {.key = "model",
     .type = DAT_FIELD_SECTION,
     .offset = offsetof(fixture_config, model),
     .section = &fixture_model},
    {.key = "train",
     .type = DAT_FIELD_SECTION,
     .offset = offsetof(fixture_config, train),
     .section = &fixture_train},
    {.key = "seed", .type = DAT_FIELD_INT, .offset = offsetof(fixture_config, seed), .fallback = "0"},
    {0},
};
static const dat_schema fixture_schema = {sizeof(fixture_config), fixture_fields};

/* The scratch folder of the test program; tests run inside it, so messages show short paths. */
static char fixture_folder[] = "/tmp/dat_config_XXXXXX";

static inline int fixture_enter(void **state)
{
    (void)state;
    return mkdtemp(fixture_folder) && chdir(fixture_folder) == 0 ? 0 : -1;
}

static inline int fixture_leave(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", fixture_folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static inline void write_bytes(const char *path, const char *bytes, size_t size)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

static inline void write_text(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

static inline void assert_ok(dat_status status)
{
    if (status.code != DAT_CODE_OK)
        fail_msg("unexpected error: %s", status.message);
}

/* The error is the user's and its message holds `fragment`. */
static inline void assert_refused(dat_status status, const char *fragment)
{
    if (status.code != DAT_CODE_USAGE || !strstr(status.message, fragment))
        fail_msg("expected a usage error with\n    %s\ngot code %d:\n    %s", fragment, (int)status.code,
                 status.message);
}

/* Loads c.yaml; NULL ends the overrides. */
static inline dat_status load(const char *preset, const char *const overrides[], dat_config *config)
{
    int count = 0;
    while (overrides && overrides[count])
        ++count;
    return dat_config_load("c.yaml", &fixture_schema, preset, overrides, count, config);
}

/* Loads a config that is expected to be good. */
static inline dat_config load_text(const char *text, const char *preset, const char *const overrides[])
{
    dat_config config;
    write_text("c.yaml", text);
    assert_ok(load(preset, overrides, &config));
    return config;
}

/* Loads a config that is expected to be refused, with `fragment` in the message and nothing left behind. */
static inline void refuse_text(const char *text, const char *preset, const char *const overrides[],
                               const char *fragment)
{
    dat_config config, empty = {0};
    write_text("c.yaml", text);
    assert_refused(load(preset, overrides, &config), fragment);
    assert_memory_equal(&config, &empty, sizeof empty);
}

static inline const fixture_config *values_of(const dat_config *config, int64_t run)
{
    assert_true(run < config->n_runs);
    return config->runs[run].values;
}

#endif
