/* dat eval: the loss of a language model on a text. */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "checkpoint.h"
#include "commands.h"
#include "io/file_map.h"
#include "models/language_loss.h"
#include "util/progress.h"

static const char help[] =
    "Usage: dat eval --checkpoint C [--tokenizer T] FILE\n"
    "\n"
    "Prints the mean loss (in nats a token) and the perplexity of a text file, cut into windows\n"
    "of the model's context length; <|endoftext|> in it is that token.\n"
    "\n" CHECKPOINT_HELP "  -h, --help        show this help\n";

typedef struct options {
    checkpoint_options checkpoint;
    const char *file;
    bool wants_help;
} options;

typedef struct display {
    dat_progress progress;
    dat_work work;
} display;

static dat_status parse_options(int argc, char **argv, options *o)
{
    static const struct option known[] = {CHECKPOINT_FLAGS, {"help", no_argument, NULL, 'h'}, {0}};
    *o = (options){0};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == 'h')
            o->wants_help = true;
        else
            DAT_TRY(checkpoint_option(&o->checkpoint, argv, option, optarg));
    }
    if (!o->wants_help && argc - optind != 1)
        return dat_usage("needs one text file, not %d; see dat eval --help", argc - optind);
    o->file = argv[optind];
    return DAT_OK;
}

static dat_status read_tokens(const char *path, dat_tokenizer *tokenizer, dat_token_list *tokens)
{
    dat_file_map map;
    DAT_TRY(dat_file_map_open(path, &map));
    dat_status status = dat_tokenizer_encode(tokenizer, map.bytes, map.size, DAT_SPECIALS_AS_TOKENS, tokens);
    dat_file_map_close(&map);
    if (status.code == DAT_CODE_OK && tokens->count < 2)
        status = dat_failure("has %" PRId64 " tokens, expected at least 2", tokens->count);
    return dat_status_prefix(status, "%.200s", path);
}

static void show(void *context, int64_t done)
{
    display *d = context;
    d->work.done = (double)done;
    dat_progress_draw(&d->progress, &d->work, "tokens");
}

static dat_status print_loss(const checkpoint *c, const dat_token_list *tokens)
{
    dat_tape tape;
    display d = {.work.total = (double)tokens->count - 1};
    double loss;
    DAT_TRY(dat_tape_init(&tape, checkpoint_memory_limit));
    dat_progress_start(&d.progress, stderr);
    dat_status status = dat_language_loss(&tape, &c->model, tokens->ids, tokens->count, show, &d, &loss);
    dat_progress_clear(&d.progress);
    dat_tape_free(&tape);
    if (status.code == DAT_CODE_OK)
        printf("%" PRId64 " tokens, loss %.4f, perplexity %.2f\n", tokens->count, loss, exp(loss));
    return status;
}

static dat_status run(int argc, char **argv)
{
    options o;
    checkpoint c;
    dat_token_list tokens = {0};
    DAT_TRY(parse_options(argc, argv, &o));
    if (o.wants_help) {
        fputs(help, stdout);
        return DAT_OK;
    }
    dat_status status = checkpoint_open(&c, &o.checkpoint);
    if (status.code == DAT_CODE_OK)
        status = read_tokens(o.file, c.tokenizer, &tokens);
    if (status.code == DAT_CODE_OK)
        status = print_loss(&c, &tokens);
    free(tokens.ids);
    checkpoint_close(&c);
    return status;
}

int command_eval(int argc, char **argv)
{
    dat_status status = run(argc, argv);
    if (status.code != DAT_CODE_OK)
        fprintf(stderr, "dat eval: %s\n", status.message);
    return (int)status.code;
}
