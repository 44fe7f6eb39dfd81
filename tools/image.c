/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
#include "tools/image.h"
#include "platform/linux/linux.h"
#include "tools/nbd_image.h"
#include <errno.h>
#include <et/com_err.h>
#include <ext2fs/ext2fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR         512
#define MBR_TABLE      446
#define MBR_ENTRY_SIZE 16
#define MBR_SIGNATURE  0xaa55
#define PRIMARY_COUNT  4
#define EXTENDED_LIMIT 60 /* logical partitions looked at */
#define FILE_SIZE_MAX  (256u << 20)

static uint32_t little32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
           (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static int is_extended(uint8_t type)
{
    return type == 0x05 || type == 0x0f || type == 0x85;
}

static int read_table(io_channel disk, uint64_t sector, uint8_t table[SECTOR])
{
    if (io_channel_read_blk64(disk, sector, -SECTOR, table) != 0)
        return -1;
    return table[510] + (table[511] << 8) == MBR_SIGNATURE ? 0 : -1;
}

/* The first sector of logical partition NUMBER (from 5 on); 0: none. */
static uint64_t logical_start(io_channel disk, uint64_t extended,
                              unsigned number)
{
    uint8_t table[SECTOR];
    uint64_t at = extended;

    for (unsigned i = 5; i < 5 + EXTENDED_LIMIT; i++) {
        const uint8_t *entry = table + MBR_TABLE;
        if (read_table(disk, at, table) != 0 || entry[4] == 0)
            return 0;
        if (i == number)
            return at + little32(entry + 8);
        entry += MBR_ENTRY_SIZE;
        if (!is_extended(entry[4]))
            return 0;
        at = extended + little32(entry + 8);
    }
    return 0;
}

static io_manager manager_for(const char *path)
{
    return linux_disk_is_nbd(path) ? &nbd_image_manager : unix_io_manager;
}

static uint64_t partition_start(const char *path, unsigned number)
{
    uint8_t table[SECTOR];
    uint64_t start = 0;
    io_channel disk;

    if (manager_for(path)->open(path, 0, &disk) != 0)
        return 0;
    io_channel_set_blksize(disk, SECTOR);
    if (read_table(disk, 0, table) == 0) {
        for (unsigned i = 0; i < PRIMARY_COUNT; i++) {
            const uint8_t *entry = table + MBR_TABLE + i * MBR_ENTRY_SIZE;
            if (i + 1 == number && entry[4] != 0)
                start = little32(entry + 8);
            else if (number > PRIMARY_COUNT && is_extended(entry[4]))
                start = logical_start(disk, little32(entry + 8), number);
        }
    }
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
        start = partition_start(path, partition);
        if (start == 0) {
            *error_out = "the disk has no such partition";
            return NULL;
        }
        snprintf(options, sizeof(options), "offset=%llu",
                 (unsigned long long)start * SECTOR);
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

void image_close(struct image *image)
{
    if (image)
        ext2fs_close((ext2_filsys)image);
}
