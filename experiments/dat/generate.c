/* dat generate: continues a text with a language model. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "commands.h"
#include "models/language_generate.h"
#include "util/progress.h"
#include "util/utf8_stream.h"

static const char help[] =
    "Usage: dat generate --checkpoint C [--tokenizer T] --prompt TEXT [OPTION]...\n"
    "\n"
    "Writes the prompt and what the model makes of it, until the token for the end of a\n"
    "text, and to standard error how fast that was.\n"
    "\n" CHECKPOINT_HELP "  --prompt TEXT     what to continue; \"\" begins a text\n"
    "  --tokens N        at most so many tokens (default 100)\n"
    "  --temperature X   0: always the likeliest token; above 1: more surprises (default 1)\n"
    "  --top-k N         draw only from the N likeliest tokens\n"
    "  --top-p P         draw only from the likeliest tokens with probability P together\n"
    "  --seed N          same seed, same text (default 0)\n"
    "  -h, --help        show this help\n";

enum { PROMPT = CHECKPOINT_NEXT, TOKENS, TEMPERATURE, TOP_K, TOP_P, SEED };

typedef struct options {
    checkpoint_options checkpoint;
    dat_generation generation;
    const char *prompt;
    bool wants_help;
} options;

/* The text as it appears. */
typedef struct writer {
    const dat_tokenizer *tokenizer;
    dat_utf8_stream stream;
    int64_t n_tokens;
} writer;

static dat_status parse_option(options *o, char *const *argv, int option)
{
    dat_sampling *sampling = &o->generation.sampling;
    int64_t seed = 0;
    switch (option) {
    case PROMPT:
        o->prompt = optarg;
        return DAT_OK;
    case TOKENS:
        return dat_argument_integer("--tokens", optarg, 1, INT32_MAX, &o->generation.n_tokens);
    case TEMPERATURE:
        return dat_argument_number("--temperature", optarg, 0, 1e6, &sampling->temperature);
    case TOP_K:
        return dat_argument_integer("--top-k", optarg, 1, INT32_MAX, &sampling->top_k);
    case TOP_P:
        return dat_argument_number("--top-p", optarg, 1e-9, 1, &sampling->top_p);
    case SEED:
        DAT_TRY(dat_argument_integer("--seed", optarg, 0, INT64_MAX, &seed));
        o->generation.seed = (uint64_t)seed;
        return DAT_OK;
    case 'h':
        o->wants_help = true;
        return DAT_OK;
    default:
        return checkpoint_option(&o->checkpoint, argv, option, optarg);
    }
}

static dat_status parse_options(int argc, char **argv, options *o)
{
    static const struct option known[] = {CHECKPOINT_FLAGS,
                                          {"prompt", required_argument, NULL, PROMPT},
                                          {"tokens", required_argument, NULL, TOKENS},
                                          {"temperature", required_argument, NULL, TEMPERATURE},
                                          {"top-k", required_argument, NULL, TOP_K},
                                          {"top-p", required_argument, NULL, TOP_P},
                                          {"seed", required_argument, NULL, SEED},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    *o = (options){.generation = {.sampling = {.temperature = 1, .top_p = 1}, .n_tokens = 100}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;)
        DAT_TRY(parse_option(o, argv, option));
    if (optind < argc)
        return dat_usage("takes no \"%.60s\"; the text goes behind --prompt", argv[optind]);
    if (!o->wants_help && !o->prompt)
        return dat_usage("--prompt is missing; see dat generate --help");
    return DAT_OK;
}

/* The prompt's tokens; of an empty one, the token that texts begin after. */
static dat_status encode_prompt(const options *o, dat_tokenizer *tokenizer, dat_token_list *tokens)
{
    int32_t end_of_text = dat_tokenizer_end_of_text(tokenizer);
    DAT_TRY(dat_tokenizer_encode(tokenizer, o->prompt, (int64_t)strlen(o->prompt), DAT_SPECIALS_AS_TOKENS,
                                 tokens));
    if (tokens->count == 0 && end_of_text < 0)
        return dat_usage("--prompt is empty, and the tokenizer has no token %s to begin a text with",
                         dat_end_of_text);
    if (tokens->count == 0)
        dat_token_list_add(tokens, end_of_text);
    return DAT_OK;
}

static bool write_token(void *context, int32_t token)
{
    writer *w = context;
    int64_t size;
    const char *text = dat_tokenizer_text(w->tokenizer, token, &size);
    dat_utf8_stream_write(&w->stream, text, size, stdout);
    w->n_tokens++;
    return fflush(stdout) == 0;
}

static dat_status write_text(const options *o, checkpoint *c, dat_generator *generator,
                             dat_token_list *prompt)
{
    dat_generation generation = o->generation;
    writer w = {.tokenizer = c->tokenizer};
    generation.vocab_size = dat_tokenizer_vocab_size(c->tokenizer);
    generation.stop_token = dat_tokenizer_end_of_text(c->tokenizer);
    DAT_TRY(encode_prompt(o, c->tokenizer, prompt));
    DAT_TRY(dat_generator_append(generator, prompt->ids, prompt->count));
    dat_utf8_stream_write(&w.stream, o->prompt, (int64_t)strlen(o->prompt), stdout);
    fflush(stdout);
    double start = dat_seconds();
    dat_status status = dat_generate(generator, &generation, write_token, &w);
    double seconds = dat_seconds() - start;
    dat_utf8_stream_end(&w.stream, stdout);
    putchar('\n');
    if (status.code == DAT_CODE_OK)
        fprintf(stderr, "%" PRId64 " tokens in %.1f s, %.1f tokens per second\n", w.n_tokens, seconds,
                (double)w.n_tokens / seconds);
    return status;
}

static dat_status run(int argc, char **argv)
{
    options o;
    checkpoint c;
    dat_generator generator = {0};
    dat_token_list prompt = {0};
    DAT_TRY(parse_options(argc, argv, &o));
    if (o.wants_help) {
        fputs(help, stdout);
        return DAT_OK;
    }
    dat_status status = checkpoint_open(&c, &o.checkpoint);
    if (status.code == DAT_CODE_OK)
        status = dat_generator_init(&generator, &c.model, checkpoint_memory_limit);
    if (status.code == DAT_CODE_OK)
        status = write_text(&o, &c, &generator, &prompt);
    dat_generator_free(&generator);
    free(prompt.ids);
    checkpoint_close(&c);
    return status;
}

int command_generate(int argc, char **argv)
{
    dat_status status = run(argc, argv);
    if (status.code != DAT_CODE_OK)
        fprintf(stderr, "dat generate: %s\n", status.message);
    return (int)status.code;
}
