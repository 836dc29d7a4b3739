/* config.json of published models: what its members mean, which are refused, and writing it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "models/hub_config.h"
#include "support/changed_json.h"
#include "support/tokenizing.h"

#define GOLDEN DAT_SOURCE_DIR "/tests/golden/"

static json_t *load_json(const char *path)
{
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    if (!json)
        fail_msg("%s: %s", path, error.text);
    return json;
}

static dat_language_config read_good(const json_t *json)
{
    dat_language_config config;
    dat_status status = dat_hub_config_read(json, &config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    return config;
}

static json_t *write_good(const dat_language_config *config)
{
    json_t *json;
    dat_status status = dat_hub_config_write(config, &json);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    return json;
}

/* Arguments of a dual model with symbolic attention, and of a plain one. */
static json_t *dual_json(void)
{
    return load_json(GOLDEN "hub_tiny_dat/config.json");
}

static json_t *plain_json(void)
{
    return json_pack("{s:i, s:i, s:i, s:i, s:n, s:f, s:s, s:b, s:i}", "vocab_size", 61, "d_model", 32,
                     "n_layers", 2, "n_heads", 4, "dff", "dropout_rate", 0.0, "activation", "gelu",
                     "norm_first", 1, "max_block_size", 16);
}

static void a_dual_model_is_read(void **state)
{
    (void)state;
    json_t *json = dual_json();
    dat_language_config c = read_good(json);
    json_decref(json);
    assert_true(c.block.dual && c.block.norm_first && !c.block.bias);
    assert_int_equal(c.vocab_size, 61);
    assert_int_equal(c.max_length, 16);
    assert_int_equal(c.n_layers, 2);
    assert_int_equal(c.positions, DAT_LANGUAGE_ROPE);
    assert_int_equal(c.block.d_model, 32);
    assert_int_equal(c.block.dff, 0);
    assert_int_equal(c.block.activation, DAT_GELU);
    assert_int_equal(c.block.norm_type, DAT_LAYER_NORM);
    assert_int_equal(c.block.attention.n_heads_sa, 4);
    assert_int_equal(c.block.attention.n_heads_ra, 4);
    assert_int_equal(c.block.attention.self_attention.n_kv_heads, 2);
    assert_int_equal(c.block.attention.relational.attention.n_kv_heads, 2);
    assert_int_equal(c.block.attention.relational.n_relations, 8);
    assert_int_equal(c.block.attention.relational.rel_proj_dim, 2);
    assert_false(c.block.attention.relational.symmetric_relations);
    assert_int_equal(c.symbols.kind, DAT_SYMBOLIC_ATTENTION);
    assert_int_equal(c.symbols.n_symbols, 13);
    assert_int_equal(c.symbols.n_heads, 4);
    assert_true(c.symbols.fixed_symbols);
    assert_false(c.separate_retrievers || c.tied_library);
}

static void a_plain_model_has_the_reference_s_defaults(void **state)
{
    (void)state;
    json_t *json = plain_json();
    dat_language_config c = read_good(json);
    json_decref(json);
    assert_false(c.block.dual);
    assert_true(c.block.bias);
    assert_int_equal(c.positions, DAT_LANGUAGE_LEARNED);
    assert_int_equal(c.block.norm_type, DAT_LAYER_NORM);
    assert_int_equal(c.block.attention.self_attention.n_heads, 4);
    assert_int_equal(c.block.attention.self_attention.n_kv_heads, 0);
}

/* --- every argument --- */

#define POSITIONAL "{\"symbol_dim\": 32, \"max_length\": 16}"
#define RELATIVE   "{\"symbol_dim\": 32, \"max_rel_pos\": 5}"

/* Another value of each argument; those of other kinds of symbols and of relational heads are further down.
 */
static const json_change dual_values[] = {
    {{"vocab_size"}, "62", NULL},
    {{"d_model"}, "64", NULL},
    {{"n_layers"}, "3", NULL},
    {{"n_heads_sa"}, "2", NULL},
    {{"n_heads_ra"}, "2", NULL},
    {{"dff"}, "50", NULL},
    {{"dropout_rate"}, "0.25", NULL},
    {{"activation"}, "\"swiglu\"", NULL},
    {{"norm_first"}, "false", NULL},
    {{"norm_type"}, "\"rmsnorm\"", NULL},
    {{"max_block_size"}, "17", NULL},
    {{"pos_enc_type"}, "\"pos_emb\"", NULL},
    {{"share_attn_params"}, "true", NULL},
    {{"ra_type"}, "\"relational_attention\"", "same"},
    {{"ra_kwargs"}, "null", NULL},
    {{"ra_kwargs", "n_kv_heads"}, "null", NULL},
    {{"ra_kwargs", "n_relations"}, "4", NULL},
    {{"ra_kwargs", "rel_proj_dim"}, "4", NULL},
    {{"ra_kwargs", "rel_activation"}, "\"softmax\"", NULL},
    {{"ra_kwargs", "rel_activation"}, "\"tanh\"", NULL},
    {{"ra_kwargs", "symmetric_rels"}, "true", NULL},
    {{"ra_kwargs", "key_dim"}, "6", NULL},
    {{"ra_kwargs", "add_bias_kv"}, "true", NULL},
    {{"ra_kwargs", "add_bias_out"}, "true", NULL},
    {{"ra_kwargs", "use_relative_positional_symbols"}, "false", "same"},
    {{"sa_kwargs"}, NULL, NULL},
    {{"sa_kwargs", "n_kv_heads"}, "1", NULL},
    {{"sa_kwargs", "key_dim"}, "6", NULL},
    {{"sa_kwargs", "add_bias_kv"}, "true", NULL},
    {{"sa_kwargs", "add_bias_out"}, "true", NULL},
    {{"symbol_retrieval_kwargs", "d_model"}, "31", NULL},
    {{"symbol_retrieval_kwargs", "n_heads"}, "2", NULL},
    {{"symbol_retrieval_kwargs", "n_symbols"}, "14", NULL},
    {{"symbol_retrieval_kwargs", "scale"}, "0.5", NULL},
    {{"symbol_retrieval_kwargs", "dropout"}, "0.5", NULL},
    {{"symbol_retrieval_kwargs", "trainable_symbols"}, "true", NULL},
    {{"symbol_retriever_config", "shared_symbol_retriever"}, "false", NULL},
    {{"symbol_retriever_config"},
     "{\"shared_symbol_retriever\": false, \"weight_tie_symbol_library\": true}",
     NULL},
    {{"symbol_retriever_config", "weight_tie_symbol_library"}, "true", "same"}, /* with one retriever */
    {{"symbol_retriever_config"}, "null", "same"},
};

static const json_change plain_values[] = {
    {{"n_heads"}, "8", NULL},
    {{"dff"}, "50", NULL},
    {{"bias"}, "false", NULL},
    {{"bias"}, "true", "same"},
    {{"pos_enc_type"}, "\"RoPE\"", NULL},
    {{"norm_type"}, "\"none\"", NULL},
    {{"use_flash_attention"}, "false", "same"},
    {{"block_kwargs"}, "null", "same"},
    {{"block_kwargs"}, "{\"attn_kwargs\": null}", "same"},
    {{"block_kwargs"}, "{\"attn_kwargs\": {\"n_kv_heads\": 2}}", NULL},
    {{"block_kwargs"}, "{\"attn_kwargs\": {\"key_dim\": 2}}", NULL},
    {{"block_kwargs"}, "{\"attn_kwargs\": {\"add_bias_kv\": true}}", NULL},
};

/* Written configs say everything, so they are equal exactly when nothing that matters was changed; and
 * reading what was written gives the same again. */
static void check_values(json_t *base, const json_change *values, size_t n_values)
{
    dat_language_config c = read_good(base);
    json_t *before = write_good(&c);
    for (size_t i = 0; i < n_values; i++) {
        json_t *json = json_deep_copy(base);
        json_apply(json, &values[i]);
        c = read_good(json);
        json_t *after = write_good(&c);
        if (json_equal(before, after) != (values[i].part != NULL))
            fail_msg("%s %s = %s: %s", values[i].keys[0], values[i].keys[1] ? values[i].keys[1] : "",
                     values[i].value, values[i].part ? "has an effect" : "has no effect");
        c = read_good(after);
        json_t *again = write_good(&c);
        assert_true(json_equal(after, again));
        json_decref(again);
        json_decref(after);
        json_decref(json);
    }
    json_decref(before);
    json_decref(base);
}

static void every_argument_has_its_effect(void **state)
{
    (void)state;
    check_values(dual_json(), dual_values, sizeof dual_values / sizeof dual_values[0]);
    check_values(plain_json(), plain_values, sizeof plain_values / sizeof plain_values[0]);
}

static void other_symbols_are_read(void **state)
{
    (void)state;
    static const json_change to_positional[] = {{{"symbol_retrieval"}, "\"positional_symbols\"", NULL},
                                                {{"symbol_retrieval_kwargs"}, POSITIONAL, NULL}};
    static const json_change to_relative[] = {
        {{"symbol_retrieval"}, "\"position_relative\"", NULL},
        {{"symbol_retrieval_kwargs"}, RELATIVE, NULL},
        {{"ra_kwargs", "use_relative_positional_symbols"}, "true", NULL}};
    static const json_change positional_values[] = {
        {{"symbol_retrieval_kwargs", "max_length"}, "17", NULL},
        {{"symbol_retrieval_kwargs", "symbol_dim"}, "31", NULL},
        {{"symbol_retrieval_kwargs", "sinusoidal"}, "true", "same"}};
    static const json_change relative_values[] = {{{"symbol_retrieval_kwargs", "max_rel_pos"}, "0", NULL},
                                                  {{"symbol_retrieval_kwargs", "symbol_dim"}, "31", NULL}};
    json_t *json = dual_json();
    for (int i = 0; i < 2; i++)
        json_apply(json, &to_positional[i]);
    assert_int_equal(read_good(json).symbols.kind, DAT_POSITIONAL_SYMBOLS);
    check_values(json, positional_values, 3);
    json = dual_json();
    for (int i = 0; i < 3; i++)
        json_apply(json, &to_relative[i]);
    assert_int_equal(read_good(json).symbols.max_rel_pos, 5);
    check_values(json, relative_values, 2);
}

static void other_relational_heads_are_read(void **state)
{
    (void)state;
    static const json_change options = {{"ra_kwargs"}, "{}", NULL};
    static const json_change kinds[] = {{{"ra_type"}, "\"rca\"", NULL}, {{"ra_type"}, "\"disrca\"", NULL}};
    static const json_change values[2][4] = {{{{"ra_kwargs", "activation"}, "\"softmax\"", "same"},
                                              {{"ra_kwargs", "activation"}, "\"identity\"", NULL},
                                              {{"ra_kwargs", "n_kv_heads"}, "2", NULL},
                                              {{"ra_kwargs", "add_bias_out"}, "true", NULL}},
                                             {{{"ra_kwargs", "rel_activation"}, "\"identity\"", "same"},
                                              {{"ra_kwargs", "rel_activation"}, "\"softmax\"", NULL},
                                              {{"ra_kwargs", "n_kv_heads"}, "1", NULL},
                                              {{"ra_kwargs", "add_bias_kv"}, "true", NULL}}};
    for (int kind = 0; kind < 2; kind++) {
        json_t *json = dual_json();
        json_apply(json, &options);
        json_apply(json, &kinds[kind]);
        assert_int_equal(read_good(json).block.attention.ra_type, kind == 0 ? DAT_RCA : DAT_DISRCA);
        check_values(json, values[kind], 4);
    }
}

/* --- refusals --- */

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    static const json_change changes[] = {
        {{"n_embd"}, "7", "the config has unknown members: \"n_embd\""},
        {{"n_heads"}, "8", "the config has unknown members: \"n_heads\""},
        {{"block_kwargs"}, "null", "the config has unknown members: \"block_kwargs\""},
        {{"sa_kwargs", "symmetric_attn"}, "true", "sa_kwargs has unknown members: \"symmetric_attn\""},
        {{"ra_kwargs", "dropout"}, "0.1", "ra_kwargs has unknown members: \"dropout\""},
        {{"symbol_retrieval_kwargs", "max_length"}, "9", "symbol_retrieval_kwargs has unknown members"},
        {{"symbol_retriever_config", "x"}, "9", "symbol_retriever_config has unknown members: \"x\""},
        {{"vocab_size"}, NULL, "\"vocab_size\" of the config is missing"},
        {{"d_model"}, NULL, "\"d_model\" of the config is missing"},
        {{"n_layers"}, NULL, "\"n_layers\" of the config is missing"},
        {{"n_heads_sa"}, NULL, "\"n_heads\" of the config is missing"},
        {{"n_heads_ra"}, NULL, "\"n_heads_ra\" of the config is missing"},
        {{"dff"}, NULL, "\"dff\" of the config is missing"},
        {{"dropout_rate"}, NULL, "\"dropout_rate\" of the config is missing"},
        {{"activation"}, NULL, "\"activation\" of the config is missing"},
        {{"norm_first"}, NULL, "\"norm_first\" of the config is missing"},
        {{"max_block_size"}, NULL, "\"max_block_size\" of the config is missing"},
        {{"symbol_retrieval_kwargs"}, NULL, "\"symbol_retrieval_kwargs\" of the config is missing"},
        {{"symbol_retrieval_kwargs", "d_model"}, NULL, "\"d_model\" of symbol_retrieval_kwargs is missing"},
        {{"symbol_retrieval_kwargs", "n_heads"}, NULL, "\"n_heads\" of symbol_retrieval_kwargs is missing"},
        {{"symbol_retrieval_kwargs", "n_symbols"},
         NULL,
         "\"n_symbols\" of symbol_retrieval_kwargs is missing"},
        {{"symbol_retrieval"},
         "\"position_relative\"",
         "\"symbol_dim\" of symbol_retrieval_kwargs is missing"},
        {{"symbol_retrieval"}, "\"rel_sym_attn\"", "\"symbol_retrieval\" of the config is \"rel_sym_attn\""},
        {{"vocab_size"}, "0", "\"vocab_size\" of the config is 0, expected a whole number from 1"},
        {{"vocab_size"}, "1e3", "\"vocab_size\" of the config is 1000.0"},
        {{"d_model"}, "65537", "\"d_model\" of the config is 65537, expected a whole number from 1 to 65536"},
        {{"n_layers"}, "2000", "\"n_layers\" of the config is 2000"},
        {{"n_heads_sa"}, "-1", "\"n_heads_sa\" of the config is -1"},
        {{"dropout_rate"}, "1.5", "\"dropout_rate\" of the config is 1.5"},
        {{"activation"},
         "\"geglu\"",
         "\"activation\" of the config is \"geglu\", expected one of identity, relu"},
        {{"norm_type"}, "3", "\"norm_type\" of the config is 3, expected one of layernorm"},
        {{"bias"}, "0", "\"bias\" of the config is 0, expected true or false"},
        {{"ra_kwargs"}, "[]", "ra_kwargs is no JSON object"},
        {{"ra_kwargs", "rel_proj_dim"}, "\"2\"", "\"rel_proj_dim\" of ra_kwargs is \"2\""},
        {{"ra_type"}, "\"ra\"", "\"ra_type\" of the config is \"ra\""},
        {{"ra_kwargs", "use_relative_positional_symbols"},
         "true",
         "\"use_relative_positional_symbols\" of ra_kwargs is true, expected false"},
        {{"max_block_size"}, "1048577", "\"max_block_size\" of the config is 1048577"},
        {{"symbol_retrieval_kwargs", "scale"}, "0", "\"scale\" of symbol_retrieval_kwargs is 0"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        dat_language_config config;
        json_t *json = dual_json();
        json_apply(json, &changes[i]);
        dat_status status = dat_hub_config_read(json, &config);
        assert_int_equal(status.code, DAT_CODE_FAILURE);
        expect_refused(status, changes[i].part);
        json_decref(json);
    }
}

static void what_is_too_large_is_refused(void **state)
{
    (void)state;
    dat_language_config config;
    json_t *json = dual_json();
    json_object_set_new(json, "max_block_size", json_integer(1 << 20));
    json_object_set_new(json, "d_model", json_integer(1024));
    expect_refused(dat_hub_config_read(json, &config), "max_block_size = 1048576 times d_model = 1024");
    json_decref(json);
    json = json_array();
    expect_refused(dat_hub_config_read(json, &config), "the config is no JSON object");
    json_decref(json);
}

/* Null where a model must have a value is refused when the model is built. */
static void values_that_must_be_there_are_asked_for(void **state)
{
    (void)state;
    static const char *const keys[] = {"vocab_size", "d_model", "n_layers", "activation", "max_block_size"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_t *json = plain_json();
        dat_params params = {0};
        dat_language_model model;
        json_object_set_new(json, keys[i], json_null());
        dat_language_config config = read_good(json);
        assert_int_equal(dat_language_init(&model, &params, &config).code, DAT_CODE_USAGE);
        dat_language_free(&model);
        dat_params_free(&params);
        json_decref(json);
    }
}

static void models_that_the_reference_lacks_are_not_written(void **state)
{
    (void)state;
    json_t *json = dual_json(), *written;
    const dat_language_config good = read_good(json);
    json_decref(json);
    enum { ONCE, NEIGHBOURS, SYMMETRIC_SELF, SYMMETRIC_RELATIONAL, RCA_KEYS, N_CASES };
    static const char *const parts[N_CASES] = {"symbols_once", "rel_sym_attn", "symmetric attention",
                                               "symmetric attention", "key_dim of rca"};
    for (int i = 0; i < N_CASES; i++) {
        dat_language_config c = good;
        c.symbols_once = i == ONCE;
        c.symbols.kind = i == NEIGHBOURS ? DAT_REL_SYM_ATTENTION : c.symbols.kind;
        c.block.attention.self_attention.symmetric = i == SYMMETRIC_SELF;
        c.block.attention.relational.attention.symmetric = i == SYMMETRIC_RELATIONAL;
        if (i == RCA_KEYS) {
            c.block.attention.ra_type = DAT_RCA;
            c.block.attention.rca.attention.key_dim = 2;
        }
        expect_refused(dat_hub_config_write(&c, &written), parts[i]);
        assert_null(written);
    }
    json = plain_json();
    dat_language_config plain = read_good(json);
    json_decref(json);
    plain.block.bias = false;
    plain.block.attention.self_attention.bias_out = true;
    expect_refused(dat_hub_config_write(&plain, &written), "bias_out without bias");
}

/* --- published models --- */

static void expect_count(const dat_language_config *config, const json_t *entry)
{
    dat_params params = {0};
    dat_language_model model;
    dat_status status = dat_language_init(&model, &params, config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    const char *name = json_string_value(json_object_get(entry, "name"));
    json_int_t total = json_integer_value(json_object_get(entry, "total"));
    json_int_t trainable = json_integer_value(json_object_get(entry, "trainable"));
    if (dat_params_count(&params, false) != total || dat_params_count(&params, true) != trainable)
        fail_msg("%s: %ld parameters, %ld of them trainable, expected %ld and %ld", name,
                 (long)dat_params_count(&params, false), (long)dat_params_count(&params, true), (long)total,
                 (long)trainable);
    dat_language_free(&model);
    dat_params_free(&params);
}

/* The models of Table 5, of 350 million to 1.3 billion parameters, are registered and not allocated. What is
 * written of them makes the same models. */
static void the_models_of_table_5_resolve(void **state)
{
    (void)state;
    json_t *list = load_json(GOLDEN "param_counts.json"), *entry;
    size_t i;
    int64_t largest = 0, smallest = INT64_MAX;
    json_array_foreach(json_object_get(list, "entries"), i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "family")), "language_models") != 0)
            continue;
        dat_language_config config = read_good(json_object_get(entry, "config"));
        expect_count(&config, entry);
        json_t *written = write_good(&config);
        config = read_good(written);
        expect_count(&config, entry);
        json_decref(written);
        int64_t total = json_integer_value(json_object_get(entry, "total"));
        largest = total > largest ? total : largest;
        smallest = total < smallest ? total : smallest;
    }
    assert_int_equal(largest, 1311182848);
    assert_int_equal(smallest, 332050432);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dual_model_is_read),
        cmocka_unit_test(a_plain_model_has_the_reference_s_defaults),
        cmocka_unit_test(every_argument_has_its_effect),
        cmocka_unit_test(other_symbols_are_read),
        cmocka_unit_test(other_relational_heads_are_read),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(what_is_too_large_is_refused),
        cmocka_unit_test(values_that_must_be_there_are_asked_for),
        cmocka_unit_test(models_that_the_reference_lacks_are_not_written),
        cmocka_unit_test(the_models_of_table_5_resolve),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
