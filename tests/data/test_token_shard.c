/* Files of token ids: written like llm.c and nanoGPT, written by the library, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/token_shard.h"
#include "data/token_writer.h"
#include "support/npz_files.h"
#include "support/tokenizing.h"

static char *folder, path[512];

static int set_up(void **state)
{
    (void)state;
    folder = file_make_folder();
    snprintf(path, sizeof path, "%s/tokens.bin", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    file_remove_folder(folder);
    return 0;
}

/* As llm.c's writer: 256 int32 and the ids. Returns the size. */
static size_t write_llmc(int32_t magic, int32_t version, int32_t count, const void *ids, size_t ids_size)
{
    int32_t header[256] = {magic, version, count};
    static unsigned char bytes[8192];
    assert_true(sizeof header + ids_size <= sizeof bytes);
    memcpy(bytes, header, sizeof header);
    memcpy(bytes + sizeof header, ids, ids_size);
    file_write(path, bytes, sizeof header + ids_size);
    return sizeof header + ids_size;
}

static void expect_tokens(int64_t vocab_size, const int32_t *expected, int64_t count)
{
    dat_token_shard shard;
    int32_t ids[16];
    dat_status status = dat_token_shard_open(path, vocab_size, &shard);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    assert_int_equal(shard.count, count);
    dat_token_shard_read(&shard, 0, count, ids);
    assert_memory_equal(ids, expected, (size_t)count * sizeof ids[0]);
    dat_token_shard_read(&shard, count - 1, 1, ids);
    assert_int_equal(ids[0], expected[count - 1]);
    dat_token_shard_close(&shard);
}

static void expect_refused_shard(int64_t vocab_size, const char *part)
{
    dat_token_shard shard;
    dat_status status = dat_token_shard_open(path, vocab_size, &shard);
    expect_refused(status, part);
    expect_refused(status, path);
    assert_null(shard.map.bytes);
}

static const uint16_t ids16[] = {50256, 0, 255, 256, 50255};
static const uint32_t ids32[] = {128000, 0, 65535, 65536, 128255};
static const int32_t expected16[] = {50256, 0, 255, 256, 50255};
static const int32_t expected32[] = {128000, 0, 65535, 65536, 128255};

static void files_of_llmc_are_read(void **state)
{
    (void)state;
    write_llmc(20240520, 1, 5, ids16, sizeof ids16);
    expect_tokens(50257, expected16, 5);
    write_llmc(20240801, 7, 5, ids32, sizeof ids32);
    expect_tokens(128256, expected32, 5);
    write_llmc(20240801, 7, 1, ids32 + 1, 4); /* wide ids of a small vocabulary */
    expect_tokens(50257, expected32 + 1, 1);
}

static void files_of_nanogpt_are_read(void **state)
{
    (void)state;
    file_write(path, ids16, sizeof ids16);
    expect_tokens(50257, expected16, 5);
    file_write(path, ids32, sizeof ids32);
    expect_tokens(128256, expected32, 5);
}

static void sizes_that_lie_are_refused(void **state)
{
    (void)state;
    size_t size = write_llmc(20240520, 1, 4, ids16, sizeof ids16);
    expect_refused_shard(50257, "a header of 4 tokens and 10 bytes behind it, expected 8");
    write_llmc(20240520, 1, 6, ids16, sizeof ids16);
    expect_refused_shard(50257, "a header of 6 tokens and 10 bytes behind it, expected 12");
    write_llmc(20240520, 1, -1, ids16, sizeof ids16);
    expect_refused_shard(50257, "a header of 4294967295 tokens");
    write_llmc(20240801, 7, INT32_MAX, ids16, sizeof ids16);
    expect_refused_shard(50257, "expected 8589934588");
    write_llmc(20240520, 1, 5, ids16, sizeof ids16);
    assert_int_equal(truncate(path, (off_t)size - 1), 0);
    expect_refused_shard(50257, "and 9 bytes behind it");
    assert_int_equal(truncate(path, 1023), 0);
    expect_refused_shard(50257, "ends within its header: 1023 bytes, expected at least 1024");
    assert_int_equal(truncate(path, 4), 0);
    expect_refused_shard(50257, "ends within its header");
    file_write(path, ids16, 9);
    expect_refused_shard(50257, "has 9 bytes, expected a multiple of 2");
    file_write(path, ids32, 18);
    expect_refused_shard(65537, "has 18 bytes, expected a multiple of 4");
}

static void other_versions_are_refused(void **state)
{
    (void)state;
    write_llmc(20240520, 2, 5, ids16, sizeof ids16);
    expect_refused_shard(50257, "has version 2 of format 20240520, expected version 1");
    write_llmc(20240801, 1, 5, ids32, sizeof ids32);
    expect_refused_shard(128256, "has version 1 of format 20240801, expected version 7");
}

static void ids_outside_the_vocabulary_are_refused(void **state)
{
    (void)state;
    write_llmc(20240520, 1, 5, ids16, sizeof ids16);
    expect_refused_shard(50256, "token 0 is 50256, outside the vocabulary of 50256");
    expect_refused_shard(257, "outside the vocabulary of 257");
    file_write(path, ids16 + 1, 8);
    expect_refused_shard(50255, "token 3 is 50255");
    write_llmc(20240801, 7, 4, (const uint32_t[]){1, 2, UINT32_MAX, 3}, 16);
    expect_refused_shard(INT32_MAX, "token 2 is 4294967295");
    /* A file of another kind, here llm.c's evaluations, is raw ids of which the first gives it away. */
    write_llmc(20240522, 1, 5, ids16, sizeof ids16);
    expect_refused_shard(50257, "token 0 is 55434");
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    unlink(path);
    expect_refused_shard(257, "cannot be opened");
    assert_int_equal(symlink("/dev/null", path), 0);
    expect_refused_shard(257, "is not a regular file");
    unlink(path);
    assert_int_equal(symlink(folder, path), 0);
    expect_refused_shard(257, "is not a regular file");
    unlink(path);
}

static void an_empty_file_has_no_tokens(void **state)
{
    (void)state;
    dat_token_shard shard;
    file_write(path, "", 0);
    assert_int_equal(dat_token_shard_open(path, 257, &shard).code, DAT_CODE_OK);
    assert_int_equal(shard.count, 0);
    dat_token_shard_close(&shard);
}

/* What the library writes, byte by byte. */
static void files_are_written_like_llmc(void **state)
{
    (void)state;
    char prefix[512], name[600];
    static const int64_t vocab_sizes[] = {65536, 65537};
    static const int32_t magic[] = {20240520, 20240801}, version[] = {1, 7};
    snprintf(prefix, sizeof prefix, "%s/train", folder);
    snprintf(name, sizeof name, "%s_000000.bin", prefix);
    for (int i = 0; i < 2; i++) {
        dat_token_writer writer;
        dat_token_writer_init(&writer, prefix, vocab_sizes[i]);
        assert_int_equal(dat_token_writer_add(&writer, expected16, 2).code, DAT_CODE_OK);
        assert_int_equal(dat_token_writer_add(&writer, expected16 + 2, 3).code, DAT_CODE_OK);
        assert_int_equal(dat_token_writer_finish(&writer).code, DAT_CODE_OK);
        assert_int_equal(writer.n_files, 1);
        assert_int_equal(writer.n_tokens, 5);
        dat_token_writer_free(&writer);

        size_t size, written_size = write_llmc(magic[i], version[i], 5, i ? (const void *)expected16 : ids16,
                                               i ? sizeof expected16 : sizeof ids16);
        unsigned char *expected = file_read(path, &size), *written = file_read(name, &size);
        assert_int_equal(size, written_size);
        assert_memory_equal(written, expected, size);
        free(expected);
        free(written);
    }
}

/* 12 ids in files of 5: 5, 5 and 2. */
static void full_files_are_followed_by_others(void **state)
{
    (void)state;
    char prefix[512];
    int32_t ids[12];
    dat_token_writer writer;
    for (int i = 0; i < 12; i++)
        ids[i] = 100 + i;
    snprintf(prefix, sizeof prefix, "%s/many", folder);
    dat_token_writer_init(&writer, prefix, 257);
    writer.limit = 5;
    assert_int_equal(dat_token_writer_add(&writer, ids, 12).code, DAT_CODE_OK);
    assert_int_equal(dat_token_writer_finish(&writer).code, DAT_CODE_OK);
    assert_int_equal(writer.n_files, 3);
    dat_token_writer_free(&writer);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%.480s_%06d.bin", prefix, i);
        expect_tokens(257, ids + 5 * i, i < 2 ? 5 : 2);
    }
}

static void without_tokens_no_file_is_written(void **state)
{
    (void)state;
    char prefix[512], name[600];
    dat_token_writer writer;
    snprintf(prefix, sizeof prefix, "%s/none", folder);
    snprintf(name, sizeof name, "%s_000000.bin", prefix);
    dat_token_writer_init(&writer, prefix, 257);
    assert_int_equal(dat_token_writer_finish(&writer).code, DAT_CODE_OK);
    dat_token_writer_free(&writer);
    assert_int_equal(access(name, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_llmc_are_read),
        cmocka_unit_test(files_of_nanogpt_are_read),
        cmocka_unit_test(sizes_that_lie_are_refused),
        cmocka_unit_test(other_versions_are_refused),
        cmocka_unit_test(ids_outside_the_vocabulary_are_refused),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(an_empty_file_has_no_tokens),
        cmocka_unit_test(files_are_written_like_llmc),
        cmocka_unit_test(full_files_are_followed_by_others),
        cmocka_unit_test(without_tokens_no_file_is_written),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
