/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/dir.c: the dir_ calls that change and list directories. */

#include <diskfs/fs_S.h>
#include <diskfs/private.h>
#include <hurd/fsys.h>

/* Before a change of a directory. */
error_t diskfs_dir_begin(protid_t cred, const char *name)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    if (!HS_ISDIR(cred->po->np->st.st_mode))
        err = HURD_ENOTDIR;
    else if (name && fshelp_access(&cred->po->np->st, HS_IEXEC, cred->user))
        err = HURD_EACCES; /* before anything is said of what is in it */
    else if (diskfs_readonly)
        err = HURD_EROFS;
    else if (name && (!*name || strchr(name, '/')))
        err = *name ? HURD_EINVAL : HURD_ENOENT;
    else if (name && strlen(name) > 255)
        err = HURD_ENAMETOOLONG;
    if (err)
        diskfs_end(err);
    return err;
}

error_t diskfs_dir_find(struct node *dir, const char *name, struct node **np)
{
    ino64_t ino;
    error_t err = diskfs_format->lookup(dir, name, &ino);

    return err ? err : diskfs_cached_lookup(ino, np);
}

static int count_entry(void *context, const struct diskfs_entry *entry)
{
    if (diskfs_entry_is_dots(entry))
        return 0;
    ++*(int *)context;
    return 1;
}

/* What cannot be read may hold something. */
error_t diskfs_dir_check_empty(struct node *np)
{
    int count = 0;
    error_t err = diskfs_format->walk(np, 0, count_entry, &count);

    return count ? HURD_ENOTEMPTY : err;
}

/* NP has one name more or less. */
void diskfs_links_change(struct node *np, int by)
{
    if (by < 0 && np->st.st_nlink < (nlink_t)-by)
        by = -(int)np->st.st_nlink; /* the disk was wrong */
    np->st.st_nlink += by;
    diskfs_touch(np, FALSE, FALSE, TRUE);
    diskfs_update(np);
}

void diskfs_dir_changed(struct node *dir)
{
    diskfs_touch(dir, FALSE, TRUE, TRUE);
    diskfs_update(dir);
}

kern_return_t diskfs_S_dir_mkdir(protid_t cred, const_string_t name,
                                 mode_t mode)
{
    struct node *dir, *np;
    ino64_t ino;
    error_t err = diskfs_dir_begin(cred, name);

    if (err)
        return err;
    dir = cred->po->np;
    err = diskfs_format->lookup(dir, name, &ino);
    if (!err || diskfs_is_dots(name))
        return diskfs_end(HURD_EEXIST);
    if (err == HURD_ENOENT)
        err = fshelp_checkdirmod(&dir->st, NULL, cred->user);
    if (!err && dir->st.st_nlink >= DISKFS_LINK_MAX)
        err = HURD_EMLINK;
    if (!err)
        err = diskfs_create(dir, (mode & 07777) | HS_IFDIR, cred->user, &np);
    if (err)
        return diskfs_end(err);
    err = diskfs_format->init_dir(np, dir);
    if (!err)
        err = diskfs_format->enter(dir, name, np);
    if (!err) {
        diskfs_links_change(np, 2);
        diskfs_links_change(dir, 1);
        diskfs_dir_changed(dir);
    }
    diskfs_nrele(np);
    return diskfs_end(err);
}

kern_return_t diskfs_S_dir_rmdir(protid_t cred, const_string_t name)
{
    struct node *dir, *np;
    error_t err = diskfs_dir_begin(cred, name);

    if (err)
        return err;
    dir = cred->po->np;
    if (diskfs_is_dots(name))
        return diskfs_end(name[1] ? HURD_ENOTEMPTY : HURD_EINVAL);
    err = diskfs_dir_find(dir, name, &np);
    if (err)
        return diskfs_end(err);
    err = fshelp_checkdirmod(&dir->st, &np->st, cred->user);
    if (!err && !HS_ISDIR(np->st.st_mode))
        err = HURD_ENOTDIR;
    if (!err &&
        (fshelp_translated(&np->transbox) || np == cred->po->shadow_root))
        err = HURD_EBUSY;
    if (!err)
        err = diskfs_dir_check_empty(np);
    if (!err)
        err = diskfs_format->remove(dir, name);
    if (!err) {
        diskfs_links_change(np, -2);
        diskfs_links_change(dir, -1);
        diskfs_dir_changed(dir);
    }
    diskfs_nrele(np);
    return diskfs_end(err);
}

/* The translator of a file that has lost its last name may go.  The lock is let
 * go meanwhile. */
static void dismiss_translator(struct node *np)
{
    mach_port_t control;

    if (np->st.st_nlink || fshelp_fetch_control(&np->transbox, &control) ||
        !control)
        return;
    pthread_mutex_unlock(&diskfs_lock);
    fsys_goaway(control, FSYS_GOAWAY_UNLINK);
    mach_port_drop(control);
    pthread_mutex_lock(&diskfs_lock);
}

kern_return_t diskfs_S_dir_unlink(protid_t cred, const_string_t name)
{
    struct node *dir, *np;
    error_t err = diskfs_dir_begin(cred, name);

    if (err)
        return err;
    dir = cred->po->np;
    err = diskfs_dir_find(dir, name, &np);
    if (err)
        return diskfs_end(err);
    err = fshelp_checkdirmod(&dir->st, &np->st, cred->user);
    if (!err && HS_ISDIR(np->st.st_mode))
        err = HURD_EISDIR;
    if (!err)
        err = diskfs_prepare_unlink(np);
    if (!err)
        err = diskfs_format->remove(dir, name);
    if (!err) {
        diskfs_links_change(np, -1);
        diskfs_dir_changed(dir);
        dismiss_translator(np);
    }
    diskfs_nrele(np);
    return diskfs_end(err);
}

/* MIG translates a second port argument too, but leaves its right to us if the
 * call succeeds. */
error_t diskfs_drop_second(protid_t cred, error_t err)
{
    if (!err)
        mach_port_drop(cred->pi.port_right);
    return err;
}

/* NAME in DIR becomes NP, in place of what was there (no directory). */
error_t diskfs_dir_enter(struct node *dir, const char *name, struct node *np,
                         boolean_t excl, const struct iouser *user)
{
    struct node *old = NULL;
    error_t err = diskfs_dir_find(dir, name, &old);

    if (!dir->st.st_nlink) /* removed: nobody would find it there */
        return HURD_ENOENT;
    if (!err && excl)
        err = HURD_EEXIST;
    else if (!err && old == np)
        err = 0;
    else if (!err && HS_ISDIR(old->st.st_mode))
        err = HURD_EISDIR;
    else if (err == HURD_ENOENT)
        err = 0;
    if (!err)
        err = fshelp_checkdirmod(&dir->st, old ? &old->st : NULL, user);
    if (!err && old != np && np->st.st_nlink >= DISKFS_LINK_MAX)
        err = HURD_EMLINK;
    if (!err && old && old != np)
        err = diskfs_prepare_unlink(old);
    if (!err && old != np) {
        err = old ? diskfs_format->replace(dir, name, np)
                  : diskfs_format->enter(dir, name, np);
        if (!err) {
            diskfs_links_change(np, 1);
            if (old)
                diskfs_links_change(old, -1);
            diskfs_dir_changed(dir);
        }
    }
    if (old)
        diskfs_nrele(old);
    return err;
}

/* What may not get another name; not even in place of another one. */
static error_t refuse_link(struct node *dir, const char *name, boolean_t excl)
{
    ino64_t ino;
    error_t err = excl ? diskfs_format->lookup(dir, name, &ino) : HURD_ENOENT;

    return !err ? HURD_EEXIST : err == HURD_ENOENT ? HURD_EPERM : err;
}

kern_return_t diskfs_S_dir_link(protid_t dircred, protid_t filecred,
                                const_string_t name, int excl)
{
    error_t err;

    if (!filecred)
        return HURD_EXDEV;
    err = diskfs_dir_begin(dircred, name);
    if (err)
        return err;
    struct node *np = filecred->po->np;
    if (diskfs_is_dots(name))
        err = HURD_EEXIST;
    else if (HS_ISDIR(np->st.st_mode) ||
             fshelp_check_link(&np->st, dircred->user))
        err = refuse_link(dircred->po->np, name, excl);
    else
        err = diskfs_dir_enter(dircred->po->np, name, np, excl, dircred->user);
    diskfs_end(err);
    return diskfs_drop_second(filecred, err);
}

kern_return_t diskfs_S_dir_mkfile(protid_t cred, int flags, mode_t mode,
                                  mach_port_t *port, mach_msg_type_name_t *type)
{
    struct node *np;
    error_t err = diskfs_dir_begin(cred, NULL);

    if (err)
        return err;
    struct node *dir = cred->po->np;
    err = fshelp_access(&dir->st, HS_IWRITE, cred->user);
    if (!err)
        err = diskfs_create(dir, (mode & 07777) | HS_IFREG, cred->user, &np);
    if (!err)
        err = diskfs_answer_open(np, flags & HO_HURD, cred->po, cred->user,
                                 port, type);
    return diskfs_end(err);
}
