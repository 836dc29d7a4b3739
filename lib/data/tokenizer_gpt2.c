/* Reads GPT-2's vocabulary as OpenAI published it: encoder.json, {token: id}, and vocab.bpe, a version line
 * and one merge "left right" a line, the first rank first. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/tokenizer_names.h"
#include "io/file_map.h"
#include "io/json.h"
#include "util/folder.h"
#include "util/memory.h"

/* One line of vocab.bpe; the caller frees it. */
static char *copy_line(const char *start, const char *end)
{
    char *line = dat_allocate((size_t)(end - start) + 1, 1);
    memcpy(line, start, (size_t)(end - start));
    return line;
}

/* Adds the rule of a line, which is changed. */
static dat_status read_merge(const dat_token_names *names, char *line, dat_tokenizer *tokenizer)
{
    char *space = strchr(line, ' ');
    if (!space || space == line || space[1] == '\0' || strchr(space + 1, ' '))
        return dat_failure("\"%.60s\" is no merge, expected two tokens with a space between them", line);
    *space = '\0';
    return dat_token_names_add_merge(names, line, space + 1, tokenizer);
}

static dat_status read_merges(const char *path, const dat_token_names *names, dat_tokenizer *tokenizer)
{
    dat_file_map map;
    dat_status status = DAT_OK;
    int64_t number = 1;
    DAT_TRY(dat_file_map_open(path, &map));
    const char *end = map.bytes + map.size;
    for (const char *at = map.bytes; at < end && status.code == DAT_CODE_OK; number++) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end ? line_end : end;
        char *line = copy_line(at, line_end);
        bool is_version = number == 1 && strncmp(line, "#version", strlen("#version")) == 0;
        if (!is_version)
            status = dat_status_prefix(read_merge(names, line, tokenizer), "%.180s:%" PRId64, path, number);
        free(line);
        at = line_end + (line_end < end);
    }
    dat_file_map_close(&map);
    return status;
}

static dat_status read_encoder(const char *path, const json_t *vocab, dat_token_names *names)
{
    dat_status status = dat_token_names_collect(names, vocab, 0);
    const json_t *end_of_text = json_object_get(vocab, dat_end_of_text);
    if (status.code == DAT_CODE_OK && end_of_text)
        status = dat_token_names_add_special(names, dat_end_of_text, end_of_text);
    return dat_status_prefix(status, "%.200s", path);
}

dat_status dat_tokenizer_read_gpt2(const char *folder, dat_tokenizer **tokenizer)
{
    json_t *vocab = NULL;
    dat_token_names names = {0};
    char *encoder = dat_path_in(folder, "encoder.json"), *merges = dat_path_in(folder, "vocab.bpe");
    *tokenizer = dat_tokenizer_new(DAT_TOKENIZER_BYTE_LEVEL);

    dat_status status = dat_json_read(encoder, &vocab);
    if (status.code == DAT_CODE_OK)
        status = read_encoder(encoder, vocab, &names);
    if (status.code == DAT_CODE_OK)
        status = dat_status_prefix(dat_token_names_add_to(&names, *tokenizer), "%.200s", encoder);
    if (status.code == DAT_CODE_OK)
        status = read_merges(merges, &names, *tokenizer);
    if (status.code == DAT_CODE_OK)
        status = dat_status_prefix(dat_tokenizer_finish(*tokenizer, dat_gpt2_pattern), "%.200s", encoder);
    if (status.code != DAT_CODE_OK) {
        dat_tokenizer_free(*tokenizer);
        *tokenizer = NULL;
    }
    dat_token_names_free(&names);
    json_decref(vocab);
    free(encoder);
    free(merges);
    return status;
}
