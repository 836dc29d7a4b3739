/* dat data text: files of text to files of token ids, for training and for validation. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/rng.h"
#include "data.h"
#include "data/documents.h"
#include "data/token_writer.h"
#include "data/tokenizer.h"
#include "data/tokenizer_train.h"
#include "util/arguments.h"
#include "util/memory.h"
#include "util/progress.h"

static const char help[] =
    "Usage: dat data text --tokenizer T --out DIR [--validation SHARE] FILE...\n"
    "\n"
    "Encodes text files, or JSON lines (*.jsonl, *.ndjson) with the documents in \"text\", as token\n"
    "files for training: DIR/train_000000.bin and so on, DIR/val_000000.bin and so on, in the\n"
    "format of llm.c, and DIR/tokenizer.json. <|endoftext|> in a text file separates documents, and\n"
    "its token is put between documents.\n"
    "\n"
    "  --tokenizer T       bytes, characters (those of the files), a folder with encoder.json and\n"
    "                      vocab.bpe, or a tokenizer.json\n"
    "  --out DIR           a folder without token files\n"
    "  --validation SHARE  how much goes to validation, 0 to 1 (default 0.1): that share of the\n"
    "                      documents, drawn at random; of a single document, its end\n"
    "  -h, --help          show this help\n";

typedef struct options {
    const char *tokenizer, *out;
    double validation;
    char **files; /* [n_files] */
    int n_files;
    bool wants_help;
} options;

enum { TRAIN, VALIDATION, N_SPLITS };
static const char *const split_names[N_SPLITS] = {"train", "val"};

/* What is being written. */
typedef struct corpus {
    dat_tokenizer *tokenizer;
    double validation;
    dat_token_writer writers[N_SPLITS];
    int64_t n_documents[N_SPLITS];
    dat_token_list tokens; /* of the last document, which is written when the next one is there */
    bool has_document;
    int64_t n_bytes;
    dat_rng rng; /* decides where documents go */
} corpus;

static dat_status parse_options(int argc, char **argv, options *o)
{
    enum { TOKENIZER = DAT_ARGUMENT_FIRST, OUT, SHARE };
    static const struct option known[] = {{"tokenizer", required_argument, NULL, TOKENIZER},
                                          {"out", required_argument, NULL, OUT},
                                          {"validation", required_argument, NULL, SHARE},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    *o = (options){.validation = 0.1};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == TOKENIZER)
            o->tokenizer = optarg;
        else if (option == OUT)
            o->out = optarg;
        else if (option == SHARE)
            DAT_TRY(dat_argument_number("--validation", optarg, 0, 1, &o->validation));
        else if (option == 'h')
            o->wants_help = true;
        else
            return dat_argument_refused(argv, option);
    }
    o->files = argv + optind;
    o->n_files = argc - optind;
    if (!o->wants_help && (!o->tokenizer || !o->out || o->n_files == 0))
        return dat_usage("needs --tokenizer, --out and files; see dat data text --help");
    return DAT_OK;
}

/* <out>/<name><end>; the caller frees it. */
static char *out_path(const options *o, const char *name, const char *end)
{
    size_t size = strlen(o->out) + strlen(name) + strlen(end) + 2;
    char *path = dat_allocate(size, 1);
    snprintf(path, size, "%s/%s%s", o->out, name, end);
    return path;
}

/* Files of an earlier run would be read together with the new ones. */
static dat_status check_out(const options *o)
{
    for (int split = 0; split < N_SPLITS; split++) {
        char *path = out_path(o, split_names[split], "_000000.bin");
        bool exists = access(path, F_OK) == 0;
        free(path);
        if (exists)
            return dat_failure("%.200s: holds token files already; remove them or choose another folder",
                               o->out);
    }
    return DAT_OK;
}

static dat_status open_tokenizer(const options *o, dat_tokenizer **tokenizer)
{
    *tokenizer = NULL;
    if (strcmp(o->tokenizer, "characters") != 0)
        return dat_tokenizer_open(o->tokenizer, tokenizer);
    dat_status status = DAT_OK;
    dat_tokenizer_trainer *trainer = dat_tokenizer_trainer_new();
    for (int i = 0; i < o->n_files && status.code == DAT_CODE_OK; i++)
        status = dat_tokenizer_trainer_add_file(trainer, o->files[i]);
    if (status.code == DAT_CODE_OK)
        status = dat_tokenizer_train_characters(trainer, tokenizer);
    dat_tokenizer_trainer_free(trainer);
    return status;
}

static dat_status write_tokens(corpus *c, int split, const int32_t *ids, int64_t count)
{
    int32_t end_of_text = dat_tokenizer_end_of_text(c->tokenizer);
    if (count == 0)
        return DAT_OK;
    if (c->n_documents[split]++ > 0) {
        if (end_of_text < 0)
            return dat_failure("the tokenizer has no token %s to put between documents", dat_end_of_text);
        DAT_TRY(dat_token_writer_add(&c->writers[split], &end_of_text, 1));
    }
    return dat_token_writer_add(&c->writers[split], ids, count);
}

/* Writes one document of several. */
static dat_status write_document(corpus *c)
{
    int split = dat_rng_uniform(&c->rng) < c->validation ? VALIDATION : TRAIN;
    return write_tokens(c, split, c->tokens.ids, c->tokens.count);
}

/* Writes the only document: its end is for validation. */
static dat_status cut_document(corpus *c)
{
    int64_t n_validation = (int64_t)((double)c->tokens.count * c->validation);
    int64_t n_train = c->tokens.count - n_validation;
    DAT_TRY(write_tokens(c, TRAIN, c->tokens.ids, n_train));
    return write_tokens(c, VALIDATION, c->tokens.ids + n_train, n_validation);
}

static dat_status add_document(corpus *c, const char *text, int64_t size)
{
    if (c->has_document)
        DAT_TRY(write_document(c));
    c->has_document = true;
    c->n_bytes += size;
    c->tokens.count = 0;
    return dat_tokenizer_encode(c->tokenizer, text, size, DAT_SPECIALS_AS_TEXT, &c->tokens);
}

static dat_status add_file(corpus *c, const char *path, dat_work *work, dat_progress *progress)
{
    dat_documents documents;
    const char *text;
    int64_t size;
    double before = work->done;
    DAT_TRY(dat_documents_open(path, &documents));
    dat_status status = dat_documents_next(&documents, &text, &size);
    for (int64_t number = 1; status.code == DAT_CODE_OK && text; number++) {
        status = dat_status_prefix(add_document(c, text, size), "%.180s: document %" PRId64, path, number);
        work->done = before + (double)documents.at;
        dat_progress_draw(progress, work, path);
        if (status.code == DAT_CODE_OK)
            status = dat_documents_next(&documents, &text, &size);
    }
    dat_documents_close(&documents);
    return status;
}

static dat_status add_files(corpus *c, const options *o)
{
    dat_progress progress;
    dat_work work = {0};
    dat_status status = DAT_OK;
    struct stat info;
    for (int i = 0; i < o->n_files; i++)
        work.total += stat(o->files[i], &info) == 0 ? (double)info.st_size : 0;
    dat_progress_start(&progress, stderr);
    for (int i = 0; i < o->n_files && status.code == DAT_CODE_OK; i++)
        status = add_file(c, o->files[i], &work, &progress);
    dat_progress_clear(&progress);
    if (status.code == DAT_CODE_OK && !c->has_document)
        status = dat_failure("the files hold no text");
    if (status.code != DAT_CODE_OK)
        return status;
    bool is_only = c->n_documents[TRAIN] + c->n_documents[VALIDATION] == 0;
    return is_only ? cut_document(c) : write_document(c);
}

static dat_status finish(corpus *c, const options *o)
{
    char *path = out_path(o, "tokenizer", ".json");
    dat_status status = dat_tokenizer_save(c->tokenizer, path);
    for (int split = 0; split < N_SPLITS && status.code == DAT_CODE_OK; split++)
        status = dat_token_writer_finish(&c->writers[split]);
    if (status.code == DAT_CODE_OK) {
        int64_t n_tokens = c->writers[TRAIN].n_tokens + c->writers[VALIDATION].n_tokens;
        printf("%s: %" PRId64 " tokens in the vocabulary, %.2f bytes a token\n", path,
               dat_tokenizer_vocab_size(c->tokenizer), (double)c->n_bytes / (double)n_tokens);
        for (int split = 0; split < N_SPLITS; split++)
            printf("%s/%s_*.bin: %" PRId64 " tokens, %" PRId64 " documents, %" PRId64 " files\n", o->out,
                   split_names[split], c->writers[split].n_tokens, c->n_documents[split],
                   c->writers[split].n_files);
    }
    free(path);
    return status;
}

static dat_status write_corpus(const options *o)
{
    corpus c = {.validation = o->validation, .rng = dat_rng_seed(0)};
    DAT_TRY(check_out(o));
    DAT_TRY(open_tokenizer(o, &c.tokenizer));
    for (int split = 0; split < N_SPLITS; split++) {
        char *prefix = out_path(o, split_names[split], "");
        dat_token_writer_init(&c.writers[split], prefix, dat_tokenizer_vocab_size(c.tokenizer));
        free(prefix);
    }
    dat_status status = add_files(&c, o);
    if (status.code == DAT_CODE_OK)
        status = finish(&c, o);
    for (int split = 0; split < N_SPLITS; split++)
        dat_token_writer_free(&c.writers[split]);
    free(c.tokens.ids);
    dat_tokenizer_free(c.tokenizer);
    return status;
}

dat_status data_text(int argc, char **argv)
{
    options o;
    DAT_TRY(parse_options(argc, argv, &o));
    if (!o.wants_help)
        return write_corpus(&o);
    fputs(help, stdout);
    return DAT_OK;
}
