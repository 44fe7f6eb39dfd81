/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/dirblock.c: one block of a directory. */

#include <stdlib.h>
#include <string.h>

#include "ext2fs/directory.h"
#include "ext2fs/disk.h"

#define RECORD_HEAD 8u
#define RECORD_MIN  12u

uint32_t dir_block_count(const struct node *dir)
{
    return dir->st.st_size / fs->blocksize;
}

uint32_t dir_record_size(size_t length)
{
    return (RECORD_HEAD + (uint32_t)length + 3) & ~3u;
}

/* Where records end: a checksum stands behind them, if there is one. */
static uint32_t records_end(void)
{
    return fs->blocksize - (ext2fs_has_feature_metadata_csum(fs->super)
                                ? sizeof(struct ext2_dir_entry_tail)
                                : 0);
}

static struct ext2_dir_entry *record_at(const struct dir_block *block,
                                        uint32_t offset)
{
    return (struct ext2_dir_entry *)(block->data + offset);
}

static uint32_t record_length(const struct ext2_dir_entry *entry)
{
    unsigned length = 0;

    ext2fs_get_rec_len(fs, (struct ext2_dir_entry *)entry, &length);
    return length;
}

/* Who shows an empty name, or one with a slash, shows another directory. */
static boolean_t is_name(const struct ext2_dir_entry *entry)
{
    size_t length = ext2fs_dirent_name_len(entry);

    return length && !memchr(entry->name, '/', length) &&
           !memchr(entry->name, 0, length) &&
           entry->inode <= fs->super->s_inodes_count;
}

/* No record leaves the block, and no name its record. */
static boolean_t makes_sense(const struct dir_block *block)
{
    uint32_t offset = 0;

    while (offset < fs->blocksize) {
        if (offset + RECORD_MIN > fs->blocksize)
            return FALSE;
        const struct ext2_dir_entry *entry = record_at(block, offset);
        uint32_t length = record_length(entry);
        if (length < RECORD_MIN || length % 4 ||
            length > fs->blocksize - offset ||
            dir_record_size(ext2fs_dirent_name_len(entry)) > length ||
            (entry->inode && !is_name(entry)))
            return FALSE;
        offset += length;
    }
    return TRUE;
}

static char *block_buffer(void)
{
    static char *buffer;

    if (!buffer)
        buffer = malloc(fs->blocksize);
    return buffer;
}

error_t dir_block_read(struct node *dir, uint32_t number,
                       struct dir_block *block)
{
    block->dir = dir;
    block->number = number;
    block->data = block_buffer();
    if (!block->data)
        return HURD_ENOMEM;
    errcode_t err = ext2fs_bmap2(fs, dir->ino, ext2_node_inode(dir), NULL, 0,
                                 number, NULL, &block->phys);
    if (!err && block->phys)
        err = ext2fs_read_dir_block4(fs, block->phys, block->data, 0, dir->ino);
    if (err)
        return fs_error(err);
    return !block->phys || makes_sense(block) ? 0 : HURD_EIO;
}

error_t dir_blocks_probe(struct node *dir, uint32_t first, uint32_t end)
{
    errcode_t err = 0;
    blk64_t phys;

    for (uint32_t i = first; i < end && i < dir_block_count(dir); i++) {
        errcode_t one = ext2_map_block(dir, i, &phys);
        if (!one && phys)
            one = disk_probe(phys * fs->blocksize, fs->blocksize);
        err = err ? err : one;
    }
    return err == DISK_NOT_HERE ? DISKFS_NOT_HERE : 0;
}

error_t dir_block_write(const struct dir_block *block)
{
    return fs_error(ext2fs_write_dir_block4(fs, block->phys, block->data, 0,
                                            block->dir->ino));
}

struct ext2_dir_entry *dir_block_next(const struct dir_block *block,
                                      uint32_t *offset)
{
    if (!block->phys || *offset >= records_end())
        return NULL;
    struct ext2_dir_entry *entry = record_at(block, *offset);
    *offset += record_length(entry);
    return entry;
}

struct ext2_dir_entry *dir_block_find(const struct dir_block *block,
                                      const char *name,
                                      struct ext2_dir_entry **before)
{
    struct ext2_dir_entry *entry;
    size_t length = strlen(name);
    uint32_t offset = 0;

    *before = NULL;
    while ((entry = dir_block_next(block, &offset))) {
        if (entry->inode && (size_t)ext2fs_dirent_name_len(entry) == length &&
            !memcmp(entry->name, name, length))
            return entry;
        *before = entry;
    }
    return NULL;
}

/* What is not used of a record. */
static uint32_t record_room(const struct ext2_dir_entry *entry)
{
    uint32_t length = record_length(entry);

    return entry->inode
               ? length - dir_record_size(ext2fs_dirent_name_len(entry))
               : length;
}

uint32_t dir_block_room(const struct dir_block *block)
{
    const struct ext2_dir_entry *entry;
    uint32_t offset = 0, most = 0;

    while ((entry = dir_block_next(block, &offset)))
        if (record_room(entry) > most)
            most = record_room(entry);
    return most;
}

/* The unused part of ENTRY as a record of its own. */
static struct ext2_dir_entry *record_split(struct ext2_dir_entry *entry)
{
    uint32_t used = dir_record_size(ext2fs_dirent_name_len(entry));
    uint32_t length = record_length(entry);
    struct ext2_dir_entry *rest = (void *)((char *)entry + used);

    if (!entry->inode)
        return entry;
    ext2fs_set_rec_len(fs, used, entry);
    ext2fs_set_rec_len(fs, length - used, rest);
    return rest;
}

error_t dir_block_enter(const struct dir_block *block, const char *name,
                        ext2_ino_t ino, int type)
{
    struct ext2_dir_entry *entry;
    size_t length = strlen(name);
    uint32_t offset = 0;

    while ((entry = dir_block_next(block, &offset)))
        if (record_room(entry) >= dir_record_size(length))
            break;
    if (!entry)
        return HURD_EIO;
    entry = record_split(entry);
    entry->inode = ino;
    entry->name_len = 0;
    ext2fs_dirent_set_name_len(entry, (int)length);
    if (ext2fs_has_feature_filetype(fs->super))
        ext2fs_dirent_set_file_type(entry, type);
    memcpy(entry->name, name, length);
    return 0;
}

void dir_block_remove(struct ext2_dir_entry *entry,
                      struct ext2_dir_entry *before)
{
    if (before)
        ext2fs_set_rec_len(fs, record_length(before) + record_length(entry),
                           before);
    else
        entry->inode = 0;
}

error_t dir_block_add(struct node *dir, struct dir_block *block)
{
    struct ext2_inode *inode = ext2_node_inode(dir);
    char *empty = NULL;
    errcode_t err = ext2fs_new_dir_block(fs, 0, 0, &empty);

    *block = (struct dir_block){
        .dir = dir, .number = dir_block_count(dir), .data = block_buffer()};
    if (!err && !block->data)
        err = EXT2_ET_NO_MEMORY;
    if (!err)
        err = ext2_room();
    if (!err)
        err = ext2fs_bmap2(fs, dir->ino, inode, NULL, BMAP_ALLOC, block->number,
                           NULL, &block->phys);
    if (!err) {
        memcpy(block->data, empty, fs->blocksize);
        err = ext2fs_write_dir_block4(fs, block->phys, empty, 0, dir->ino);
    }
    ext2fs_free_mem(&empty);
    if (!err)
        err = ext2fs_inode_size_set(
            fs, inode, (ext2_off64_t)(block->number + 1) * fs->blocksize);
    dir->st.st_size = EXT2_I_SIZE(inode);
    dir->st.st_blocks = inode->i_blocks;
    error_t written = ext2_inode_write(dir);
    if (err && !written)
        contents_recount(dir);
    return err ? fs_error(err) : written;
}

/* --- the disk's own index ---------------------------------------------------- */

/* A block of an index looks like a directory's with next to nothing in it, but
 * has its checksum elsewhere: it becomes what it looks like. */
static error_t block_drop_htree(const struct dir_block *block)
{
    struct ext2_dir_entry *entry, *last = NULL;
    uint32_t offset = 0, start = 0;

    while (offset < fs->blocksize) {
        start = offset;
        entry = record_at(block, offset);
        offset += record_length(entry);
        last = entry;
    }
    uint32_t used =
        start + (last->inode ? dir_record_size(ext2fs_dirent_name_len(last))
                             : RECORD_HEAD);
    if (start >= records_end() || used + RECORD_MIN > records_end())
        return 0; /* there is a checksum, or none belongs there */
    memset(block->data + used, 0, fs->blocksize - used);
    ext2fs_set_rec_len(fs, records_end() - start, last);
    ext2fs_initialize_dirent_tail(fs,
                                  EXT2_DIRENT_TAIL(block->data, fs->blocksize));
    return dir_block_write(block);
}

error_t dir_drop_htree(struct node *dir)
{
    struct ext2_inode *inode = ext2_node_inode(dir);
    struct dir_block block;
    error_t err = 0;

    if (!(inode->i_flags & EXT2_INDEX_FL))
        return 0;
    for (uint32_t i = 0; !err && i < dir_block_count(dir) &&
                         ext2fs_has_feature_metadata_csum(fs->super);
         i++) {
        err = dir_block_read(dir, i, &block);
        if (!err && block.phys)
            err = block_drop_htree(&block);
    }
    if (err)
        return err;
    inode->i_flags &= ~EXT2_INDEX_FL;
    return ext2_inode_write(dir);
}
