/* dat tokenizer: text to token ids and back, on standard input and output, and training. */
#include "data/tokenizer.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "data/tokenizer_train.h"
#include "util/arguments.h"
#include "util/memory.h"

static const char help[] =
    "Usage: dat tokenizer encode --tokenizer T <TEXT >IDS\n"
    "       dat tokenizer decode --tokenizer T <IDS >TEXT\n"
    "       dat tokenizer train --vocab N --out FILE CORPUS...\n"
    "\n"
    "encode writes token ids on one line; decode writes the bytes of ids. Special tokens in a\n"
    "text are text. train makes a byte-level BPE with GPT-2's pattern from text files or JSON\n"
    "lines (*.jsonl, *.ndjson) and writes a tokenizer.json.\n"
    "\n"
    "  --tokenizer T   bytes, a folder with encoder.json and vocab.bpe, or a tokenizer.json\n"
    "  --vocab N       tokens in the vocabulary: 256 bytes, merges, end of text\n"
    "  --out FILE      where the trained tokenizer goes\n"
    "  -h, --help      show this help\n";

typedef struct options {
    const char *tokenizer, *out;
    int64_t vocab; /* 0: not given */
    char **corpus; /* [n_corpus] */
    int n_corpus;
    bool wants_help;
} options;

static dat_status parse_options(int argc, char **argv, options *o)
{
    enum { TOKENIZER = DAT_ARGUMENT_FIRST, VOCAB, OUT };
    static const struct option known[] = {{"tokenizer", required_argument, NULL, TOKENIZER},
                                          {"vocab", required_argument, NULL, VOCAB},
                                          {"out", required_argument, NULL, OUT},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    *o = (options){0};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == TOKENIZER)
            o->tokenizer = optarg;
        else if (option == VOCAB)
            DAT_TRY(dat_argument_integer("--vocab", optarg, 257, INT32_MAX, &o->vocab));
        else if (option == OUT)
            o->out = optarg;
        else if (option == 'h')
            o->wants_help = true;
        else
            return dat_argument_refused(argv, option);
    }
    o->corpus = argv + optind;
    o->n_corpus = argc - optind;
    return DAT_OK;
}

static dat_status check_translation(const options *o)
{
    if (!o->tokenizer)
        return dat_usage("--tokenizer is missing; see dat tokenizer --help");
    if (o->vocab || o->out || o->n_corpus > 0)
        return dat_usage("takes --tokenizer alone, and standard input; see dat tokenizer --help");
    return DAT_OK;
}

/* All of standard input, terminated; the caller frees it. */
static dat_status read_input(char **text, int64_t *size)
{
    size_t capacity = 1 << 16, count = 0, got;
    *text = dat_allocate(capacity, 1);
    while ((got = fread(*text + count, 1, capacity - 1 - count, stdin)) > 0) {
        count += got;
        if (count + 1 == capacity)
            *text = dat_reallocate(*text, capacity *= 2, 1);
    }
    (*text)[count] = '\0';
    *size = (int64_t)count;
    return ferror(stdin) ? dat_failure("standard input cannot be read: %s", strerror(errno)) : DAT_OK;
}

static dat_status encode(dat_tokenizer *tokenizer, const char *text, int64_t size)
{
    dat_token_list tokens = {0};
    dat_status status = dat_tokenizer_encode(tokenizer, text, size, DAT_SPECIALS_AS_TEXT, &tokens);
    if (status.code == DAT_CODE_OK) {
        for (int64_t i = 0; i < tokens.count; i++)
            printf("%s%" PRId32, i > 0 ? " " : "", tokens.ids[i]);
        putchar('\n');
    }
    free(tokens.ids);
    return status;
}

static dat_status decode(dat_tokenizer *tokenizer, const char *ids, int64_t size)
{
    static const char blanks[] = " \t\r\n";
    const char *end = ids + size;
    int64_t number = 0, vocab_size = dat_tokenizer_vocab_size(tokenizer);
    for (const char *at = ids + strspn(ids, blanks); at < end; at += strspn(at, blanks)) {
        char *rest;
        number++;
        errno = 0;
        long long id = strtoll(at, &rest, 10);
        bool is_number = rest > at && (rest == end || strchr(blanks, *rest)) && errno == 0;
        if (!is_number || id < 0 || id >= vocab_size)
            return dat_failure("token %" PRId64 " is \"%.*s\", expected an id from 0 to %" PRId64, number,
                               (int)strcspn(at, blanks), at, vocab_size - 1);
        int64_t text_size;
        const char *text = dat_tokenizer_text(tokenizer, (int32_t)id, &text_size);
        fwrite(text, 1, (size_t)text_size, stdout);
        at = rest;
    }
    return DAT_OK;
}

/* encode or decode: standard input to standard output. */
static dat_status translate(const options *o,
                            dat_status action(dat_tokenizer *tokenizer, const char *text, int64_t size))
{
    dat_tokenizer *tokenizer;
    char *input = NULL;
    int64_t size;
    DAT_TRY(check_translation(o));
    DAT_TRY(dat_tokenizer_open(o->tokenizer, &tokenizer));
    dat_status status = read_input(&input, &size);
    if (status.code == DAT_CODE_OK)
        status = action(tokenizer, input, size);
    free(input);
    dat_tokenizer_free(tokenizer);
    return status;
}

static dat_status train(const options *o)
{
    dat_tokenizer *tokenizer = NULL;
    if (o->tokenizer || !o->vocab || !o->out || o->n_corpus == 0)
        return dat_usage("needs --vocab, --out and files to train on; see dat tokenizer --help");
    dat_status status = DAT_OK;
    dat_tokenizer_trainer *trainer = dat_tokenizer_trainer_new();
    for (int i = 0; i < o->n_corpus && status.code == DAT_CODE_OK; i++)
        status = dat_tokenizer_trainer_add_file(trainer, o->corpus[i]);
    if (status.code == DAT_CODE_OK)
        status = dat_tokenizer_train_bpe(trainer, o->vocab, &tokenizer);
    if (status.code == DAT_CODE_OK)
        status = dat_tokenizer_save(tokenizer, o->out);
    if (status.code == DAT_CODE_OK)
        printf("wrote %s: %" PRId64 " tokens\n", o->out, o->vocab);
    dat_tokenizer_free(tokenizer);
    dat_tokenizer_trainer_free(trainer);
    return status;
}

static dat_status run(int argc, char **argv)
{
    options o;
    DAT_TRY(parse_options(argc, argv, &o));
    if (o.wants_help) {
        fputs(help, stdout);
        return DAT_OK;
    }
    if (strcmp(argv[0], "encode") == 0)
        return translate(&o, encode);
    if (strcmp(argv[0], "decode") == 0)
        return translate(&o, decode);
    if (strcmp(argv[0], "train") == 0)
        return train(&o);
    return dat_usage("there is no action \"%.60s\", expected encode, decode or train", argv[0]);
}

int command_tokenizer(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return 2;
    }
    /* The action is the name of what follows; before it, only --help makes sense. */
    int skipped = argv[1][0] == '-' ? 0 : 1;
    dat_status status = run(argc - skipped, argv + skipped);
    if (status.code != DAT_CODE_OK)
        fprintf(stderr, "dat tokenizer: %s\n", status.message);
    return (int)status.code;
}
