/* Labels of generated scenes against an oracle that reads the painted image, and the distributions of the
 * tasks without a published file: places, near misses, repeats, patterns. */
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

enum { N_IMAGES = 20000 };

/* Chance that two independent objects that are not equal share mask or colour: masks agree with sum p^2. */
static double alike_by_chance(dat_games_objects objects)
{
    double mask = objects == DAT_GAMES_HEXOS ? 4.0 / 256 + 4.0 / 512 : 1.0 / 64 + 5.0 / 256 + 2.0 / 512;
    return (mask * 0.96 + 0.04 * (1 - mask)) / (1 - mask * 0.04);
}

static bool alike(const games_cell *a, const games_cell *b)
{
    return games_likeness(a, b, false) != GAMES_NEITHER;
}

/* A set of its own seed, decoded image by image. */
typedef struct source {
    dat_games_task task;
    dat_games_dataset *dataset;
} source;

static source make(dat_games_task task, dat_games_objects objects, const dat_games_priors *priors)
{
    dat_games_priors defaults = dat_games_default_priors(task);
    return (source){task, dat_games_generate(task, objects, priors ? priors : &defaults, 5, N_IMAGES)};
}

/* Decodes image i and checks its label; returns the picture. */
static games_picture next(const source *s, int64_t i)
{
    games_picture p;
    assert_true(games_decode(s->dataset, i, &p));
    assert_int_equal(games_oracle(s->task, &p), p.label);
    return p;
}

static void labels_are_right_and_balanced(void **state)
{
    (void)state;
    static const int n_objects[DAT_GAMES_N_TASKS] = {2, 4, 4, 3, 6, 3};
    for (int task = 0; task < DAT_GAMES_N_TASKS; task++)
        for (int objects = 0; objects < DAT_GAMES_N_OBJECT_SETS; objects++) {
            source s = make((dat_games_task)task, (dat_games_objects)objects, NULL);
            int64_t positives = 0;
            for (int64_t i = 0; i < N_IMAGES; i++) {
                games_picture p = next(&s, i);
                assert_int_equal(p.n_objects, n_objects[task]);
                assert_true(task == DAT_GAMES_COL_PATTS || p.task_id == 0);
                positives += p.label;
            }
            assert_true(share_is("positives", positives, N_IMAGES, 0.5, 3));
            dat_games_free(s.dataset);
        }
}

/* One object an image: colours uniform; masks of pentos 1/8 for X, 1/32 in orbits of four, 1/64 in orbits of
 * eight. */
static void pentos_have_the_published_distribution(void **state)
{
    (void)state;
    static const int eights[16] = {0x07a, 0x09e, 0x0b3, 0x0b9, 0x0bc, 0x0f2, 0x13a, 0x19a,
                                   0x03b, 0x03e, 0x09b, 0x0b6, 0x0da, 0x0f8, 0x1b2, 0x1b8};
    static const int fours[20] = {0x079, 0x097, 0x13c, 0x1d2, 0x02f, 0x0cb, 0x1a6, 0x1e8, 0x04f, 0x127,
                                  0x1c9, 0x1e4, 0x05e, 0x0f4, 0x133, 0x199, 0x07c, 0x0d6, 0x139, 0x193};
    double probabilities[512] = {[0x0ba] = 1.0 / 8};
    for (int i = 0; i < 16; i++)
        probabilities[eights[i]] = 1.0 / 64;
    for (int i = 0; i < 20; i++)
        probabilities[fours[i]] = 1.0 / 32;
    source s = make(DAT_GAMES_OCCURS, DAT_GAMES_PENTOS, NULL);
    int64_t masks[512] = {0}, colours[27] = {0};
    for (int64_t i = 0; i < N_IMAGES; i++) {
        games_picture p = next(&s, i);
        uint32_t colour = games_colour(&p.cells[1]);
        masks[games_mask(&p.cells[1])]++;
        /* 0, 128 and 255 are 0, 1 and 2 when divided by 127. */
        colours[9 * ((colour >> 16) / 127) + 3 * ((colour >> 8 & 255) / 127) + (colour & 255) / 127]++;
    }
    assert_true(histogram_is("pento masks", masks, probabilities, 512, 3));
    assert_int_equal(colours[0] + colours[26], 0);
    assert_true(histogram_is("pento colours", colours + 1, NULL, 25, 3));
    dat_games_free(s.dataset);
}

static void same_uses_every_pair_of_cells(void **state)
{
    (void)state;
    source s = make(DAT_GAMES_SAME, DAT_GAMES_HEXOS, NULL);
    int64_t pairs[36] = {0}, negatives = 0, near = 0;
    for (int64_t i = 0; i < N_IMAGES; i++) {
        games_picture p = next(&s, i);
        int a = p.places[0], b = p.places[1];
        pairs[b * (b - 1) / 2 + a]++;
        if (p.label)
            continue;
        negatives++;
        near += alike(&p.cells[a], &p.cells[b]);
    }
    assert_true(histogram_is("pairs of cells", pairs, NULL, 36, 3));
    double chance = alike_by_chance(DAT_GAMES_HEXOS);
    assert_true(share_is("near misses of same", near, negatives, 2.0 / 3 + chance / 3, 3));
    dat_games_free(s.dataset);
}

/* The column of row 2 that holds the top object is uniform; in a negative of occurs the first object of the
 * row was drawn with the top object as its only reference, so that it shows the near share. */
static void occurs_has_the_near_share(void **state)
{
    (void)state;
    static const double nears[] = {0, 1.0 / 3, 2.0 / 3, 1};
    for (int k = 0; k < 4; k++) {
        dat_games_priors priors = {.near = nears[k]};
        source s = make(DAT_GAMES_OCCURS, DAT_GAMES_PENTOS, &priors);
        int64_t columns[3] = {0}, negatives = 0, near = 0, by_mask = 0;
        for (int64_t i = 0; i < N_IMAGES; i++) {
            games_picture p = next(&s, i);
            if (p.label) {
                for (int c = 0; c < 3; c++)
                    columns[c] += games_same(&p.cells[1], &p.cells[6 + c]);
                continue;
            }
            negatives++;
            near += alike(&p.cells[1], &p.cells[6]);
            by_mask += games_likeness(&p.cells[1], &p.cells[6], false) == GAMES_SAME_MASK;
        }
        assert_true(histogram_is("column of the match", columns, NULL, 3, 3));
        double expected = nears[k] + (1 - nears[k]) * alike_by_chance(DAT_GAMES_PENTOS);
        assert_true(expected == 1 ? near == negatives : share_is("near", near, negatives, expected, 3));
        /* Mask and colour share the near misses equally. */
        if (nears[k] == 1)
            assert_true(share_is("near by mask", by_mask, negatives, 0.5, 3));
        dat_games_free(s.dataset);
    }
}

static void xoccurs_negatives_have_the_repeat_share(void **state)
{
    (void)state;
    static const double repeats[] = {0, 0.25, 0.5, 1};
    for (int k = 0; k < 4; k++) {
        dat_games_priors priors = {.near = 1.0 / 3, .repeat = repeats[k]};
        source s = make(DAT_GAMES_XOCCURS, DAT_GAMES_HEXOS, &priors);
        int64_t columns[3] = {0}, negatives = 0, repeated = 0, top_twice = 0, single[3] = {0};
        for (int64_t i = 0; i < N_IMAGES; i++) {
            games_picture p = next(&s, i);
            const games_cell *top = &p.cells[1], *row = &p.cells[6];
            int pattern = games_pattern(&row[0], &row[1], &row[2]), n_top = 0;
            for (int c = 0; c < 3; c++) {
                n_top += games_same(top, &row[c]);
                columns[c] += p.label && games_same(top, &row[c]);
            }
            if (p.label)
                continue;
            negatives++;
            assert_true(n_top == 0 ? pattern == 12 : pattern == 1 || pattern == 10 || pattern == 11);
            if (n_top == 0)
                continue;
            repeated++;
            top_twice += n_top == 2;
            single[pattern == 1 ? 2 : pattern == 10 ? 1 : 0]++;
        }
        assert_true(histogram_is("column of the match", columns, NULL, 3, 3));
        if (repeats[k] == 0) {
            assert_int_equal(repeated, 0);
        } else {
            assert_true(share_is("repeats", repeated, negatives, repeats[k], 3));
            assert_true(share_is("top object twice", top_twice, repeated, 0.5, 3));
            assert_true(histogram_is("place of the single", single, NULL, 3, 3));
        }
        dat_games_free(s.dataset);
    }
}

static int pattern_index(const games_cell *row)
{
    int pattern = games_pattern(&row[0], &row[1], &row[2]);
    return pattern < 10 ? pattern : pattern - 8;
}

static void match_patt_draws_patterns_uniformly_in_new_objects(void **state)
{
    (void)state;
    source s = make(DAT_GAMES_MATCH_PATT, DAT_GAMES_PENTOS, NULL);
    int64_t positive[5] = {0}, negative[25] = {0}, both_plain = 0, near = 0;
    double probabilities[25];
    for (int i = 0; i < 25; i++)
        probabilities[i] = i / 5 == i % 5 ? 0 : 1.0 / 20;
    for (int64_t i = 0; i < N_IMAGES; i++) {
        games_picture p = next(&s, i);
        int upper = pattern_index(&p.cells[0]), lower = pattern_index(&p.cells[6]);
        if (p.label)
            positive[upper]++;
        else
            negative[5 * upper + lower]++;
        for (int a = 0; a < 3; a++)
            for (int b = 6; b < 9; b++)
                assert_false(games_same(&p.cells[a], &p.cells[b]));
        if (upper == 0 && lower == 0) {
            both_plain++;
            near += alike(&p.cells[0], &p.cells[6]);
        }
    }
    assert_true(histogram_is("positive patterns", positive, NULL, 5, 3));
    assert_true(histogram_is("negative patterns", negative, probabilities, 25, 3));
    double chance = alike_by_chance(DAT_GAMES_PENTOS);
    assert_true(share_is("near misses across rows", near, both_plain, 2.0 / 3 + chance / 3, 3));
    dat_games_free(s.dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_right_and_balanced),
        cmocka_unit_test(pentos_have_the_published_distribution),
        cmocka_unit_test(same_uses_every_pair_of_cells),
        cmocka_unit_test(occurs_has_the_near_share),
        cmocka_unit_test(xoccurs_negatives_have_the_repeat_share),
        cmocka_unit_test(match_patt_draws_patterns_uniformly_in_new_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
