/* Continuing texts with a language model, and its loss on one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "models/hub.h"
#include "models/language_generate.h"
#include "models/language_loss.h"
#include "support/close.h"
#include "support/tokenizing.h"
#include "util/parallel.h"

enum { VOCABULARY = 61, CONTEXT = 16 };
static const size_t MEMORY_LIMIT = (size_t)1 << 28;

/* The published model that all tests use. */
static dat_language_model model;
static dat_params params;

static int set_up(void **state)
{
    (void)state;
    dat_status status = dat_hub_load(DAT_SOURCE_DIR "/tests/golden/hub_tiny_dat", &model, &params);
    return status.code == DAT_CODE_OK && model.config.max_length == CONTEXT ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    dat_language_free(&model);
    dat_params_free(&params);
    return 0;
}

static dat_generator start(const int32_t *prompt, int64_t count)
{
    dat_generator generator;
    assert_int_equal(dat_generator_init(&generator, &model, MEMORY_LIMIT).code, DAT_CODE_OK);
    assert_int_equal(dat_generator_append(&generator, prompt, count).code, DAT_CODE_OK);
    return generator;
}

/* The logits [count][VOCABULARY] of a text of at most CONTEXT tokens, as the model itself computes them. */
static void compute_logits(const int32_t *text, int64_t count, dat_real *logits)
{
    dat_tape tape;
    assert_int_equal(dat_tape_init(&tape, MEMORY_LIMIT).code, DAT_CODE_OK);
    dat_tape_begin(&tape, 0);
    const dat_tensor *out = dat_language_forward(&tape, &model, (dat_tokens){text, 1, count});
    memcpy(logits, out->data, (size_t)(count * VOCABULARY) * sizeof *logits);
    dat_tape_free(&tape);
}

static void fill_text(int32_t *text, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        text[i] = (int32_t)(i * 7 % VOCABULARY);
}

/* The generator's logits are the last row of the model's, for the text's last CONTEXT tokens, however they
 * came.
 */
static void a_generator_sees_the_end_of_its_text(void **state)
{
    (void)state;
    static const int64_t pieces[][3] = {{5, 0, 0},  {16, 0, 0}, {3, 4, 5}, {17, 0, 0},
                                        {40, 0, 0}, {9, 9, 9},  {2, 30, 1}};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        int32_t text[64];
        int64_t count = 0;
        dat_real expected[CONTEXT * VOCABULARY];
        const dat_real *logits;
        dat_generator generator = start(NULL, 0);
        fill_text(text, 64);
        for (int j = 0; j < 3; j++) {
            assert_int_equal(dat_generator_append(&generator, text + count, pieces[i][j]).code, DAT_CODE_OK);
            count += pieces[i][j];
        }
        int64_t seen = count < CONTEXT ? count : CONTEXT;
        compute_logits(text + count - seen, seen, expected);
        assert_int_equal(dat_generator_logits(&generator, &logits).code, DAT_CODE_OK);
        assert_all_close(logits, expected + (seen - 1) * VOCABULARY, VOCABULARY, 1e-5);
        dat_generator_free(&generator);
    }
}

typedef struct taken {
    int32_t tokens[64];
    int64_t count, most;
} taken;

static bool take(void *context, int32_t token)
{
    taken *t = context;
    t->tokens[t->count++] = token;
    return t->count < t->most;
}

static taken run(const dat_generation *generation, int64_t most)
{
    static const int32_t prompt[] = {3, 1, 4};
    taken t = {.most = most};
    dat_generator generator = start(prompt, 3);
    dat_status status = dat_generate(&generator, generation, take, &t);
    if (status.code != DAT_CODE_OK)
        fail_msg("%s", status.message);
    dat_generator_free(&generator);
    return t;
}

static dat_generation lively(uint64_t seed)
{
    return (dat_generation){
        .sampling = {.temperature = 1.5, .top_p = 1}, .seed = seed, .n_tokens = 40, .stop_token = -1};
}

static void a_seed_decides_the_text(void **state)
{
    (void)state;
    dat_generation first = lively(1), second = lively(2);
    taken a = run(&first, 64), b = run(&second, 64);
    int threads = dat_parallel_threads();
    dat_parallel_set_threads(3);
    taken again = run(&first, 64);
    dat_parallel_set_threads(threads);
    assert_int_equal(a.count, 40);
    assert_memory_equal(a.tokens, again.tokens, sizeof a.tokens);
    assert_memory_not_equal(a.tokens, b.tokens, sizeof a.tokens);
    for (int i = 0; i < 40; i++)
        assert_in_range(a.tokens[i], 0, VOCABULARY - 1);
}

static void a_text_ends_where_it_should(void **state)
{
    (void)state;
    dat_generation generation = lively(1);
    taken whole = run(&generation, 64), cut = run(&generation, 5);
    assert_int_equal(cut.count, 5);
    generation.stop_token = whole.tokens[9];
    int64_t first = 0;
    while (whole.tokens[first] != generation.stop_token)
        first++;
    taken stopped = run(&generation, 64);
    assert_int_equal(stopped.count, first);
    assert_memory_equal(stopped.tokens, whole.tokens, (size_t)first * sizeof(int32_t));
}

static void tokens_can_be_kept_to_a_smaller_vocabulary(void **state)
{
    (void)state;
    dat_generation generation = lively(1);
    generation.vocab_size = 3;
    taken t = run(&generation, 64);
    for (int i = 0; i < 40; i++)
        assert_in_range(t.tokens[i], 0, 2);
}

static void what_cannot_be_continued_is_refused(void **state)
{
    (void)state;
    dat_generator generator = start((const int32_t[]){1}, 1);
    expect_refused(dat_generator_append(&generator, (const int32_t[]){0, VOCABULARY}, 2),
                   "token 61 is outside the model's vocabulary of 61");
    expect_refused(dat_generator_append(&generator, (const int32_t[]){-1}, 1), "token -1 is outside");
    dat_generation generation = lively(1);
    generation.sampling.top_p = 2;
    taken t = {.most = 64};
    expect_refused(dat_generate(&generator, &generation, take, &t), "top_p = 2");
    assert_int_equal(t.count, 0);

    dat_real *gain = dat_params_find(&params, "layers.norm.weight")->tensor.data, before = gain[0];
    const dat_real *logits;
    gain[0] = NAN;
    expect_refused(dat_generator_logits(&generator, &logits), "not finite");
    gain[0] = before;
    dat_generator_free(&generator);
}

/* -log softmax(logits)[target]. */
static double surprise(const dat_real *logits, int32_t target)
{
    double sum = 0;
    for (int i = 0; i < VOCABULARY; i++)
        sum += exp((double)logits[i]);
    return log(sum) - (double)logits[target];
}

static void count_step(void *context, int64_t done)
{
    *(int64_t *)context = done;
}

/* Windows of CONTEXT predictions side by side, the last one shorter. */
static void a_loss_is_the_mean_surprise(void **state)
{
    (void)state;
    enum { MOST = 3 * CONTEXT };
    static const int64_t counts[] = {2, 5, CONTEXT, CONTEXT + 1, CONTEXT + 2, 2 * CONTEXT + 1, 40};
    int32_t text[MOST];
    dat_tape tape;
    fill_text(text, MOST);
    assert_int_equal(dat_tape_init(&tape, MEMORY_LIMIT).code, DAT_CODE_OK);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        dat_real logits[CONTEXT * VOCABULARY];
        double sum = 0, loss;
        int64_t last = counts[i] - 1, done = 0;
        for (int64_t at = 0; at < last; at += CONTEXT) {
            int64_t length = last - at < CONTEXT ? last - at : CONTEXT;
            compute_logits(text + at, length, logits);
            for (int64_t j = 0; j < length; j++)
                sum += surprise(logits + j * VOCABULARY, text[at + j + 1]);
        }
        dat_status status = dat_language_loss(&tape, &model, text, counts[i], count_step, &done, &loss);
        assert_int_equal(status.code, DAT_CODE_OK);
        assert_close(loss, sum / (double)last, 1e-5);
        assert_int_equal(done, last);
        assert_true(tape.training && tape.recording);
    }
    double loss;
    text[4] = VOCABULARY;
    expect_refused(dat_language_loss(&tape, &model, text, 6, NULL, NULL, &loss), "token 4 is 61, outside");
    dat_tape_free(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_generator_sees_the_end_of_its_text),
        cmocka_unit_test(a_seed_decides_the_text),
        cmocka_unit_test(a_text_ends_where_it_should),
        cmocka_unit_test(tokens_can_be_kept_to_a_smaller_vocabulary),
        cmocka_unit_test(what_cannot_be_continued_is_refused),
        cmocka_unit_test(a_loss_is_the_mean_surprise),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
