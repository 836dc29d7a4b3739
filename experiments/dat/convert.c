/* dat convert: a language model's run file as a folder in the layout of the Hugging Face hub, and back. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "checkpoint_run.h"
#include "commands.h"
#include "util/folder.h"

static const char help[] =
    "Usage: dat convert --checkpoint C --out PATH [OPTION]...\n"
    "\n"
    "Writes a language model in another layout: as a folder with config.json, model.safetensors\n"
    "and tokenizer.json, as the authors' models on the Hugging Face hub are, or as a run file.\n"
    "Nothing that exists is overwritten.\n"
    "\n" CHECKPOINT_MODEL_HELP "  --out PATH        a run file when it ends with .h5, else a folder\n"
    "  --dtype D         values of a folder's weights: float32 (default), bfloat16 or float16,\n"
    "                    rounded to the nearest\n"
    "  -h, --help        show this help\n";

/* By dat_float_type. */
static const char *const dtypes[] = {"float32", "bfloat16", "float16"};

typedef struct options {
    checkpoint_options checkpoint;
    const char *out;
    dat_float_type dtype;
    bool wants_help;
} options;

static dat_status parse_dtype(const char *text, dat_float_type *dtype)
{
    for (int i = 0; i < (int)(sizeof dtypes / sizeof dtypes[0]); i++)
        if (strcmp(text, dtypes[i]) == 0) {
            *dtype = (dat_float_type)i;
            return DAT_OK;
        }
    return dat_usage("--dtype is \"%.60s\", expected float32, bfloat16 or float16", text);
}

static dat_status parse_options(int argc, char **argv, options *o)
{
    enum { OUT = CHECKPOINT_NEXT, DTYPE };
    static const struct option known[] = {CHECKPOINT_MODEL_FLAGS,
                                          {"out", required_argument, NULL, OUT},
                                          {"dtype", required_argument, NULL, DTYPE},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    *o = (options){0};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == OUT)
            o->out = optarg;
        else if (option == DTYPE)
            DAT_TRY(parse_dtype(optarg, &o->dtype));
        else if (option == 'h')
            o->wants_help = true;
        else
            DAT_TRY(checkpoint_option(&o->checkpoint, argv, option, optarg));
    }
    if (optind < argc)
        return dat_usage("takes no \"%.60s\"; see dat convert --help", argv[optind]);
    if (!o->wants_help && (!o->checkpoint.path || !o->out || !o->out[0]))
        return dat_usage("needs --checkpoint and --out; see dat convert --help");
    return DAT_OK;
}

static bool is_run_file(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && strcmp(dot, ".h5") == 0;
}

static bool is_empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    int n_entries = 0;
    while (folder && readdir(folder))
        n_entries++;
    if (folder)
        closedir(folder);
    return n_entries == 2; /* itself and the one above */
}

/* Whether the result may be written, before anything large is read. */
static dat_status check_out(const options *o)
{
    struct stat info;
    bool to_run = is_run_file(o->out);
    if (to_run && o->dtype != DAT_FLOAT32)
        return dat_usage("--dtype %s is for folders; run files hold float32", dtypes[o->dtype]);
    if (to_run && stat(o->checkpoint.path, &info) == 0 && S_ISREG(info.st_mode))
        return dat_usage("--checkpoint %.150s and --out %.150s are both run files", o->checkpoint.path,
                         o->out);
    if (lstat(o->out, &info) != 0 || (!to_run && is_empty_folder(o->out)))
        return DAT_OK;
    return dat_failure("%.200s exists and is not overwritten; choose another --out%s", o->out,
                       to_run ? "" : " or an empty folder");
}

static dat_status write_folder(const options *o, const checkpoint *c)
{
    DAT_TRY(dat_hub_save(o->out, &c->model, &c->params, o->dtype));
    if (!c->tokenizer)
        return DAT_OK;
    char *path = dat_path_in(o->out, checkpoint_tokenizer_file);
    dat_status status = dat_tokenizer_save(c->tokenizer, path);
    free(path);
    return status;
}

static dat_status run(int argc, char **argv)
{
    options o;
    checkpoint c;
    DAT_TRY(parse_options(argc, argv, &o));
    if (o.wants_help) {
        fputs(help, stdout);
        return DAT_OK;
    }
    DAT_TRY(check_out(&o));
    dat_status status = checkpoint_read(&c, &o.checkpoint);
    if (status.code == DAT_CODE_OK)
        status =
            is_run_file(o.out) ? checkpoint_write_run(o.out, &c, o.checkpoint.path) : write_folder(&o, &c);
    if (status.code == DAT_CODE_OK)
        printf("wrote %s: %" PRId64 " values as %s, %s\n", o.out, dat_params_count(&c.params, false),
               dtypes[o.dtype],
               c.tokenizer ? "and the tokenizer" : "without a tokenizer: the checkpoint has none");
    checkpoint_close(&c);
    return status;
}

int command_convert(int argc, char **argv)
{
    dat_status status = run(argc, argv);
    if (status.code != DAT_CODE_OK)
        fprintf(stderr, "dat convert: %s\n", status.message);
    return (int)status.code;
}
