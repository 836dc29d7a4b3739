/* Checkpoint folders: published ones, our own written and read again, and folders whose parts do not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "models/hub.h"
#include "support/changed_json.h"
#include "support/close.h"
#include "support/npz_files.h"
#include "support/random_values.h"
#include "support/tokenizing.h"

#define TINY      DAT_SOURCE_DIR "/tests/golden/hub_tiny_dat"
#define TINY_BF16 DAT_SOURCE_DIR "/tests/golden/hub_tiny_dat_bf16"

enum { B = 2, L = 6, PATH_SIZE = 512 };

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

typedef struct loaded {
    dat_language_model model;
    dat_params params;
} loaded;

static void free_loaded(loaded *l)
{
    dat_language_free(&l->model);
    dat_params_free(&l->params);
}

static void load_good(const char *from, loaded *l)
{
    *l = (loaded){0};
    dat_status status = dat_hub_load(from, &l->model, &l->params);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
}

/* The logits of some text, in memory that the caller frees. */
static dat_real *logits_of(const dat_language_model *model, int64_t *count)
{
    static const int32_t text[B * L] = {1, 4, 4, 0, 2, 3, 5, 1, 0, 2, 6, 6};
    dat_tape tape;
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 28).code, DAT_CODE_OK);
    tape.recording = false;
    dat_tape_begin(&tape, 0);
    const dat_tensor *logits = dat_language_forward(&tape, model, (dat_tokens){text, B, L});
    if (!logits)
        fail_msg("%s", tape.status.message);
    *count = dat_count(logits);
    dat_real *copy = malloc((size_t)*count * sizeof *copy);
    memcpy(copy, logits->data, (size_t)*count * sizeof *copy);
    dat_tape_free(&tape);
    return copy;
}

static void expect_same_logits(const loaded *a, const loaded *b)
{
    int64_t n_a, n_b;
    dat_real *ours = logits_of(&a->model, &n_a), *again = logits_of(&b->model, &n_b);
    assert_int_equal(n_a, n_b);
    assert_same_bits(ours, again, n_a);
    free(ours);
    free(again);
}

/* --- round trips --- */

/* A published model, written and read, is the same; of float32, its file has the same tensors. */
static void published_models_are_written_again(void **state)
{
    (void)state;
    static const char *const sources[] = {TINY, TINY_BF16};
    for (int i = 0; i < 2; i++) {
        loaded theirs, ours;
        load_good(sources[i], &theirs);
        assert_null(theirs.params.grads);
        assert_int_equal(dat_hub_save(folder, &theirs.model, &theirs.params, DAT_FLOAT32).code, DAT_CODE_OK);
        load_good(folder, &ours);
        expect_same_logits(&theirs, &ours);
        free_loaded(&theirs);
        free_loaded(&ours);
    }
}

static dat_language_config plain_config(void)
{
    return (dat_language_config){
        .vocab_size = 7,
        .max_length = 9,
        .n_layers = 2,
        .positions = DAT_LANGUAGE_ROPE,
        .block = {.d_model = 8,
                  .dff = 6,
                  .activation = DAT_GELU,
                  .norm_first = true,
                  .bias = true,
                  .attention = {.self_attention = {.n_heads = 2}}},
    };
}

static dat_language_config dual_config(dat_ra_type type, dat_retriever_kind kind)
{
    dat_language_config config = plain_config();
    config.block.dual = true;
    config.block.attention = (dat_dual_config){.n_heads_sa = 1, .n_heads_ra = 1, .ra_type = type};
    config.symbols = (dat_retriever_config){.kind = kind, .n_heads = 2, .n_symbols = 3, .max_rel_pos = 3};
    return config;
}

/* Builds a model with random float values, saves, loads and compares. */
static void check_round_trip(const dat_language_config *config)
{
    loaded ours = {0}, again;
    dat_rng rng = dat_rng_seed(3);
    dat_status status = dat_language_init(&ours.model, &ours.params, config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    dat_params_allocate(&ours.params, &rng);
    randomise_params(&ours.params, 0.4, 5);
    for (int64_t i = 0; i < ours.params.size; i++)
        ours.params.values[i] = (dat_real)(float)ours.params.values[i];
    status = dat_hub_save(folder, &ours.model, &ours.params, DAT_FLOAT32);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    load_good(folder, &again);
    assert_int_equal(again.params.count, ours.params.count);
    assert_int_equal(dat_params_count(&again.params, true), dat_params_count(&ours.params, true));
    expect_same_logits(&ours, &again);
    free_loaded(&ours);
    free_loaded(&again);
}

/* Every kind of relational heads and symbols, and everything that ties parameters. */
static void our_models_are_read_again(void **state)
{
    (void)state;
    dat_language_config config = plain_config();
    check_round_trip(&config);
    config.block.bias = false;
    config.block.norm_type = DAT_RMS_NORM;
    config.block.activation = DAT_SWIGLU;
    config.block.attention.self_attention.n_kv_heads = 1;
    config.positions = DAT_LANGUAGE_LEARNED;
    check_round_trip(&config);
    for (int kind = 0; kind < DAT_REL_SYM_ATTENTION; kind++)
        for (int type = 0; dat_ra_type_names[type]; type++) {
            config = dual_config((dat_ra_type)type, (dat_retriever_kind)kind);
            config.block.norm_first = type != 1;
            check_round_trip(&config);
            config.separate_retrievers = true;
            config.tied_library = kind != DAT_POSITION_RELATIVE;
            check_round_trip(&config);
        }
    config = dual_config(DAT_RELATIONAL_ATTENTION, DAT_SYMBOLIC_ATTENTION);
    config.symbols.fixed_symbols = true;
    config.block.attention.share_attention = true;
    config.block.attention.relational.symmetric_relations = true;
    config.block.attention.relational.n_relations = 2;
    check_round_trip(&config);
}

static void other_models_are_not_saved(void **state)
{
    (void)state;
    loaded l = {0};
    dat_rng rng = dat_rng_seed(0);
    dat_language_config config = dual_config(DAT_RELATIONAL_ATTENTION, DAT_SYMBOLIC_ATTENTION);
    config.symbols_once = true;
    assert_int_equal(dat_language_init(&l.model, &l.params, &config).code, DAT_CODE_OK);
    dat_params_allocate(&l.params, &rng);
    expect_refused(dat_hub_save(folder, &l.model, &l.params, DAT_FLOAT32), "symbols_once");
    free_loaded(&l);
}

/* --- refusals --- */

static void expect_folder_refused(const char *from, const char *part)
{
    loaded l = {0};
    dat_status status = dat_hub_load(from, &l.model, &l.params);
    expect_refused(status, part);
    expect_refused(status, from);
    assert_null(l.params.values);
    free_loaded(&l);
}

/* The weights of the published model beside its config with one change. */
static void weights_must_fit_the_config(void **state)
{
    (void)state;
    static const json_change changes[] = {
        {{"n_layers"}, "3", "19 parameters of this config are missing: layers.blocks.2.norm1.weight"},
        {{"n_layers"}, "1", "tensors are no parameters of this config: layers.blocks.1."},
        {{"vocab_size"}, "60", "layers.final_out.weight is [61, 32], expected [60, 32]"},
        {{"dff"}, "64", "layers.blocks.0.ff_block.linear1.bias is [128], expected [64]"},
        {{"activation"}, "\"swiglu\"", "is [128], expected [85]"},
        {{"pos_enc_type"},
         "\"pos_emb\"",
         "1 parameters of this config are missing: layers.positional_embedder.weight"},
        {{"norm_type"},
         "\"rmsnorm\"",
         "5 tensors are no parameters of this config: layers.blocks.0.norm1.bias"},
        {{"ra_kwargs", "symmetric_rels"}, "true", "wk_rel.weight differ, but are one parameter"},
        {{"symbol_retriever_config", "shared_symbol_retriever"},
         "false",
         "4 parameters of this config are missing: layers.symbol_retrievers.1."},
        {{"n_heads_sa"}, "5", "config.json: layers.blocks.0.dual_attn"},
        {{"extra"}, "5", "config.json: the config has unknown members: \"extra\""},
    };
    char path[PATH_SIZE];
    size_t size;
    unsigned char *weights = file_read(TINY "/model.safetensors", &size);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    file_write(path, weights, size);
    free(weights);
    snprintf(path, sizeof path, "%s/config.json", folder);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        json_t *json = json_load_file(TINY "/config.json", 0, NULL);
        json_apply(json, &changes[i]);
        assert_int_equal(json_dump_file(json, path, 0), 0);
        json_decref(json);
        expect_folder_refused(folder, changes[i].part);
    }
}

static void folders_without_their_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *config, *part;
    } cases[] = {{"", "config.json:1:"},
                 {"{\"vocab_size\": 1", "config.json:1:"},
                 {"{\"a\": \"\xff\"}", "config.json:1:"},
                 {"{\"d_model\": 1, \"d_model\": 2}", "duplicate"},
                 {"[[", "config.json:1:"}};
    char path[PATH_SIZE];
    expect_folder_refused("/nowhere", "config.json: cannot be opened");
    snprintf(path, sizeof path, "%s/config.json", folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        file_write(path, cases[i].config, strlen(cases[i].config));
        expect_folder_refused(folder, cases[i].part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_models_are_written_again),
        cmocka_unit_test(our_models_are_read_again),
        cmocka_unit_test(other_models_are_not_saved),
        cmocka_unit_test(weights_must_fit_the_config),
        cmocka_unit_test(folders_without_their_files_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
