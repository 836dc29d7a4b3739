#include "golden_check/images.h"

#include "ops/ops.h"

golden_image golden_read_image(golden_arguments *arguments)
{
    double image[3] = {0}, patch[2] = {0};
    golden_numbers(arguments, "image_shape", 3, image);
    golden_numbers(arguments, "patch_size", 2, patch);
    return (golden_image){
        .channels = (int64_t)image[0],
        .image_width = (int64_t)image[1],
        .image_height = (int64_t)image[2],
        .patch_width = (int64_t)patch[0],
        .patch_height = (int64_t)patch[1],
    };
}

dat_tensor *golden_classification_loss(golden_run *run, dat_tensor *logits)
{
    golden_output(run, "logits", logits);
    if (!logits)
        return NULL;
    dat_cross_entropy_args args = {.targets = golden_targets(run, "targets", dat_rows(logits)),
                                   .ignore_index = -100};
    return args.targets ? golden_output(run, "loss", dat_cross_entropy(&run->tape, logits, &args)) : NULL;
}
