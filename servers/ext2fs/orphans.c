/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/orphans.c: files that are to be done away with after a crash.
 *
 * The superblock has the first one's number, each inode has the next one's in
 * the place of the time when it was deleted.  All that are in the list are
 * nodes in use, but when it is read after a crash. */

#include <stdlib.h>

#include "ext2fs/blockset.h"
#include "ext2fs/private.h"

static struct ext2_node *newest;

static ext2_ino_t number_of(const struct ext2_node *node)
{
    return node ? node->ino : 0;
}

static void set_first(ext2_ino_t ino)
{
    fs->super->s_last_orphan = ino;
    ext2fs_mark_super_dirty(fs);
}

static void orphan_add(struct ext2_node *node)
{
    node->orphan = TRUE;
    node->newer = NULL;
    node->older = newest;
    if (newest)
        newest->newer = node;
    newest = node;
    node->inode.i_dtime = number_of(node->older);
    set_first(node->ino);
}

void orphan_remove(struct ext2_node *node)
{
    if (!node->orphan)
        return;
    node->orphan = FALSE;
    node->inode.i_dtime = 0;
    if (node->older)
        node->older->newer = node->newer;
    if (node->newer) {
        node->newer->older = node->older;
        node->newer->inode.i_dtime = number_of(node->older);
        ext2_inode_put(node->newer);
    } else {
        newest = node->older;
        set_first(number_of(newest));
    }
}

void orphan_update(struct node *np, boolean_t held)
{
    struct ext2_node *node = ext2_node(np);
    boolean_t wanted = (!np->st.st_nlink || held) && ext2_has_journal();

    if (wanted && !node->orphan)
        orphan_add(node);
    else if (!wanted)
        orphan_remove(node);
}

/* --- after a crash ------------------------------------------------------------- */

static error_t orphan_load(ext2_ino_t ino, struct node **result)
{
    struct node *np = calloc(1, sizeof *np);
    error_t err = np ? 0 : HURD_ENOMEM;

    if (!err &&
        (ino < EXT2_FIRST_INODE(fs->super) || ino > fs->super->s_inodes_count ||
         !ext2fs_test_inode_bitmap2(fs->inode_map, ino)))
        err = HURD_EIO;
    if (!err) {
        np->ino = ino;
        err = ext2_node_load(np);
    }
    if (err)
        free(np);
    else
        *result = np;
    return err;
}

/* All that are in the list, which may be wrong, into SET by their numbers; the
 * first is FIRST. */
static error_t orphans_load(struct block_set *set, struct node **first)
{
    ext2_ino_t ino = fs->super->s_last_orphan;
    struct node *np, *before = NULL;
    error_t err = 0;

    for (*first = NULL; ino && !err; before = np) {
        err = block_set_find(set, ino) ? HURD_EIO : orphan_load(ino, &np);
        if (err)
            break;
        struct ext2_node *node = ext2_node(np);
        block_set_add(set, ino, 0);
        ino = node->inode.i_dtime;
        node->orphan = TRUE;
        np->hash_next = NULL;
        if (before) {
            before->hash_next = np;
            ext2_node(before)->older = node;
            node->newer = ext2_node(before);
        } else {
            *first = np;
            newest = node;
        }
    }
    return err;
}

/* Freed if it has no name, else cut to its size. */
static error_t orphan_clean(struct node *np)
{
    struct ext2_node *node = ext2_node(np);
    error_t err = 0;

    if (!node->inode.i_links_count)
        err = ext2_node_free(np);
    else if (HS_ISREG(np->st.st_mode))
        err = ext2_cut(np);
    orphan_remove(node);
    free(node);
    free(np);
    ext2_pause();
    return err;
}

error_t orphans_clean(void)
{
    struct block_set set = {0};
    struct node *np, *next;
    error_t err = orphans_load(&set, &np);

    for (; np; np = next) {
        next = np->hash_next;
        error_t one = orphan_clean(np);
        err = err ? err : one;
    }
    block_set_clear(&set);
    if (!err)
        return 0;
    mach_complain(err, "%s: files that were to be deleted", diskfs_source);
    if (!newest)
        set_first(0);
    fs->super->s_state |= EXT2_ERROR_FS;
    return 0;
}
