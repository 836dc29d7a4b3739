/* patchify: out[b, (pr, pc), (r, c, ch)] = images[b, ch, pr height + r, pc width + c]. */
#include <inttypes.h>

#include "ops/ops.h"
#include "ops/registry.h"
#include "util/parallel.h"

typedef struct patch_size {
    int64_t height, width;
} patch_size;

static bool patchify_shape(dat_tape *tape, dat_node *n)
{
    const dat_tensor *x = n->in[0];
    patch_size patch = *(const patch_size *)n->args;
    char text[DAT_SHAPE_TEXT_SIZE];
    if (x->rank != 4)
        return dat_fail(tape, "patchify: %s is %s, expected (batch, channel, row, column)", x->name,
                        dat_shape_text(x, text));
    if (patch.height < 1 || patch.width < 1 || x->shape[2] % patch.height || x->shape[3] % patch.width)
        return dat_fail(tape, "patchify: %s is %s, which patches of %" PRId64 " x %" PRId64 " do not tile",
                        x->name, dat_shape_text(x, text), patch.height, patch.width);
    int64_t count = (x->shape[2] / patch.height) * (x->shape[3] / patch.width);
    return dat_shape_set(n->out, 3,
                         (int64_t[]){x->shape[0], count, patch.height * patch.width * x->shape[1]});
}

/* Calls for every row of pixels of one channel of a patch of image b: `in` is its first offset in the images,
 * with neighbours at distance 1, and `out` in the patches, with neighbours at distance `channels`. */
#define FOR_EACH_PIXEL_ROW(statement)                                                                        \
    for (int64_t patch_row = 0; patch_row < rows / patch.height; patch_row++)                                \
        for (int64_t patch_column = 0; patch_column < columns / patch.width; patch_column++)                 \
            for (int64_t r = 0; r < patch.height; r++, row_out += patch.width * channels)                    \
                for (int64_t channel = 0; channel < channels; channel++) {                                   \
                    int64_t out = row_out + channel;                                                         \
                    int64_t in =                                                                             \
                        ((b * channels + channel) * rows + patch_row * patch.height + r) * columns +         \
                        patch_column * patch.width;                                                          \
                    statement;                                                                               \
                }

static void forward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_tensor *x = n->in[0];
    patch_size patch = *(const patch_size *)n->args;
    int64_t channels = x->shape[1], rows = x->shape[2], columns = x->shape[3];
    for (int64_t b = start; b < end; b++) {
        int64_t row_out = b * channels * rows * columns;
        FOR_EACH_PIXEL_ROW(for (int64_t c = 0; c < patch.width; c++) n->out->data[out + c * channels] =
                               x->data[in + c]);
    }
}

static void patchify_forward(dat_node *n)
{
    dat_parallel(dat_pieces_of(n->in[0]->shape[0], 1), forward_piece, n);
}

static void backward_piece(void *context, int64_t piece, int64_t start, int64_t end)
{
    (void)piece;
    const dat_node *n = context;
    const dat_tensor *x = n->in[0];
    patch_size patch = *(const patch_size *)n->args;
    int64_t channels = x->shape[1], rows = x->shape[2], columns = x->shape[3];
    for (int64_t b = start; b < end; b++) {
        int64_t row_out = b * channels * rows * columns;
        FOR_EACH_PIXEL_ROW(for (int64_t c = 0; c < patch.width; c++) x->grad[in + c] +=
                           n->out->grad[out + c * channels]);
    }
}

static void patchify_backward(dat_node *n)
{
    dat_parallel(dat_pieces_of(n->in[0]->shape[0], 1), backward_piece, n);
}

const dat_op dat_op_patchify = {
    .name = "patchify",
    .required = 1,
    .shape = patchify_shape,
    .forward = patchify_forward,
    .backward = patchify_backward,
};

dat_tensor *dat_patchify(dat_tape *tape, dat_tensor *images, int64_t height, int64_t width)
{
    patch_size patch = {height, width};
    return dat_tape_apply(tape, &dat_op_patchify, &images, 1, &patch, sizeof patch);
}
