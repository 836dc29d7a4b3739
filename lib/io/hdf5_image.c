#include "io/hdf5_image.h"

#include <stdint.h>
#include <string.h>

#include "io/hdf5_util.h"

/* A name that can exist in no file system: HDF5 looks for one even though it is to work in memory. */
#define IMAGE_NAME "/dev/null/run"

enum { IMAGE_GROWTH = 1 << 20 };

/* Access to files in memory; -1 on error. Closing such a file closes all that is open in it. */
static hid_t memory_access(void)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_fapl_core(access, IMAGE_GROWTH, false) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        return access;
    dat_hdf5_close(access);
    return -1;
}

dat_status dat_hdf5_create_image(size_t userblock, hid_t *file)
{
    dat_status status = DAT_OK;
    *file = -1;
    hid_t access = memory_access();
    hid_t creation = H5Pcreate(H5P_FILE_CREATE);
    if (access < 0 || creation < 0 || H5Pset_userblock(creation, userblock) < 0 ||
        dat_hdf5_set_group_creation(creation) < 0 ||
        (*file = H5Fcreate(IMAGE_NAME, H5F_ACC_TRUNC, creation, access)) < 0)
        status = dat_hdf5_failure("cannot create an HDF5 file in memory");
    dat_hdf5_close(creation);
    dat_hdf5_close(access);
    return status;
}

/* The file's size as its superblock has it. HDF5's own memory is larger, and its functions do not agree on
 * whether the user block counts; the file format does say (version 2: end of file address at byte 28,
 * little-endian). */
static uint64_t superblock_end(const unsigned char *superblock)
{
    DAT_ASSERT(memcmp(superblock, "\211HDF\r\n\032\n", 8) == 0 && superblock[8] == 2 && superblock[9] == 8);
    uint64_t end = 0;
    for (int i = 7; i >= 0; i--)
        end = end << 8 | superblock[28 + i];
    return end;
}

dat_status dat_hdf5_image_bytes(hid_t file, size_t userblock, const unsigned char **bytes, size_t *size)
{
    void **memory = NULL;
    hsize_t memory_size = 0;
    if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0 || H5Fget_vfd_handle(file, H5P_DEFAULT, (void **)&memory) < 0 ||
        H5Fget_filesize(file, &memory_size) < 0)
        return dat_hdf5_failure("cannot complete the HDF5 file in memory");
    *bytes = *memory;
    uint64_t end = superblock_end(*bytes + userblock);
    DAT_ASSERT(end <= memory_size);
    *size = (size_t)end;
    return DAT_OK;
}

/* HDF5 copies an image up to three times. These callbacks make each "copy" the caller's own bytes. */
static void *image_borrow(size_t size, H5FD_file_image_op_t operation, void *bytes)
{
    (void)size, (void)operation;
    return bytes;
}

static void *image_copy_nothing(void *to, const void *from, size_t size, H5FD_file_image_op_t operation,
                                void *bytes)
{
    (void)size, (void)operation, (void)bytes;
    return to == from ? to : NULL;
}

static void *image_never_grow(void *image, size_t size, H5FD_file_image_op_t operation, void *bytes)
{
    (void)image, (void)size, (void)operation, (void)bytes;
    return NULL;
}

static herr_t image_keep(void *image, H5FD_file_image_op_t operation, void *bytes)
{
    (void)image, (void)operation, (void)bytes;
    return 0;
}

static void *image_same_context(void *bytes)
{
    return bytes;
}

static herr_t image_keep_context(void *bytes)
{
    (void)bytes;
    return 0;
}

dat_status dat_hdf5_open_image(void *bytes, size_t size, hid_t *file)
{
    dat_status status = DAT_OK;
    *file = -1;
    H5FD_file_image_callbacks_t callbacks = {
        .image_malloc = image_borrow,
        .image_memcpy = image_copy_nothing,
        .image_realloc = image_never_grow,
        .image_free = image_keep,
        .udata_copy = image_same_context,
        .udata_free = image_keep_context,
        .udata = bytes,
    };
    hid_t access = memory_access();
    if (access < 0 || H5Pset_file_image_callbacks(access, &callbacks) < 0 ||
        H5Pset_file_image(access, bytes, size) < 0 ||
        (*file = H5Fopen(IMAGE_NAME, H5F_ACC_RDONLY, access)) < 0)
        status = dat_hdf5_failure("cannot open the file as HDF5");
    dat_hdf5_close(access);
    return status;
}
