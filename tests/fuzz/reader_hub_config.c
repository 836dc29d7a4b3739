#include "fuzz/input.h"
#include "fuzz/readers.h"
#include "io/json.h"
#include "models/hub_config.h"

/* What is written of an accepted config is accepted, and written the same again. */
static void write_again(const dat_language_config *config)
{
    json_t *first, *second;
    dat_language_config again;
    if (dat_hub_config_write(config, &first).code != DAT_CODE_OK)
        return;
    DAT_ASSERT(dat_hub_config_read(first, &again).code == DAT_CODE_OK);
    DAT_ASSERT(dat_hub_config_write(&again, &second).code == DAT_CODE_OK);
    DAT_ASSERT(json_equal(first, second));
    json_decref(first);
    json_decref(second);
}

/* Models that are not too large are built, or refused with a reason. */
static void build(const dat_language_config *config)
{
    dat_params params = {0};
    dat_language_model model;
    if (config->n_layers > 4 || config->max_length * config->block.d_model > 1 << 16)
        return;
    if (dat_language_init(&model, &params, config).code == DAT_CODE_OK)
        write_again(&model.config);
    dat_language_free(&model);
    dat_params_free(&params);
}

void fuzz_hub_config(const uint8_t *bytes, size_t size)
{
    json_t *json;
    dat_language_config config;
    fuzz_input input = fuzz_input_open(bytes, size);
    dat_status status = dat_json_read(input.path, &json);
    if (status.code == DAT_CODE_OK)
        status = dat_hub_config_read(json, &config);
    if (status.code == DAT_CODE_OK)
        build(&config);
    json_decref(json);
    fuzz_input_close(&input);
}
