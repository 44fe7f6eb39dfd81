/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/trivfs/fs.c: requests on the file.  What concerns its name, owner and
 * modes is the underlying node's business. */

#include <fshelp/fshelp.h>
#include <hurd/fs.h>
#include <hurd/libhurd.h>
#include <hurd/names.h>
#include <string.h>
#include <trivfs/fs_S.h>
#include <trivfs/names_S.h>
#include <trivfs/private.h>

#define UNDER(cred) ((cred) ? (cred)->realnode : MACH_PORT_NULL)

/* CALL is only made if there is an underlying node. */
#define FORWARD(call) (UNDER(cred) != MACH_PORT_NULL ? (call) : HURD_EOPNOTSUPP)

__attribute__((weak)) kern_return_t
trivfs_S_dir_lookup(TRIVFS_ON, const_string_t name, int flags, mode_t mode,
                    retry_type *do_retry, string_t retry_name,
                    mach_port_t *node, mach_msg_type_name_t *node_type)
{
    struct iouser *user;
    error_t err;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (name[0] != 0)
        return HURD_ENOTDIR;
    err = iohelp_dup_iouser(&user, cred->user);
    if (err)
        return err;
    mach_port_ref_send(cred->realnode, 1);
    err = trivfs_open_for(cred->po->cntl, user, MACH_PORT_NULL, flags,
                          cred->realnode, node, node_type);
    if (err)
        return err;
    *do_retry = FS_RETRY_NORMAL;
    retry_name[0] = 0;
    return 0;
}

__attribute__((weak)) kern_return_t trivfs_S_file_chown(TRIVFS_ON, uid_t uid,
                                                        gid_t gid)
{
    return FORWARD(file_chown(UNDER(cred), uid, gid));
}

__attribute__((weak)) kern_return_t trivfs_S_file_chauthor(TRIVFS_ON,
                                                           uid_t author)
{
    return FORWARD(file_chauthor(UNDER(cred), author));
}

__attribute__((weak)) kern_return_t trivfs_S_file_chmod(TRIVFS_ON, mode_t mode)
{
    return FORWARD(file_chmod(UNDER(cred), mode));
}

__attribute__((weak)) kern_return_t trivfs_S_file_chflags(TRIVFS_ON, int flags)
{
    return FORWARD(file_chflags(UNDER(cred), flags));
}

__attribute__((weak)) kern_return_t
trivfs_S_file_utimes(TRIVFS_ON, time_value_t atime, time_value_t mtime)
{
    return FORWARD(file_utimes(UNDER(cred), atime, mtime));
}

__attribute__((weak)) kern_return_t
trivfs_S_file_utimens(TRIVFS_ON, struct timespec atime, struct timespec mtime)
{
    return FORWARD(file_utimens(UNDER(cred), atime, mtime));
}

__attribute__((weak)) kern_return_t trivfs_S_file_set_size(TRIVFS_ON,
                                                           loff_t size)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    return cred->po->openmodes & HO_WRITE ? 0 : HURD_EINVAL;
}

__attribute__((weak)) kern_return_t trivfs_S_file_check_access(TRIVFS_ON,
                                                               int *allowed)
{
    int mine = HO_READ | HO_WRITE | HO_EXEC;
    error_t err = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (cred->realnode != MACH_PORT_NULL)
        err = trivfs_check_access_hook
                  ? trivfs_check_access_hook(cred->po->cntl, cred->user,
                                             cred->realnode, &mine)
                  : file_check_access(cred->realnode, &mine);
    *allowed = mine & ((trivfs_support_read ? HO_READ : 0) |
                       (trivfs_support_write ? HO_WRITE : 0) |
                       (trivfs_support_exec ? HO_EXEC : 0));
    return err;
}

__attribute__((weak)) kern_return_t
trivfs_S_file_getcontrol(TRIVFS_ON, mach_port_t *control,
                         mach_msg_type_name_t *type)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!cred->isroot)
        return HURD_EPERM;
    *control = ports_get_right(cred->po->cntl);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    return 0;
}

__attribute__((weak)) kern_return_t
trivfs_S_file_get_translator_cntl(TRIVFS_ON, mach_port_t *control,
                                  mach_msg_type_name_t *type)
{
    *type = MACH_MSG_TYPE_MOVE_SEND;
    return FORWARD(file_get_translator_cntl(UNDER(cred), control));
}

__attribute__((weak)) kern_return_t trivfs_S_file_statfs(TRIVFS_ON,
                                                         fsys_statfsbuf_t *st)
{
    memset(st, 0, sizeof *st);
    st->f_type = trivfs_fstype;
    st->f_fsid = trivfs_fsid;
    return cred ? 0 : HURD_EOPNOTSUPP;
}

__attribute__((weak)) kern_return_t trivfs_S_file_sync(TRIVFS_ON, int wait,
                                                       int omit_metadata)
{
    return FORWARD(file_sync(UNDER(cred), wait, omit_metadata));
}

__attribute__((weak)) kern_return_t trivfs_S_file_syncfs(TRIVFS_ON, int wait,
                                                         int do_children)
{
    return cred ? 0 : HURD_EOPNOTSUPP;
}

__attribute__((weak)) kern_return_t
trivfs_S_file_getlinknode(TRIVFS_ON, mach_port_t *node,
                          mach_msg_type_name_t *type)
{
    *type = MACH_MSG_TYPE_MOVE_SEND;
    return FORWARD(file_getlinknode(UNDER(cred), node));
}

__attribute__((weak)) kern_return_t
trivfs_S_file_set_translator(TRIVFS_ON, int passive_flags, int active_flags,
                             int oldtrans_flags, const_data_t passive,
                             mach_msg_type_number_t passive_len,
                             mach_port_t active)
{
    error_t err = FORWARD(file_set_translator(
        UNDER(cred), passive_flags, active_flags, oldtrans_flags, passive,
        passive_len, active, MACH_MSG_TYPE_COPY_SEND));

    if (!err)
        mach_port_drop(active);
    return err;
}

__attribute__((weak)) kern_return_t
trivfs_S_file_get_translator(TRIVFS_ON, data_t *argz,
                             mach_msg_type_number_t *argz_len)
{
    return FORWARD(file_get_translator(UNDER(cred), argz, argz_len));
}

__attribute__((weak)) kern_return_t
trivfs_S_dir_readdir(TRIVFS_ON, data_t *data, mach_msg_type_number_t *data_len,
                     boolean_t *dealloc, int entry, int nentries,
                     vm_size_t bufsiz, int *amount)
{
    return cred ? HURD_ENOTDIR : HURD_EOPNOTSUPP;
}

TRIVFS_UNSUPPORTED(file_exec);
TRIVFS_UNSUPPORTED(file_exec_paths);
TRIVFS_UNSUPPORTED(file_lock);
TRIVFS_UNSUPPORTED(file_lock_stat);
TRIVFS_UNSUPPORTED(file_record_lock);
TRIVFS_UNSUPPORTED(file_notice_changes);
TRIVFS_UNSUPPORTED(file_get_storage_info);
TRIVFS_UNSUPPORTED(file_getfh);
TRIVFS_UNSUPPORTED(file_get_fs_options);
TRIVFS_UNSUPPORTED(file_reparent);
TRIVFS_UNSUPPORTED(dir_mkdir);
TRIVFS_UNSUPPORTED(dir_rmdir);
TRIVFS_UNSUPPORTED(dir_unlink);
TRIVFS_UNSUPPORTED(dir_link);
TRIVFS_UNSUPPORTED(dir_rename);
TRIVFS_UNSUPPORTED(dir_mkfile);
TRIVFS_UNSUPPORTED(dir_notice_changes);

/* --- names.defs: the underlying node has the name ---------------------------- */

__attribute__((weak)) kern_return_t
trivfs_S_file_get_path(TRIVFS_ON, string_t path, int *removed, mach_port_t *fs,
                       mach_msg_type_name_t *fs_type)
{
    *fs_type = MACH_MSG_TYPE_MOVE_SEND;
    return FORWARD(file_get_path(UNDER(cred), path, removed, fs));
}

TRIVFS_UNSUPPORTED(dir_read_at);
TRIVFS_UNSUPPORTED(dir_exchange);
