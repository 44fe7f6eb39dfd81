/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/replaced.c: files that were replaced by others, without a
 * journal. */

#include <stdlib.h>

#include "ext2fs/blockset.h"
#include "ext2fs/private.h"

/* By inode; value: it is to be freed. */
static struct block_set replaced;

void replaced_note(ext2_ino_t ino)
{
    if (!ext2_has_journal())
        block_set_add(&replaced, ino, 0);
}

boolean_t replaced_is_kept(ext2_ino_t ino)
{
    return block_set_find(&replaced, ino) != NULL;
}

void replaced_free_later(ext2_ino_t ino)
{
    block_set_find(&replaced, ino)->value = TRUE;
}

boolean_t replaced_any(void)
{
    return replaced.count != 0;
}

static void free_now(ext2_ino_t ino)
{
    struct node *np = calloc(1, sizeof *np);

    if (!np)
        return; /* e2fsck finds it */
    np->ino = ino;
    if (!ext2_node_load(np)) {
        np->st.st_nlink = 0;
        ext2_node_free_now(np);
        free(np->format);
    }
    free(np);
}

/* One that is still open has its right count of links from now on. */
static void write_now(ext2_ino_t ino)
{
    struct node *np;

    if (diskfs_cached_lookup(ino, &np))
        return;
    ext2_inode_write(np);
    diskfs_nrele(np);
}

void replaced_let_go(void)
{
    struct block_set all = replaced;
    struct block_entry **list = block_set_sorted(&all);

    replaced = (struct block_set){0};
    for (struct block_entry **at = list; list && *at; at++) {
        if ((*at)->value)
            free_now((*at)->block);
        else
            write_now((*at)->block);
    }
    free(list);
    block_set_clear(&all);
}
