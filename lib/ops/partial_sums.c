#include "ops/partial_sums.h"

dat_real *dat_partial_sums(dat_tape *tape, dat_pieces pieces, int64_t width)
{
    dat_real *sums = dat_tape_scratch(tape, pieces.count * width);
    for (int64_t i = 0; sums && i < pieces.count * width; i++)
        sums[i] = 0;
    return sums;
}

void dat_add_partial_sums(const dat_real *sums, dat_pieces pieces, int64_t width, dat_real *total)
{
    for (int64_t piece = 0; piece < pieces.count; piece++)
        for (int64_t i = 0; i < width; i++)
            total[i] += sums[piece * width + i];
}
