/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/trivfs/fsys.c: requests on the control port. */

#include <argz.h>
#include <fshelp/fshelp.h>
#include <hurd/fs.h>
#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <stdlib.h>
#include <string.h>
#include <trivfs/fsys_S.h>
#include <trivfs/private.h>

__attribute__((weak))
error_t (*trivfs_getroot_hook)(struct trivfs_control *, mach_port_t,
                               mach_msg_type_name_t, mach_port_t, const uid_t *,
                               unsigned, const gid_t *, unsigned, int,
                               retry_type *, char *, mach_port_t *,
                               mach_msg_type_name_t *);
__attribute__((weak)) struct argp *trivfs_runtime_argp;

__attribute__((weak)) error_t trivfs_append_args(struct trivfs_control *cntl,
                                                 char **argz, size_t *argz_len)
{
    return 0;
}

error_t trivfs_set_options(struct trivfs_control *cntl, char *argz,
                           size_t argz_len)
{
    if (!trivfs_runtime_argp)
        return HURD_EOPNOTSUPP;
    return fshelp_set_options(trivfs_runtime_argp, 0, argz, argz_len, cntl);
}

#define OPEN_MODES (HO_READ | HO_WRITE | HO_EXEC)

error_t trivfs_open_for(struct trivfs_control *cntl, struct iouser *user,
                        mach_port_t dotdot, int flags, mach_port_t realnode,
                        mach_port_t *node, mach_msg_type_name_t *node_type)
{
    struct trivfs_protid *cred;
    error_t err = 0;

    flags &= HO_HURD;
    flags &= ~(HO_CREAT | HO_EXCL | HO_NOTRANS | HO_NOLINK);
    if (flags & OPEN_MODES & ~trivfs_allow_open)
        err = HURD_EACCES;
    if (!err && trivfs_check_open_hook)
        err = trivfs_check_open_hook(cntl, user, flags);
    if (!err && realnode != MACH_PORT_NULL && flags & OPEN_MODES) {
        int allowed = 0;
        err = trivfs_check_access_hook
                  ? trivfs_check_access_hook(cntl, user, realnode, &allowed)
                  : file_check_access(realnode, &allowed);
        if (!err && flags & OPEN_MODES & ~allowed)
            err = HURD_EACCES;
    }
    if (!err) {
        err = HURD_EAGAIN;
        if (trivfs_open_hook)
            err = trivfs_open_hook(cntl, user, dotdot, flags, realnode, &cred);
        /* The hook leaves what it does not care for to us. */
        if (err == HURD_EAGAIN)
            err = trivfs_open(cntl, user, flags, realnode, &cred);
    }
    if (err) {
        iohelp_free_iouser(user);
        mach_port_drop(realnode);
        return err;
    }
    *node = ports_get_right(cred);
    *node_type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(cred);
    return 0;
}

kern_return_t
trivfs_S_fsys_getroot(trivfs_control_t cntl, mach_port_t reply,
                      mach_msg_type_name_t reply_type, mach_port_t dotdot,
                      const uid_t *uids, mach_msg_type_number_t nuids,
                      const uid_t *gids, mach_msg_type_number_t ngids,
                      int flags, retry_type *do_retry, string_t retry_name,
                      mach_port_t *node, mach_msg_type_name_t *node_type)
{
    struct iouser *user;
    mach_port_t realnode = MACH_PORT_NULL;
    error_t err;

    if (!cntl)
        return HURD_EOPNOTSUPP;
    if (trivfs_getroot_hook) {
        err = trivfs_getroot_hook(cntl, reply, reply_type, dotdot, uids, nuids,
                                  gids, ngids, flags, do_retry, retry_name,
                                  node, node_type);
        if (err != HURD_EAGAIN)
            return err;
    }
    if (cntl->underlying != MACH_PORT_NULL) {
        err = io_restrict_auth(cntl->underlying, &realnode, uids, nuids, gids,
                               ngids);
        if (err)
            return err;
    }
    err = iohelp_create_complex_iouser(&user, uids, nuids, gids, ngids);
    if (err) {
        mach_port_drop(realnode);
        return err;
    }
    err = trivfs_open_for(cntl, user, dotdot, flags, realnode, node, node_type);
    if (err)
        return err;
    *do_retry = FS_RETRY_NORMAL;
    retry_name[0] = 0;
    mach_port_drop(dotdot);
    return 0;
}

__attribute__((weak)) kern_return_t
trivfs_S_fsys_goaway(trivfs_control_t cntl, mach_port_t reply,
                     mach_msg_type_name_t reply_type, int flags)
{
    return cntl ? trivfs_goaway(cntl, flags) : HURD_EOPNOTSUPP;
}

__attribute__((weak)) kern_return_t
trivfs_S_fsys_syncfs(trivfs_control_t cntl, mach_port_t reply,
                     mach_msg_type_name_t reply_type, int wait, int do_children)
{
    return cntl ? 0 : HURD_EOPNOTSUPP;
}

__attribute__((weak)) kern_return_t
trivfs_S_fsys_set_options(trivfs_control_t cntl, mach_port_t reply,
                          mach_msg_type_name_t reply_type, const char *data,
                          mach_msg_type_number_t length, int do_children)
{
    return cntl ? trivfs_set_options(cntl, (char *)data, length)
                : HURD_EOPNOTSUPP;
}

static error_t append_options(struct trivfs_control *cntl, char **argz,
                              size_t *argz_len)
{
    /* The program's name, then whatever it has to say. */
    if (argz_add(argz, argz_len, program_invocation_name))
        return HURD_ENOMEM;
    return trivfs_append_args(cntl, argz, argz_len);
}

__attribute__((weak)) kern_return_t
trivfs_S_fsys_get_options(trivfs_control_t cntl, mach_port_t reply,
                          mach_msg_type_name_t reply_type, char **data,
                          mach_msg_type_number_t *length)
{
    char *argz = NULL;
    size_t argz_len = 0;
    error_t err;

    if (!cntl)
        return HURD_EOPNOTSUPP;
    err = append_options(cntl, &argz, &argz_len);
    if (err) {
        free(argz);
        return err;
    }
    return fshelp_return_malloced_buffer(argz, argz_len, data, length);
}

__attribute__((weak)) kern_return_t trivfs_S_fsys_get_children(
    trivfs_control_t cntl, mach_port_t reply, mach_msg_type_name_t reply_type,
    char **names, mach_msg_type_number_t *names_len, mach_port_t **controls,
    mach_msg_type_name_t *controls_type, mach_msg_type_number_t *count)
{
    *names_len = 0;
    *count = 0;
    *controls_type = MACH_MSG_TYPE_MOVE_SEND;
    return cntl ? 0 : HURD_EOPNOTSUPP;
}

TRIVFS_UNSUPPORTED(fsys_startup);
TRIVFS_UNSUPPORTED(fsys_getfile);
TRIVFS_UNSUPPORTED(fsys_getpriv);
TRIVFS_UNSUPPORTED(fsys_init);
TRIVFS_UNSUPPORTED(fsys_forward);
TRIVFS_UNSUPPORTED(fsys_get_source);
