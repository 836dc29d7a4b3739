#include "data/tokenizer_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

/* Gives an id that must be free to a name. */
static dat_status place(dat_token_names *names, const char *name, const json_t *id)
{
    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) >= names->limit)
        return dat_failure("the token \"%.60s\" has no id from 0 to %" PRId64, name, names->limit - 1);
    int64_t i = json_integer_value(id);
    if (names->names[i])
        return dat_failure("the tokens \"%.60s\" and \"%.60s\" both have id %" PRId64, names->names[i], name,
                           i);
    if (name[0] == '\0')
        return dat_failure("the token with id %" PRId64 " is empty", i);
    names->names[i] = name;
    names->count++;
    return DAT_OK;
}

dat_status dat_token_names_collect(dat_token_names *names, const json_t *vocab, int64_t n_more)
{
    const char *name;
    json_t *id;
    *names = (dat_token_names){.vocab = vocab};
    if (!json_is_object(vocab))
        return dat_failure("has no object of tokens and ids");
    names->limit = (int64_t)json_object_size(vocab) + n_more;
    names->names = dat_allocate((size_t)names->limit, sizeof names->names[0]);
    names->special = dat_allocate((size_t)names->limit, sizeof names->special[0]);
    json_object_foreach((json_t *)vocab, name, id)
    {
        DAT_TRY(place(names, name, id));
    }
    return DAT_OK;
}

dat_status dat_token_names_add_special(dat_token_names *names, const char *name, const json_t *id)
{
    json_int_t i = json_is_integer(id) ? json_integer_value(id) : -1;
    bool known = i >= 0 && i < names->limit && names->names[i] && strcmp(names->names[i], name) == 0;
    if (!known)
        DAT_TRY(place(names, name, id));
    names->special[json_integer_value(id)] = true;
    return DAT_OK;
}

void dat_token_names_free(dat_token_names *names)
{
    free(names->names);
    free(names->special);
    *names = (dat_token_names){0};
}

dat_status dat_token_names_add_to(const dat_token_names *names, dat_tokenizer *tokenizer)
{
    dat_alphabet alphabet;
    dat_alphabet_init(&alphabet);
    for (int64_t id = 0; id < names->count; id++) {
        const char *name = names->names[id];
        if (!name)
            return dat_failure("no token has id %" PRId64 ", expected ids from 0 to %" PRId64 " for %" PRId64
                               " tokens",
                               id, names->count - 1, names->count);
        int64_t size = (int64_t)strlen(name);
        if (tokenizer->kind == DAT_TOKENIZER_CHARACTERS || names->special[id]) {
            dat_tokenizer_add(tokenizer, name, size, names->special[id]);
            continue;
        }
        char *text = dat_allocate((size_t)size, 1);
        size = dat_alphabet_read(&alphabet, name, size, text);
        if (size > 0)
            dat_tokenizer_add(tokenizer, text, size, false);
        free(text);
        if (size < 0)
            return dat_failure("the token \"%.60s\" is not written in GPT-2's letters for bytes", name);
    }
    return DAT_OK;
}

/* The id of a token that rules may use, or -1. */
static int32_t find_ordinary(const dat_token_names *names, const char *name)
{
    const json_t *id = json_object_get(names->vocab, name);
    return id && !names->special[json_integer_value(id)] ? (int32_t)json_integer_value(id) : -1;
}

dat_status dat_token_names_add_merge(const dat_token_names *names, const char *left, const char *right,
                                     dat_tokenizer *tokenizer)
{
    size_t size = strlen(left) + strlen(right) + 1;
    char *merged = dat_allocate(size, 1);
    snprintf(merged, size, "%s%s", left, right);
    dat_merge rule = {find_ordinary(names, left), find_ordinary(names, right), find_ordinary(names, merged)};
    const char *unknown = rule.left < 0 ? left : rule.right < 0 ? right : rule.id < 0 ? merged : NULL;
    dat_status status = DAT_OK;
    if (unknown)
        status = dat_failure("merge \"%.60s %.60s\" needs the token \"%.60s\", which the vocabulary has not",
                             left, right, unknown);
    else if (!dat_merges_add(&tokenizer->merges, rule))
        status = dat_failure("merge \"%.60s %.60s\" is there twice", left, right);
    free(merged);
    return status;
}
