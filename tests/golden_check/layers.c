/* Linear layers, norms, activations, feed-forward blocks, losses and rotations. */
#include <math.h>
#include <string.h>

#include "golden_check/module.h"
#include "nn/feed_forward.h"

/* The library's norms have one eps. */
static void read_eps(golden_arguments *arguments)
{
    if (golden_number(arguments, "eps", 1e-5) != 1e-5)
        golden_unsupported(arguments->verdict, "an eps other than 1e-5");
}

/* --- Linear --- */

static void build_linear(golden_run *run, golden_arguments *arguments, void *module)
{
    int64_t in = golden_integer(arguments, "in_features", 0),
            out = golden_integer(arguments, "out_features", 0);
    dat_linear_init(module, &run->params, "", in, out, golden_flag(arguments, "bias", true));
}

static dat_tensor *run_linear(golden_run *run, const void *module)
{
    return golden_output(run, "output", dat_linear_forward(&run->tape, module, golden_input(run, "x")));
}

/* --- LayerNorm, RMSNorm --- */

static void build_layer_norm(golden_run *run, golden_arguments *arguments, void *module)
{
    read_eps(arguments);
    dat_norm_init(module, &run->params, "", DAT_LAYER_NORM, golden_integer(arguments, "normalized_shape", 0));
}

static void build_rms_norm(golden_run *run, golden_arguments *arguments, void *module)
{
    read_eps(arguments);
    dat_norm_init(module, &run->params, "", DAT_RMS_NORM, golden_integer(arguments, "dim", 0));
}

static dat_tensor *run_norm(golden_run *run, const void *module)
{
    return golden_output(run, "output", dat_norm_forward(&run->tape, module, golden_input(run, "x")));
}

/* --- FeedForwardBlock --- */

static void build_feed_forward(golden_run *run, golden_arguments *arguments, void *module)
{
    int64_t d = golden_integer(arguments, "embed_dim", 0), dff = golden_integer(arguments, "dff", 0);
    int activation = golden_choice(arguments, "activation", dat_feed_forward_names, DAT_RELU);
    bool bias = golden_flag(arguments, "use_bias", false);
    golden_accept(&run->verdict, dat_feed_forward_init(module, &run->params, "", d, dff, activation, bias));
}

static dat_tensor *run_feed_forward(golden_run *run, const void *module)
{
    return golden_output(run, "output", dat_feed_forward_forward(&run->tape, module, golden_input(run, "x")));
}

/* --- activation, softmax --- */

typedef struct activation_case {
    dat_activation activation;
    bool softmax; /* over the last axis */
} activation_case;

static void build_activation(golden_run *run, golden_arguments *arguments, void *module)
{
    activation_case *c = module;
    const char *name = golden_text(arguments, "name");
    c->softmax = strcmp(name, "softmax") == 0;
    for (int i = 0; !c->softmax; i++) {
        if (!dat_activation_names[i]) {
            golden_wrong(&run->verdict, "activation '%s' is unknown", name);
            return;
        }
        c->activation = (dat_activation)i;
        if (strcmp(dat_activation_names[i], name) == 0)
            return;
    }
}

static void build_softmax(golden_run *run, golden_arguments *arguments, void *module)
{
    ((activation_case *)module)->softmax = true;
    if (golden_integer(arguments, "dim", -1) != -1)
        golden_unsupported(&run->verdict, "softmax over another axis than the last");
}

static dat_tensor *run_activation(golden_run *run, const void *module)
{
    const activation_case *c = module;
    dat_tensor *x = golden_input(run, "x");
    return golden_output(run, "output",
                         c->softmax ? dat_softmax(&run->tape, x)
                                    : dat_activation_apply(&run->tape, x, c->activation));
}

/* --- cross_entropy --- */

static void build_cross_entropy(golden_run *run, golden_arguments *arguments, void *module)
{
    dat_cross_entropy_args *c = module;
    c->ignore_index = (int32_t)golden_integer(arguments, "ignore_index", -100);
    c->label_smoothing = golden_number(arguments, "label_smoothing", 0);
    if (strcmp(golden_text(arguments, "reduction"), "mean") != 0)
        golden_unsupported(&run->verdict, "a cross-entropy that is not averaged");
}

static dat_tensor *run_cross_entropy(golden_run *run, const void *module)
{
    dat_cross_entropy_args args = *(const dat_cross_entropy_args *)module;
    dat_tensor *logits = golden_input(run, "logits");
    args.targets = logits ? golden_targets(run, "targets", dat_rows(logits)) : NULL;
    return args.targets ? golden_output(run, "loss", dat_cross_entropy(&run->tape, logits, &args)) : NULL;
}

/* --- apply_rotary_emb --- */

typedef struct rotation_case {
    int64_t dim, end;
    double theta;
} rotation_case;

static void build_rotation(golden_run *run, golden_arguments *arguments, void *module)
{
    rotation_case *c = module;
    (void)run;
    c->dim = golden_integer(arguments, "dim", 0);
    c->end = golden_integer(arguments, "end", 0);
    c->theta = golden_number(arguments, "theta", 10000);
}

/* The file's tables must be those of its arguments: the angle of pair k at position p is p theta^(-2k / dim).
 */
static void check_tables(golden_run *run, const rotation_case *c, const dat_tensor *cosines,
                         const dat_tensor *sines)
{
    if (!cosines || !sines || cosines->rank != 2 || !dat_same_shape(cosines, sines) ||
        cosines->shape[1] * 2 != c->dim || cosines->shape[0] > c->end) {
        golden_wrong(&run->verdict, "the angle tables do not fit dim and end");
        return;
    }
    for (int64_t i = 0; i < dat_count(cosines); i++) {
        int64_t position = i / cosines->shape[1], pair = i % cosines->shape[1];
        double angle = (double)position * pow(c->theta, -2.0 * (double)pair / (double)c->dim);
        if (!(fabs((double)cosines->data[i] - cos(angle)) < 1e-5 &&
              fabs((double)sines->data[i] - sin(angle)) < 1e-5))
            golden_wrong(&run->verdict, "the angle tables are not those of theta");
    }
}

static dat_tensor *run_rotation(golden_run *run, const void *module)
{
    dat_tape *tape = &run->tape;
    dat_tensor *cosines = golden_buffer(run, "freqs_cos"), *sines = golden_buffer(run, "freqs_sin");
    check_tables(run, module, cosines, sines);
    int64_t width = ((const rotation_case *)module)->dim;
    dat_tensor *xq = golden_input_folded(run, "xq", 2),
               *xk = golden_input_folded(run, "xk", 2); /* (B, L, heads dim) */
    if (!xq || !xk || run->verdict.outcome != GOLDEN_FINE)
        return NULL;
    dat_tensor *q = golden_output(run, "xq_out",
                                  dat_rope(tape, dat_all_columns(xq), cosines, sines, dat_width(xq) / width));
    dat_tensor *k = golden_output(run, "xk_out",
                                  dat_rope(tape, dat_all_columns(xk), cosines, sines, dat_width(xk) / width));
    return golden_output(run, "both", dat_concat(tape, q, k));
}

const golden_module golden_layers[] = {
    {"Linear", sizeof(dat_linear_layer), GOLDEN_MODULE_TOLERANCE, build_linear, run_linear, NULL},
    {"LayerNorm", sizeof(dat_norm), GOLDEN_MODULE_TOLERANCE, build_layer_norm, run_norm, NULL},
    {"RMSNorm", sizeof(dat_norm), GOLDEN_MODULE_TOLERANCE, build_rms_norm, run_norm, NULL},
    {"FeedForwardBlock", sizeof(dat_feed_forward), GOLDEN_MODULE_TOLERANCE, build_feed_forward,
     run_feed_forward, NULL},
    {"activation", sizeof(activation_case), GOLDEN_MODULE_TOLERANCE, build_activation, run_activation, NULL},
    {"softmax", sizeof(activation_case), GOLDEN_MODULE_TOLERANCE, build_softmax, run_activation, NULL},
    {"cross_entropy", sizeof(dat_cross_entropy_args), GOLDEN_MODULE_TOLERANCE, build_cross_entropy,
     run_cross_entropy, NULL},
    {"apply_rotary_emb", sizeof(rotation_case), GOLDEN_MODULE_TOLERANCE, build_rotation, run_rotation, NULL},
    {.name = NULL},
};
