/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/journal/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext2fs/disk.h"

#define BLOCKS_MAX 40

static char *name_of(unsigned file)
{
    static char name[64];

    snprintf(name, sizeof name, "a file with a name of some length, %u", file);
    return name;
}

/* What is in a block of a file. */
static void fill(char *data, size_t size, unsigned seed, unsigned block,
                 bool record)
{
    static const unsigned char magic[] = {0xc0, 0x3b, 0x39, 0x98};
    unsigned state = seed * 1000003 + block;

    for (size_t i = 0; i < size; i += sizeof(int)) {
        int word = rand_r(&state);
        memcpy(data + i, &word, sizeof word);
    }
    if (record)
        memcpy(data, magic, sizeof magic);
}

static errcode_t add_block(ext2_filsys fs, ext2_ino_t ino,
                           struct ext2_inode *inode, unsigned block,
                           unsigned seed, bool record)
{
    char *data = malloc(fs->blocksize);
    blk64_t phys;
    errcode_t err = ext2fs_new_block2(fs, 0, NULL, &phys);

    if (!err) {
        ext2fs_block_alloc_stats2(fs, phys, +1);
        err = ext2fs_iblk_add_blocks(fs, inode, 1);
    }
    if (!err)
        err = ext2fs_bmap2(fs, ino, inode, NULL, BMAP_SET | BMAP_ALLOC, block,
                           NULL, &phys);
    fill(data, fs->blocksize, seed, block, record);
    if (!err && record)
        err = io_channel_write_blk64(fs->io, phys, 1, data);
    else if (!err)
        err = disk_write(phys * fs->blocksize, data, fs->blocksize, DISK_DATA);
    free(data);
    return err;
}

static errcode_t enter(ext2_filsys fs, unsigned file, ext2_ino_t ino)
{
    errcode_t err =
        ext2fs_link(fs, EXT2_ROOT_INO, name_of(file), ino, EXT2_FT_REG_FILE);

    if (err != EXT2_ET_DIR_NO_SPACE)
        return err;
    err = ext2fs_expand_dir(fs, EXT2_ROOT_INO);
    return err ? err
               : ext2fs_link(fs, EXT2_ROOT_INO, name_of(file), ino,
                             EXT2_FT_REG_FILE);
}

static errcode_t create(ext2_filsys fs, struct model *model, unsigned file,
                        unsigned *seed)
{
    unsigned content = rand_r(seed), blocks = rand_r(seed) % BLOCKS_MAX;
    bool record = rand_r(seed) % 3 == 0;
    struct ext2_inode inode = {.i_mode = LINUX_S_IFREG | 0644,
                               .i_links_count = 1};
    ext2_extent_handle_t handle;
    ext2_ino_t ino;
    errcode_t err = ext2fs_new_inode(fs, EXT2_ROOT_INO, 0, NULL, &ino);

    if (!err && ext2fs_has_feature_extents(fs->super)) {
        inode.i_flags |= EXT4_EXTENTS_FL;
        err = ext2fs_extent_open2(fs, ino, &inode, &handle);
        if (!err)
            ext2fs_extent_free(handle);
    }
    if (!err)
        err = ext2fs_write_new_inode(fs, ino, &inode);
    if (!err)
        ext2fs_inode_alloc_stats2(fs, ino, +1, 0);
    for (unsigned i = 0; !err && i < blocks; i++)
        err = add_block(fs, ino, &inode, i, content, record);
    inode.i_size = blocks * fs->blocksize;
    if (!err)
        err = ext2fs_write_inode(fs, ino, &inode);
    if (!err)
        err = enter(fs, file, ino);
    model->files[file].there = true;
    model->files[file].record = record;
    model->files[file].blocks = blocks;
    model->files[file].seed = content;
    return err;
}

static int release(ext2_filsys fs, blk64_t *block, e2_blkcnt_t where,
                   blk64_t ref, int offset, void *context)
{
    ext2fs_block_alloc_stats2(fs, *block, -1);
    return 0;
}

static errcode_t destroy(ext2_filsys fs, struct model *model, unsigned file)
{
    struct ext2_inode inode;
    ext2_ino_t ino;
    char *name = name_of(file);
    errcode_t err =
        ext2fs_lookup(fs, EXT2_ROOT_INO, name, strlen(name), NULL, &ino);

    if (!err)
        err = ext2fs_unlink(fs, EXT2_ROOT_INO, name, 0, 0);
    if (!err)
        err = ext2fs_block_iterate3(
            fs, ino, BLOCK_FLAG_READ_ONLY | BLOCK_FLAG_DEPTH_TRAVERSE, NULL,
            release, NULL);
    if (err)
        return err;
    memset(&inode, 0, sizeof inode);
    inode.i_dtime = 1000000000;
    ext2fs_inode_alloc_stats2(fs, ino, -1, 0);
    memset(&model->files[file], 0, sizeof model->files[file]);
    return ext2fs_write_inode(fs, ino, &inode);
}

errcode_t files_change(ext2_filsys fs, struct model *model, unsigned *seed)
{
    unsigned file = rand_r(seed) % FILES_MAX;

    return model->files[file].there ? destroy(fs, model, file)
                                    : create(fs, model, file, seed);
}

static bool file_matches(ext2_filsys fs, const struct model *model,
                         unsigned file)
{
    ext2_ino_t ino;
    char *name = name_of(file), *got = malloc(fs->blocksize);
    char *wanted = malloc(fs->blocksize);
    bool same = !ext2fs_lookup(fs, EXT2_ROOT_INO, name, strlen(name), NULL,
                               &ino) == model->files[file].there;

    for (unsigned i = 0; same && i < model->files[file].blocks; i++) {
        blk64_t phys = 0;
        same = !ext2fs_bmap2(fs, ino, NULL, NULL, 0, i, NULL, &phys) && phys &&
               !io_channel_read_blk64(fs->io, phys, 1, got);
        fill(wanted, fs->blocksize, model->files[file].seed, i,
             model->files[file].record);
        same = same && !memcmp(got, wanted, fs->blocksize);
    }
    free(got);
    free(wanted);
    return same;
}

bool files_match(ext2_filsys fs, const struct model *model)
{
    for (unsigned i = 0; i < FILES_MAX; i++)
        if (!file_matches(fs, model, i))
            return false;
    return true;
}
