/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/shows.c: what file systems have in common that only show something:
 * they have no disk, and no wish to be changed. */

#include <diskfs/diskfs.h>
#include <string.h>

#define NAME_MAX_SHOWN 255

struct search {
    const char *name;
    ino64_t ino; /* 0: not found yet */
};

static int compare(void *context, const struct diskfs_entry *entry)
{
    struct search *search = context;

    if (strcmp(entry->name, search->name))
        return 0;
    search->ino = entry->ino;
    return 1;
}

int diskfs_shows_entry(uint32_t from, uint32_t place, diskfs_walk_fn fn,
                       void *context, ino64_t ino, int type, const char *name)
{
    struct diskfs_entry entry = {.ino = ino,
                                 .type = type,
                                 .name = name,
                                 .length = strlen(name),
                                 .place = place,
                                 .next = place + 1};

    return place < from ? 0 : fn(context, &entry);
}

error_t diskfs_shows_lookup(struct node *dir, const char *name, ino64_t *ino)
{
    struct search search = {name, 0};

    diskfs_format->walk(dir, 0, compare, &search);
    *ino = search.ino;
    return search.ino ? 0 : HURD_ENOENT;
}

void diskfs_shows_drop_node(struct node *np)
{
}

error_t diskfs_shows_write_node(struct node *np)
{
    return HURD_EROFS;
}

error_t diskfs_shows_read_link(struct node *np, char *target, size_t *length)
{
    return HURD_EINVAL;
}

error_t diskfs_shows_get_translator(struct node *np, char **argz,
                                    size_t *length)
{
    return HURD_EINVAL;
}

error_t diskfs_shows_statfs(struct hurd_statfs *st)
{
    st->f_bsize = st->f_frsize = 4096;
    st->f_namelen = NAME_MAX_SHOWN;
    return 0;
}

error_t diskfs_shows_sync(void)
{
    return 0;
}

error_t diskfs_shows_set_read_only(boolean_t read_only)
{
    return read_only ? 0 : HURD_EROFS;
}

/* --- servers of such that have a control port of their own making ------------- */

error_t diskfs_open_root_device(dev_mode_t mode, mach_port_t *port)
{
    struct node *np;

    pthread_mutex_lock(&diskfs_lock);
    error_t err = diskfs_cached_lookup(diskfs_format->root, &np);
    if (!err)
        err = diskfs_open_for_root(np, 0, port);
    pthread_mutex_unlock(&diskfs_lock);
    return err;
}

error_t diskfs_control_for(file_t underlying, mach_port_t *control)
{
    diskfs_underlying = underlying;
    diskfs_auth = getauth();
    *control = diskfs_make_control_port();
    return *control ? 0 : HURD_ENOMEM;
}

error_t diskfs_translate(mach_port_t bootstrap)
{
    diskfs_auth = getauth();
    return diskfs_tell_parent(bootstrap);
}
