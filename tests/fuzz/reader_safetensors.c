#include <stdlib.h>

#include "fuzz/input.h"
#include "fuzz/readers.h"
#include "io/safetensors.h"
#include "util/memory.h"

/* Every tensor of an accepted file can be found, and its values are there. */
static void use(const dat_safetensors *file)
{
    for (int64_t i = 0; i < file->count; i++) {
        const dat_stored_tensor *tensor = &file->tensors[i];
        dat_real *values = dat_allocate((size_t)tensor->count, sizeof values[0]);
        DAT_ASSERT(dat_safetensors_find(file, tensor->name) == tensor);
        DAT_ASSERT(tensor->size <= file->map.size);
        DAT_ASSERT(dat_stored_tensor_equal(tensor, tensor));
        dat_stored_tensor_copy(tensor, values);
        free(values);
    }
}

void fuzz_safetensors(const uint8_t *bytes, size_t size)
{
    dat_safetensors file;
    fuzz_input input = fuzz_input_open(bytes, size);
    if (dat_safetensors_open(input.path, &file).code == DAT_CODE_OK)
        use(&file);
    dat_safetensors_close(&file);
    fuzz_input_close(&input);
}
