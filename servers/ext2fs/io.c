/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/io.c: how libext2fs reaches the disk: by way of the journal, if
 * one runs.  What it writes is metadata. */

#include "ext2fs/io.h"

#include <stdlib.h>
#include <string.h>

static struct journal *journal;
static enum disk_kind kind_now = DISK_METADATA;

void io_use_journal(struct journal *used)
{
    journal = used;
}

void io_write_as(enum disk_kind kind)
{
    kind_now = kind;
}

errcode_t io_clean(void)
{
    errcode_t err = 0;

    for (int kind = 0; kind < DISK_KINDS; kind++) {
        errcode_t one = disk_clean(kind);
        err = err ? err : one;
    }
    return err;
}

/* Some groups' inodes may stand together in another one. */
static bool is_inodes(ext2_filsys fs, blk64_t block)
{
    dgrp_t together = 1u << fs->super->s_log_groups_per_flex;
    dgrp_t group = ext2fs_group_of_blk2(fs, block) / together * together;

    for (dgrp_t i = group; i < group + together && i < fs->group_desc_count;
         i++) {
        blk64_t table = ext2fs_inode_table_loc(fs, i);
        if (block >= table && block < table + fs->inode_blocks_per_group)
            return true;
    }
    return false;
}

static errcode_t io_read(uint64_t offset, void *data, uint64_t size)
{
    return journal ? journal_read(journal, offset, data, size)
                   : disk_read(offset, data, size);
}

static errcode_t io_write(io_channel channel, uint64_t offset, const void *data,
                          uint64_t size)
{
    ext2_filsys fs = channel->app_data;

    if (journal)
        return journal_write(journal, offset, data, size);
    return disk_write(offset, data, size,
                      fs && fs->group_desc &&
                              is_inodes(fs, offset / fs->blocksize)
                          ? DISK_INODES
                          : kind_now);
}

static errcode_t manager_open(const char *name, int flags, io_channel *channel)
{
    io_channel io = calloc(1, sizeof *io);

    if (!io)
        return EXT2_ET_NO_MEMORY;
    io->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    io->manager = &io_manager_here;
    io->name = strdup(name);
    io->block_size = 1024;
    io->refcount = 1;
    *channel = io;
    return 0;
}

/* A journal is flushed by who knows when the file system is whole. */
static errcode_t manager_flush(io_channel channel)
{
    if (journal)
        return 0;
    errcode_t err = io_clean(), flushed = disk_flush();
    return err ? err : flushed;
}

static errcode_t manager_close(io_channel channel)
{
    if (--channel->refcount > 0)
        return 0;
    errcode_t err = manager_flush(channel);
    free(channel->name);
    free(channel);
    return err;
}

static errcode_t manager_set_blksize(io_channel channel, int size)
{
    channel->block_size = size;
    return 0;
}

/* A negative count is one of bytes. */
static uint64_t manager_bytes(io_channel channel, int count)
{
    return count < 0 ? -(uint64_t)count : (uint64_t)count * channel->block_size;
}

static errcode_t manager_read64(io_channel channel, unsigned long long block,
                                int count, void *data)
{
    return io_read(block * channel->block_size, data,
                   manager_bytes(channel, count));
}

static errcode_t manager_write64(io_channel channel, unsigned long long block,
                                 int count, const void *data)
{
    return io_write(channel, block * channel->block_size, data,
                    manager_bytes(channel, count));
}

static errcode_t manager_read(io_channel channel, unsigned long block,
                              int count, void *data)
{
    return manager_read64(channel, block, count, data);
}

static errcode_t manager_write(io_channel channel, unsigned long block,
                               int count, const void *data)
{
    return manager_write64(channel, block, count, data);
}

static errcode_t manager_write_byte(io_channel channel, unsigned long offset,
                                    int count, const void *data)
{
    return io_write(channel, offset, data, count);
}

struct struct_io_manager io_manager_here = {
    .magic = EXT2_ET_MAGIC_IO_MANAGER,
    .name = "a cache, and perhaps a journal",
    .open = manager_open,
    .close = manager_close,
    .set_blksize = manager_set_blksize,
    .read_blk = manager_read,
    .write_blk = manager_write,
    .flush = manager_flush,
    .write_byte = manager_write_byte,
    .read_blk64 = manager_read64,
    .write_blk64 = manager_write64,
};
