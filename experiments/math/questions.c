#include "questions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/rng.h"
#include "util/memory.h"

/* Seeds of the generated sets, which all runs share, and of the order in which pairs of files are drawn. */
static const uint64_t TRAINING_SEED = 2405, TEST_SEED = 16727;

enum { PATH_SIZE = 1024 };

static const struct {
    const char *name;
    dat_math_level level;
} splits[MATH_N_SPLITS] = {
    [MATH_INTERPOLATE] = {"interpolate", DAT_MATH_INTERPOLATE},
    [MATH_TRAIN_HARD] = {"train-hard", DAT_MATH_HARD},
    [MATH_TRAIN_MEDIUM] = {"train-medium", DAT_MATH_MEDIUM},
    [MATH_TRAIN_EASY] = {"train-easy", DAT_MATH_EASY},
};

/* Opens the files of some levels. */
static dat_status read_files(const math_data_config *config, const dat_math_level *levels, int n_levels,
                             dat_math_dataset **dataset)
{
    char paths[DAT_MATH_N_LEVELS][PATH_SIZE];
    const char *list[DAT_MATH_N_LEVELS];
    for (int i = 0; i < n_levels; i++) {
        DAT_TRY(
            dat_math_path(config->folder, (dat_math_module)config->module, levels[i], paths[i], PATH_SIZE));
        list[i] = paths[i];
    }
    return dat_math_read(list, n_levels, dataset);
}

static dat_status refuse_size(const math_data_config *config, const char *key, int64_t wanted, int64_t size)
{
    return dat_usage("data.%s = %" PRId64 " but the files of %s in %s have %" PRId64 " pairs", key, wanted,
                     dat_math_module_names[config->module], config->folder, size);
}

/* Draws train_size pairs of the files, of every level as often as it comes. */
static dat_status open_training_files(math_questions *questions, const math_data_config *config,
                                      const math_levels *levels)
{
    DAT_TRY(read_files(config, levels->items, levels->n, &questions->training));
    int64_t size = dat_math_size(questions->training);
    if (size < config->train_size)
        return refuse_size(config, "train_size", config->train_size, size);
    questions->order = dat_allocate((size_t)size, sizeof questions->order[0]);
    dat_rng rng = dat_rng_seed(TRAINING_SEED);
    dat_rng_permutation(&rng, size, questions->order);
    questions->drawn =
        (dat_subset){dat_math_as_dataset(questions->training), questions->order, config->train_size};
    questions->train = dat_subset_as_dataset(&questions->drawn);
    return DAT_OK;
}

static dat_status open_training(math_questions *questions, const math_data_config *config)
{
    math_levels levels;
    DAT_TRY(math_levels_parse(config->train_levels, &levels));
    if (config->folder[0])
        return open_training_files(questions, config, &levels);
    questions->training = dat_math_generate((dat_math_module)config->module, levels.items, levels.n,
                                            TRAINING_SEED, config->train_size);
    questions->train = dat_math_as_dataset(questions->training);
    return DAT_OK;
}

/* Training files may be used up by training, so that test problems of their levels are always generated. */
static dat_status open_test(math_questions *questions, const math_data_config *config, math_split split)
{
    dat_math_dataset **test = &questions->tests[split];
    if (config->folder[0] && split == MATH_INTERPOLATE)
        DAT_TRY(read_files(config, &splits[split].level, 1, test));
    else
        *test = dat_math_generate((dat_math_module)config->module, &splits[split].level, 1, TEST_SEED,
                                  config->test_size);
    dat_dataset data = dat_math_as_dataset(*test);
    if (data.size < config->test_size)
        return refuse_size(config, "test_size", config->test_size, data.size);
    data.size = config->test_size;
    questions->splits[split] =
        (dat_split){.name = splits[split].name, .data = data, .during_training = split == MATH_INTERPOLATE};
    return DAT_OK;
}

void math_set_padding(dat_dataset *problems, const math_data_config *config)
{
    problems->length = config->padding == MATH_PADDING_TRIMMED ? dat_math_example_length : NULL;
}

dat_status math_questions_check(const math_data_config *config)
{
    math_levels levels;
    char path[PATH_SIZE];
    DAT_TRY(math_levels_parse(config->train_levels, &levels));
    for (int i = 0; config->folder[0] && i <= levels.n; i++) {
        dat_math_level level = i < levels.n ? levels.items[i] : DAT_MATH_INTERPOLATE;
        DAT_TRY(dat_math_path(config->folder, (dat_math_module)config->module, level, path, sizeof path));
        if (access(path, R_OK) != 0)
            return dat_usage(
                "data.folder: there is no readable file %s; see datasets/README.md, or set it to \"\" "
                "to generate the problems",
                path);
    }
    return DAT_OK;
}

dat_status math_questions_open(math_questions *questions, const math_data_config *config)
{
    *questions = (math_questions){0};
    DAT_TRY(open_training(questions, config));
    math_set_padding(&questions->train, config);
    for (int split = 0; split < MATH_N_SPLITS; split++) {
        DAT_TRY(open_test(questions, config, (math_split)split));
        math_set_padding(&questions->splits[split].data, config);
    }
    return DAT_OK;
}

void math_questions_free(math_questions *questions)
{
    dat_math_free(questions->training);
    for (int split = 0; split < MATH_N_SPLITS; split++)
        dat_math_free(questions->tests[split]);
    free(questions->order);
    *questions = (math_questions){0};
}
