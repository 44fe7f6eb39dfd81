/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/acpi/tree.c: the tables as files, a format of lib/diskfs without a
 * disk. */

#include <string.h>
#include <time.h>

#include "acpi/acpi.h"

#define INO_ROOT   2
#define INO_TABLES 3
#define INO_FILES  16

static const struct acpi_table *ino_table(ino64_t ino)
{
    return ino >= INO_FILES && ino - INO_FILES < tables.count
               ? &tables.tables[ino - INO_FILES]
               : NULL;
}

static error_t tree_read_node(struct node *np)
{
    const struct acpi_table *table = ino_table(np->ino);

    if (!table && np->ino != INO_ROOT && np->ino != INO_TABLES)
        return HURD_ENOENT;
    np->st.st_ino = np->ino;
    np->st.st_fsid = (uint64_t)(uint32_t)mach_task_self();
    np->st.st_mode = table ? HS_IFREG | 0444 : HS_IFDIR | 0555;
    np->st.st_nlink = table ? 1 : 2;
    np->st.st_size = table ? table->size : 0;
    np->st.st_blksize = 4096;
    clock_gettime(CLOCK_REALTIME, &np->st.st_mtim);
    np->st.st_atim = np->st.st_ctim = np->st.st_mtim;
    return 0;
}

static error_t tree_read(struct node *np, int64_t offset, char *data,
                         size_t size, size_t *amount)
{
    const struct acpi_table *table = ino_table(np->ino);

    *amount = 0;
    if (!table)
        return HURD_EISDIR;
    if (offset >= (int64_t)table->size)
        return 0;
    *amount = table->size - (uint32_t)offset;
    if (*amount > size)
        *amount = size;
    memcpy(data, table->data + offset, *amount);
    return 0;
}

static error_t tree_walk(struct node *dir, uint32_t from, diskfs_walk_fn fn,
                         void *context)
{
    if (diskfs_shows_entry(from, 0, fn, context, dir->ino, HDT_DIR, ".") ||
        diskfs_shows_entry(from, 1, fn, context, INO_ROOT, HDT_DIR, ".."))
        return 0;
    if (dir->ino == INO_ROOT) {
        diskfs_shows_entry(from, 2, fn, context, INO_TABLES, HDT_DIR, "tables");
        return 0;
    }
    for (unsigned i = 0; i < tables.count; i++)
        if (diskfs_shows_entry(from, 2 + i, fn, context, INO_FILES + i, HDT_REG,
                               tables.tables[i].name))
            break;
    return 0;
}

const struct diskfs_format tree_format = {
    .name = "acpi",
    .fstype = HFS_ACPI,
    .root = INO_ROOT,
    .read_node = tree_read_node,
    .drop_node = diskfs_shows_drop_node,
    .read = tree_read,
    .lookup = diskfs_shows_lookup,
    .walk = tree_walk,
    DISKFS_ONLY_SHOWS,
    .server_routine = serve_routine,
};
