/* Vision models: the same bits at any thread count, exact gradients of every parameter, refused configs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "models/vision.h"
#include "optim/adam.h"
#include "support/close.h"
#include "support/gradcheck.h"
#include "support/random_values.h"
#include "util/parallel.h"

static dat_vision_config small_config(void)
{
    return (dat_vision_config){
        .channels = 3,
        .image_height = 12,
        .image_width = 12,
        .patch_height = 4,
        .patch_width = 4,
        .n_classes = 3,
        .n_layers = 2,
        .pool = DAT_POOL_MEAN,
        .block = {.dual = true,
                  .d_model = 32,
                  .dff = 48,
                  .activation = DAT_SWIGLU,
                  .norm_first = true,
                  .dropout = 0.1,
                  .attention = {.n_heads_sa = 2,
                                .n_heads_ra = 2,
                                .relational = {.n_relations = 4, .symmetric_relations = true}}},
    };
}

/* A model, and images and labels for it. */
typedef struct problem {
    dat_params params;
    dat_vision_model model;
    int64_t shape[4];
    dat_real *images;
    int32_t *labels;
} problem;

static problem make_problem(const dat_vision_config *config, int64_t batch)
{
    problem p = {.shape = {batch, config->channels, config->image_height, config->image_width}};
    dat_rng rng = dat_rng_seed(1);
    dat_status status = dat_vision_init(&p.model, &p.params, config);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    dat_params_allocate(&p.params, &rng);
    p.images = random_values(batch * config->channels * config->image_height * config->image_width, 2);
    p.labels = calloc((size_t)batch, sizeof p.labels[0]);
    for (int64_t i = 0; i < batch; i++)
        p.labels[i] = (int32_t)dat_rng_below(&rng, (uint64_t)config->n_classes);
    return p;
}

static void free_problem(problem *p)
{
    dat_vision_free(&p->model);
    dat_params_free(&p->params);
    free(p->images);
    free(p->labels);
}

static dat_tensor *loss_of(dat_tape *tape, const problem *p)
{
    dat_tensor *images = dat_tape_input(tape, "images", p->images, 4, p->shape);
    dat_cross_entropy_args args = {.targets = p->labels, .ignore_index = -100};
    return dat_cross_entropy(tape, dat_vision_forward(tape, &p->model, images), &args);
}

/* Three steps of Adam with dropout. Returns the final loss; the parameters stay in the problem. */
static dat_real train(problem *p, int threads)
{
    dat_tape tape;
    dat_adam adam;
    dat_real loss_value = 0;
    dat_parallel_set_threads(threads);
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 28).code, DAT_CODE_OK);
    dat_adam_init(&adam, &p->params, &(dat_adam_config){0.001, 0.9, 0.99, 1e-8});
    for (uint64_t step = 0; step < 3; step++) {
        dat_tape_begin(&tape, 100 + step);
        dat_params_zero_grads(&p->params);
        dat_tensor *loss = loss_of(&tape, p);
        assert_non_null(loss);
        dat_tape_backward(&tape, loss, 1);
        assert_int_equal(tape.status.code, DAT_CODE_OK);
        dat_adam_step(&adam, &p->params, 0.001);
        loss_value = loss->data[0];
    }
    dat_adam_free(&adam);
    dat_tape_free(&tape);
    return loss_value;
}

static void check_threads(const dat_vision_config *config)
{
    problem one = make_problem(config, 70);
    problem before = make_problem(config, 70);
    dat_real loss = train(&one, 1);
    assert_true(isfinite(loss));
    assert_true(memcmp(one.params.values, before.params.values, (size_t)one.params.size * sizeof(dat_real)) !=
                0);
    static const int counts[] = {2, 3, 4};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        problem other = make_problem(config, 70);
        dat_real other_loss = train(&other, counts[i]);
        assert_same_bits(&other_loss, &loss, 1);
        assert_same_bits(other.params.values, one.params.values, one.params.size);
        free_problem(&other);
    }
    free_problem(&before);
    free_problem(&one);
    dat_parallel_set_threads(1);
}

static void threads_do_not_change_training(void **state)
{
    (void)state;
    dat_vision_config config = small_config();
    check_threads(&config);
    config.symbols = (dat_retriever_config){.kind = DAT_POSITION_RELATIVE, .max_rel_pos = 3};
    check_threads(&config);
    config.block.attention.ra_type = DAT_RCA;
    config.symbols = (dat_retriever_config){.kind = DAT_SYMBOLIC_ATTENTION, .n_heads = 2, .n_symbols = 3};
    check_threads(&config);
    config.block.attention.ra_type = DAT_DISRCA;
    config.symbols = (dat_retriever_config){.kind = DAT_REL_SYM_ATTENTION,
                                            .n_heads = 2,
                                            .n_symbols = 3,
                                            .rel_n_heads = 4,
                                            .neighbours = 2,
                                            .normalise_relations = true};
    check_threads(&config);
}

/* An image's logits do not depend on its neighbours in the batch. */
static void images_do_not_mix(void **state)
{
    (void)state;
    dat_vision_config config = small_config();
    problem p = make_problem(&config, 5);
    dat_tape tape;
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 28).code, DAT_CODE_OK);
    tape.training = false;
    dat_real logits[2][15];
    for (int run = 0; run < 2; run++) {
        dat_tape_begin(&tape, 1);
        const dat_tensor *out =
            dat_vision_forward(&tape, &p.model, dat_tape_input(&tape, "images", p.images, 4, p.shape));
        memcpy(logits[run], out->data, sizeof logits[run]);
        p.images[2 * 3 * 12 * 12 + 7] += 1; /* image 2 */
    }
    assert_same_bits(logits[1], logits[0], 2 * 3);
    assert_same_bits(logits[1] + 3 * 3, logits[0] + 3 * 3, 2 * 3);
    assert_true(memcmp(logits[1] + 2 * 3, logits[0] + 2 * 3, 3 * sizeof(dat_real)) != 0);
    dat_tape_free(&tape);
    free_problem(&p);
}

#ifdef DAT_DOUBLE

static dat_tensor *loss_function(dat_tape *tape, dat_tensor *const *in, const void *context)
{
    (void)in;
    return loss_of(tape, context);
}

/* Small enough for differences of every parameter: 4 patches of 2 x 3 pixels. */
static dat_vision_config tiny_config(void)
{
    dat_vision_config config = small_config();
    config.channels = 2;
    config.image_height = 4;
    config.image_width = 6;
    config.patch_height = 2;
    config.patch_width = 3;
    config.block.d_model = 8;
    config.block.dff = 6;
    config.block.attention.relational.n_relations = 2;
    return config;
}

static void check_gradients(const char *name, const dat_vision_config *config)
{
    problem p = make_problem(config, 3);
    randomise_params(&p.params, 0.4, 5);
    gradcheck_result result = gradcheck_params(loss_function, &p, &p.params, 6);
    if (!result.good)
        fail_msg("%s: %s", name, result.worst);
    free_problem(&p);
}

static void gradients_of_dual_attention(void **state)
{
    (void)state;
    dat_vision_config config = tiny_config();
    check_gradients("pre-norm", &config);
    config.block.norm_first = false;
    config.block.activation = DAT_GELU;
    config.block.bias = true;
    config.block.attention.relational.symmetric_relations = false;
    config.block.attention.relational.relation_activation = DAT_TANH;
    config.pool = DAT_POOL_CLS;
    config.final_norm = true;
    check_gradients("post-norm", &config);
    config.block.attention.share_attention = true;
    config.block.norm_type = DAT_RMS_NORM;
    config.symbols.max_length = 9;
    check_gradients("shared attention, rmsnorm", &config);
    config.block.attention = (dat_dual_config){.n_heads_ra = 2, .relational = {.relation_softmax = true}};
    config.block.norm_type = DAT_NO_NORM;
    check_gradients("relational heads only, no norm", &config);
}

/* Every retriever and kind of relational heads, which a model must pass gradients through to earlier layers.
 */
static void gradients_of_symbols_and_ablations(void **state)
{
    (void)state;
    dat_vision_config config = tiny_config();
    config.symbols = (dat_retriever_config){.kind = DAT_POSITION_RELATIVE, .max_rel_pos = 2};
    check_gradients("position-relative symbols", &config);
    config.block.attention.ra_type = DAT_RCA;
    config.block.attention.rca = (dat_rca_config){.pointwise = true, .activation = DAT_TANH};
    check_gradients("rca, position-relative symbols", &config);
    config.symbols = (dat_retriever_config){.kind = DAT_SYMBOLIC_ATTENTION, .n_heads = 2, .n_symbols = 3};
    config.rope = true;
    check_gradients("rca, symbolic attention, rope", &config);
    config.block.attention.ra_type = DAT_DISRCA;
    config.symbols.fixed_symbols = true;
    config.symbols_once = true;
    check_gradients("disrca, fixed symbols, once", &config);
    config = tiny_config();
    config.symbols = (dat_retriever_config){.kind = DAT_REL_SYM_ATTENTION,
                                            .n_heads = 2,
                                            .n_symbols = 3,
                                            .rel_n_heads = 4,
                                            .neighbours = 1,
                                            .normalise_relations = true};
    check_gradients("relational symbolic attention", &config);
}

static void gradients_of_transformer(void **state)
{
    (void)state;
    dat_vision_config config = tiny_config();
    config.block.dual = false;
    config.block.attention = (dat_dual_config){.self_attention = {.n_heads = 2}};
    check_gradients("transformer", &config);
    config.block.attention.self_attention =
        (dat_attention_config){.n_heads = 4, .n_kv_heads = 2, .bias_kv = true};
    config.block.activation = DAT_SILU;
    config.block.bias = true;
    check_gradients("transformer, grouped", &config);
}

/* The checker sees an error in one parameter of a whole model. */
static dat_tensor *wrong_loss(dat_tape *tape, dat_tensor *const *in, const void *context)
{
    const problem *p = context;
    dat_tensor *loss = loss_function(tape, in, context);
    p->model.head.bias->grad[1] += 1e-4;
    return loss;
}

static void a_planted_error_is_found(void **state)
{
    (void)state;
    dat_vision_config config = tiny_config();
    problem p = make_problem(&config, 3);
    gradcheck_result result = gradcheck_params(wrong_loss, &p, &p.params, 6);
    assert_false(result.good);
    assert_non_null(strstr(result.worst, "final_out.bias, element 1"));
    free_problem(&p);
}

#endif

static void impossible_configs_are_refused(void **state)
{
    (void)state;
    for (int defect = 0; defect < 11; defect++) {
        dat_vision_config config = small_config();
        const char *expected = "";
        switch (defect) {
        case 0:
            config.patch_height = 5;
            expected = "5 x 4";
            break;
        case 1:
            config.patch_width = 0;
            expected = "4 x 0";
            break;
        case 2:
            config.n_classes = 0;
            expected = "n_classes = 0";
            break;
        case 3:
            config.n_layers = -1;
            expected = "n_layers = -1";
            break;
        case 4:
            config.symbols.max_length = 9;
            expected = "10";
            break;
        case 5:
            config.block.d_model = 30;
            expected = "30";
            break;
        case 6:
            config.block.dff = -1;
            expected = "dff = -1";
            break;
        case 8:
            config.symbols.d_model = 16;
            expected = "16 wide, but d_model = 32";
            break;
        case 9:
            config.rope = true;
            config.block.attention.n_heads_ra = 30;
            expected = "head_dim = 1";
            break;
        case 10:
            config.rope = true;
            config.block.attention.ra_type = DAT_DISRCA;
            config.block.attention.disrca.attention.key_dim = 6;
            expected = "key_dim = 6";
            break;
        default:
            config.image_height = 0;
            expected = "0 x 12";
            break;
        }
        dat_params params = {0};
        dat_vision_model model;
        dat_status status = dat_vision_init(&model, &params, &config);
        if (status.code != DAT_CODE_USAGE || !strstr(status.message, expected))
            fail_msg("defect %d: code %d, message '%s'", defect, (int)status.code, status.message);
        dat_vision_free(&model);
        dat_params_free(&params);
    }
}

/* Images of another size than the config's stop with an error that names both: a Transformer would otherwise
 * run on smaller ones, with their patches at the wrong positions. */
static void wrong_images_are_an_error(void **state)
{
    (void)state;
    static const int64_t shapes[][4] = {{2, 3, 12, 8}, {2, 1, 12, 12}, {2, 3, 16, 12}, {2, 3, 4, 36}};
    static const char *const texts[] = {"[2, 3, 12, 8]", "[2, 1, 12, 12]", "[2, 3, 16, 12]", "[2, 3, 4, 36]"};
    dat_vision_config config = small_config();
    config.block.dual = false;
    config.block.attention = (dat_dual_config){.self_attention = {.n_heads = 2}};
    problem p = make_problem(&config, 2);
    dat_tape tape;
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 26).code, DAT_CODE_OK);
    dat_real *images = random_values(2 * 3 * 16 * 12, 1);
    for (int i = 0; i < 4; i++) {
        dat_tape_begin(&tape, 1);
        dat_tensor *input = dat_tape_input(&tape, "images", images, 4, shapes[i]);
        if (dat_vision_forward(&tape, &p.model, input))
            fail_msg("images %s are accepted", texts[i]);
        assert_int_equal(tape.status.code, DAT_CODE_USAGE);
        assert_non_null(strstr(tape.status.message, texts[i]));
    }
    free(images);
    dat_tape_free(&tape);
    free_problem(&p);
}

/* The relations of a layer, (batch, tokens, tokens, relations), with the same logits as without asking for
 * them; the caller frees them. */
static dat_real *relations_of(const problem *p, int64_t layer)
{
    int64_t tokens = p->model.n_patches + 1;
    int64_t n = p->model.config.block.attention.relational.n_relations;
    dat_real *relations = calloc((size_t)(p->shape[0] * tokens * tokens * n), sizeof(dat_real));
    dat_tape tape;
    assert_int_equal(dat_tape_init(&tape, (size_t)1 << 28).code, DAT_CODE_OK);
    tape.training = tape.recording = false;
    dat_tape_begin(&tape, 0);
    dat_tensor *images = dat_tape_input(&tape, "images", p->images, 4, p->shape);
    dat_tensor *plain = dat_vision_forward(&tape, &p->model, images);
    dat_tensor *seen = dat_vision_forward_relations(&tape, &p->model, images, layer, relations);
    assert_all_close(seen->data, plain->data, dat_count(plain), 1e-5);
    dat_tape_free(&tape);
    return relations;
}

/* Pairs of tokens of the first image whose first relation depends on the direction. */
static int64_t count_asymmetric(const problem *p, const dat_real *relations)
{
    int64_t tokens = p->model.n_patches + 1, differing = 0;
    int64_t n = p->model.config.block.attention.relational.n_relations;
    for (int64_t i = 0; i < tokens; i++)
        for (int64_t j = 0; j < i; j++)
            differing += !(fabs((double)relations[(i * tokens + j) * n] -
                                (double)relations[(j * tokens + i) * n]) < 1e-5);
    return differing;
}

/* Each layer has its own relations, with r(x, y) = r(y, x) where that is asked for. */
static void relations_can_be_looked_at(void **state)
{
    (void)state;
    for (int symmetric = 0; symmetric < 2; symmetric++) {
        dat_vision_config config = small_config();
        config.block.attention.relational.symmetric_relations = symmetric;
        problem p = make_problem(&config, 2);
        dat_real *first = relations_of(&p, 0), *second = relations_of(&p, 1);
        int64_t pairs = (p.model.n_patches + 1) * p.model.n_patches / 2;
        assert_true(symmetric ? count_asymmetric(&p, first) == 0 : count_asymmetric(&p, first) > pairs / 2);
        assert_true(symmetric ? count_asymmetric(&p, second) == 0 : count_asymmetric(&p, second) > pairs / 2);
        assert_memory_not_equal(first, second, (size_t)pairs * sizeof(dat_real));
        free(first);
        free(second);
        free_problem(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_training),     cmocka_unit_test(images_do_not_mix),
#ifdef DAT_DOUBLE
        cmocka_unit_test(gradients_of_dual_attention),        cmocka_unit_test(gradients_of_transformer),
        cmocka_unit_test(gradients_of_symbols_and_ablations), cmocka_unit_test(a_planted_error_is_found),
#endif
        cmocka_unit_test(impossible_configs_are_refused),     cmocka_unit_test(wrong_images_are_an_error),
        cmocka_unit_test(relations_can_be_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
