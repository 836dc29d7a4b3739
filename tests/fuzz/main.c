/* A fuzzer of one reader: libFuzzer calls it with inputs that it makes. FUZZ_READER is the reader's function.
 */
#include "fuzz/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    FUZZ_READER(bytes, size);
    return 0;
}
