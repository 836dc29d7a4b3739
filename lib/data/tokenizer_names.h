/* From the names and rules of a tokenizer's file to its tokens. */
#ifndef DAT_DATA_TOKENIZER_NAMES_H
#define DAT_DATA_TOKENIZER_NAMES_H

#include <jansson.h>

#include "data/tokenizer_alphabet.h"
#include "data/tokenizer_parts.h"

/* The tokens of a file by id. */
typedef struct dat_token_names {
    const json_t *vocab; /* name -> id; borrowed */
    const char **names;  /* [count], into the JSON values, which must outlive this; owned array */
    bool *special;       /* [count], owned */
    int64_t count;
    int64_t limit; /* ids are below: the number of entries in the file */
} dat_token_names;

/* Collects {name: id, ...}, with room for `n_more` further tokens. The caller frees `names` whatever the
 * result. */
dat_status dat_token_names_collect(dat_token_names *names, const json_t *vocab, int64_t n_more);

/* Adds a special token, or makes the one that has this id and name special. */
dat_status dat_token_names_add_special(dat_token_names *names, const char *name, const json_t *id);

void dat_token_names_free(dat_token_names *names);

/* Adds all tokens to an empty tokenizer; byte-level names are read as GPT-2's letters, special ones and
 * characters as they are. Ids must be 0 .. count - 1. */
dat_status dat_token_names_add_to(const dat_token_names *names, dat_tokenizer *tokenizer);

/* Adds the next merge rule, between two names that have tokens and whose concatenation has one. */
dat_status dat_token_names_add_merge(const dat_token_names *names, const char *left, const char *right,
                                     dat_tokenizer *tokenizer);

#endif
