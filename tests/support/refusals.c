#include "support/refusals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void apply(unsigned char *config, const change *c)
{
    int64_t integer = c->kind == INTEGER ? (int64_t)c->value : 0;
    int choice = c->kind == CHOICE ? (int)c->value : 0;
    bool flag = c->value != 0;
    switch (c->kind) {
    case INTEGER:
        memcpy(config + c->offset, &integer, sizeof integer);
        break;
    case CHOICE:
        memcpy(config + c->offset, &choice, sizeof choice);
        break;
    case FLAG:
        memcpy(config + c->offset, &flag, sizeof flag);
        break;
    case REAL:
        memcpy(config + c->offset, &c->value, sizeof c->value);
        break;
    }
}

static dat_status try_config(init_function *init, const void *config)
{
    dat_params params = {0};
    dat_status status = init(&params, config);
    dat_params_free(&params);
    return status;
}

void expect_refusals(init_function *init, const void *base, size_t size, const refusal *rows, int n)
{
    _Alignas(max_align_t) unsigned char config[LARGEST_CONFIG];
    assert_true(size <= sizeof config);
    dat_status accepted = try_config(init, base);
    if (accepted.code != DAT_CODE_OK)
        fail_msg("the base config: %s", accepted.message);
    for (int row = 0; row < n; row++) {
        memcpy(config, base, size);
        for (int i = 0; i < rows[row].n_changes; i++)
            apply(config, &rows[row].changes[i]);
        dat_status status = try_config(init, config);
        if (status.code != DAT_CODE_USAGE)
            fail_msg("row %d ('%s') is accepted", row, rows[row].expected[0]);
        for (int i = 0; i < MOST_FRAGMENTS && rows[row].expected[i]; i++)
            if (!strstr(status.message, rows[row].expected[i]))
                fail_msg("row %d: '%s' is not in: %s", row, rows[row].expected[i], status.message);
    }
}
