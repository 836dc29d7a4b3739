/* Relational games from npz files: found by name, read unchanged, refused when damaged or of the wrong kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/relational_games.h"
#include "support/npz_files.h"

enum { IMAGE_BYTES = 36 * 36 * 3, N = 4 };

static char path[512];

static int set_up(void **state)
{
    *state = file_make_folder();
    snprintf(path, sizeof path, "%s/sample.npz", (char *)*state);
    return 0;
}

static int tear_down(void **state)
{
    file_remove_folder(*state);
    return 0;
}

/* Writes an archive of zero images, labels and tasks of the given shapes and values; NULL omits the tasks. */
static void write_sample(const char *images_shape, int n_images, const char *labels_shape, const char *labels,
                         const char *tasks_shape, const char *tasks)
{
    static const unsigned char pixels[(N + 1) * IMAGE_BYTES];
    char text[128];
    size_t sizes[3];
    unsigned char *bytes[3];
    bytes[0] = npy_bytes(1, npy_text(text, sizeof text, "|u1", images_shape), pixels,
                         (size_t)n_images * IMAGE_BYTES, &sizes[0]);
    bytes[1] = npy_bytes(1, npy_text(text, sizeof text, "|u1", labels_shape), labels, N, &sizes[1]);
    bytes[2] = npy_bytes(1, npy_text(text, sizeof text, "|u1", tasks ? tasks_shape : "()"), tasks,
                         tasks ? N : 0, &sizes[2]);
    npz_member members[3] = {{"images.npy", bytes[0], sizes[0], false},
                             {"labels.npy", bytes[1], sizes[1], false},
                             {"tasks.npy", bytes[2], sizes[2], false}};
    npz_write(path, members, tasks ? 3 : 2);
    for (int i = 0; i < 3; i++)
        free(bytes[i]);
}

static void assert_refused(const char *part)
{
    dat_games_dataset *dataset;
    dat_status status = dat_games_read_npz(path, &dataset);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_null(dataset);
    assert_non_null(strstr(status.message, path));
    if (!strstr(status.message, part))
        fail_msg("\"%s\" does not say \"%s\"", status.message, part);
}

static void a_set_with_and_without_tasks_is_read(void **state)
{
    (void)state;
    for (int with_tasks = 0; with_tasks < 2; with_tasks++) {
        write_sample("(4, 36, 36, 3)", N, with_tasks ? "(4, 1)" : "(4,)", "\1\0\1\1", "(4, 1)",
                     with_tasks ? "\0\1\2\2" : NULL);
        dat_games_dataset *dataset;
        dat_status status = dat_games_read_npz(path, &dataset);
        assert_string_equal(status.message, "");
        assert_int_equal(dat_games_size(dataset), N);
        for (int i = 0; i < N; i++) {
            uint8_t pixels[IMAGE_BYTES];
            int label, task_id;
            dat_games_image(dataset, i, pixels, &label, &task_id);
            assert_int_equal(label, i != 1);
            assert_int_equal(task_id, with_tasks ? (i < 2 ? i : 2) : 0);
        }
        dat_games_free(dataset);
    }
}

static void sets_of_the_wrong_kind_are_refused(void **state)
{
    (void)state;
    const char *labels = "\1\0\1\1", *tasks = "\0\1\2\2";
    write_sample("(4, 3, 36, 36)", N, "(4, 1)", labels, "(4, 1)", tasks);
    assert_refused("images has shape (4, 3, 36, 36), expected (n, 36, 36, 3)");
    write_sample("(4, 3888)", N, "(4, 1)", labels, "(4, 1)", tasks);
    assert_refused("images has shape (4, 3888)");
    write_sample("(0, 36, 36, 3)", 0, "(4, 1)", labels, "(4, 1)", tasks);
    assert_refused("expected (n, 36, 36, 3) with n >= 1");
    write_sample("(5, 36, 36, 3)", N + 1, "(4, 1)", labels, "(4, 1)", tasks);
    assert_refused("labels has shape (4, 1), expected (5, 1) as there are 5 images");
    write_sample("(4, 36, 36, 3)", N, "(1, 4)", labels, "(4, 1)", tasks);
    assert_refused("labels has shape (1, 4)");
    write_sample("(4, 36, 36, 3)", N, "(2, 2)", labels, "(4, 1)", tasks);
    assert_refused("labels has shape (2, 2)");
    write_sample("(4, 36, 36, 3)", N, "(4, 1)", "\1\0\2\1", "(4, 1)", tasks);
    assert_refused("value 2 of labels.npy is 2, expected 0..1");
    write_sample("(4, 36, 36, 3)", N, "(4, 1)", labels, "(4, 1)", "\0\1\2\3");
    assert_refused("value 3 of tasks.npy is 3, expected 0..2");
    write_sample("(4, 36, 36, 3)", N, "(4, 1)", labels, "(2, 2)", tasks);
    assert_refused("tasks has shape (2, 2)");
    npz_write(path, &(npz_member){"labels.npy", "", 0, true}, 1);
    assert_refused("has no member images.npy");
}

/* A published file cut at several places and with bytes flipped: each is refused, none crashes. */
static void damaged_published_files_are_refused(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes =
        file_read(DAT_SOURCE_DIR "/datasets/relational_games/mini_between_stripes.npz", &size);
    for (int part = 0; part < 8; part++) {
        file_write(path, bytes, size * (size_t)part / 8);
        assert_refused("sample.npz");
    }
    for (size_t cut = 1; cut < 400; cut = cut * 3 + 1) {
        file_write(path, bytes, size - cut);
        assert_refused("sample.npz");
    }
    for (size_t i = 0; i < 12; i++) {
        /* Places within the packed images, which fill nearly the whole file. */
        size_t place = size / 2 + i * 4099;
        bytes[place] ^= (unsigned char)(1 << i % 8);
        file_write(path, bytes, size);
        bytes[place] ^= (unsigned char)(1 << i % 8);
        assert_refused("images");
    }
    free(bytes);
}

static void files_are_found_by_the_three_names(void **state)
{
    const char *folder = *state;
    char found[512], expected[512];
    dat_status status =
        dat_games_find_npz(folder, DAT_GAMES_MATCH_PATT, DAT_GAMES_PENTOS, found, sizeof found);
    assert_int_equal(status.code, DAT_CODE_FAILURE);
    assert_non_null(strstr(status.message, folder));
    assert_non_null(strstr(status.message, " match_patt_pentos.npz"));
    assert_non_null(strstr(status.message, "1task_match_patt_pentos.npz"));
    assert_non_null(strstr(status.message, "mini_match_patt_pentos.npz"));

    static const char *const names[] = {"mini_match_patt_pentos.npz", "1task_match_patt_pentos.npz",
                                        "match_patt_pentos.npz"};
    for (int i = 0; i < 3; i++) { /* each goes before the earlier ones */
        snprintf(expected, sizeof expected, "%s/%s", folder, names[i]);
        file_write(expected, "", 0);
        status = dat_games_find_npz(folder, DAT_GAMES_MATCH_PATT, DAT_GAMES_PENTOS, found, sizeof found);
        assert_int_equal(status.code, DAT_CODE_OK);
        assert_string_equal(found, expected);
    }
    status = dat_games_find_npz(folder, DAT_GAMES_MATCH_PATT, DAT_GAMES_PENTOS, found, 20);
    assert_int_equal(status.code, DAT_CODE_FAILURE);

    /* The files that ship with the project. */
    static const dat_games_task tasks[] = {DAT_GAMES_BETWEEN, DAT_GAMES_COL_PATTS};
    for (int t = 0; t < 2; t++)
        for (int objects = DAT_GAMES_HEXOS; objects <= DAT_GAMES_STRIPES; objects++)
            assert_int_equal(dat_games_find_npz(DAT_SOURCE_DIR "/datasets/relational_games", tasks[t],
                                                (dat_games_objects)objects, found, sizeof found)
                                 .code,
                             DAT_CODE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_with_and_without_tasks_is_read),
        cmocka_unit_test(sets_of_the_wrong_kind_are_refused),
        cmocka_unit_test(damaged_published_files_are_refused),
        cmocka_unit_test(files_are_found_by_the_three_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
