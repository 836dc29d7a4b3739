/* The baselines of the relational games: exact gradients of every parameter, images that do not see each
 * other, the same bits at any thread count, refused configs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/baselines/abstractor.h"
#include "models/baselines/corelnet.h"
#include "models/baselines/predinet.h"
#include "ops/registry.h"
#include "support/close.h"
#include "support/gradcheck.h"
#include "support/random_values.h"
#include "util/parallel.h"

/* Images of 4 x 6 pixels and 2 channels; an object is a patch of 2 x 3 pixels. */
enum { BATCH = 3, CLASSES = 3, N_OBJECTS = 4, IMAGE = 2 * 4 * 6 };

static const int32_t labels[BATCH] = {2, 0, 1};

static dat_patch_config patches(int64_t d_model)
{
    return (dat_patch_config){.channels = 2,
                              .image_height = 4,
                              .image_width = 6,
                              .patch_height = 2,
                              .patch_width = 3,
                              .d_model = d_model};
}

/* --- the models behind one signature --- */

typedef enum baseline_kind { CORELNET, PREDINET, ABSTRACTOR } baseline_kind;

typedef struct baseline {
    baseline_kind kind;
    dat_params params;
    dat_corelnet corelnet;
    dat_predinet predinet;
    dat_abstractor abstractor;
    dat_real *images;
} baseline;

static dat_corelnet_config corelnet_config(bool softmax)
{
    return (dat_corelnet_config){.patches = patches(5), .n_classes = CLASSES, .softmax = softmax};
}

static dat_predinet_config predinet_config(void)
{
    return (dat_predinet_config){.patches = patches(7), .n_heads = 3, .n_relations = 4, .n_classes = CLASSES};
}

static dat_abstractor_config abstractor_config(void)
{
    return (dat_abstractor_config){
        .patches = patches(6),
        .n_classes = CLASSES,
        .n_layers = 2,
        .n_heads = 2,
        .dff = 5,
        .activation = DAT_GELU,
        .norm_first = true,
        .self_attention = true,
        .bias = true,
        .symbols = {.kind = DAT_POSITIONAL_SYMBOLS},
    };
}

static void check_status(dat_status status)
{
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
}

static void allocate(baseline *b)
{
    dat_rng rng = dat_rng_seed(1);
    dat_params_allocate(&b->params, &rng);
    randomise_params(&b->params, 0.4, 5);
    b->images = random_values(BATCH * IMAGE, 2);
}

static baseline make_corelnet(bool softmax)
{
    baseline b = {.kind = CORELNET};
    dat_corelnet_config config = corelnet_config(softmax);
    check_status(dat_corelnet_init(&b.corelnet, &b.params, &config));
    allocate(&b);
    return b;
}

static baseline make_predinet(void)
{
    baseline b = {.kind = PREDINET};
    dat_predinet_config config = predinet_config();
    check_status(dat_predinet_init(&b.predinet, &b.params, &config));
    allocate(&b);
    return b;
}

static baseline make_abstractor(const dat_abstractor_config *config)
{
    baseline b = {.kind = ABSTRACTOR};
    check_status(dat_abstractor_init(&b.abstractor, &b.params, config));
    allocate(&b);
    return b;
}

static void free_baseline(baseline *b)
{
    dat_abstractor_free(&b->abstractor);
    dat_params_free(&b->params);
    free(b->images);
}

static dat_tensor *logits_of(dat_tape *tape, const baseline *b, int64_t count)
{
    dat_tensor *images = dat_tape_input(tape, "images", b->images, 4, (int64_t[]){count, 2, 4, 6});
    switch (b->kind) {
    case CORELNET:
        return dat_corelnet_forward(tape, &b->corelnet, images);
    case PREDINET:
        return dat_predinet_forward(tape, &b->predinet, images);
    case ABSTRACTOR:
        break;
    }
    return dat_abstractor_forward(tape, &b->abstractor, images);
}

static dat_tensor *loss_of(dat_tape *tape, dat_tensor *const *in, const void *context)
{
    (void)in;
    dat_cross_entropy_args args = {.targets = labels, .ignore_index = -100};
    return dat_cross_entropy(tape, logits_of(tape, context, BATCH), &args);
}

/* --- what holds for each of them --- */

static void check_gradients(baseline *b)
{
#ifdef DAT_DOUBLE
    gradcheck_result result = gradcheck_params(loss_of, b, &b->params, 6);
    if (!result.good)
        fail_msg("%s", result.worst);
#else
    (void)b;
#endif
}

/* An image has the same logits alone as in a batch, and no image changes those of another. */
static void check_images_are_independent(baseline *b)
{
    dat_tape tape;
    dat_real logits[2][BATCH * CLASSES];
    check_status(dat_tape_init(&tape, (size_t)1 << 26));
    tape.training = false;
    for (int run = 0; run < 2; run++) {
        dat_tape_begin(&tape, 1);
        const dat_tensor *out = logits_of(&tape, b, BATCH);
        check_status(tape.status);
        assert_int_equal(dat_count(out), BATCH * CLASSES);
        memcpy(logits[run], out->data, sizeof logits[run]);
        b->images[IMAGE + 7] += 1; /* image 1 */
    }
    assert_same_bits(logits[1], logits[0], CLASSES);
    assert_same_bits(logits[1] + 2 * CLASSES, logits[0] + 2 * CLASSES, CLASSES);
    assert_true(memcmp(logits[1] + CLASSES, logits[0] + CLASSES, CLASSES * sizeof(dat_real)) != 0);
    dat_tape_begin(&tape, 1);
    const dat_tensor *alone = logits_of(&tape, b, 1);
    assert_all_close(alone->data, logits[0], CLASSES, 1e-5);
    dat_tape_free(&tape);
}

/* Gradients of all parameters, at 1 and 4 threads. */
static void check_threads(baseline *b)
{
    size_t size = (size_t)b->params.size;
    dat_real *before = calloc(size, sizeof before[0]);
    dat_tape tape;
    check_status(dat_tape_init(&tape, (size_t)1 << 26));
    for (int run = 0; run < 2; run++) {
        dat_parallel_set_threads(run ? 4 : 1);
        dat_tape_begin(&tape, 7);
        dat_params_zero_grads(&b->params);
        dat_tape_backward(&tape, loss_of(&tape, NULL, b), 1);
        check_status(tape.status);
        if (run == 0)
            memcpy(before, b->params.grads, size * sizeof before[0]);
    }
    assert_same_bits(b->params.grads, before, (int64_t)size);
    dat_tape_free(&tape);
    free(before);
}

static void check_all(baseline b)
{
    check_threads(&b);
    check_gradients(&b);
    check_images_are_independent(&b);
    free_baseline(&b);
}

static void corelnet(void **state)
{
    (void)state;
    check_all(make_corelnet(false));
    check_all(make_corelnet(true));
}

static void predinet(void **state)
{
    (void)state;
    check_all(make_predinet());
}

static void abstractor(void **state)
{
    (void)state;
    dat_abstractor_config config = abstractor_config();
    check_all(make_abstractor(&config));
    config.dropout = 0.3;
    config.add_positions = true;
    check_all(make_abstractor(&config));
    config.norm_first = false;
    check_all(make_abstractor(&config));
    config.symbols = (dat_retriever_config){.kind = DAT_SYMBOLIC_ATTENTION, .n_heads = 3, .n_symbols = 5};
    config.self_attention = config.bias = false;
    config.activation = DAT_SWIGLU;
    check_all(make_abstractor(&config));
}

/* Symbols by position are the same for all images, but what is dropped of them is not. */
static void dropout_differs_between_images(void **state)
{
    (void)state;
    dat_abstractor_config config = abstractor_config();
    config.dropout = 0.3;
    config.add_positions = true;
    baseline b = make_abstractor(&config);
    dat_tape tape;
    check_status(dat_tape_init(&tape, (size_t)1 << 26));
    dat_tape_begin(&tape, 1);
    assert_non_null(logits_of(&tape, &b, BATCH));
    int found = 0;
    for (const dat_node *n = tape.last; n; n = n->previous) {
        if (n->op != &dat_op_dropout && n->op != &dat_op_add_dropout && n->op != &dat_op_attention)
            continue;
        assert_int_equal(n->out->shape[0], BATCH);
        found++;
    }
    assert_int_equal(found, 1 + 2 * 5); /* positions; in each layer two attentions and three residual sums */
    dat_tape_free(&tape);
    free_baseline(&b);
}

/* --- refusals --- */

static void expect_refusal(dat_status status, const char *expected)
{
    assert_int_equal(status.code, DAT_CODE_USAGE);
    if (!strstr(status.message, expected))
        fail_msg("'%s' is not in: %s", expected, status.message);
}

static void refuse_corelnet(dat_corelnet_config config, const char *expected)
{
    dat_params params = {0};
    dat_corelnet model;
    expect_refusal(dat_corelnet_init(&model, &params, &config), expected);
    dat_params_free(&params);
}

static void refuse_predinet(dat_predinet_config config, const char *expected)
{
    dat_params params = {0};
    dat_predinet model;
    expect_refusal(dat_predinet_init(&model, &params, &config), expected);
    dat_params_free(&params);
}

static void refuse_abstractor(dat_abstractor_config config, const char *expected)
{
    dat_params params = {0};
    dat_abstractor model;
    expect_refusal(dat_abstractor_init(&model, &params, &config), expected);
    dat_abstractor_free(&model);
    dat_params_free(&params);
}

static void impossible_objects_and_heads(void **state)
{
    (void)state;
    dat_corelnet_config corelnet = corelnet_config(false);
    corelnet.n_classes = 0;
    refuse_corelnet(corelnet, "n_classes = 0");
    corelnet = corelnet_config(false);
    corelnet.patches.patch_width = 4;
    refuse_corelnet(corelnet, "2 x 4 do not tile images of 4 x 6");
    corelnet = corelnet_config(false);
    corelnet.patches.channels = 0;
    refuse_corelnet(corelnet, "channels = 0");
    dat_predinet_config predinet = predinet_config();
    predinet.n_heads = 8;
    refuse_predinet(predinet, "d_model = 7 must be at least n_heads = 8");
    predinet = predinet_config();
    predinet.n_relations = 0;
    refuse_predinet(predinet, "n_relations = 0");
}

static void impossible_abstractors(void **state)
{
    (void)state;
    dat_abstractor_config config = abstractor_config();
    config.n_layers = 0;
    refuse_abstractor(config, "n_layers = 0");
    config = abstractor_config();
    config.n_heads = 4;
    refuse_abstractor(config, "d_model = 6");
    config = abstractor_config();
    config.dropout = 1;
    refuse_abstractor(config, "dropout = 1");
    config = abstractor_config();
    config.symbols.max_length = 3;
    refuse_abstractor(config, "3 positional symbols are fewer than the 4 objects");
    config = abstractor_config();
    config.symbols.d_model = 8;
    refuse_abstractor(config, "symbols = 8 must equal d_model = 6");
    config = abstractor_config();
    config.symbols.kind = DAT_POSITION_RELATIVE;
    refuse_abstractor(config, "position_relative");
    config = abstractor_config();
    config.patches.d_model = 7;
    config.n_heads = 1;
    config.add_positions = true;
    refuse_abstractor(config, "d_model = 7 must be even");
}

static void images_of_another_size_are_refused(void **state)
{
    (void)state;
    baseline b = make_predinet();
    dat_tape tape;
    check_status(dat_tape_init(&tape, (size_t)1 << 26));
    dat_tape_begin(&tape, 1);
    dat_tensor *images = dat_tape_input(&tape, "images", b.images, 4, (int64_t[]){1, 2, 4, 9});
    assert_null(dat_predinet_forward(&tape, &b.predinet, images));
    expect_refusal(tape.status, "images is [1, 2, 4, 9], expected (batch, 2, 4, 6)");
    dat_tape_free(&tape);
    free_baseline(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corelnet),
        cmocka_unit_test(predinet),
        cmocka_unit_test(abstractor),
        cmocka_unit_test(dropout_differs_between_images),
        cmocka_unit_test(impossible_objects_and_heads),
        cmocka_unit_test(impossible_abstractors),
        cmocka_unit_test(images_of_another_size_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
