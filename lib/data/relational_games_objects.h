/* The objects of the relational games: which there are, and how a "different" one is drawn. */
#ifndef DAT_DATA_RELATIONAL_GAMES_OBJECTS_H
#define DAT_DATA_RELATIONAL_GAMES_OBJECTS_H

#include <stdbool.h>

#include "data/relational_games.h"

/* A mask of the set: one of the eight shapes, then one of the eight symmetries of the 3x3 grid, both uniform.
 * Stripes always fill the whole square. */
uint16_t dat_games_draw_mask(dat_games_objects objects, dat_rng *rng);

/* One of the set's 25 colours, uniform, 0xRRGGBB. */
uint32_t dat_games_draw_colour(dat_games_objects objects, dat_rng *rng);

/* A mask in one colour, independent of each other. */
dat_games_object dat_games_paint_mask(uint16_t mask, uint32_t colour);

/* An object with mask and colour drawn independently; stripes: columns in colours A, B, A. */
dat_games_object dat_games_draw_object(dat_games_objects objects, dat_rng *rng);

/* The same object: equal pixels. A rotated copy is another object. */
bool dat_games_same_object(const dat_games_object *a, const dat_games_object *b);

/* A new object unlike the `count` >= 1 objects of `others`. With probability `near` it keeps the mask or the
 * colour (half each) of a uniformly chosen one of them; that choice stands while the rest is redrawn until
 * the object is new. Stripes are always drawn afresh. */
dat_games_object dat_games_draw_different(dat_games_objects objects, double near,
                                          const dat_games_object *others, int count, dat_rng *rng);

#endif
