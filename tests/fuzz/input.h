/* Bytes as a file, for readers that take a path. */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct fuzz_input {
    FILE *file; /* has no name in any folder */
    char path[32];
} fuzz_input;

fuzz_input fuzz_input_open(const uint8_t *bytes, size_t size);
void fuzz_input_close(fuzz_input *input);

#endif
