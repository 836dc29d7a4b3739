#include "support/games_decode.h"

#include <string.h>

/* The grid cell and block of a pixel's row or column; -1 between blocks. */
static int block_of(int pixel)
{
    static const int blocks[12] = {-1, 0, 0, 0, 1, 1, 1, 2, 2, 2, -1, -1};
    return blocks[pixel % 12];
}

static bool decode_pixels(const uint8_t *pixels, games_picture *picture)
{
    bool seen[9][9] = {{false}};
    for (int y = 0; y < 36; y++)
        for (int x = 0; x < 36; x++) {
            const uint8_t *rgb = pixels + (y * 36 + x) * 3;
            uint32_t colour = (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
            int cell = y / 12 * 3 + x / 12, row = block_of(y), column = block_of(x);
            if (row < 0 || column < 0) {
                if (colour != 0)
                    return false;
                continue;
            }
            int block = 3 * row + column;
            if (seen[cell][block] && picture->cells[cell].blocks[block] != colour)
                return false;
            seen[cell][block] = true;
            picture->cells[cell].blocks[block] = colour;
        }
    return true;
}

bool games_decode(const dat_games_dataset *dataset, int64_t i, games_picture *picture)
{
    uint8_t pixels[36 * 36 * 3];
    memset(picture, 0, sizeof *picture);
    dat_games_image(dataset, i, pixels, &picture->label, &picture->task_id);
    if (!decode_pixels(pixels, picture))
        return false;
    for (int cell = 0; cell < 9; cell++)
        if (games_mask(&picture->cells[cell]))
            picture->places[picture->n_objects++] = cell;
    return true;
}

int games_mask(const games_cell *cell)
{
    int mask = 0;
    for (int block = 0; block < 9; block++)
        mask |= (cell->blocks[block] != 0) << block;
    return mask;
}

uint32_t games_colour(const games_cell *cell)
{
    for (int block = 0; block < 9; block++)
        if (cell->blocks[block])
            return cell->blocks[block];
    return 0;
}

uint32_t games_middle_colour(const games_cell *cell)
{
    return cell->blocks[1];
}

bool games_same(const games_cell *a, const games_cell *b)
{
    return memcmp(a->blocks, b->blocks, sizeof a->blocks) == 0;
}

int games_likeness(const games_cell *a, const games_cell *b, bool stripes)
{
    bool same_colour = games_colour(a) == games_colour(b);
    if (stripes)
        return same_colour                                        ? GAMES_SAME_MASK
               : games_middle_colour(a) == games_middle_colour(b) ? GAMES_SAME_COLOUR
                                                                  : GAMES_NEITHER;
    return games_mask(a) == games_mask(b) ? GAMES_SAME_MASK : same_colour ? GAMES_SAME_COLOUR : GAMES_NEITHER;
}

bool games_on_a_line(const int *places)
{
    /* The middle cell lies half way between the outer ones: in reading order the places are then evenly
     * spaced, and the step is one of those that do not wrap around the grid. */
    int step = places[1] - places[0];
    if (places[2] - places[1] != step)
        return false;
    return (step == 1 && places[0] % 3 == 0) || step == 3 || (step == 4 && places[0] == 0) ||
           (step == 2 && places[0] == 2);
}

int games_pattern(const games_cell *a, const games_cell *b, const games_cell *c)
{
    if (games_same(a, b))
        return games_same(b, c) ? 0 : 1;
    return games_same(a, c) ? 10 : games_same(b, c) ? 11 : 12;
}

static bool at_places(const games_picture *p, int count, const int *places)
{
    return p->n_objects == count && memcmp(p->places, places, (size_t)count * sizeof *places) == 0;
}

static int oracle_occurs(const games_picture *p, bool exactly)
{
    if (!at_places(p, 4, (const int[]){1, 6, 7, 8}))
        return -1;
    const games_cell *top = &p->cells[1], *row = &p->cells[6];
    int matches = games_same(top, &row[0]) + games_same(top, &row[1]) + games_same(top, &row[2]);
    bool all_different = games_pattern(&row[0], &row[1], &row[2]) == 12;
    return exactly ? matches == 1 && all_different : matches > 0;
}

static int oracle_col_patts(const games_picture *p)
{
    static const int required[] = {10, 1, 11};
    if (p->n_objects != 3 || p->places[0] > 2 || p->places[1] != p->places[0] + 3 ||
        p->places[2] != p->places[0] + 6 || p->task_id < 0 || p->task_id > 2)
        return -1;
    const games_cell *column = &p->cells[p->places[0]];
    return games_pattern(&column[0], &column[3], &column[6]) == required[p->task_id];
}

int games_oracle(dat_games_task task, const games_picture *p)
{
    const games_cell *c = p->cells;
    switch (task) {
    case DAT_GAMES_SAME:
        return p->n_objects == 2 ? games_same(&c[p->places[0]], &c[p->places[1]]) : -1;
    case DAT_GAMES_OCCURS:
        return oracle_occurs(p, false);
    case DAT_GAMES_XOCCURS:
        return oracle_occurs(p, true);
    case DAT_GAMES_BETWEEN:
        return p->n_objects == 3
                   ? games_on_a_line(p->places) && games_same(&c[p->places[0]], &c[p->places[2]])
                   : -1;
    case DAT_GAMES_MATCH_PATT:
        if (!at_places(p, 6, (const int[]){0, 1, 2, 6, 7, 8}))
            return -1;
        return games_pattern(&c[0], &c[1], &c[2]) == games_pattern(&c[6], &c[7], &c[8]);
    case DAT_GAMES_COL_PATTS:
        return oracle_col_patts(p);
    case DAT_GAMES_N_TASKS:
        break;
    }
    return -1;
}
