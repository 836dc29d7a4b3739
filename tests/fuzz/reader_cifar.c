#include "data/cifar.h"
#include "fuzz/input.h"
#include "fuzz/readers.h"

/* As files of both kinds of records. */
void fuzz_cifar(const uint8_t *bytes, size_t size)
{
    fuzz_input input = fuzz_input_open(bytes, size);
    const char *path = input.path;
    for (int kind = 0; kind < DAT_CIFAR_N_KINDS; kind++) {
        dat_images images;
        if (dat_cifar_read((dat_cifar_kind)kind, &path, 1, &images).code == DAT_CODE_OK) {
            DAT_ASSERT(images.size >= 1);
            for (int64_t i = 0; i < images.size; i++)
                DAT_ASSERT(images.labels[i] >= 0 && images.labels[i] < images.n_classes);
        }
        dat_images_free(&images);
    }
    fuzz_input_close(&input);
}
