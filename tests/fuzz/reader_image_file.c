#include "fuzz/input.h"
#include "fuzz/readers.h"
#include "io/image_file.h"
#include "util/status.h"

void fuzz_image_file(const uint8_t *bytes, size_t size)
{
    enum { CHANNELS = 3, MAX_PIXELS = 1 << 26 };
    dat_picture picture;
    fuzz_input input = fuzz_input_open(bytes, size);
    uint64_t sum = 0;
    if (dat_image_file_read(input.path, &picture).code == DAT_CODE_OK) {
        DAT_ASSERT(picture.width >= 1 && picture.height >= 1);
        DAT_ASSERT(picture.width * picture.height <= MAX_PIXELS);
        for (int64_t i = 0; i < picture.width * picture.height * CHANNELS; i++)
            sum += picture.pixels[i];
    }
    DAT_ASSERT(picture.pixels || sum == 0);
    dat_picture_free(&picture);
    fuzz_input_close(&input);
}
