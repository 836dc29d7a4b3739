/* CIFAR-10 and CIFAR-100 in their official binary files (A. Krizhevsky, "Learning Multiple Layers of Features
 * from Tiny Images", 2009): records of the label bytes (one for CIFAR-10; coarse, then fine for CIFAR-100)
 * and the red, green and blue planes of a 32x32 image. */
#ifndef DAT_DATA_CIFAR_H
#define DAT_DATA_CIFAR_H

#include "data/images.h"
#include "util/status.h"

/* Which data set, and which of its labels. */
typedef enum dat_cifar_kind {
    DAT_CIFAR10,
    DAT_CIFAR100,        /* 100 fine labels */
    DAT_CIFAR100_COARSE, /* 20 superclasses */
    DAT_CIFAR_N_KINDS,
} dat_cifar_kind;

typedef enum dat_cifar_part { DAT_CIFAR_TRAIN, DAT_CIFAR_TEST } dat_cifar_part;

/* Names as in configs, ending with NULL: "cifar10", "cifar100", "cifar100_coarse". */
extern const char *const dat_cifar_kind_names[];

enum { DAT_CIFAR_SIDE = 32 };

/* Reads files of one kind one after the other, with the normalisation that the reference uses and without
 * class names. Files that are missing, empty or not whole records, and labels out of range, are refused with
 * the file and the record; *images is then empty. Release with dat_images_free. */
dat_status dat_cifar_read(dat_cifar_kind kind, const char *const *paths, int n_paths, dat_images *images);

/* Reads a part from a folder with the official file names: those of data_batch_1.bin to data_batch_5.bin that
 * exist, or test_batch.bin; train.bin or test.bin for CIFAR-100. Class names are read where their file exists
 * (batches.meta.txt, fine_label_names.txt, coarse_label_names.txt). */
dat_status dat_cifar_read_folder(dat_cifar_kind kind, dat_cifar_part part, const char *folder,
                                 dat_images *images);

#endif
