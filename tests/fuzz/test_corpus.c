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

typedef struct reader {
    const char *name; /* and its folder's */
    fuzz_reader *read;
} reader;

static void replay(void **state)
{
    const reader *r = *state;
    char folder[512];
    int n_files = 0;
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", DAT_SOURCE_DIR, r->name);
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char path[1024];
        size_t size;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unsigned char *bytes = file_read(path, &size);
        r->read(bytes, size);
        free(bytes);
        n_files++;
    }
    closedir(directory);
    assert_in_range(n_files, 3, 100);
}

static const reader readers[] = {
    {"cifar", fuzz_cifar},
    {"config", fuzz_config},
    {"documents", fuzz_documents},
    {"hub_config", fuzz_hub_config},
    {"image_file", fuzz_image_file},
    {"json", fuzz_json},
    {"math_file", fuzz_math_file},
    {"npz", fuzz_npz},
    {"safetensors", fuzz_safetensors},
    {"token_shard", fuzz_token_shard},
    {"tokenizer", fuzz_tokenizer},
};

int main(void)
{
    struct CMUnitTest tests[sizeof readers / sizeof readers[0]];
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        tests[i] = (struct CMUnitTest){
            .name = readers[i].name, .test_func = replay, .initial_state = (void *)&readers[i]};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
