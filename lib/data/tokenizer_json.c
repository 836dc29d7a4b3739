/* Reads and writes tokenizer.json of the Hugging Face tokenizers library. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data/tokenizer_names.h"
#include "io/file_replace.h"
#include "io/json.h"
#include "util/memory.h"

/* --- reading --- */

/* Refuses a setting that changes the tokens and that nothing here implements. */
static dat_status require_unset(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    const char *text = json_string_value(value);
    if (!value || json_is_null(value) || json_is_false(value) || (text && text[0] == '\0'))
        return DAT_OK;
    return dat_failure("\"%s\" is set, which is not supported", key);
}

static bool has_type(const json_t *object, const char *type)
{
    const char *text = json_string_value(json_object_get(object, "type"));
    return text && strcmp(text, type) == 0;
}

static dat_status read_split(const json_t *split, const char **pattern)
{
    const char *behavior = json_string_value(json_object_get(split, "behavior"));
    *pattern = json_string_value(json_object_get(json_object_get(split, "pattern"), "Regex"));
    if (!has_type(split, "Split") || !*pattern || !behavior || strcmp(behavior, "Isolated") != 0)
        return dat_failure(
            "the first step of the \"pre_tokenizer\" is not a Split by a Regex with the behavior "
            "Isolated, which is what is supported before ByteLevel");
    return require_unset(split, "invert");
}

/* How words are cut: *pattern is borrowed from the file, or NULL. */
static dat_status read_pre_tokenizer(const json_t *step, dat_tokenizer_kind *kind, const char **pattern)
{
    const json_t *steps = json_object_get(step, "pretokenizers"), *split = NULL;
    *kind = DAT_TOKENIZER_BYTE_LEVEL;
    *pattern = NULL;
    if (!step || json_is_null(step)) {
        *kind = DAT_TOKENIZER_CHARACTERS;
        return DAT_OK;
    }
    if (has_type(step, "Sequence") && json_array_size(steps) == 2) {
        split = json_array_get(steps, 0);
        step = json_array_get(steps, 1);
        DAT_TRY(read_split(split, pattern));
    }
    if (!has_type(step, "ByteLevel"))
        return dat_failure("the \"pre_tokenizer\" is not ByteLevel, alone or after a Split");
    DAT_TRY(require_unset(step, "add_prefix_space"));
    if (split)
        return dat_status_prefix(require_unset(step, "use_regex"), "ByteLevel after a Split");
    if (!json_is_false(json_object_get(step, "use_regex"))) /* on when it is missing */
        *pattern = dat_gpt2_pattern;
    return DAT_OK;
}

static dat_status check_model(const json_t *root, const json_t *model, dat_tokenizer_kind kind)
{
    static const char *const unsupported[] = {"dropout", "continuing_subword_prefix", "end_of_word_suffix",
                                              "byte_fallback", "ignore_merges"};
    if (!json_is_object(model) || (json_object_get(model, "type") && !has_type(model, "BPE")))
        return dat_failure("the \"model\" is not BPE");
    for (size_t i = 0; i < sizeof unsupported / sizeof unsupported[0]; i++)
        DAT_TRY(require_unset(model, unsupported[i]));
    if (!json_is_array(json_object_get(model, "merges")))
        return dat_failure("the \"model\" has no array \"merges\"");
    if (kind == DAT_TOKENIZER_CHARACTERS && json_array_size(json_object_get(model, "merges")) > 0)
        return dat_failure("there are merges and no ByteLevel \"pre_tokenizer\"");
    return require_unset(root, "normalizer");
}

static dat_status read_added(const json_t *added, dat_token_names *names)
{
    size_t i;
    json_t *token;
    if (added && !json_is_null(added) && !json_is_array(added))
        return dat_failure("\"added_tokens\" is no array");
    json_array_foreach((json_t *)added, i, token)
    {
        const char *content = json_string_value(json_object_get(token, "content"));
        if (!content)
            return dat_failure("entry %zu of \"added_tokens\" has no \"content\"", i);
        DAT_TRY(require_unset(token, "single_word"));
        DAT_TRY(require_unset(token, "lstrip"));
        DAT_TRY(require_unset(token, "rstrip"));
        DAT_TRY(dat_token_names_add_special(names, content, json_object_get(token, "id")));
    }
    return DAT_OK;
}

/* A merge is ["left", "right"], in older files "left right". */
static dat_status read_merge(const json_t *merge, const dat_token_names *names, dat_tokenizer *tokenizer)
{
    const char *left = json_string_value(json_array_get(merge, 0));
    const char *right = json_string_value(json_array_get(merge, 1)), *line = json_string_value(merge);
    if (left && right && json_array_size(merge) == 2)
        return dat_token_names_add_merge(names, left, right, tokenizer);
    const char *space = line ? strchr(line, ' ') : NULL;
    if (!space)
        return dat_failure("expected two tokens");
    char *first = dat_copy_string(line);
    first[space - line] = '\0';
    dat_status status = dat_token_names_add_merge(names, first, space + 1, tokenizer);
    free(first);
    return status;
}

/* Fills `names`, which the caller frees, and the tokenizer. */
static dat_status read_root(const json_t *root, dat_token_names *names, dat_tokenizer *tokenizer)
{
    const json_t *model = json_object_get(root, "model"), *added = json_object_get(root, "added_tokens");
    const json_t *merges = json_object_get(model, "merges");
    const char *pattern;
    DAT_TRY(read_pre_tokenizer(json_object_get(root, "pre_tokenizer"), &tokenizer->kind, &pattern));
    DAT_TRY(check_model(root, model, tokenizer->kind));
    DAT_TRY(dat_token_names_collect(names, json_object_get(model, "vocab"), (int64_t)json_array_size(added)));
    DAT_TRY(read_added(added, names));
    DAT_TRY(dat_token_names_add_to(names, tokenizer));
    for (size_t i = 0; i < json_array_size(merges); i++)
        DAT_TRY(dat_status_prefix(read_merge(json_array_get(merges, i), names, tokenizer),
                                  "entry %zu of \"merges\"", i));
    return dat_tokenizer_finish(tokenizer, pattern);
}

/* Takes over `root`. */
static dat_status build(json_t *root, const char *where, dat_tokenizer **tokenizer)
{
    dat_token_names names = {0};
    *tokenizer = dat_tokenizer_new(DAT_TOKENIZER_BYTE_LEVEL);
    dat_status status = dat_status_prefix(read_root(root, &names, *tokenizer), "%.200s", where);
    if (status.code != DAT_CODE_OK) {
        dat_tokenizer_free(*tokenizer);
        *tokenizer = NULL;
    }
    dat_token_names_free(&names);
    json_decref(root);
    return status;
}

dat_status dat_tokenizer_read_json(const char *path, dat_tokenizer **tokenizer)
{
    json_t *root;
    *tokenizer = NULL;
    DAT_TRY(dat_json_read(path, &root));
    return build(root, path, tokenizer);
}

dat_status dat_tokenizer_of_json(const char *text, const char *where, dat_tokenizer **tokenizer)
{
    json_t *root;
    *tokenizer = NULL;
    DAT_TRY(dat_json_parse(text, (int64_t)strlen(text), where, &root));
    return build(root, where, tokenizer);
}

/* --- writing --- */

/* A token as its name in the file. */
static json_t *token_name(const dat_tokenizer *tokenizer, const dat_alphabet *alphabet, int32_t id)
{
    int64_t size;
    const char *text = dat_tokenizer_text(tokenizer, id, &size);
    if (tokenizer->special[id] || tokenizer->kind == DAT_TOKENIZER_CHARACTERS)
        return json_stringn(text, (size_t)size);
    char *letters = dat_allocate((size_t)(2 * size), 1);
    json_t *name = json_stringn(letters, (size_t)dat_alphabet_spell(alphabet, text, size, letters));
    free(letters);
    return name;
}

/* {name: id, ...} and ["left right", ...], which old and new readers know. A special token whose text is also
 * the name of an ordinary one is left to "added_tokens". */
static void describe_tokens(const dat_tokenizer *tokenizer, json_t *vocab, json_t *merges)
{
    dat_alphabet alphabet;
    dat_alphabet_init(&alphabet);
    json_t **names = dat_allocate((size_t)tokenizer->n_tokens, sizeof names[0]);
    for (int32_t id = 0; id < tokenizer->n_tokens; id++) {
        names[id] = token_name(tokenizer, &alphabet, id);
        if (!tokenizer->special[id])
            json_object_set_new(vocab, json_string_value(names[id]), json_integer(id));
    }
    for (int64_t i = 0; i < tokenizer->n_specials; i++) {
        int32_t id = tokenizer->specials[i];
        if (!json_object_get(vocab, json_string_value(names[id])))
            json_object_set_new(vocab, json_string_value(names[id]), json_integer(id));
    }
    for (int64_t i = 0; i < tokenizer->merges.count; i++) {
        const dat_merge *rule = &tokenizer->merges.rules[i];
        json_array_append_new(merges, json_sprintf("%s %s", json_string_value(names[rule->left]),
                                                   json_string_value(names[rule->right])));
    }
    for (int64_t id = 0; id < tokenizer->n_tokens; id++)
        json_decref(names[id]);
    free(names);
}

static json_t *describe_specials(const dat_tokenizer *tokenizer)
{
    json_t *specials = json_array();
    for (int64_t i = 0; i < tokenizer->n_specials; i++) {
        int64_t size;
        const char *text = dat_tokenizer_text(tokenizer, tokenizer->specials[i], &size);
        json_array_append_new(specials,
                              json_pack("{s:i, s:s%, s:b, s:b, s:b, s:b, s:b}", "id", tokenizer->specials[i],
                                        "content", text, (size_t)size, "single_word", 0, "lstrip", 0,
                                        "rstrip", 0, "normalized", 0, "special", 1));
    }
    return specials;
}

static json_t *byte_level(bool use_regex)
{
    return json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 0, "trim_offsets", 1,
                     "use_regex", use_regex);
}

static json_t *describe_pre_tokenizer(const dat_tokenizer *tokenizer)
{
    const char *pattern = tokenizer->pattern_text;
    if (tokenizer->kind == DAT_TOKENIZER_CHARACTERS)
        return json_null();
    if (!pattern || strcmp(pattern, dat_gpt2_pattern) == 0)
        return byte_level(pattern != NULL);
    return json_pack("{s:s, s:[{s:s, s:{s:s}, s:s, s:b}, o]}", "type", "Sequence", "pretokenizers", "type",
                     "Split", "pattern", "Regex", pattern, "behavior", "Isolated", "invert", 0,
                     byte_level(false));
}

char *dat_tokenizer_to_json(const dat_tokenizer *tokenizer)
{
    json_t *vocab = json_object(), *merges = json_array();
    describe_tokens(tokenizer, vocab, merges);
    json_t *decoder =
        tokenizer->kind == DAT_TOKENIZER_CHARACTERS ? json_pack("{s:s}", "type", "Fuse") : byte_level(true);
    json_t *model = json_pack("{s:s, s:n, s:n, s:n, s:n, s:b, s:b, s:b, s:o, s:o}", "type", "BPE", "dropout",
                              "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", 0,
                              "byte_fallback", 0, "ignore_merges", 0, "vocab", vocab, "merges", merges);
    json_t *root =
        json_pack("{s:s, s:n, s:n, s:o, s:n, s:o, s:n, s:o, s:o}", "version", "1.0", "truncation", "padding",
                  "added_tokens", describe_specials(tokenizer), "normalizer", "pre_tokenizer",
                  describe_pre_tokenizer(tokenizer), "post_processor", "decoder", decoder, "model", model);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    DAT_ASSERT(text); /* every token is UTF-8; else out of memory */
    json_decref(root);
    return text;
}

dat_status dat_tokenizer_save(const dat_tokenizer *tokenizer, const char *path)
{
    char *text = dat_tokenizer_to_json(tokenizer);
    dat_status status = dat_file_replace(path, &(dat_file_part){text, strlen(text)}, 1);
    free(text);
    return status;
}
