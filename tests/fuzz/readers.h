/* The readers of files that come from strangers, each as a function of a file's bytes: it reads them, and
 * uses what it got. Whatever the bytes, the only result is that nothing breaks. */
#ifndef TESTS_FUZZ_READERS_H
#define TESTS_FUZZ_READERS_H

#include <stddef.h>
#include <stdint.h>

typedef void fuzz_reader(const uint8_t *bytes, size_t size);

fuzz_reader fuzz_cifar, fuzz_config, fuzz_documents, fuzz_hub_config, fuzz_image_file, fuzz_json;
fuzz_reader fuzz_math_file, fuzz_npz, fuzz_safetensors, fuzz_token_shard, fuzz_tokenizer;

#endif
