#include <string.h>

#include "data/math_file.h"
#include "fuzz/input.h"
#include "fuzz/readers.h"

void fuzz_math_file(const uint8_t *bytes, size_t size)
{
    dat_math_file file;
    fuzz_input input = fuzz_input_open(bytes, size);
    if (dat_math_file_open(input.path, &file).code == DAT_CODE_OK) {
        for (int64_t i = 0; i < file.n; i++) {
            dat_math_pair pair;
            dat_math_file_pair(&file, i, &pair);
            DAT_ASSERT(pair.question[0] && strlen(pair.question) <= DAT_MATH_MAX_QUESTION);
            DAT_ASSERT(pair.answer[0] && strlen(pair.answer) <= DAT_MATH_MAX_ANSWER);
        }
    }
    dat_math_file_close(&file);
    fuzz_input_close(&input);
}
