/* dat data math: examples of the mathematics dataset and how long they are, or files of them. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data.h"
#include "data/math.h"
#include "util/arguments.h"

enum {
    DEFAULT_SHOWN = 3,
    DEFAULT_WRITTEN = 10000,
    MAX_COUNT = 10000000,
    N_MEASURED = 2000, /* pairs a module and level, for the statistics */
};

static const char *const help =
    "Usage: dat data math [OPTION]...\n"
    "\n"
    "Generates problems of the mathematics dataset. Prints examples and statistics, or writes\n"
    "files in the official layout: DIR/train-easy/MODULE.txt, train-medium, train-hard, interpolate.\n"
    "\n"
    "  --module M      algebra__linear_1d, algebra__sequence_next_term, calculus__differentiate,\n"
    "                  polynomials__add, polynomials__expand or all (default)\n"
    "  --level L       easy, medium, hard, interpolate or all (default)\n"
    "  --count N       examples of a module and level to print (default 3), or problems a file\n"
    "                  (default 10000)\n"
    "  --seed S        seed of the problems (default 0)\n"
    "  --out DIR       write files into this folder\n"
    "  -h, --help      show this help\n";

typedef enum flag {
    FLAG_MODULE = DAT_ARGUMENT_FIRST,
    FLAG_LEVEL,
    FLAG_COUNT,
    FLAG_SEED,
    FLAG_OUT,
} flag;

typedef struct options {
    int module, level; /* or DATA_ALL */
    int64_t count;     /* 0: the default */
    int64_t seed;
    const char *out;
    bool wants_help;
} options;

static dat_status parse_option(int option, options *o)
{
    switch (option) {
    case FLAG_MODULE:
        return data_choice("--module", optarg, dat_math_module_names, &o->module);
    case FLAG_LEVEL:
        return data_choice("--level", optarg, dat_math_level_names, &o->level);
    case FLAG_COUNT:
        return dat_argument_integer("--count", optarg, 1, MAX_COUNT, &o->count);
    case FLAG_SEED:
        return dat_argument_integer("--seed", optarg, 0, INT64_MAX, &o->seed);
    case FLAG_OUT:
        o->out = optarg;
        return DAT_OK;
    default:
        o->wants_help = true;
        return DAT_OK;
    }
}

static dat_status parse_options(int argc, char **argv, options *o)
{
    static const struct option known[] = {
        {"module", required_argument, NULL, FLAG_MODULE},
        {"level", required_argument, NULL, FLAG_LEVEL},
        {"count", required_argument, NULL, FLAG_COUNT},
        {"seed", required_argument, NULL, FLAG_SEED},
        {"out", required_argument, NULL, FLAG_OUT},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    *o = (options){.module = DATA_ALL, .level = DATA_ALL};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == '?' || option == ':')
            return dat_argument_refused(argv, option);
        DAT_TRY(parse_option(option, o));
    }
    if (optind < argc)
        return dat_usage("unexpected argument '%s'", argv[optind]);
    return DAT_OK;
}

static dat_status write_file(const options *o, dat_math_module module, dat_math_level level)
{
    char path[4096];
    int64_t count = o->count ? o->count : DEFAULT_WRITTEN;
    DAT_TRY(dat_math_path(o->out, module, level, path, sizeof path));
    dat_math_dataset *dataset = dat_math_generate(module, &level, 1, (uint64_t)o->seed, count);
    dat_status status = dat_math_write(dataset, path);
    dat_math_free(dataset);
    if (status.code == DAT_CODE_OK)
        printf("wrote %s: %" PRId64 " problems\n", path, count);
    return status;
}

static dat_status print_examples(const options *o, dat_math_module module, dat_math_level level)
{
    printf("%s, %s\n", dat_math_module_names[module], dat_math_level_names[level]);
    int64_t count = o->count ? o->count : DEFAULT_SHOWN;
    for (int64_t i = 0; i < count; i++) {
        dat_math_pair pair;
        dat_math_example(module, level, (uint64_t)o->seed, (uint64_t)i, &pair);
        printf("  %s\n      %s\n", pair.question, pair.answer);
    }
    putchar('\n');
    return DAT_OK;
}

static dat_status print_statistics(const options *o, dat_math_module module, dat_math_level level)
{
    int64_t questions = 0, answers = 0, longest_question = 0, longest_answer = 0;
    for (uint64_t i = 0; i < N_MEASURED; i++) {
        dat_math_pair pair;
        dat_math_example(module, level, (uint64_t)o->seed, i, &pair);
        int64_t question = (int64_t)strlen(pair.question), answer = (int64_t)strlen(pair.answer);
        questions += question;
        answers += answer;
        longest_question = question > longest_question ? question : longest_question;
        longest_answer = answer > longest_answer ? answer : longest_answer;
    }
    printf("%-28s %-12s %9.1f %8" PRId64 " %9.1f %8" PRId64 "\n", dat_math_module_names[module],
           dat_math_level_names[level], (double)questions / N_MEASURED, longest_question,
           (double)answers / N_MEASURED, longest_answer);
    return DAT_OK;
}

/* Does something for every chosen module and level. */
static dat_status for_each(const options *o,
                           dat_status (*act)(const options *o, dat_math_module module, dat_math_level level))
{
    for (int module = 0; module < DAT_MATH_N_MODULES; module++)
        for (int level = 0; level < DAT_MATH_N_LEVELS; level++)
            if ((o->module == DATA_ALL || o->module == module) && (o->level == DATA_ALL || o->level == level))
                DAT_TRY(act(o, (dat_math_module)module, (dat_math_level)level));
    return DAT_OK;
}

dat_status data_math(int argc, char **argv)
{
    options o;
    DAT_TRY(parse_options(argc, argv, &o));
    if (o.wants_help) {
        fputs(help, stdout);
        return DAT_OK;
    }
    if (o.out)
        return for_each(&o, write_file);
    DAT_TRY(for_each(&o, print_examples));
    printf("Characters of %d problems    level         question  longest    answer  longest\n", N_MEASURED);
    return for_each(&o, print_statistics);
}
