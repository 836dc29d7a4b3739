#include "golden_check/module.h"

#include <stdlib.h>
#include <string.h>

#include "util/memory.h"

static const golden_module *const families[] = {
    golden_layers,          golden_attentions,    golden_symbol_retrievers, golden_blocks,
    golden_vision_models,   golden_baselines,     golden_sequences,         golden_decoder_blocks,
    golden_language_models, golden_seq2seq_models};

/* Classes of the reference that the library does not have yet. */
static const char *const missing_classes[] = {
    NULL,
};

static const golden_module *find_module(const char *name, golden_verdict *verdict)
{
    for (size_t family = 0; family < sizeof families / sizeof families[0]; family++)
        for (const golden_module *row = families[family]; row->name; row++)
            if (strcmp(row->name, name) == 0)
                return row;
    for (int i = 0; missing_classes[i]; i++)
        if (strcmp(missing_classes[i], name) == 0)
            golden_unsupported(verdict, "the library has no %s", name);
    golden_wrong(verdict, "module '%s' is unknown to this checker", name);
    return NULL;
}

/* Reads the config. Its "group" and "case" only repeat the file's name. */
static void build(golden_instance *instance, golden_run *run, golden_arguments *arguments)
{
    instance->module = find_module(golden_text(arguments, "module"), &run->verdict);
    golden_text(arguments, "source");
    golden_text(arguments, "group");
    golden_text(arguments, "case");
    if (json_object_get(arguments->unread, "train")) {
        golden_arguments train;
        golden_nested(arguments, "train", &train);
        golden_train_read(&instance->train, &train);
        golden_arguments_close(&train);
    }
    if (instance->module) {
        run->tolerance = instance->module->tolerance;
        instance->state = dat_allocate(1, instance->module->size);
        instance->module->build(run, arguments, instance->state);
    }
}

void golden_instance_init(golden_instance *instance, golden_run *run)
{
    *instance = (golden_instance){0};
    golden_arguments arguments;
    golden_arguments_open(&arguments, run->file->config, "the config", &run->verdict);
    build(instance, run, &arguments);
    golden_arguments_close(&arguments);
}

void golden_instance_free(golden_instance *instance)
{
    if (instance->state && instance->module->release)
        instance->module->release(instance->state);
    free(instance->state);
    *instance = (golden_instance){0};
}

static void check_gradients(golden_run *run, dat_tensor *out)
{
    const golden_array *stored = golden_find(&run->file->inputs, "cotangent");
    if (stored && stored->count == dat_count(out)) {
        const dat_tensor *cotangent = golden_input(run, "cotangent");
        dat_tape_backward_from(&run->tape, out, cotangent ? cotangent->data : NULL);
    } else if (!stored && dat_count(out) == 1) {
        dat_tape_backward(&run->tape, out, 1);
    } else {
        golden_wrong(&run->verdict, "the cotangent does not have the size of the output");
    }
    if (golden_accept(&run->verdict, run->tape.status))
        golden_check_grads(run);
}

static void check_once(golden_run *run, const golden_instance *instance)
{
    dat_tape_begin(&run->tape, 0);
    dat_params_zero_grads(&run->params);
    dat_tensor *out = instance->module->forward(run, instance->state);
    if (!golden_accept(&run->verdict, run->tape.status) || run->verdict.outcome != GOLDEN_FINE)
        return;
    golden_check_outputs(run);
    check_gradients(run, out);
}

void golden_check(golden_run *run)
{
    golden_instance instance;
    dat_rng rng = dat_rng_seed(0);
    golden_instance_init(&instance, run);
    if (run->verdict.outcome == GOLDEN_FINE) {
        dat_params_allocate(&run->params, &rng);
        golden_load_params(run);
    }
    if (run->verdict.outcome == GOLDEN_FINE && instance.train.steps > 0)
        golden_check_training(run, &instance);
    else if (run->verdict.outcome == GOLDEN_FINE)
        check_once(run, &instance);
    golden_instance_free(&instance);
}
