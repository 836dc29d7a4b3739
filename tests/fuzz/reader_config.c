#include <string.h>

#include "fuzz/input.h"
#include "fuzz/readers.h"
#include "io/config_fixture.h"
#include "util/status.h"

/* What a run was resolved to is read back as the same values. */
static void read_again(const dat_run_config *run)
{
    fixture_config values;
    memset(&values, 0, sizeof values);
    DAT_ASSERT(dat_config_parse_resolved(run->resolved, &fixture_schema, &values).code == DAT_CODE_OK);
    DAT_ASSERT(memcmp(&values, run->values, sizeof values) == 0);
}

/* Alone, and with an overlay and overrides. Of a large sweep, the first runs stand for all. */
void fuzz_config(const uint8_t *bytes, size_t size)
{
    enum { MOST_RUNS = 20 };
    static const char *const presets[] = {NULL, "quick"}, *const overrides[] = {"seed=7", "model.name=a"};
    fuzz_input input = fuzz_input_open(bytes, size);
    for (int i = 0; i < 4; i++) {
        dat_config config;
        dat_status status =
            dat_config_load(input.path, &fixture_schema, presets[i / 2], overrides, i % 2 * 2, &config);
        DAT_ASSERT((status.code == DAT_CODE_OK) == (config.n_runs > 0));
        for (int64_t run = 0; run < config.n_runs && run < MOST_RUNS; run++)
            read_again(&config.runs[run]);
        dat_config_free(&config);
    }
    fuzz_input_close(&input);
}
