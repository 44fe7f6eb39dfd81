/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/translators.c: the translators that sit on nodes. */

#include <argz.h>
#include <diskfs/fs_S.h>
#include <diskfs/private.h>
#include <hurd/fsys.h>
#include <stdio.h>

/* Node kinds that the format stores by itself, but that are opened through a
 * program (HURD-FACTS 5.1). */
static const struct {
    unsigned type;
    const char *program;
} short_circuited[] = {
    {HS_IFCHR, "/hurd/chrdev"},
    {HS_IFBLK, "/hurd/blkdev"},
    {HS_IFIFO, "/hurd/fifo"},
};

static const char *node_program(const struct node *np)
{
    for (size_t i = 0; i < sizeof short_circuited / sizeof *short_circuited;
         i++) {
        if (HS_TYPE(np->st.st_mode) == short_circuited[i].type)
            return short_circuited[i].program;
    }
    return NULL;
}

boolean_t diskfs_has_translator(struct node *np)
{
    return fshelp_translated(&np->transbox) || np->passive ||
           node_program(np) != NULL;
}

/* "/hurd/chrdev" "major" "minor", as an argz. */
static error_t node_program_argz(const struct node *np, char **argz,
                                 size_t *length)
{
    const char *program = node_program(np);
    char number[32];
    error_t err = argz_create_sep(program, 0, argz, length);

    if (err || HS_ISFIFO(np->st.st_mode))
        return err ? HURD_ENOMEM : 0;
    snprintf(number, sizeof number, "%u",
             (unsigned)(np->st.st_rdev >> 8 & 0xff));
    err = argz_add(argz, length, number);
    snprintf(number, sizeof number, "%u", (unsigned)(np->st.st_rdev & 0xff));
    return err || argz_add(argz, length, number) ? HURD_ENOMEM : 0;
}

/* What is to be run for the node; without the lock. */
static error_t passive_of(void *cookie1, void *cookie2, uid_t *uid, gid_t *gid,
                          char **argz, size_t *length)
{
    struct node *np = cookie1;
    struct diskfs_attempt attempt = {0};
    error_t err;

    pthread_mutex_lock(&diskfs_lock);
    do {
        diskfs_attempt_begin(&attempt);
        *uid = np->active_uid = np->st.st_uid;
        *gid = np->st.st_gid;
        err = HURD_ENOENT;
        if (np->passive)
            err = diskfs_format->get_translator(np, argz, length);
        else if (node_program(np))
            err = node_program_argz(np, argz, length);
    } while (diskfs_attempt_again(&attempt, &err));
    pthread_mutex_unlock(&diskfs_lock);
    return err;
}

/* The translator's underlying node, opened for whom the translator runs as;
 * without the lock. */
static error_t underlying_of(void *cookie1, void *cookie2, int flags,
                             mach_port_t *port, mach_msg_type_name_t *type)
{
    struct node *np = cookie1;

    pthread_mutex_lock(&diskfs_lock);
    error_t err = diskfs_open_for_owner(np, flags & ~HO_CREAT, port);
    pthread_mutex_unlock(&diskfs_lock);
    *type = MACH_MSG_TYPE_MOVE_SEND;
    return err;
}

error_t diskfs_open_for_nobody(struct node *dir, const struct peropen *context,
                               mach_port_t *port)
{
    struct iouser *user;
    mach_msg_type_name_t type;
    error_t err = iohelp_create_empty_iouser(&user);

    if (err)
        return err;
    diskfs_nref(dir);
    err = diskfs_answer_open(dir, 0, context, user, port, &type);
    iohelp_free_iouser(user);
    if (!err)
        err = mach_port_insert_right(mach_task_self(), *port, *port,
                                     MACH_MSG_TYPE_MAKE_SEND);
    return err;
}

error_t diskfs_open_translator(struct node *np, struct node *dir,
                               const struct protid *dircred, int flags,
                               retry_type *retry, char *retry_name,
                               mach_port_t *root)
{
    mach_port_t dotdot;
    error_t err = diskfs_open_for_nobody(dir, dircred->po, &dotdot);

    if (err)
        return err;
    err = fshelp_fetch_root(&np->transbox, NULL, dotdot, dircred->user, flags,
                            np->passive || node_program(np) ? passive_of : NULL,
                            underlying_of, retry, retry_name, root);
    mach_port_drop(dotdot);
    return err;
}

/* --- setting and showing --------------------------------------------------- */

/* The kinds of node that have no need of a program: an argz that names one of
 * these becomes such a node. */
static error_t set_short_circuit(struct node *np, const char *argz,
                                 size_t length, boolean_t *done)
{
    const char *arg = argz_next(argz, length, argz);
    const char *arg2 = arg ? argz_next(argz, length, arg) : NULL;

    *done = TRUE;
    if (!strcmp(argz, "/hurd/symlink")) {
        if (!arg)
            return HURD_EINVAL;
        error_t err = diskfs_format->write_link(np, arg, strlen(arg));
        if (!err)
            np->st.st_mode = (np->st.st_mode & ~HS_IFMT) | HS_IFLNK;
        return err;
    }
    unsigned type = !strcmp(argz, "/hurd/fifo")     ? HS_IFIFO
                    : !strcmp(argz, "/hurd/ifsock") ? HS_IFSOCK
                    : !strcmp(argz, "/hurd/chrdev") ? HS_IFCHR
                    : !strcmp(argz, "/hurd/blkdev") ? HS_IFBLK
                                                    : 0;
    *done = type != 0;
    if (!type)
        return 0;
    if (type == HS_IFCHR || type == HS_IFBLK) {
        if (!arg || !arg2)
            return HURD_EINVAL;
        np->st.st_rdev = strtoul(arg, NULL, 0) << 8 | strtoul(arg2, NULL, 0);
    }
    np->st.st_mode = (np->st.st_mode & ~HS_IFMT) | type;
    return 0;
}

static error_t set_passive(struct node *np, int flags, const char *argz,
                           size_t length)
{
    boolean_t done = FALSE;
    error_t err = 0;

    if (diskfs_readonly)
        return HURD_EROFS;
    if (length && argz[length - 1])
        return HURD_EINVAL;
    if (flags & FS_TRANS_EXCL && (np->passive || node_program(np)))
        return HURD_EBUSY;
    if (length && !(flags & FS_TRANS_FORCE) && HS_ISREG(np->st.st_mode) &&
        !np->st.st_size)
        err = set_short_circuit(np, argz, length, &done);
    if (!err && !done)
        err = diskfs_format->set_translator(np, argz, length);
    if (!err && !done)
        np->passive = length != 0;
    if (!err && !length && node_program(np)) {
        np->st.st_mode = (np->st.st_mode & ~HS_IFMT) | HS_IFREG;
        np->st.st_rdev = 0;
    }
    diskfs_touch(np, FALSE, FALSE, TRUE);
    return err ? err : diskfs_update(np);
}

/* The old active translator is asked to go, without the lock. */
static error_t drop_active(struct node *np, int active_flags,
                           int oldtrans_flags)
{
    mach_port_t control;
    error_t err = 0;

    if (active_flags & FS_TRANS_EXCL)
        return fshelp_translated(&np->transbox) ? HURD_EBUSY : 0;
    if (active_flags & FS_TRANS_ORPHAN ||
        fshelp_fetch_control(&np->transbox, &control) || !control)
        return 0;
    pthread_mutex_unlock(&diskfs_lock);
    err = fsys_goaway(control, oldtrans_flags);
    pthread_mutex_lock(&diskfs_lock);
    mach_port_drop(control);
    if (err == MACH_SEND_INVALID_DEST || err == MIG_SERVER_DIED)
        err = 0;
    return err;
}

/* A node's owner has no say over what somebody else, as root, set there: by its
 * control port he would have all that it may do. */
static error_t check_control(struct node *np, const struct iouser *user)
{
    mach_port_t control = MACH_PORT_NULL;

    if (fshelp_fetch_control(&np->transbox, &control) || !control)
        return 0; /* it has died, or there never was one */
    mach_port_drop(control);
    return idvec_contains(user->uids, 0) ||
                   idvec_contains(user->uids, np->active_uid)
               ? 0
               : HURD_EPERM;
}

static uid_t setter(const struct iouser *user)
{
    return idvec_contains(user->uids, 0) ? 0 : user->uids->ids[0];
}

kern_return_t diskfs_S_file_set_translator(protid_t cred, int passive_flags,
                                           int active_flags, int oldtrans_flags,
                                           const_data_t passive,
                                           mach_msg_type_number_t length,
                                           mach_port_t active)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    struct node *np = cred->po->np;
    err = fshelp_isowner(&np->st, cred->user);
    if (!err && active_flags & FS_TRANS_SET)
        err = check_control(np, cred->user);
    if (!err && active_flags & FS_TRANS_SET)
        err = drop_active(np, active_flags, oldtrans_flags);
    if (!err && passive_flags & FS_TRANS_SET)
        err = set_passive(np, passive_flags, passive, length);
    if (!err && active_flags & FS_TRANS_SET) {
        err = fshelp_set_active(&np->transbox, active, FALSE);
        active = MACH_PORT_NULL;
        np->active_uid = setter(cred->user);
    }
    diskfs_end(err);
    if (!err)
        mach_port_drop(active);
    return err;
}

kern_return_t diskfs_S_file_get_translator(protid_t cred, data_t *data,
                                           mach_msg_type_number_t *length)
{
    char *argz = NULL;
    size_t size = 0;
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    struct node *np = cred->po->np;
    if (np->passive) {
        err = diskfs_format->get_translator(np, &argz, &size);
    } else if (node_program(np)) {
        err = node_program_argz(np, &argz, &size);
    } else if (HS_ISLNK(np->st.st_mode)) {
        char target[4096];
        size_t n = sizeof target - 1;
        err = diskfs_format->read_link(np, target, &n);
        target[err ? 0 : n] = 0;
        if (!err && (argz_create_sep("/hurd/symlink", 0, &argz, &size) ||
                     argz_add(&argz, &size, target)))
            err = HURD_ENOMEM;
    } else {
        err = HURD_EINVAL;
    }
    diskfs_end(err);
    return err ? err : fshelp_return_malloced_buffer(argz, size, data, length);
}

kern_return_t diskfs_S_file_get_translator_cntl(protid_t cred,
                                                mach_port_t *control,
                                                mach_msg_type_name_t *type)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    struct node *np = cred->po->np;
    err = fshelp_isowner(&np->st, cred->user);
    if (!err)
        err = check_control(np, cred->user);
    if (!err)
        err = fshelp_fetch_control(&np->transbox, control);
    if (!err && !*control)
        err = HURD_ENXIO;
    *type = MACH_MSG_TYPE_MOVE_SEND;
    return diskfs_end(err);
}
