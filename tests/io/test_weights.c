/* The weights of checkpoint folders: into parameters by name, in one file or several, and with little memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/safetensors.h"
#include "io/weights.h"
#include "support/launch.h"
#include "support/npz_files.h"
#include "support/safetensors_files.h"
#include "support/tokenizing.h"

enum { PATH_SIZE = 512 };

static char *folder;

static int set_up(void **state)
{
    (void)state;
    folder = file_make_folder();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    file_remove_folder(folder);
    return 0;
}

/* Each test begins with an empty folder. */
static int clear(void **state)
{
    tear_down(state);
    return set_up(state);
}

static const char *in_folder(const char *name)
{
    static char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

#define TENSOR(name, shape, start, end)                                                                      \
    "\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" #start "," #end "]}"

static const float numbers[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

/* A file whose header has these entries, with the first `count` numbers. */
static void write_file(const char *name, const char *entries, size_t count)
{
    char header[1024];
    snprintf(header, sizeof header, "{%s}", entries);
    safetensors_write(in_folder(name), header, numbers, count * sizeof numbers[0]);
}

/* Parameters w (2, 2), also called head and z.alias, and b (3), of which nothing is allocated. */
static dat_params make_params(void)
{
    dat_params params = {0};
    const dat_tensor *w = dat_params_add(&params, "", "w", 2, (int64_t[]){2, 2}, (dat_init){0});
    dat_params_tie(&params, "", "head", w);
    dat_params_add(&params, "", "b", 1, (int64_t[]){3}, (dat_init){0});
    dat_params_tie(&params, "z", "alias", w);
    return params;
}

static dat_status load(dat_params *params)
{
    *params = make_params();
    return dat_weights_load(folder, params);
}

/* w and its other names hold numbers[w..], b numbers[b..]. */
static void expect_loaded(int w, int b)
{
    dat_params params;
    dat_status status = load(&params);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    static const char *const names[] = {"w", "head", "z.alias"};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++)
            assert_true(dat_params_find(&params, names[i])->tensor.data[j] == numbers[w + j]);
    for (int j = 0; j < 3; j++)
        assert_true(dat_params_find(&params, "b")->tensor.data[j] == numbers[b + j]);
    assert_null(dat_params_find(&params, "b")->tensor.grad);
    dat_params_free(&params);
}

static void expect_refused_weights(const char *part)
{
    dat_params params;
    dat_status status = load(&params);
    expect_refused(status, part);
    expect_refused(status, folder);
    assert_null(params.values);
    dat_params_free(&params);
}

static void any_name_of_a_tied_parameter_will_do(void **state)
{
    (void)state;
    write_file("model.safetensors", TENSOR("b", "[3]", 0, 12) "," TENSOR("w", "[2,2]", 12, 28), 7);
    expect_loaded(3, 0);
    write_file("model.safetensors", TENSOR("head", "[2,2]", 0, 16) "," TENSOR("b", "[3]", 16, 28), 7);
    expect_loaded(0, 4);
    write_file("model.safetensors", TENSOR("z.alias", "[2,2]", 0, 16) "," TENSOR("b", "[3]", 16, 28), 7);
    expect_loaded(0, 4);
}

/* Parameters that are allocated keep their place and their gradients; a refusal leaves their values alone. */
static void allocated_parameters_are_filled(void **state)
{
    (void)state;
    dat_params params = make_params();
    dat_rng rng = dat_rng_seed(0);
    dat_params_allocate(&params, &rng);
    const dat_param *b = dat_params_find(&params, "b");
    const dat_real *grad = b->tensor.grad;
    write_file("model.safetensors", TENSOR("b", "[3]", 0, 12), 3);
    expect_refused(dat_weights_load(folder, &params), "missing: w");
    assert_true(b->tensor.data[0] == 0);
    write_file("model.safetensors", TENSOR("b", "[3]", 0, 12) "," TENSOR("w", "[2,2]", 12, 28), 7);
    assert_int_equal(dat_weights_load(folder, &params).code, DAT_CODE_OK);
    assert_true(b->tensor.data[0] == numbers[0] && b->tensor.grad == grad && grad && b->tensor.needs_grad);
    dat_params_free(&params);
}

static void names_of_one_parameter_must_agree(void **state)
{
    (void)state;
    static const char header[] = "{" TENSOR("w", "[2,2]", 0, 16) "," TENSOR("b", "[3]", 16, 28) "," TENSOR(
        "head", "[2,2]", 28, 44) "}";
    float data[11] = {1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4};
    safetensors_write(in_folder("model.safetensors"), header, data, sizeof data);
    expect_loaded(0, 4);
    data[10] = 5;
    safetensors_write(in_folder("model.safetensors"), header, data, sizeof data);
    expect_refused_weights("w and head differ, but are one parameter");
}

static void what_does_not_fit_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *entries, *part;
        size_t count;
    } cases[] = {
        {TENSOR("b", "[3]", 0, 12), "1 parameters of this config are missing: w", 3},
        {TENSOR("w", "[2,2]", 0, 16), "1 parameters of this config are missing: b", 4},
        {"", "2 parameters of this config are missing: w, b", 0},
        {TENSOR("w", "[4]", 0, 16) "," TENSOR("b", "[3]", 16, 28), "w is [4], expected [2, 2]", 7},
        {TENSOR("w", "[2,2]", 0, 16) "," TENSOR("b", "[3,1]", 16, 28), "b is [3, 1], expected [3]", 7},
        {TENSOR("head", "[1,4]", 0, 16) "," TENSOR("b", "[3]", 16, 28), "head is [1, 4], expected [2, 2]", 7},
        {TENSOR("w", "[2,2]", 0, 16) "," TENSOR("b", "[3]", 16, 28) "," TENSOR("W", "[1]", 28, 32),
         "1 tensors are no parameters of this config: W", 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file("model.safetensors", cases[i].entries, cases[i].count);
        expect_refused_weights(cases[i].part);
    }
    unlink(in_folder("model.safetensors"));
    expect_refused_weights("model.safetensors: cannot be opened");
}

/* Many names are listed as far as they fit. */
static void long_lists_are_cut(void **state)
{
    (void)state;
    dat_params params = {0};
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "parameter.%d.weight", i);
        dat_params_add(&params, "", name, 1, (int64_t[]){1}, (dat_init){0});
    }
    write_file("model.safetensors", "", 0);
    dat_status status = dat_weights_load(folder, &params);
    expect_refused(status,
                   "300 parameters of this config are missing: parameter.0.weight, parameter.1.weight");
    expect_refused(status, ", ...");
    dat_params_free(&params);
}

static void write_index(const char *text)
{
    file_write(in_folder("model.safetensors.index.json"), text, strlen(text));
}

static void several_files_are_one_checkpoint(void **state)
{
    (void)state;
    write_file("model-00001-of-00002.safetensors", TENSOR("w", "[2,2]", 0, 16), 4);
    write_file("model-00002-of-00002.safetensors", TENSOR("b", "[3]", 0, 12), 3);
    write_index("{\"metadata\": {\"total_size\": 28}, \"weight_map\": {"
                "\"b\": \"model-00002-of-00002.safetensors\", \"w\": \"model-00001-of-00002.safetensors\"}}");
    expect_loaded(0, 0);
}

static void bad_indices_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "index.json:1:"},
        {"[]", "the index is no JSON object"},
        {"{}", "\"weight_map\" of the index is missing"},
        {"{\"weight_map\": 1}", "\"weight_map\" is no JSON object"},
        {"{\"weight_map\": {}, \"files\": 2}", "unknown members: \"files\""},
        {"{\"weight_map\": {\"w\": 1}}", "\"w\" is assigned to no file of this folder"},
        {"{\"weight_map\": {\"w\": \"\"}}", "\"w\" is assigned to no file of this folder"},
        {"{\"weight_map\": {\"w\": \"../w.safetensors\"}}", "\"w\" is assigned to no file of this folder"},
        {"{\"weight_map\": {\"w\": \"c.safetensors\"}}", "c.safetensors: cannot be opened"},
        {"{\"weight_map\": {\"w\": \"b.safetensors\"}}", "w is not in b.safetensors, which should have it"},
        {"{\"weight_map\": {\"w\": \"a.safetensors\"}}", "lists 1 tensors, but its files hold 2"},
        {"{\"weight_map\": {\"w\": \"a.safetensors\", \"b\": \"b.safetensors\"}}",
         "lists 2 tensors, but its files hold 3"},
    };
    write_file("a.safetensors", TENSOR("w", "[2,2]", 0, 16) "," TENSOR("b", "[3]", 16, 28), 7);
    write_file("b.safetensors", TENSOR("b", "[3]", 0, 12), 3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_index(cases[i].text);
        expect_refused_weights(cases[i].part);
    }
}

/* Tied parameters are there once, under the first name by alphabet: "head" before "w" and "z.alias". */
static void parameters_are_saved(void **state)
{
    (void)state;
    dat_params params = make_params();
    dat_rng rng = dat_rng_seed(0);
    dat_params_allocate(&params, &rng);
    for (int i = 0; i < 4; i++)
        dat_params_find(&params, "w")->tensor.data[i] = numbers[2 + i];
    for (int i = 0; i < 3; i++)
        dat_params_find(&params, "b")->tensor.data[i] = numbers[i];
    assert_int_equal(dat_weights_save(folder, &params, DAT_FLOAT32).code, DAT_CODE_OK);
    dat_params_free(&params);
    dat_safetensors file;
    assert_int_equal(dat_safetensors_open(in_folder("model.safetensors"), &file).code, DAT_CODE_OK);
    assert_int_equal(file.count, 2);
    assert_string_equal(file.tensors[0].name, "b");
    assert_string_equal(file.tensors[1].name, "head");
    dat_safetensors_close(&file);
    expect_loaded(2, 0);
}

/* --- memory --- */

enum { N_LARGE = 4, LARGE = 1 << 22 }; /* 4 tensors of 16 MiB */

static dat_params large_params(void)
{
    dat_params params = {0};
    char name[16];
    for (int i = 0; i < N_LARGE; i++) {
        snprintf(name, sizeof name, "large%d", i);
        dat_params_add(&params, "", name, 1, (int64_t[]){LARGE}, (dat_init){.kind = DAT_INIT_ONES});
    }
    return params;
}

/* A size in KiB that the system tells about this process. */
static long read_status(const char *key)
{
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, key, strlen(key)) == 0)
            kib = strtol(line + strlen(key), NULL, 10);
    if (file)
        fclose(file);
    return kib;
}

/* Loads the folder argv[1] as a process of its own; prints its growth at most, in KiB. */
static int load_large(int argc, char **argv)
{
    dat_params params = large_params();
    long before = read_status("VmRSS:");
    if (argc != 2 || dat_weights_load(argv[1], &params).code != DAT_CODE_OK)
        return 1;
    printf("%ld\n", read_status("VmHWM:") - before);
    bool right = params.items[N_LARGE - 1]->tensor.data[LARGE - 1] == 1;
    dat_params_free(&params);
    return right ? 0 : 1;
}

/* The address sanitizer keeps a byte for every eight. */
#if defined(__SANITIZE_ADDRESS__)
#define SHADOW 0.125
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHADOW 0.125
#endif
#endif
#ifndef SHADOW
#define SHADOW 0.0
#endif

/* Loading takes the memory of the tensors and at most a tenth more: the file does not pile up beside them. */
static void loading_takes_little_memory(void **state)
{
    (void)state;
    const double tensors = N_LARGE * (double)LARGE * sizeof(dat_real) / 1024;
    dat_params params = large_params();
    dat_rng rng = dat_rng_seed(0);
    dat_params_allocate(&params, &rng);
    assert_int_equal(dat_weights_save(folder, &params, DAT_FLOAT32).code, DAT_CODE_OK);
    dat_params_free(&params);
    launch process = launch_function(load_large, (const char *[]){"load", folder, NULL}, NULL);
    launch_end *end = launch_wait(&process);
    assert_int_equal(end->status, 0);
    double grown = (double)strtol(end->out, NULL, 10);
    if (!(grown >= tensors && grown <= (1.1 + SHADOW) * tensors))
        fail_msg("%.0f KiB of tensors grew the process by %.0f KiB", tensors, grown);
    free(end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(any_name_of_a_tied_parameter_will_do, clear),
        cmocka_unit_test_setup(allocated_parameters_are_filled, clear),
        cmocka_unit_test_setup(names_of_one_parameter_must_agree, clear),
        cmocka_unit_test_setup(what_does_not_fit_is_refused_by_name, clear),
        cmocka_unit_test_setup(long_lists_are_cut, clear),
        cmocka_unit_test_setup(several_files_are_one_checkpoint, clear),
        cmocka_unit_test_setup(bad_indices_are_refused, clear),
        cmocka_unit_test_setup(parameters_are_saved, clear),
        cmocka_unit_test_setup(loading_takes_little_memory, clear),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
