/* The checker of reference data must fail when the data does not fit: copies of good files with one thing
 * spoiled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <hdf5.h>
#include <math.h>

#include "support/launch.h"

static const char CHECKER[] = DAT_BINARY_DIR "/bin/check_golden";

#define GOLDEN(name) DAT_SOURCE_DIR "/tests/golden/" name ".h5"

enum { PATH_SIZE = 256, TEXT_SIZE = 4096 };

typedef struct fixture {
    char folder[64], path[PATH_SIZE];
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/check_golden_XXXXXX");
    *state = f;
    if (!mkdtemp(f->folder))
        return 1;
    snprintf(f->path, sizeof f->path, "%s/case.h5", f->folder);
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    remove(f->path);
    rmdir(f->folder);
    free(f);
    return 0;
}

static void copy_file(const char *from, const char *to, long most)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (int c; most != 0 && (c = fgetc(in)) != EOF; most--)
        fputc(c, out);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* Runs the checker; its output must hold `expected`, its status be `status`. */
static void expect(int status, const char *expected, const char *option, const char *path)
{
    const char *argv[] = {CHECKER, option ? option : path, option ? path : NULL, NULL};
    free(launch_expect(argv, NULL, status, expected));
}

/* --- ways to spoil a file --- */

/* Changes one value of a dataset: scales it by 1 + change, or makes it NaN. */
static void change_value(const char *path, const char *dataset, double change)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, dataset, H5P_DEFAULT);
    assert_true(set >= 0);
    hid_t space = H5Dget_space(set);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    double *values = calloc((size_t)count, sizeof values[0]);
    assert_true(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    hssize_t largest = 0;
    for (hssize_t i = 0; i < count; i++)
        if (fabs(values[i]) > fabs(values[largest]))
            largest = i;
    values[largest] *= 1 + change;
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    free(values);
    H5Sclose(space);
    H5Dclose(set);
    H5Fclose(file);
}

static void rename_item(const char *path, const char *from, const char *to)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(H5Lmove(file, from, file, to, H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Fclose(file);
}

static void delete_item(const char *path, const char *name)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    H5Fclose(file);
}

/* Replaces `from` by `to` in a text attribute. */
static void edit_attribute(const char *path, const char *name, const char *from, const char *to)
{
    char text[TEXT_SIZE] = "", edited[2 * TEXT_SIZE];
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT), type = H5Aget_type(attribute);
    assert_true(H5Tget_size(type) < TEXT_SIZE);
    assert_true(H5Aread(attribute, type, text) >= 0);
    const char *place = strstr(text, from);
    assert_non_null(place);
    snprintf(edited, sizeof edited, "%.*s%s%s", (int)(place - text), text, to, place + strlen(from));
    H5Tclose(type);
    H5Aclose(attribute);
    H5Adelete(file, name);
    type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(edited) + 1);
    hid_t scalar = H5Screate(H5S_SCALAR);
    attribute = H5Acreate2(file, name, type, scalar, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, edited) >= 0);
    H5Sclose(scalar);
    H5Aclose(attribute);
    H5Tclose(type);
    H5Fclose(file);
}

/* --- tests --- */

static void good_files_pass(void **state)
{
    (void)state;
    expect(0, "1 passed, 0 failed, 0 skipped", NULL, GOLDEN("dual_attention__mask"));
    expect(0, "ok   grads/params/self_attention.wq.weight", "--verbose", GOLDEN("dual_attention__mask"));
    expect(0, "PASS", NULL, GOLDEN("training__vidat_adam"));
}

static void wrong_numbers_fail(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *golden, *dataset;
        double change;
    } cases[] = {
        {GOLDEN("dual_attention__mask"), "outputs/output", 1e-3},
        {GOLDEN("dual_attention__mask"), "outputs/output", NAN},
        {GOLDEN("dual_attention__mask"), "outputs/ra_rels", 1e-3},
        {GOLDEN("dual_attention__mask"), "grads/params/relational_attention.wr", 1e-3},
        {GOLDEN("dual_attention__mask"), "grads/inputs/symbols", -2},
        {GOLDEN("dual_attention__mask"), "params/relational_attention.wr", NAN},
        {GOLDEN("dual_attention__mask"), "inputs/x", 1e-2},
        {GOLDEN("models__vit_36_mean"), "outputs/loss", 1e-3},
        {GOLDEN("models__vit_36_mean"), "grads/params/pos_embedding", 1e-2},
        {GOLDEN("training__vidat_adam"), "outputs/losses", 2e-4},
        {GOLDEN("training__vidat_adam"), "outputs/grad_norms", 2e-4},
        {GOLDEN("training__vidat_adam"), "outputs/final_losses", NAN},
        {GOLDEN("training__vidat_adam"), "params_final/final_out.weight", 1e-3},
        {GOLDEN("training__vidat_adam"), "inputs/x", 0.5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        copy_file(cases[i].golden, f->path, -1);
        change_value(f->path, cases[i].dataset, cases[i].change);
        expect(1, "0 passed, 1 failed, 0 skipped", NULL, f->path);
    }
}

static void arguments_are_never_ignored(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *golden, *from, *to, *expected;
    } cases[] = {
        {GOLDEN("dual_attention__mask"), "\"d_model\"", "\"new_option\": null, \"d_model\"", "'new_option'"},
        {GOLDEN("dual_attention__mask"), "\"add_bias_kv\"", "\"deep_option\": 1, \"add_bias_kv\"",
         "'deep_option' of sa_kwargs"},
        {GOLDEN("dual_attention__mask"), "\"rel_activation\"", "\"other\": 1, \"rel_activation\"",
         "'other' of ra_kwargs"},
        {GOLDEN("dual_attention__mask"), "\"relu\"", "\"rely\"", "'rely'"},
        {GOLDEN("dual_attention__mask"), "\"n_heads_sa\": 2", "\"n_heads_sa\": \"2\"", "n_heads_sa"},
        {GOLDEN("dual_attention__mask"), "\"n_heads_sa\": 2", "\"n_heads_sa\": -2", "n_heads_sa = -2"},
        {GOLDEN("dual_attention__mask"), "DualAttention\"", "TripleAttention\"", "'TripleAttention'"},
        {GOLDEN("blocks__enc_attn_kwargs_gqa"), "\"n_kv_heads\"", "\"kv\"", "'kv' of attn_kwargs"},
        {GOLDEN("models__vidat_36_positional_mean"), "\"max_length\"", "\"length\"",
         "'length' of symbol_retrieval_kwargs"},
        {GOLDEN("models__vidat_36_positional_mean"), "[3, 36, 36]", "[3, 36]", "image_shape"},
        {GOLDEN("training__vidat_adam"), "\"eps\"", "\"epsilon\"", "'epsilon' of train"},
        {GOLDEN("training__vidat_adam"), "\"constant\"", "\"constant\", \"warmup\": 3",
         "'warmup' of schedule"},
        {GOLDEN("training__vidat_adam"), "\"constant\"", "\"linear\"", "'linear'"},
        {GOLDEN("training__vit_adam_l2"), "\"decoupled\": false", "\"decoupled\": true", "decoupled"},
        {GOLDEN("training__vit_adam_l2"), "\"weight_decay\": 5e-05", "\"weight_decay\": 0.0", "FAIL"},
        {GOLDEN("training__vit_adam_l2"), "\"grad_clip\": 0.0", "\"grad_clip\": 0.1", "FAIL"},
        {GOLDEN("training__vit_adam_l2"), "\"max_epochs\": 12", "\"max_epochs\": 13", "outputs/lrs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        copy_file(cases[i].golden, f->path, -1);
        edit_attribute(f->path, "config", cases[i].from, cases[i].to);
        expect(1, cases[i].expected, NULL, f->path);
        expect(1, "0 passed, 1 failed, 0 skipped", NULL, f->path);
    }
}

static void parameters_must_correspond(void **state)
{
    fixture *f = *state;
    const char *mask = GOLDEN("dual_attention__mask"), *shared = GOLDEN("dual_attention__share_attn_params");
    copy_file(mask, f->path, -1);
    rename_item(f->path, "params/self_attention.wq.weight", "params/self_attention.wz.weight");
    expect(1, "self_attention.wq.weight", NULL, f->path);

    copy_file(mask, f->path, -1);
    delete_item(f->path, "params/relational_attention.wr");
    expect(1, "relational_attention.wr is not in the file", NULL, f->path);

    copy_file(mask, f->path, -1);
    rename_item(f->path, "inputs/cotangent", "params/extra");
    expect(1, "params/extra of the file is not a parameter of ours", NULL, f->path);

    copy_file(GOLDEN("nn__feed_forward_relu_bias"), f->path, -1);
    edit_attribute(f->path, "config", "\"dff\": 23", "\"dff\": 24");
    expect(1, "linear1.weight is [24, 11], not as in the file", NULL, f->path);

    copy_file(mask, f->path, -1);
    delete_item(f->path, "grads/params/self_attention.wo.bias");
    expect(1, "no gradient of our parameter self_attention.wo.bias", NULL, f->path);

    copy_file(shared, f->path, -1);
    edit_attribute(f->path, "tied", "\"relational_attention.wk_attn.weight\": \"self_attention.wk.weight\"",
                   "\"relational_attention.wk_attn.weight\": \"self_attention.wq.weight\"");
    expect(1, "tied", NULL, f->path);
}

static void inputs_and_outputs_must_correspond(void **state)
{
    fixture *f = *state;
    const char *mask = GOLDEN("dual_attention__mask");
    copy_file(mask, f->path, -1);
    delete_item(f->path, "inputs/x");
    expect(1, "no inputs/x", NULL, f->path);

    copy_file(mask, f->path, -1);
    rename_item(f->path, "grads/inputs/x", "inputs/y");
    expect(1, "inputs/y was not used", NULL, f->path);

    copy_file(mask, f->path, -1);
    rename_item(f->path, "outputs/ra_rels", "outputs/rels");
    expect(1, "outputs/rels was not computed", NULL, f->path);

    copy_file(mask, f->path, -1);
    delete_item(f->path, "inputs/cotangent");
    expect(1, "cotangent", NULL, f->path);
}

/* --- folders --- */

static const char *const folder_files[] = {"config.json", "model.safetensors", "expected.h5"};

static const char *file_of(const fixture *f, const char *name)
{
    static char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    return path;
}

static void copy_checkpoint(const fixture *f)
{
    for (int i = 0; i < 3; i++) {
        char from[PATH_SIZE];
        snprintf(from, sizeof from, "%s/tests/golden/hub_tiny_dat/%s", DAT_SOURCE_DIR, folder_files[i]);
        copy_file(from, file_of(f, folder_files[i]), -1);
    }
}

static void checkpoints_must_compute_what_they_should(void **state)
{
    fixture *f = *state;
    copy_checkpoint(f);
    expect(0, "8 tensors", NULL, f->folder);
    static const char *const outputs[] = {"logits",         "gen_logits",        "gen_margins",
                                          "generated",      "ra_rels",           "ra_attn_scores",
                                          "sa_attn_scores", "symbol_attn_scores"};
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "outputs/%s", outputs[i]);
        copy_checkpoint(f);
        change_value(file_of(f, "expected.h5"), name, -0.04);
        expect(1, "0 passed, 1 failed", NULL, f->folder);
        copy_checkpoint(f);
        delete_item(file_of(f, "expected.h5"), name);
        if (strncmp(outputs[i], "gen", 3) == 0)
            expect(1, "FAIL", NULL, f->folder);
        else
            expect(0, "7 tensors", NULL, f->folder);
    }
    copy_checkpoint(f);
    edit_attribute(file_of(f, "expected.h5"), "config", "\"norm_first\": true", "\"norm_first\": null");
    expect(1, "config.json is not the config of expected.h5", NULL, f->folder);
    copy_checkpoint(f);
    edit_attribute(file_of(f, "expected.h5"), "tied", "layers.final_out.weight", "layers.norm.weight");
    expect(1, "is tied to layers.norm.weight in the file but not here", NULL, f->folder);
    copy_file("/dev/null", file_of(f, "model.safetensors"), -1);
    expect(1, "was the file cut short?", NULL, f->folder);
    remove(file_of(f, "expected.h5"));
    expect(2, "expected.h5", NULL, f->folder);
    for (int i = 0; i < 2; i++)
        remove(file_of(f, folder_files[i]));
}

static void unsupported_cases_are_skipped(void **state)
{
    fixture *f = *state;
    copy_file(GOLDEN("nn__cross_entropy"), f->path, -1);
    edit_attribute(f->path, "config", "\"mean\"", "\"sum\"");
    expect(0, "0 passed, 0 failed, 1 skipped", NULL, f->path);
    expect(0, "SKIP", NULL, f->path);
}

static void unreadable_files_are_usage_errors(void **state)
{
    fixture *f = *state;
    expect(2, "no_such_file.h5", NULL, "/no_such_file.h5");
    expect(2, "usage", NULL, "--unknown");
    expect(2, "usage", NULL, "--verbose");
    copy_file(GOLDEN("dual_attention__mask"), f->path, 1000);
    expect(2, "case.h5", NULL, f->path);
    copy_file(GOLDEN("dual_attention__mask"), f->path, -1);
    edit_attribute(f->path, "config", "{", "[");
    expect(2, "not JSON", NULL, f->path);
    copy_file(GOLDEN("dual_attention__mask"), f->path, -1);
    rename_item(f->path, "params", "inputs/params");
    expect(2, "not a dataset", NULL, f->path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_pass),
        cmocka_unit_test_setup_teardown(wrong_numbers_fail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(arguments_are_never_ignored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parameters_must_correspond, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inputs_and_outputs_must_correspond, set_up, tear_down),
        cmocka_unit_test_setup_teardown(checkpoints_must_compute_what_they_should, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unsupported_cases_are_skipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unreadable_files_are_usage_errors, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
