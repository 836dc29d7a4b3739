/* Every file of corpus/<reader>/ goes through its reader: samples, and what fuzzers found. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fuzz/readers.h"
#include "support/npz_files.h"

static void replay(const char *name, fuzz_reader *reader)
{
    char folder[512];
    int n_files = 0;
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", DAT_SOURCE_DIR, name);
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char path[1024];
        size_t size;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unsigned char *bytes = file_read(path, &size);
        reader(bytes, size);
        free(bytes);
        n_files++;
    }
    closedir(directory);
    assert_in_range(n_files, 3, 100);
}

static void hub_configs(void **state)
{
    (void)state;
    replay("hub_config", fuzz_hub_config);
}

static void safetensors(void **state)
{
    (void)state;
    replay("safetensors", fuzz_safetensors);
}

static void token_shards(void **state)
{
    (void)state;
    replay("token_shard", fuzz_token_shard);
}

static void tokenizers(void **state)
{
    (void)state;
    replay("tokenizer", fuzz_tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hub_configs),
        cmocka_unit_test(safetensors),
        cmocka_unit_test(token_shards),
        cmocka_unit_test(tokenizers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
