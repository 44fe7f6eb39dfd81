/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/file.c: the file_ calls that change and show a node. */

#include <diskfs/fs_S.h>
#include <diskfs/private.h>
#include <hurd/claims.h>
#include <hurd/exec.h>
#include <hurd/libhurd.h>
#include <stddef.h>

/* Before a change of attributes: the lock, a writable file system, the owner. */
static error_t change_begin(protid_t cred, boolean_t need_owner)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    if (diskfs_readonly)
        err = HURD_EROFS;
    else if (need_owner)
        err = fshelp_isowner(&cred->po->np->st, cred->user);
    if (err)
        diskfs_end(err);
    return err;
}

static error_t change_end(protid_t cred)
{
    diskfs_touch(cred->po->np, FALSE, FALSE, TRUE);
    return diskfs_end(diskfs_update(cred->po->np));
}

kern_return_t diskfs_S_file_chmod(protid_t cred, mode_t mode)
{
    error_t err = change_begin(cred, TRUE);

    if (err)
        return err;
    struct hurd_stat *st = &cred->po->np->st;
    mode &= 07777u & diskfs_setgid_mask(st->st_gid, cred->user);
    st->st_mode = (st->st_mode & ~07777u) | mode;
    return change_end(cred);
}

kern_return_t diskfs_S_file_chown(protid_t cred, uid_t owner, gid_t group)
{
    error_t err = change_begin(cred, TRUE);

    if (err)
        return err;
    struct hurd_stat *st = &cred->po->np->st;
    boolean_t root = idvec_contains(cred->user->uids, 0);
    if (!root && ((owner != (uid_t)-1 && owner != st->st_uid) ||
                  (group != (gid_t)-1 && group != st->st_gid &&
                   !idvec_contains(cred->user->gids, group))))
        return diskfs_end(HURD_EPERM);
    if (owner != (uid_t)-1)
        st->st_uid = st->st_author = owner;
    if (group != (gid_t)-1)
        st->st_gid = group;
    diskfs_drop_setid(cred->po->np, cred->user, TRUE);
    return change_end(cred);
}

kern_return_t diskfs_S_file_chauthor(protid_t cred, uid_t author)
{
    error_t err = change_begin(cred, TRUE);

    if (err)
        return err;
    cred->po->np->st.st_author = author;
    return change_end(cred);
}

kern_return_t diskfs_S_file_chflags(protid_t cred, int flags)
{
    error_t err = change_begin(cred, TRUE);

    if (err)
        return err;
    cred->po->np->st.st_flags = flags;
    return change_end(cred);
}

/* Who may write a file may also set its times to now. */
static void change_time(struct timespec *to, const struct timespec *from)
{
    if (from->tv_nsec == HURD_UTIME_OMIT)
        return;
    if (from->tv_nsec == HURD_UTIME_NOW)
        *to = diskfs_now();
    else
        *to = *from;
    if (diskfs_format->whole_seconds)
        to->tv_nsec = 0;
}

kern_return_t diskfs_S_file_utimens(protid_t cred, timespec_t atime,
                                    timespec_t mtime)
{
    error_t err = change_begin(cred, FALSE);

    if (err)
        return err;
    struct hurd_stat *st = &cred->po->np->st;
    boolean_t now =
        atime.tv_nsec == HURD_UTIME_NOW && mtime.tv_nsec == HURD_UTIME_NOW;
    err = fshelp_isowner(st, cred->user);
    if (err && now)
        err = fshelp_access(st, HS_IWRITE, cred->user);
    if (err)
        return diskfs_end(err);
    change_time(&st->st_atim, &atime);
    change_time(&st->st_mtim, &mtime);
    return change_end(cred);
}

kern_return_t diskfs_S_file_utimes(protid_t cred, time_value_t atime,
                                   time_value_t mtime)
{
    timespec_t a = {atime.seconds, atime.microseconds == -1
                                       ? HURD_UTIME_NOW
                                       : atime.microseconds * 1000l};
    timespec_t m = {mtime.seconds, mtime.microseconds == -1
                                       ? HURD_UTIME_NOW
                                       : mtime.microseconds * 1000l};

    return diskfs_S_file_utimens(cred, a, m);
}

kern_return_t diskfs_S_file_set_size(protid_t cred, loff_t size)
{
    error_t err = change_begin(cred, FALSE);

    if (err)
        return err;
    if (!(cred->po->openstat & HO_WRITE))
        err = HURD_EINVAL;
    else if (HS_ISDIR(cred->po->np->st.st_mode))
        err = HURD_EISDIR;
    else
        err = diskfs_set_size(cred->po->np, size);
    if (!err) {
        diskfs_drop_setid(cred->po->np, cred->user, FALSE);
        err = diskfs_update(cred->po->np);
    }
    return diskfs_end(err);
}

kern_return_t diskfs_S_file_check_access(protid_t cred, int *allowed)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    const struct hurd_stat *st = &cred->po->np->st;
    *allowed = 0;
    if (!fshelp_access(st, HS_IREAD, cred->user))
        *allowed |= HO_READ;
    if (!fshelp_access(st, HS_IWRITE, cred->user))
        *allowed |= HO_WRITE;
    if (!fshelp_access(st, HS_IEXEC, cred->user))
        *allowed |= HO_EXEC;
    return diskfs_end(0);
}

kern_return_t diskfs_S_file_statfs(protid_t cred, fsys_statfsbuf_t *info)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    memset(info, 0, sizeof *info);
    err = diskfs_format->statfs(info);
    info->f_type = diskfs_format->fstype;
    info->f_fsid = cred->po->np->st.st_fsid;
    return diskfs_end(err);
}

kern_return_t diskfs_S_file_sync(protid_t cred, int wait, int omit_metadata)
{
    return cred ? diskfs_sync_node(cred->po->np, cred->po) : HURD_EOPNOTSUPP;
}

kern_return_t diskfs_S_file_syncfs(protid_t cred, int wait, int do_children)
{
    return cred ? diskfs_sync_all(wait) : HURD_EOPNOTSUPP;
}

kern_return_t diskfs_S_file_getcontrol(protid_t cred, mach_port_t *control,
                                       mach_msg_type_name_t *type)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!idvec_contains(cred->user->uids, 0))
        return HURD_EPERM;
    *control = diskfs_make_control_port();
    *type = MACH_MSG_TYPE_MOVE_SEND;
    return *control ? 0 : HURD_ENOMEM;
}

kern_return_t diskfs_S_file_getlinknode(protid_t cred, mach_port_t *port,
                                        mach_msg_type_name_t *type)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    *port = ports_get_right(cred);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    return 0;
}

kern_return_t diskfs_S_file_get_fs_options(protid_t cred, data_t *data,
                                           mach_msg_type_number_t *length)
{
    char *argz = NULL;
    size_t size = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    error_t err = diskfs_get_options(&argz, &size);
    return err ? err : fshelp_return_malloced_buffer(argz, size, data, length);
}

/* The same node with another `..'. */
kern_return_t diskfs_S_file_reparent(protid_t cred, mach_port_t parent,
                                     mach_port_t *port,
                                     mach_msg_type_name_t *type)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    struct node *np = cred->po->np;
    struct peropen context = {.root_parent = parent, .shadow_root = np};
    diskfs_nref(np);
    err = diskfs_answer_open(np, cred->po->openstat, &context, cred->user, port,
                             type);
    diskfs_end(err);
    if (!err)
        mach_port_drop(parent); /* the open has its own reference */
    return err;
}

/* --- locks ----------------------------------------------------------------- */

boolean_t diskfs_has_locked(struct peropen *po)
{
    return fshelp_rlock_peropen_status(&po->lock_status) == HLOCK_EX;
}

void diskfs_tell_unlocked(struct peropen *po, boolean_t had_locked)
{
    if (had_locked && !diskfs_has_locked(po) && diskfs_format->unlocked)
        diskfs_format->unlocked(po->np);
}

/* A claim that is new here is shown to proc, which says whose it is; the lock
 * is not held meanwhile. */
static error_t learn_claim(protid_t cred, mach_port_t claim)
{
    struct rlock_peropen *po = &cred->po->lock_status;
    mach_port_t self = ports_get_send_right(cred), proc = getproc();
    pid_t pid = 0;

    error_t err = claims_claimant(proc, claim, MACH_MSG_TYPE_COPY_SEND, self,
                                  MACH_MSG_TYPE_COPY_SEND, &pid);
    mach_port_drop(proc);
    mach_port_drop(self);
    if (err)
        return HURD_EINVAL;
    mach_port_ref_send(claim, 1);
    /* It may be dead already: then that is heard of right after this. */
    pthread_mutex_lock(&diskfs_lock);
    err = fshelp_rlock_learn(po, claim, pid);
    pthread_mutex_unlock(&diskfs_lock);
    if (err) {
        mach_port_drop(claim);
        return err == HURD_EAGAIN ? 0 : err;
    }
    return diskfs_watch_claim(claim);
}

boolean_t diskfs_claim_died(mach_port_t claim)
{
    pthread_mutex_lock(&diskfs_lock);
    struct rlock_peropen *lock = fshelp_rlock_claimed(claim);
    struct peropen *po =
        lock ? (struct peropen *)((char *)lock -
                                  offsetof(struct peropen, lock_status))
             : NULL;
    boolean_t locked = po && diskfs_has_locked(po);
    if (po) {
        fshelp_rlock_forget(claim);
        diskfs_tell_unlocked(po, locked);
    }
    pthread_mutex_unlock(&diskfs_lock);
    return po != NULL;
}

kern_return_t diskfs_S_file_record_lock(protid_t cred, int cmd, flock_t *lock,
                                        mach_port_t rendezvous)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    struct peropen *po = cred->po;
    if (rendezvous != MACH_PORT_NULL &&
        !fshelp_rlock_knows(&po->lock_status, rendezvous)) {
        diskfs_end(0);
        err = learn_claim(cred, rendezvous);
        if (err)
            return err;
        diskfs_begin(cred);
    }
    boolean_t locked = diskfs_has_locked(po);
    err = fshelp_rlock_tweak(&po->np->rlocks, &diskfs_lock, &po->lock_status,
                             po->openstat, po->np->st.st_size, po->filepointer,
                             cmd, (struct hurd_flock *)lock, rendezvous);
    diskfs_tell_unlocked(po, locked);
    diskfs_end(err);
    if (!err)
        mach_port_drop(rendezvous);
    return err;
}

kern_return_t diskfs_S_file_lock(protid_t cred, int flags)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    struct peropen *po = cred->po;
    boolean_t locked = diskfs_has_locked(po);
    err = fshelp_rlock_whole(&po->lock_status, flags);
    diskfs_tell_unlocked(po, locked);
    return diskfs_end(err);
}

kern_return_t diskfs_S_file_lock_stat(protid_t cred, int *mine, int *others)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    *mine = fshelp_rlock_peropen_status(&cred->po->lock_status);
    *others = fshelp_rlock_box_status(&cred->po->np->rlocks);
    return diskfs_end(0);
}

/* --- execution -------------------------------------------------------------- */

/* Who runs a script is its interpreter, which reads what stands there by then
 * under its name: set-id bits are not for scripts. */
static error_t is_script(struct node *np, boolean_t *script)
{
    char start[2];
    size_t got;
    error_t err = diskfs_read(np, 0, start, sizeof start, &got);

    *script = !err && got == sizeof start && !memcmp(start, "#!", sizeof start);
    return err;
}

static error_t exec_check(protid_t cred, int *suid, int *sgid, uid_t *uid,
                          gid_t *gid)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    const struct hurd_stat *st = &cred->po->np->st;
    boolean_t script = FALSE;
    /* This may let the lock go: what belongs together is looked at behind it. */
    if (diskfs_exec && HS_ISREG(st->st_mode))
        err = is_script(cred->po->np, &script);
    if (!diskfs_exec)
        err = HURD_ENOSYS;
    else if (HS_ISDIR(st->st_mode) || !(st->st_mode & 0111))
        err = HURD_EACCES;
    else if (!err)
        err = fshelp_access(st, HS_IEXEC, cred->user);
    *suid = !script && st->st_mode & HS_ISUID;
    *sgid = !script && st->st_mode & HS_ISGID;
    *uid = st->st_uid;
    *gid = st->st_gid;
    return diskfs_end(err);
}

/* A right for exec to read the file with, whatever the caller may do. */
static error_t exec_file_port(protid_t cred, mach_port_t *port)
{
    mach_msg_type_name_t type;
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    diskfs_nref(cred->po->np);
    err = diskfs_answer_open(cred->po->np, HO_READ | HO_EXEC, cred->po,
                             cred->user, port, &type);
    diskfs_end(err);
    if (!err)
        err = mach_port_insert_right(mach_task_self(), *port, *port,
                                     MACH_MSG_TYPE_MAKE_SEND);
    return err;
}

kern_return_t diskfs_S_file_exec_paths(
    protid_t cred, mach_port_t task, int flags, const_string_t path,
    const_string_t abspath, const_data_t argv, mach_msg_type_number_t argv_size,
    const_data_t envp, mach_msg_type_number_t envp_size, const_portarray_t fds,
    mach_msg_type_number_t fd_count, const_portarray_t ports,
    mach_msg_type_number_t port_count, const_intarray_t ints,
    mach_msg_type_number_t int_count, const_mach_port_name_array_t deallocs,
    mach_msg_type_number_t dealloc_count, const_mach_port_name_array_t destroys,
    mach_msg_type_number_t destroy_count)
{
    int suid, sgid, secure = 0;
    uid_t uid;
    gid_t gid;
    mach_port_t file;
    error_t err = exec_check(cred, &suid, &sgid, &uid, &gid);

    if (!err && (suid || sgid))
        err = fshelp_exec_reauth(suid, uid, sgid, gid, diskfs_auth,
                                 (mach_port_t *)ports, port_count,
                                 (mach_port_t *)fds, fd_count, &secure);
    if (!err && secure)
        flags |= EXEC_SECURE | EXEC_NEWTASK;
    if (!err)
        err = exec_file_port(cred, &file);
    if (err)
        return err;
    err = exec_exec_paths(
        diskfs_exec, file, MACH_MSG_TYPE_COPY_SEND, task, flags, path, abspath,
        argv, argv_size, envp, envp_size, fds, MACH_MSG_TYPE_COPY_SEND,
        fd_count, ports, MACH_MSG_TYPE_COPY_SEND, port_count, ints, int_count,
        deallocs, dealloc_count, destroys, destroy_count);
    mach_port_drop(file);
    if (err)
        return err;
    mach_port_drop(task);
    for (unsigned i = 0; i < fd_count; i++)
        mach_port_drop(fds[i]);
    for (unsigned i = 0; i < port_count; i++)
        mach_port_drop(ports[i]);
    return 0;
}

kern_return_t diskfs_S_file_exec(
    protid_t cred, mach_port_t task, int flags, const_data_t argv,
    mach_msg_type_number_t argv_size, const_data_t envp,
    mach_msg_type_number_t envp_size, const_portarray_t fds,
    mach_msg_type_number_t fd_count, const_portarray_t ports,
    mach_msg_type_number_t port_count, const_intarray_t ints,
    mach_msg_type_number_t int_count, const_mach_port_name_array_t deallocs,
    mach_msg_type_number_t dealloc_count, const_mach_port_name_array_t destroys,
    mach_msg_type_number_t destroy_count)
{
    return diskfs_S_file_exec_paths(cred, task, flags, "", "", argv, argv_size,
                                    envp, envp_size, fds, fd_count, ports,
                                    port_count, ints, int_count, deallocs,
                                    dealloc_count, destroys, destroy_count);
}
