#include "models/hub.h"

#include <stdlib.h>
#include <string.h>

#include "io/file_replace.h"
#include "io/json.h"
#include "io/weights.h"
#include "models/hub_config.h"
#include "util/folder.h"

static const char CONFIG[] = "config.json";

dat_status dat_hub_read_config(const char *folder, dat_language_config *config)
{
    json_t *json;
    char *path = dat_path_in(folder, CONFIG);
    *config = (dat_language_config){0};
    dat_status status = dat_json_read(path, &json);
    if (status.code == DAT_CODE_OK)
        status = dat_status_prefix(dat_hub_config_read(json, config), "%.200s", path);
    json_decref(json);
    free(path);
    return status;
}

dat_status dat_hub_load(const char *folder, dat_language_model *model, dat_params *params)
{
    dat_language_config config;
    *model = (dat_language_model){0};
    DAT_TRY(dat_hub_read_config(folder, &config));
    DAT_TRY(dat_status_prefix(dat_language_init(model, params, &config), "%.180s/%s", folder, CONFIG));
    return dat_weights_load(folder, params);
}

dat_status dat_hub_save(const char *folder, const dat_language_model *model, const dat_params *params,
                        dat_float_type type)
{
    json_t *json;
    DAT_TRY(dat_hub_config_write(&model->config, &json));
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_SORT_KEYS);
    DAT_ASSERT(text); /* else out of memory: all names and numbers are ours */
    json_decref(json);
    char *path = dat_path_in(folder, CONFIG);
    dat_status status = dat_weights_save(folder, params, type);
    if (status.code == DAT_CODE_OK)
        status = dat_file_replace(path, &(dat_file_part){text, strlen(text)}, 1);
    free(path);
    free(text);
    return status;
}
