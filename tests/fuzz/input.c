#include "fuzz/input.h"

#include "util/status.h"

fuzz_input fuzz_input_open(const uint8_t *bytes, size_t size)
{
    fuzz_input input = {.file = tmpfile()};
    DAT_ASSERT(input.file && fwrite(bytes, 1, size, input.file) == size && fflush(input.file) == 0);
    snprintf(input.path, sizeof input.path, "/proc/self/fd/%d", fileno(input.file));
    return input;
}

void fuzz_input_close(fuzz_input *input)
{
    fclose(input->file);
}
