/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "tools/image.h"
#include "platform/linux/linux.h"
#include "tools/nbd_image.h"
#include "tools/partition.h"
#include <errno.h>
#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX (256u << 20)

static io_manager manager_for(const char *path)
{
    return linux_disk_is_nbd(path) ? &nbd_image_manager : unix_io_manager;
}

static uint64_t find_start(const char *path, unsigned number)
{
    io_channel disk;

    if (manager_for(path)->open(path, 0, &disk) != 0)
        return 0;
    io_channel_set_blksize(disk, PARTITION_SECTOR);
    uint64_t start = partition_start(disk, number);
    io_channel_close(disk);
    return start;
}

struct image *image_open(const char *path, unsigned partition,
                         const char **error_out)
{
    char options[48] = "";
    ext2_filsys fs;
    uint64_t start;
    errcode_t error;

    if (partition > 0) {
        start = find_start(path, partition);
        if (start == 0 || start > UINT64_MAX / PARTITION_SECTOR) {
            *error_out = "the disk has no such partition";
            return NULL;
        }
        snprintf(options, sizeof(options), "offset=%llu",
                 (unsigned long long)start * PARTITION_SECTOR);
    }
    initialize_ext2_error_table();
    error = ext2fs_open2(path, options, EXT2_FLAG_SOFTSUPP_FEATURES, 0, 0,
                         manager_for(path), &fs);
    if (error) {
        *error_out = error == EXT2_ET_BAD_MAGIC || error == EXT2_ET_SHORT_READ
                         ? "no ext2 file system there"
                         : error_message(error);
        return NULL;
    }
    return (struct image *)fs;
}

static void *read_inode(ext2_filsys fs, ext2_ino_t inode, size_t *size_out,
                        errcode_t *error)
{
    ext2_file_t file;
    uint64_t size;
    unsigned got = 0;
    char *data = NULL;

    *error = ext2fs_file_open(fs, inode, 0, &file);
    if (*error)
        return NULL;
    *error = ext2fs_file_get_lsize(file, (__u64 *)&size);
    if (!*error && size > FILE_SIZE_MAX)
        *error = EFBIG;
    if (!*error && !(data = malloc(size + 1)))
        *error = ENOMEM;
    if (!*error)
        *error = ext2fs_file_read(file, data, (unsigned)size, &got);
    if (!*error && got != size)
        *error = EXT2_ET_SHORT_READ;
    ext2fs_file_close(file);
    if (*error) {
        free(data);
        return NULL;
    }
    data[size] = 0;
    *size_out = size;
    return data;
}

void *image_read(struct image *image, const char *path, size_t *size_out,
                 const char **error_out)
{
    ext2_filsys fs = (ext2_filsys)image;
    struct ext2_inode header;
    ext2_ino_t inode;
    void *data = NULL;
    errcode_t error;

    error = ext2fs_namei_follow(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &inode);
    if (!error)
        error = ext2fs_read_inode(fs, inode, &header);
    if (!error && !LINUX_S_ISREG(header.i_mode))
        error = EXT2_ET_FILE_NOT_FOUND;
    if (!error)
        data = read_inode(fs, inode, size_out, &error);
    if (error)
        *error_out = error == EXT2_ET_FILE_NOT_FOUND ? "no such file"
                                                     : error_message(error);
    return data;
}

void image_uuid(const struct image *image, char text[IMAGE_UUID_SIZE])
{
    const uint8_t *uuid = ((ext2_filsys)image)->super->s_uuid;

    for (unsigned i = 0; i < 16; i++)
        text +=
            sprintf(text, "%s%02x",
                    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}

void image_label(const struct image *image, char text[IMAGE_LABEL_SIZE])
{
    const struct ext2_super_block *super = ((ext2_filsys)image)->super;

    memset(text, 0, IMAGE_LABEL_SIZE);
    memcpy(text, super->s_volume_name, sizeof(super->s_volume_name));
}

void image_close(struct image *image)
{
    if (image)
        ext2fs_close((ext2_filsys)image);
}
