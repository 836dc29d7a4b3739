/* The objects of the relational games: shapes, palettes and their sampling. */
#include "data/relational_games_objects.h"

enum { N_SHAPES = 8, N_SYMMETRIES = 8, N_BLOCKS = 9, FULL_SQUARE = 0x1ff, N_COLOURS = 25 };

/* One mask of each shape; the others are its rotations and reflections. Hexos: all connected 6-cell subsets
 * of the grid. Pentos: F P T U V W X Z; of the two ways in which P and U fit the grid, the published images
 * use one. */
static const uint16_t hexo_shapes[N_SHAPES] = {0x03f, 0x05f, 0x06f, 0x07b, 0x07d, 0x07e, 0x0bb, 0x0bd};
static const uint16_t pento_shapes[N_SHAPES] = {0x07a, 0x03b, 0x079, 0x02f, 0x04f, 0x05e, 0x0ba, 0x07c};

/* symmetries[s][b]: the block that lands on block b. */
static const uint8_t symmetries[N_SYMMETRIES][N_BLOCKS] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8}, {6, 3, 0, 7, 4, 1, 8, 5, 2}, /* identity, quarter turn */
    {8, 7, 6, 5, 4, 3, 2, 1, 0}, {2, 5, 8, 1, 4, 7, 0, 3, 6}, /* half turn, quarter turn back */
    {2, 1, 0, 5, 4, 3, 8, 7, 6}, {6, 7, 8, 3, 4, 5, 0, 1, 2}, /* mirrored: left-right, top-bottom */
    {0, 3, 6, 1, 4, 7, 2, 5, 8}, {8, 5, 2, 7, 4, 1, 6, 3, 0}, /* transposed along either diagonal */
};

static uint16_t apply_symmetry(uint16_t mask, const uint8_t *symmetry)
{
    unsigned image = 0;
    for (int block = 0; block < N_BLOCKS; block++)
        image |= (mask >> symmetry[block] & 1U) << block;
    return (uint16_t)image;
}

uint16_t dat_games_draw_mask(dat_games_objects objects, dat_rng *rng)
{
    if (objects == DAT_GAMES_STRIPES)
        return FULL_SQUARE;
    const uint16_t *shapes = objects == DAT_GAMES_HEXOS ? hexo_shapes : pento_shapes;
    uint16_t shape = shapes[dat_rng_below(rng, N_SHAPES)];
    return apply_symmetry(shape, symmetries[dat_rng_below(rng, N_SYMMETRIES)]);
}

uint32_t dat_games_draw_colour(dat_games_objects objects, dat_rng *rng)
{
    /* The 27 triples of three levels without the first and the last: all low and all high. */
    static const uint8_t pento_levels[3] = {0, 128, 255};
    static const uint8_t other_levels[3] = {64, 144, 192};
    const uint8_t *levels = objects == DAT_GAMES_PENTOS ? pento_levels : other_levels;
    unsigned triple = 1 + (unsigned)dat_rng_below(rng, N_COLOURS);
    return (uint32_t)levels[triple / 9] << 16 | (uint32_t)levels[triple / 3 % 3] << 8 | levels[triple % 3];
}

dat_games_object dat_games_paint_mask(uint16_t mask, uint32_t colour)
{
    return (dat_games_object){.mask = mask, .colours = {colour, colour, colour}};
}

dat_games_object dat_games_draw_object(dat_games_objects objects, dat_rng *rng)
{
    uint16_t mask = dat_games_draw_mask(objects, rng);
    dat_games_object object = dat_games_paint_mask(mask, dat_games_draw_colour(objects, rng));
    if (objects == DAT_GAMES_STRIPES)
        object.colours[1] = dat_games_draw_colour(objects, rng);
    return object;
}

bool dat_games_same_object(const dat_games_object *a, const dat_games_object *b)
{
    return a->mask == b->mask && a->colours[0] == b->colours[0] && a->colours[1] == b->colours[1] &&
           a->colours[2] == b->colours[2];
}

static bool is_among(const dat_games_object *object, const dat_games_object *others, int count)
{
    for (int i = 0; i < count; i++)
        if (dat_games_same_object(object, &others[i]))
            return true;
    return false;
}

dat_games_object dat_games_draw_different(dat_games_objects objects, double near,
                                          const dat_games_object *others, int count, dat_rng *rng)
{
    const dat_games_object *reference = &others[dat_rng_below(rng, (uint64_t)count)];
    double kind = objects == DAT_GAMES_STRIPES ? 1 : dat_rng_uniform(rng);
    dat_games_object object;
    do {
        if (kind < near / 2)
            object = dat_games_paint_mask(reference->mask, dat_games_draw_colour(objects, rng));
        else if (kind < near)
            object = dat_games_paint_mask(dat_games_draw_mask(objects, rng), reference->colours[0]);
        else
            object = dat_games_draw_object(objects, rng);
    } while (is_among(&object, others, count));
    return object;
}
