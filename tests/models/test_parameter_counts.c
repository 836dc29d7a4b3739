/* Numbers of parameters of the published models, as counted from the reference
 * (tests/golden/param_counts.json). Models are registered, not allocated: the largest has 1.3 billion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "golden_check/module.h"
#include "models/vision.h"

/* One model is older than today's default of rel_proj_dim: d_model / n_relations, which its config says in
 * words. As an argument: */
static void spell_out_older_default(json_t *config)
{
    static const char *const stacks[] = {"encoder_kwargs", "decoder_kwargs"};
    json_int_t d_model = json_integer_value(json_object_get(config, "d_model"));
    if (!json_is_string(json_object_get(config, "rel_proj_dim")))
        return;
    for (int i = 0; i < 2; i++) {
        json_t *stack = json_object_get(config, stacks[i]);
        json_int_t relations = json_integer_value(json_object_get(stack, "n_heads_ra"));
        if (relations > 0)
            json_object_set_new(json_object_get(stack, "ra_kwargs"), "rel_proj_dim",
                                json_integer(d_model / relations));
    }
    json_object_del(config, "rel_proj_dim");
}

/* A golden file's config for an entry of the list: its arguments, class and source in one object. */
static json_t *config_of(const json_t *entry)
{
    json_t *config = json_deep_copy(json_object_get(entry, "config"));
    json_object_set(config, "module", json_object_get(entry, "module"));
    json_object_set(config, "source", json_object_get(entry, "source"));
    spell_out_older_default(config);
    return config;
}

/* The library must be able to build it, and both counts must be right. */
static void check_entry(const json_t *entry)
{
    const char *name = json_string_value(json_object_get(entry, "name"));
    golden_file file = {.config = config_of(entry)};
    golden_run run = {.file = &file, .batch = -1};
    golden_instance instance;
    golden_instance_init(&instance, &run);
    if (run.verdict.outcome != GOLDEN_FINE)
        fail_msg("%s: %s", name, run.verdict.text);
    json_int_t total = json_integer_value(json_object_get(entry, "total"));
    json_int_t trainable = json_integer_value(json_object_get(entry, "trainable"));
    if (dat_params_count(&run.params, false) != total || dat_params_count(&run.params, true) != trainable)
        fail_msg("%s: %d parameters, expected %d", name, (int)dat_params_count(&run.params, false),
                 (int)total);
    golden_instance_free(&instance);
    dat_params_free(&run.params);
    golden_file_free(&file);
}

static bool is_text(const json_t *entry, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(entry, key));
    return value && strcmp(value, text) == 0;
}

/* The number of published configurations of a class in a family; all of them must be right. */
static int check_published(const char *module, const char *family)
{
    json_error_t error;
    json_t *list = json_load_file(DAT_SOURCE_DIR "/tests/golden/param_counts.json", 0, &error), *entry;
    if (!list)
        fail_msg("param_counts.json: %s", error.text);
    size_t i;
    int checked = 0;
    json_array_foreach(json_object_get(list, "entries"), i, entry)
    {
        if (is_text(entry, "module", module) && is_text(entry, "family", family)) {
            check_entry(entry);
            checked++;
        }
    }
    json_decref(list);
    return checked;
}

static void published_vision_models(void **state)
{
    (void)state;
    static const char *const families[] = {"relational_games", "cifar"};
    for (int i = 0; i < 2; i++) {
        assert_true(check_published("VisionTransformer", families[i]) >= 4);
        assert_true(check_published("VisionDualAttnTransformer", families[i]) >= 4);
    }
}

static void published_baselines(void **state)
{
    (void)state;
    static const char *const modules[] = {"CoRelNet", "CoRelNetSoftmax", "PrediNet", "AbstractorModel"};
    for (int i = 0; i < 4; i++)
        assert_int_equal(check_published(modules[i], "relational_games"), 1);
}

static void published_sequence_models(void **state)
{
    (void)state;
    assert_int_equal(check_published("TransformerLM", "language_models"), 6);
    assert_int_equal(check_published("DualAttnTransformerLM", "language_models"), 14);
    assert_int_equal(check_published("Seq2SeqTransformer", "math"), 6);
    assert_int_equal(check_published("Seq2SeqDualAttnTransformer", "math"), 14);
}

static int64_t count_of(const dat_block_config *block)
{
    dat_vision_config config = {.channels = 3,
                                .image_height = 36,
                                .image_width = 36,
                                .patch_height = 12,
                                .patch_width = 12,
                                .n_classes = 2,
                                .n_layers = 2,
                                .pool = DAT_POOL_MEAN,
                                .block = *block};
    dat_params params = {0};
    dat_vision_model model;
    dat_status status = dat_vision_init(&model, &params, &config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    int64_t count = dat_params_count(&params, false);
    dat_vision_free(&model);
    dat_params_free(&params);
    return count;
}

static dat_block_config transformer(int64_t d, int64_t heads)
{
    return (dat_block_config){.d_model = d,
                              .dff = 2 * d,
                              .activation = DAT_SWIGLU,
                              .norm_first = true,
                              .attention = {.self_attention = {.n_heads = heads}}};
}

static dat_block_config dual(int64_t sensory, int64_t relational, int64_t rel_proj_dim)
{
    dat_block_config block = transformer(128, 0);
    block.dual = true;
    block.attention = (dat_dual_config){
        .n_heads_sa = sensory,
        .n_heads_ra = relational,
        .relational = {.symmetric_relations = true, .rel_proj_dim = rel_proj_dim},
    };
    return block;
}

/* The configurations of the relational games in the library's own terms. */
static void relational_games_models(void **state)
{
    (void)state;
    dat_block_config t128 = transformer(128, 2), t144 = transformer(144, 2);
    dat_block_config dat11 = dual(1, 1, 0), dat11_wide = dual(1, 1, 128), dat02 = dual(0, 2, 0);
    assert_int_equal(count_of(&t128), 386914);
    assert_int_equal(count_of(&t144), 481250);
    assert_int_equal(count_of(&dat11), 388322);
    assert_int_equal(count_of(&dat11_wide), 404706);
    assert_int_equal(count_of(&dat02), 421474);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vision_models),
        cmocka_unit_test(published_baselines),
        cmocka_unit_test(published_sequence_models),
        cmocka_unit_test(relational_games_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
