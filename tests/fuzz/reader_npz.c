#include <stdlib.h>

#include "fuzz/input.h"
#include "fuzz/readers.h"
#include "io/npz.h"
#include "util/memory.h"

/* Arrays that are not too large are read. */
static void read_array(const dat_npz *npz, const char *member)
{
    enum { MAX_COUNT = 1 << 24, MAXIMUM = 200 };
    dat_npz_shape shape;
    char text[DAT_NPZ_SHAPE_TEXT];
    if (dat_npz_find(npz, member, &shape).code != DAT_CODE_OK)
        return;
    dat_npz_shape_text(&shape, text);
    int64_t count = 1;
    for (int i = 0; i < DAT_NPZ_MAX_RANK; i++)
        count *= shape.size[i];
    if (count > MAX_COUNT)
        return;
    uint8_t *values = dat_allocate((size_t)count, 1);
    if (dat_npz_read_bytes(npz, member, MAXIMUM, values).code == DAT_CODE_OK)
        for (int64_t i = 0; i < count; i++)
            DAT_ASSERT(values[i] <= MAXIMUM);
    free(values);
}

void fuzz_npz(const uint8_t *bytes, size_t size)
{
    dat_npz *npz;
    fuzz_input input = fuzz_input_open(bytes, size);
    if (dat_npz_open(input.path, &npz).code == DAT_CODE_OK) {
        read_array(npz, "images");
        read_array(npz, "x");
    }
    dat_npz_close(npz);
    fuzz_input_close(&input);
}
