/* The published files are decoded and counted: every number of the description of the benchmark must come out
 * again (which proves the reader and the decoder), and the generator must agree with the files within 2
 * standard errors of the file's sample. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/chance.h"
#include "support/games_decode.h"

/* Enough generated images that their own sampling error does not count beside the file's. */
enum { N_REAL = 5000, N_GENERATED = 200000 };

/* Counts over one set of images. The histograms take one object an image, so that their cases are
 * independent. */
typedef struct tally {
    int64_t n, positives;
    int64_t colours[25], masks[512], plain_squares, n_objects;
    /* between */
    int64_t middle_row, middle_equal; /* of the positives */
    int64_t outer[3], off_line;       /* of the negatives: likeness of the outer two, when on a line */
    /* 3task_col_patts */
    int64_t tasks[3], columns[3];
    int64_t negative_patterns[3][13]; /* by task and games_pattern */
    int64_t first_pair[3];            /* likeness of the first object and the second distinct one */
    int64_t third_to_first[3], third_to_second[3];
} tally;

/* 0..24 for a colour of {64,144,192}^3 without the all-low and the all-high one. */
static int colour_index(uint32_t colour)
{
    int index = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        uint32_t value = colour >> shift & 255;
        assert_true(value == 64 || value == 144 || value == 192);
        index = 3 * index + (value == 144 ? 1 : value == 192 ? 2 : 0);
    }
    assert_in_range(index, 1, 25);
    return index - 1;
}

static void tally_between(tally *t, const games_picture *p, bool stripes)
{
    const games_cell *first = &p->cells[p->places[0]], *middle = &p->cells[p->places[1]];
    const games_cell *last = &p->cells[p->places[2]];
    bool line = games_on_a_line(p->places);
    if (p->label) {
        t->middle_row += p->places[0] == 3 && p->places[2] == 5;
        t->middle_equal += games_same(first, middle);
    } else if (line) {
        t->outer[games_likeness(first, last, stripes)]++;
    } else {
        t->off_line++;
    }
}

static void tally_col_patts(tally *t, const games_picture *p, bool stripes)
{
    const games_cell *a = &p->cells[p->places[0]], *b = &p->cells[p->places[1]], *c = &p->cells[p->places[2]];
    int pattern = games_pattern(a, b, c);
    t->tasks[p->task_id]++;
    t->columns[p->places[0]]++;
    if (!p->label)
        t->negative_patterns[p->task_id][pattern]++;
    if (pattern != 0)
        t->first_pair[games_likeness(a, games_same(a, b) ? c : b, stripes)]++;
    if (pattern == 12) {
        t->third_to_first[games_likeness(c, a, stripes)]++;
        t->third_to_second[games_likeness(c, b, stripes)]++;
    }
}

/* Decodes and counts all images, and checks each label against the definition of the task. */
static tally count_images(const dat_games_dataset *dataset, dat_games_task task, bool stripes)
{
    tally t = {.n = dat_games_size(dataset)};
    for (int64_t i = 0; i < t.n; i++) {
        games_picture p;
        assert_true(games_decode(dataset, i, &p));
        assert_int_equal(games_oracle(task, &p), p.label);
        t.positives += p.label;
        const games_cell *sample = &p.cells[p.places[0]];
        t.masks[games_mask(sample)]++;
        t.colours[colour_index(games_colour(sample))]++;
        for (int k = 0; k < p.n_objects; k++) {
            const games_cell *object = &p.cells[p.places[k]];
            t.n_objects++;
            t.plain_squares += stripes && games_colour(object) == games_middle_colour(object);
            for (int block = 0; block < 9 && stripes; block++)
                assert_int_equal(object->blocks[block],
                                 block % 3 == 1 ? games_middle_colour(object) : games_colour(object));
        }
        if (task == DAT_GAMES_BETWEEN)
            tally_between(&t, &p, stripes);
        else
            tally_col_patts(&t, &p, stripes);
    }
    return t;
}

static tally count_real(const char *name, dat_games_task task, bool stripes)
{
    char path[512];
    snprintf(path, sizeof path, DAT_SOURCE_DIR "/datasets/relational_games/%s.npz", name);
    dat_games_dataset *dataset;
    dat_status status = dat_games_read_npz(path, &dataset);
    assert_string_equal(status.message, "");
    tally t = count_images(dataset, task, stripes);
    assert_int_equal(t.n, N_REAL);
    dat_games_free(dataset);
    return t;
}

static tally count_generated(dat_games_task task, bool stripes)
{
    dat_games_priors priors = dat_games_default_priors(task);
    dat_games_dataset *dataset =
        dat_games_generate(task, stripes ? DAT_GAMES_STRIPES : DAT_GAMES_HEXOS, &priors, 1, N_GENERATED);
    tally t = count_images(dataset, task, stripes);
    dat_games_free(dataset);
    return t;
}

/* count / n, rounded as printed in the description. */
static void assert_rounds_to(int64_t count, int64_t n, double printed)
{
    double share = (double)count / (double)n;
    if (!(fabs(share - printed) <= 0.0005 + 1e-12))
        fail_msg("%g of %g is %.4f, not %.3f", (double)count, (double)n, share, printed);
}

/* The share in the generated images lies within 2 standard errors of the file's share. */
static void assert_agrees(const char *what, int64_t real, int64_t n_real, int64_t made, int64_t n_made)
{
    assert_true(n_made > 20 * n_real);
    assert_true(share_is(what, real, n_real, (double)made / (double)n_made, 2));
}

static int64_t sum(const int64_t *counts, int n)
{
    int64_t total = 0;
    for (int i = 0; i < n; i++)
        total += counts[i];
    return total;
}

/* Facts common to all files: label, objects an image, colours, masks. */
static void check_common(const tally *t, bool stripes, double sigmas)
{
    assert_true(share_is("positives", t->positives, t->n, 0.5, sigmas));
    assert_int_equal(t->n_objects, 3 * t->n);
    assert_true(histogram_is("colours", t->colours, NULL, 25, sigmas));
    if (stripes) {
        assert_int_equal(t->masks[0x1ff], t->n);
        return;
    }
    /* 48 masks: 1/32 in the orbits of four, 1/64 in the orbits of eight. */
    static const int fours[16] = {0x03f, 0x0db, 0x1b6, 0x1f8, 0x05f, 0x137, 0x1d9, 0x1f4,
                                  0x0bb, 0x0be, 0x0fa, 0x1ba, 0x0bd, 0x0f3, 0x17a, 0x19e};
    static const int eights[32] = {0x06f, 0x0cf, 0x12f, 0x1a7, 0x1cb, 0x1e6, 0x1e9, 0x1ec,
                                   0x07b, 0x09f, 0x0b7, 0x0f9, 0x13e, 0x1bc, 0x1da, 0x1f2,
                                   0x07d, 0x0d7, 0x13d, 0x179, 0x17c, 0x197, 0x1d3, 0x1d6,
                                   0x07e, 0x0de, 0x0f6, 0x0fc, 0x13b, 0x19b, 0x1b3, 0x1b9};
    double probabilities[512] = {0};
    for (int i = 0; i < 16; i++)
        probabilities[fours[i]] = 1.0 / 32;
    for (int i = 0; i < 32; i++)
        probabilities[eights[i]] = 1.0 / 64;
    assert_true(histogram_is("masks", t->masks, probabilities, 512, sigmas));
    int n_masks = 0;
    for (int mask = 0; mask < 512; mask++)
        n_masks += t->masks[mask] > 0;
    assert_int_equal(n_masks, 48);
}

static void check_between_agrees(const tally *real, const tally *made)
{
    static const char *const names[] = {"outer same mask", "outer same colour", "line, neither"};
    int64_t n = real->n - real->positives, m = made->n - made->positives;
    assert_agrees("middle row", real->middle_row, real->positives, made->middle_row, made->positives);
    for (int k = 0; k < 3; k++)
        assert_agrees(names[k], real->outer[k], n, made->outer[k], m);
    assert_agrees("off line", real->off_line, n, made->off_line, m);
    assert_true(share_is("middle row of the model", made->middle_row, made->positives, 2.0 / 9, 3));
}

static void between_hexos(void **state)
{
    (void)state;
    tally real = count_real("mini_between_hexos", DAT_GAMES_BETWEEN, false);
    tally made = count_generated(DAT_GAMES_BETWEEN, false);
    check_common(&real, false, 2);
    check_common(&made, false, 3);
    check_between_agrees(&real, &made);

    assert_int_equal(real.positives, 2525);
    assert_rounds_to(real.middle_row, real.positives, .216);
    assert_int_equal(real.middle_equal, 1);
    assert_rounds_to(real.outer[GAMES_SAME_MASK], 2475, .267);
    assert_rounds_to(real.outer[GAMES_SAME_COLOUR], 2475, .253);
    assert_rounds_to(real.outer[GAMES_NEITHER], 2475, .261);
    assert_rounds_to(real.off_line, 2475, .219);

    int64_t n = made.n - made.positives;
    assert_true(share_is("model: same mask", made.outer[GAMES_SAME_MASK], n, .256, 3));
    assert_true(share_is("model: same colour", made.outer[GAMES_SAME_COLOUR], n, .261, 3));
    assert_true(share_is("model: neither", made.outer[GAMES_NEITHER], n, .256, 3));
    assert_true(share_is("model: off line", made.off_line, n, .226, 3));
    /* Equal by chance: same mask (sum p^2) and same colour. */
    assert_true(
        share_is("model: middle", made.middle_equal, made.positives, (4.0 / 256 + 4.0 / 512) / 25, 3));
}

static void between_stripes(void **state)
{
    (void)state;
    tally real = count_real("mini_between_stripes", DAT_GAMES_BETWEEN, true);
    tally made = count_generated(DAT_GAMES_BETWEEN, true);
    check_common(&real, true, 2);
    check_common(&made, true, 3);
    check_between_agrees(&real, &made);

    assert_int_equal(real.positives, 2488);
    assert_rounds_to(real.middle_row, real.positives, .224);
    assert_int_equal(real.middle_equal, 2);
    assert_rounds_to(sum(real.outer, 3), 2512, .534);
    assert_rounds_to(real.off_line, 2512, .466);
    assert_rounds_to(real.plain_squares, real.n_objects, .042);
    assert_true(share_is("model: off line", made.off_line, made.n - made.positives, .452, 3));
    assert_true(share_is("model: plain", made.plain_squares, made.n_objects, .04, 3));
}

static void check_col_patts_agrees(const tally *real, const tally *made)
{
    static const char *const names[] = {"same mask", "same colour", "neither"};
    for (int k = 0; k < 3; k++) {
        assert_agrees(names[k], real->first_pair[k], sum(real->first_pair, 3), made->first_pair[k],
                      sum(made->first_pair, 3));
        assert_agrees(names[k], real->third_to_first[k], sum(real->third_to_first, 3),
                      made->third_to_first[k], sum(made->third_to_first, 3));
        assert_agrees(names[k], real->third_to_second[k], sum(real->third_to_second, 3),
                      made->third_to_second[k], sum(made->third_to_second, 3));
    }
}

/* Tasks, columns and the four negative patterns of each task are uniform. */
static void check_negatives(const tally *t, double sigmas)
{
    static const int all[5] = {0, 1, 10, 11, 12}, required[3] = {10, 1, 11};
    assert_true(histogram_is("tasks", t->tasks, NULL, 3, sigmas));
    assert_true(histogram_is("columns", t->columns, NULL, 3, sigmas));
    for (int task = 0; task < 3; task++) {
        int64_t counts[5];
        double probabilities[5];
        for (int k = 0; k < 5; k++) {
            counts[k] = t->negative_patterns[task][all[k]];
            probabilities[k] = all[k] == required[task] ? 0 : 0.25;
        }
        assert_true(histogram_is("negative patterns", counts, probabilities, 5, sigmas));
    }
}

/* The smallest and the largest count of a negative pattern over the tasks. */
static void assert_pattern_range(const tally *t, int64_t least, int64_t most)
{
    int64_t low = INT64_MAX, high = 0;
    for (int task = 0; task < 3; task++)
        for (int pattern = 0; pattern < 13; pattern++) {
            int64_t count = t->negative_patterns[task][pattern];
            low = count > 0 && count < low ? count : low;
            high = count > high ? count : high;
        }
    assert_int_equal(low, least);
    assert_int_equal(high, most);
}

static void col_patts_hexos(void **state)
{
    (void)state;
    tally real = count_real("mini_3task_col_patts_hexos", DAT_GAMES_COL_PATTS, false);
    tally made = count_generated(DAT_GAMES_COL_PATTS, false);
    check_common(&real, false, 2);
    check_common(&made, false, 3);
    check_col_patts_agrees(&real, &made);
    check_negatives(&real, 2);
    check_negatives(&made, 3);
    assert_pattern_range(&real, 192, 241);

    static const double first[3] = {.335, .347, .319}, to_first[3] = {.252, .232, .516};
    static const double to_second[3] = {.220, .233, .547};
    static const double model_first[3] = {.341, .347, .312}, model_third[3] = {.231, .237, .532};
    assert_int_equal(sum(real.first_pair, 3), 4396);
    assert_int_equal(sum(real.third_to_first, 3), 622);
    for (int k = 0; k < 3; k++) {
        assert_rounds_to(real.first_pair[k], 4396, first[k]);
        assert_rounds_to(real.third_to_first[k], 622, to_first[k]);
        assert_rounds_to(real.third_to_second[k], 622, to_second[k]);
        assert_true(
            share_is("model: first pair", made.first_pair[k], sum(made.first_pair, 3), model_first[k], 3));
        int64_t thirds = sum(made.third_to_first, 3);
        assert_true(share_is("model: third to first", made.third_to_first[k], thirds, model_third[k], 3));
        assert_true(share_is("model: third to second", made.third_to_second[k], thirds, model_third[k], 3));
    }
}

static void col_patts_stripes(void **state)
{
    (void)state;
    tally real = count_real("mini_3task_col_patts_stripes", DAT_GAMES_COL_PATTS, true);
    tally made = count_generated(DAT_GAMES_COL_PATTS, true);
    check_common(&real, true, 2);
    check_common(&made, true, 3);
    check_col_patts_agrees(&real, &made);
    check_negatives(&real, 2);
    check_negatives(&made, 3);
    assert_pattern_range(&real, 190, 234);
    assert_rounds_to(real.plain_squares, real.n_objects, .038);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(between_hexos),
        cmocka_unit_test(between_stripes),
        cmocka_unit_test(col_patts_hexos),
        cmocka_unit_test(col_patts_stripes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
