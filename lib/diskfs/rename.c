/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/rename.c: names that move. */

#include <diskfs/fs_S.h>
#include <diskfs/names_S.h>
#include <diskfs/private.h>

#define DEPTH_MAX 10000

/* REFUSAL if DIR is NP or lies below it; or why that is not known. */
static error_t dir_check_not_below(struct node *dir, struct node *np,
                                   error_t refusal)
{
    ino64_t ino = dir->ino, up;

    for (int depth = 0; ino != diskfs_format->root; depth++) {
        struct node *at;
        /* A disk with a circle in it must not keep us for ever. */
        if (ino == np->ino || depth > DEPTH_MAX)
            return refusal;
        error_t err = diskfs_cached_lookup(ino, &at);
        if (err)
            return err;
        err = diskfs_format->lookup(at, "..", &up);
        diskfs_nrele(at);
        if (err || up == ino)
            return err;
        ino = up;
    }
    return 0;
}

/* May the directory NP take the place of OLD (may be null) in TO? */
static error_t rename_dir_check(struct node *np, struct node *to,
                                struct node *old)
{
    error_t err = dir_check_not_below(to, np, HURD_EINVAL);

    if (err || !old)
        return err;
    if (!HS_ISDIR(old->st.st_mode))
        return HURD_ENOTDIR;
    return diskfs_dir_check_empty(old);
}

static error_t rename_dir(struct node *from, const char *oldname,
                          struct node *to, const char *newname, struct node *np,
                          struct node *old)
{
    error_t err = rename_dir_check(np, to, old);

    if (!err && !old && from != to && to->st.st_nlink >= DISKFS_LINK_MAX)
        err = HURD_EMLINK;
    if (!err)
        err = old ? diskfs_format->replace(to, newname, np)
                  : diskfs_format->enter(to, newname, np);
    if (!err && old) {
        diskfs_links_change(old, -2);
        diskfs_links_change(to, -1);
    }
    if (!err)
        err = diskfs_format->remove(from, oldname);
    if (!err && from != to)
        err = diskfs_format->set_parent(np, to);
    if (!err && from != to) {
        diskfs_links_change(from, -1);
        diskfs_links_change(to, 1);
    }
    return err;
}

static error_t rename_file(struct node *from, const char *oldname,
                           struct node *to, const char *newname,
                           struct node *np, const struct iouser *user)
{
    error_t err = diskfs_dir_enter(to, newname, np, FALSE, user);

    if (!err)
        err = diskfs_format->remove(from, oldname);
    if (!err)
        diskfs_links_change(np, -1);
    return err;
}

static error_t rename_locked(protid_t fromcred, const char *oldname,
                             protid_t tocred, const char *newname, int excl)
{
    struct node *from = fromcred->po->np, *to = tocred->po->np;
    struct node *np, *old = NULL;
    error_t err = diskfs_dir_find(from, oldname, &np);

    if (err)
        return err;
    if (!to->st.st_nlink) { /* removed */
        diskfs_nrele(np);
        return HURD_ENOENT;
    }
    err = fshelp_checkdirmod(&from->st, &np->st, fromcred->user);
    if (!err) {
        err = diskfs_dir_find(to, newname, &old);
        if (err == HURD_ENOENT)
            err = 0;
        else if (!err && excl)
            err = HURD_EEXIST;
    }
    /* What FROM lies in is not empty. */
    if (!err && old && old != np && HS_ISDIR(old->st.st_mode))
        err = dir_check_not_below(from, old, HURD_ENOTEMPTY);
    if (!err && old != np) {
        err = fshelp_checkdirmod(&to->st, old ? &old->st : NULL, tocred->user);
        if (!err && old)
            err = diskfs_prepare_unlink(old);
        if (!err && HS_ISDIR(np->st.st_mode))
            err = rename_dir(from, oldname, to, newname, np, old);
        else if (!err)
            err = rename_file(from, oldname, to, newname, np, tocred->user);
        if (!err) {
            diskfs_name_moved(np, from, oldname, to, newname);
            diskfs_dir_changed(from);
            diskfs_dir_changed(to);
        }
    }
    if (old)
        diskfs_nrele(old);
    diskfs_nrele(np);
    return err;
}

kern_return_t diskfs_S_dir_rename(protid_t fromcred, const_string_t oldname,
                                  protid_t tocred, const_string_t newname,
                                  int excl)
{
    error_t err;

    if (!tocred)
        return HURD_EXDEV;
    err = diskfs_dir_begin(fromcred, oldname);
    if (err)
        return err;
    if (!HS_ISDIR(tocred->po->np->st.st_mode))
        err = HURD_ENOTDIR;
    else if (fshelp_access(&tocred->po->np->st, HS_IEXEC, tocred->user))
        err = HURD_EACCES;
    else if (diskfs_is_dots(oldname) || diskfs_is_dots(newname) || !*newname ||
             strchr(newname, '/'))
        err = HURD_EINVAL;
    else if (strlen(newname) > 255)
        err = HURD_ENAMETOOLONG;
    else
        err = rename_locked(fromcred, oldname, tocred, newname, excl);
    diskfs_end(err);
    return diskfs_drop_second(tocred, err);
}

/* --- two names for each other --------------------------------------------- */

/* One end of an exchange. */
struct end {
    struct node *dir, *np; /* NP: a reference */
    const char *name;
    const struct iouser *user;
};

static error_t end_find(struct end *end)
{
    error_t err = diskfs_dir_find(end->dir, end->name, &end->np);

    if (!err)
        err = fshelp_checkdirmod(&end->dir->st, &end->np->st, end->user);
    return err;
}

/* A directory cannot get below itself; both must be allowed to have one more
 * below them. */
static error_t exchange_check(const struct end *a, const struct end *b)
{
    error_t err = HS_ISDIR(a->np->st.st_mode)
                      ? dir_check_not_below(b->dir, a->np, HURD_EINVAL)
                      : 0;

    if (err)
        return err;
    if (a->dir != b->dir && HS_ISDIR(a->np->st.st_mode) &&
        !HS_ISDIR(b->np->st.st_mode) && b->dir->st.st_nlink >= DISKFS_LINK_MAX)
        return HURD_EMLINK;
    return 0;
}

/* What was A's is now in B's directory. */
static error_t exchange_parent(const struct end *a, const struct end *b)
{
    if (a->dir == b->dir || !HS_ISDIR(a->np->st.st_mode))
        return 0;
    diskfs_links_change(a->dir, -1);
    diskfs_links_change(b->dir, 1);
    return diskfs_format->set_parent(a->np, b->dir);
}

static error_t exchange(const struct end *a, const struct end *b)
{
    error_t err = diskfs_format->replace(a->dir, a->name, b->np);

    if (err)
        return err;
    err = diskfs_format->replace(b->dir, b->name, a->np);
    if (err) {
        diskfs_format->replace(a->dir, a->name, a->np);
        return err;
    }
    error_t first = exchange_parent(a, b), second = exchange_parent(b, a);
    diskfs_name_moved(a->np, a->dir, a->name, b->dir, b->name);
    diskfs_name_moved(b->np, b->dir, b->name, a->dir, a->name);
    diskfs_touch(a->np, FALSE, FALSE, TRUE);
    diskfs_touch(b->np, FALSE, FALSE, TRUE);
    diskfs_dir_changed(a->dir);
    diskfs_dir_changed(b->dir);
    return first ? first : second;
}

static error_t exchange_locked(struct end *a, struct end *b)
{
    error_t err = end_find(a);

    if (!err)
        err = end_find(b);
    if (!err && a->np != b->np) {
        err = exchange_check(a, b);
        if (!err)
            err = exchange_check(b, a);
        if (!err)
            err = exchange(a, b);
    }
    if (a->np)
        diskfs_nrele(a->np);
    if (b->np)
        diskfs_nrele(b->np);
    return err;
}

kern_return_t diskfs_S_dir_exchange(protid_t cred, const_string_t name,
                                    protid_t othercred,
                                    const_string_t othername)
{
    if (!othercred)
        return HURD_EXDEV;
    error_t err = diskfs_dir_begin(cred, name);
    if (err)
        return err;
    struct end a = {cred->po->np, NULL, name, cred->user};
    struct end b = {othercred->po->np, NULL, othername, othercred->user};
    if (!HS_ISDIR(b.dir->st.st_mode))
        err = HURD_ENOTDIR;
    else if (fshelp_access(&b.dir->st, HS_IEXEC, b.user))
        err = HURD_EACCES;
    else if (diskfs_is_dots(name) || diskfs_is_dots(othername) || !*othername ||
             strchr(othername, '/'))
        err = HURD_EINVAL;
    else if (strlen(othername) > 255)
        err = HURD_ENAMETOOLONG;
    else
        err = exchange_locked(&a, &b);
    diskfs_end(err);
    return diskfs_drop_second(othercred, err);
}
