/* The relational games generator: shapes, colours, painting, and images as a pure function of (seed, index).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/relational_games_objects.h"
#include "support/chance.h"

enum { IMAGE_BYTES = 36 * 36 * 3, N_DRAWS = 64000 };

/* The published masks, class by class. */
static const char *const hexo_masks = "03f 0db 1b6 1f8/05f 137 1d9 1f4/06f 0cf 12f 1a7 1cb 1e6 1e9 1ec/"
                                      "07b 09f 0b7 0f9 13e 1bc 1da 1f2/07d 0d7 13d 179 17c 197 1d3 1d6/"
                                      "07e 0de 0f6 0fc 13b 19b 1b3 1b9/0bb 0be 0fa 1ba/0bd 0f3 17a 19e";
static const char *const pento_masks = "07a 09e 0b3 0b9 0bc 0f2 13a 19a/03b 03e 09b 0b6 0da 0f8 1b2 1b8/"
                                       "079 097 13c 1d2/02f 0cb 1a6 1e8/04f 127 1c9 1e4/05e 0f4 133 199/0ba/"
                                       "07c 0d6 139 193";

/* Probability 1/8 a class, shared equally by its masks. Returns the number of masks. */
static int mask_probabilities(const char *list, double *probabilities)
{
    int n_masks = 0;
    memset(probabilities, 0, 512 * sizeof *probabilities);
    while (*list) {
        int masks[8], n = 0;
        do {
            char *end;
            masks[n++] = (int)strtol(list, &end, 16);
            list = end;
        } while (*list == ' ');
        for (int i = 0; i < n; i++)
            probabilities[masks[i]] = 1.0 / 8 / n;
        n_masks += n;
        list += *list == '/';
    }
    return n_masks;
}

static void masks_are_drawn_by_class_and_symmetry(void **state)
{
    (void)state;
    for (int set = DAT_GAMES_PENTOS; set <= DAT_GAMES_HEXOS; set++) {
        double probabilities[512];
        int64_t counts[512] = {0};
        int n_masks = mask_probabilities(set == DAT_GAMES_HEXOS ? hexo_masks : pento_masks, probabilities);
        assert_int_equal(n_masks, set == DAT_GAMES_HEXOS ? 48 : 37);
        dat_rng rng = dat_rng_seed(1);
        for (int i = 0; i < N_DRAWS; i++)
            counts[dat_games_draw_mask((dat_games_objects)set, &rng)]++;
        assert_true(histogram_is(dat_games_object_names[set], counts, probabilities, 512, 3));
        for (int mask = 0; mask < 512; mask++)
            assert_int_equal(counts[mask] > 0, probabilities[mask] > 0);
    }
}

/* The cells reachable from `start` within `mask`. */
static int flood(int mask, int start)
{
    static const int neighbours[9] = {0x00a, 0x015, 0x022, 0x051, 0x0aa, 0x114, 0x088, 0x150, 0x0a0};
    int reached = start, before;
    do {
        before = reached;
        for (int block = 0; block < 9; block++)
            if (reached >> block & 1)
                reached |= neighbours[block] & mask;
    } while (reached != before);
    return reached;
}

static void hexos_are_all_connected_subsets_of_six(void **state)
{
    (void)state;
    double probabilities[512];
    mask_probabilities(hexo_masks, probabilities);
    for (int mask = 0; mask < 512; mask++) {
        int n_blocks = 0;
        for (int block = 0; block < 9; block++)
            n_blocks += mask >> block & 1;
        bool connected = flood(mask, mask & -mask) == mask;
        assert_int_equal(probabilities[mask] > 0, n_blocks == 6 && connected);
    }
}

/* The place of a value among three levels, or -1. */
static int level_of(uint32_t value, const uint32_t *levels)
{
    for (int i = 0; i < 3; i++)
        if (value == levels[i])
            return i;
    return -1;
}

static void colours_are_uniform_over_the_palette(void **state)
{
    (void)state;
    static const uint32_t levels[DAT_GAMES_N_OBJECT_SETS][3] = {
        {0, 128, 255}, {64, 144, 192}, {64, 144, 192}};
    for (int set = 0; set < DAT_GAMES_N_OBJECT_SETS; set++) {
        int64_t counts[27] = {0};
        double probabilities[27];
        for (int i = 0; i < 27; i++)
            probabilities[i] = i == 0 || i == 26 ? 0 : 1.0 / 25;
        dat_rng rng = dat_rng_seed(2);
        for (int i = 0; i < N_DRAWS; i++) {
            uint32_t colour = dat_games_draw_colour((dat_games_objects)set, &rng);
            int red = level_of(colour >> 16, levels[set]), green = level_of(colour >> 8 & 255, levels[set]);
            int blue = level_of(colour & 255, levels[set]);
            assert_true(red >= 0 && green >= 0 && blue >= 0);
            counts[9 * red + 3 * green + blue]++;
        }
        assert_true(histogram_is(dat_games_object_names[set], counts, probabilities, 27, 3));
    }
}

static void stripes_are_squares_of_columns_aba(void **state)
{
    (void)state;
    dat_rng rng = dat_rng_seed(3);
    int64_t plain = 0;
    for (int i = 0; i < N_DRAWS; i++) {
        dat_games_object object = dat_games_draw_object(DAT_GAMES_STRIPES, &rng);
        assert_int_equal(object.mask, 0x1ff);
        assert_int_equal(object.colours[0], object.colours[2]);
        plain += object.colours[0] == object.colours[1];
    }
    assert_true(share_is("plain squares", plain, N_DRAWS, 1.0 / 25, 3));
}

static void different_objects_are_different(void **state)
{
    (void)state;
    static const double nears[] = {0, 1.0 / 3, 1};
    for (int set = 0; set < DAT_GAMES_N_OBJECT_SETS; set++)
        for (int k = 0; k < 3; k++) {
            dat_rng rng = dat_rng_seed(4);
            int64_t alike = 0, plain = 0;
            for (int i = 0; i < N_DRAWS; i++) {
                dat_games_object others[2];
                others[0] = dat_games_draw_object((dat_games_objects)set, &rng);
                others[1] = dat_games_draw_different((dat_games_objects)set, nears[k], others, 1, &rng);
                dat_games_object third =
                    dat_games_draw_different((dat_games_objects)set, nears[k], others, 2, &rng);
                assert_false(dat_games_same_object(&others[0], &others[1]));
                assert_false(dat_games_same_object(&others[0], &third));
                assert_false(dat_games_same_object(&others[1], &third));
                alike += others[0].mask == others[1].mask || others[0].colours[0] == others[1].colours[0];
                plain += others[1].colours[0] == others[1].colours[1];
            }
            if (set == DAT_GAMES_STRIPES) {
                assert_int_equal(alike, N_DRAWS); /* all squares have one mask */
                assert_true(share_is("plain squares", plain, N_DRAWS, 1.0 / 25, 3));
                continue;
            }
            /* By chance: same mask with sum p^2, same colour with 1/25, given that not both. */
            double mask = set == DAT_GAMES_HEXOS ? 4.0 / 256 + 4.0 / 512 : 1.0 / 64 + 5.0 / 256 + 2.0 / 512;
            double chance = (mask * 0.96 + 0.04 * (1 - mask)) / (1 - mask * 0.04);
            assert_true(share_is("near", alike, N_DRAWS, nears[k] + (1 - nears[k]) * chance, 3));
        }
}

static void a_painted_object_fills_its_cell(void **state)
{
    (void)state;
    dat_games_scene scene = {.label = 0};
    scene.cells[5] = (dat_games_object){.mask = 0x061, .colours = {0x102030, 0x405060, 0x708090}};
    uint8_t pixels[IMAGE_BYTES];
    dat_games_scene_paint(&scene, pixels);
    /* Cell (1, 2), blocks (0,0), (1,2), (2,0). */
    for (int y = 0; y < 36; y++)
        for (int x = 0; x < 36; x++) {
            bool left = x >= 25 && x <= 27 && ((y >= 13 && y <= 15) || (y >= 19 && y <= 21));
            bool right = x >= 31 && x <= 33 && y >= 16 && y <= 18;
            const uint8_t *pixel = pixels + (y * 36 + x) * 3;
            assert_int_equal(pixel[0], left ? 0x10 : right ? 0x70 : 0);
            assert_int_equal(pixel[1], left ? 0x20 : right ? 0x80 : 0);
            assert_int_equal(pixel[2], left ? 0x30 : right ? 0x90 : 0);
        }
}

static void an_image_depends_on_seed_and_index_only(void **state)
{
    (void)state;
    enum { N = 200 };
    static uint8_t first[N][IMAGE_BYTES];
    for (int task = 0; task < DAT_GAMES_N_TASKS; task++) {
        dat_games_priors priors = dat_games_default_priors((dat_games_task)task);
        dat_games_dataset *a = dat_games_generate((dat_games_task)task, DAT_GAMES_PENTOS, &priors, 7, N);
        dat_games_dataset *b =
            dat_games_generate((dat_games_task)task, DAT_GAMES_PENTOS, &priors, 7, 1000000);
        dat_games_dataset *c = dat_games_generate((dat_games_task)task, DAT_GAMES_PENTOS, &priors, 8, N);
        int label_a, label_b, id_a, id_b, n_same_seed8 = 0;
        dat_rng root = dat_rng_seed(7);
        for (int i = 0; i < N; i++)
            dat_games_image(a, i, first[i], &label_a, &id_a);
        for (int i = N - 1; i >= 0; i--) {
            uint8_t again[IMAGE_BYTES];
            dat_games_image(a, i, again, &label_a, &id_a);
            assert_memory_equal(first[i], again, IMAGE_BYTES);
            dat_games_image(b, i, again, &label_b, &id_b);
            assert_memory_equal(first[i], again, IMAGE_BYTES);
            assert_int_equal(label_a, label_b);
            assert_int_equal(id_a, id_b);
            /* Stream i of the seed. */
            dat_games_scene scene;
            dat_rng rng = dat_rng_fork(&root, (uint64_t)i);
            dat_games_scene_draw((dat_games_task)task, DAT_GAMES_PENTOS, &priors, &rng, &scene);
            dat_games_scene_paint(&scene, again);
            assert_memory_equal(first[i], again, IMAGE_BYTES);
            assert_int_equal(label_a, scene.label);
            dat_games_image(c, i, again, &label_b, &id_b);
            n_same_seed8 += memcmp(first[i], again, IMAGE_BYTES) == 0;
        }
        assert_int_equal(n_same_seed8, 0);
        assert_int_equal(dat_games_size(b), 1000000);
        dat_games_free(a);
        dat_games_free(b);
        dat_games_free(c);
    }
}

static void the_dataset_gives_channels_first_in_0_to_1(void **state)
{
    (void)state;
    dat_games_priors priors = dat_games_default_priors(DAT_GAMES_OCCURS);
    dat_games_dataset *games = dat_games_generate(DAT_GAMES_OCCURS, DAT_GAMES_PENTOS, &priors, 9, 50);
    dat_dataset dataset = dat_games_as_dataset(games);
    assert_int_equal(dataset.size, 50);
    assert_int_equal(dataset.n_classes, 2);
    assert_int_equal(dataset.n_labels, 1);
    assert_int_equal(dataset.input_shape[0], 3);
    assert_int_equal(dataset.input_shape[1], 36);
    assert_int_equal(dataset.input_shape[2], 36);

    static const int64_t indices[3] = {49, 0, 49};
    static dat_real inputs[3][3][36][36];
    int32_t labels[3];
    dataset.read(&dataset, 0, indices, 3, (dat_examples){.inputs = &inputs[0][0][0][0], .labels = labels});
    for (int i = 0; i < 3; i++) {
        uint8_t pixels[36][36][3];
        int label, task_id;
        dat_games_image(games, indices[i], &pixels[0][0][0], &label, &task_id);
        assert_int_equal(labels[i], label);
        for (int channel = 0; channel < 3; channel++)
            for (int y = 0; y < 36; y++)
                for (int x = 0; x < 36; x++)
                    assert_true(inputs[i][channel][y][x] == (dat_real)pixels[y][x][channel] / 255);
    }
    dat_games_free(games);
}

static void priors_are_the_calibrated_ones(void **state)
{
    (void)state;
    static const double near[DAT_GAMES_N_TASKS] = {2.0 / 3, 1.0 / 3, 1.0 / 3, 0, 2.0 / 3, 2.0 / 3};
    for (int task = 0; task < DAT_GAMES_N_TASKS; task++) {
        dat_games_priors priors = dat_games_default_priors((dat_games_task)task);
        assert_true(priors.near == near[task]);
        assert_true(priors.repeat == 0.5);
    }
    assert_string_equal(dat_games_task_names[DAT_GAMES_SAME], "same");
    assert_string_equal(dat_games_task_names[DAT_GAMES_OCCURS], "occurs");
    assert_string_equal(dat_games_task_names[DAT_GAMES_XOCCURS], "xoccurs");
    assert_string_equal(dat_games_task_names[DAT_GAMES_BETWEEN], "between");
    assert_string_equal(dat_games_task_names[DAT_GAMES_MATCH_PATT], "match_patt");
    assert_string_equal(dat_games_task_names[DAT_GAMES_COL_PATTS], "3task_col_patts");
    assert_null(dat_games_task_names[DAT_GAMES_N_TASKS]);
    assert_string_equal(dat_games_object_names[DAT_GAMES_PENTOS], "pentos");
    assert_string_equal(dat_games_object_names[DAT_GAMES_HEXOS], "hexos");
    assert_string_equal(dat_games_object_names[DAT_GAMES_STRIPES], "stripes");
    assert_null(dat_games_object_names[DAT_GAMES_N_OBJECT_SETS]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_are_drawn_by_class_and_symmetry),
        cmocka_unit_test(hexos_are_all_connected_subsets_of_six),
        cmocka_unit_test(colours_are_uniform_over_the_palette),
        cmocka_unit_test(stripes_are_squares_of_columns_aba),
        cmocka_unit_test(different_objects_are_different),
        cmocka_unit_test(a_painted_object_fills_its_cell),
        cmocka_unit_test(an_image_depends_on_seed_and_index_only),
        cmocka_unit_test(the_dataset_gives_channels_first_in_0_to_1),
        cmocka_unit_test(priors_are_the_calibrated_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
