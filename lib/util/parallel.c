#include "util/parallel.h"

#include <omp.h>

#include "util/status.h"

dat_pieces dat_pieces_of(int64_t rows, int64_t minimum)
{
    int64_t count = rows / (minimum > 0 ? minimum : 1);
    count = count < 1 ? 1 : count;
    return (dat_pieces){rows, count < DAT_MAX_PIECES ? count : DAT_MAX_PIECES};
}

int64_t dat_min_rows(int64_t width)
{
    const int64_t values = 4096;
    return width >= values ? 1 : values / (width > 0 ? width : 1);
}

static void run_piece(dat_pieces pieces, int64_t piece, dat_piece_body *body, void *context)
{
    body(context, piece, pieces.rows * piece / pieces.count, pieces.rows * (piece + 1) / pieces.count);
}

/* OpenMP allocates a team for every parallel region of one thread, so those are plain loops. */
void dat_parallel(dat_pieces pieces, dat_piece_body *body, void *context)
{
    if (pieces.count == 1 || omp_get_max_threads() == 1 || omp_in_parallel()) {
        for (int64_t piece = 0; piece < pieces.count; piece++)
            run_piece(pieces, piece, body, context);
        return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t piece = 0; piece < pieces.count; piece++)
        run_piece(pieces, piece, body, context);
}

void dat_parallel_set_threads(int count)
{
    DAT_ASSERT(count >= 1);
    omp_set_num_threads(count);
}

int dat_parallel_threads(void)
{
    return omp_get_max_threads();
}
