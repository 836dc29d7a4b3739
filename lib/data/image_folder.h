/* Images in folders, one folder for each class: `folder`/cat/1.png, `folder`/dog/a.jpeg, ... */
#ifndef DAT_DATA_IMAGE_FOLDER_H
#define DAT_DATA_IMAGE_FOLDER_H

#include "data/images.h"
#include "util/status.h"

typedef struct dat_image_folder_config {
    int height, width; /* what every image is resized to */
    dat_normalisation normalisation;
    bool skip_damaged; /* leave out files that cannot be decoded; otherwise the first is an error */
    void (*report)(void *sink, const char *message); /* called for each file left out; NULL: nobody */
    void *sink;
} dat_image_folder_config;

/* The usual constants for photographs, of ImageNet. */
extern const dat_normalisation dat_imagenet_normalisation;

/* Reads all files *.png, *.jpg and *.jpeg (in any case) of the class folders into memory; other files, and
 * names with a dot in front, are passed over. Classes and the files of a class are in the order of their
 * names, byte by byte. Folders without classes, classes without images and more than 16 GiB of pixels are
 * refused; *images is then empty. Release with dat_images_free. */
dat_status dat_image_folder_read(const char *folder, const dat_image_folder_config *config,
                                 dat_images *images);

#endif
