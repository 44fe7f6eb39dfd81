/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/trivfs/io.c: requests that every open object understands. */

#include <hurd/fs.h>
#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <string.h>
#include <trivfs/io_S.h>
#include <trivfs/private.h>
#include <unistd.h>

__attribute__((weak)) kern_return_t trivfs_S_io_get_openmodes(TRIVFS_ON,
                                                              int *bits)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    *bits = cred->po->openmodes;
    return 0;
}

__attribute__((weak)) kern_return_t trivfs_S_io_set_all_openmodes(TRIVFS_ON,
                                                                  int bits)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    cred->po->openmodes &= ~HO_SETTABLE;
    cred->po->openmodes |= bits & HO_SETTABLE;
    return 0;
}

__attribute__((weak)) kern_return_t trivfs_S_io_set_some_openmodes(TRIVFS_ON,
                                                                   int bits)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    cred->po->openmodes |= bits & HO_SETTABLE;
    return 0;
}

__attribute__((weak)) kern_return_t trivfs_S_io_clear_some_openmodes(TRIVFS_ON,
                                                                     int bits)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    cred->po->openmodes &= ~(bits & HO_SETTABLE);
    return 0;
}

__attribute__((weak)) kern_return_t trivfs_S_io_stat(TRIVFS_ON,
                                                     io_statbuf_t *st)
{
    error_t err = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    memset(st, 0, sizeof *st);
    if (cred->realnode != MACH_PORT_NULL)
        err = io_stat(cred->realnode, st);
    if (err)
        return err;
    st->st_fstype = trivfs_fstype;
    st->st_fsid = trivfs_fsid ? trivfs_fsid : getpid();
    st->st_mode = (st->st_mode & ~HS_ITRANS) | HS_IATRANS | HS_IROOT;
    trivfs_modify_stat(cred, st);
    return 0;
}

static error_t give(struct trivfs_protid *new, mach_port_t *port,
                    mach_msg_type_name_t *type)
{
    *port = ports_get_right(new);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(new);
    return 0;
}

__attribute__((weak)) kern_return_t
trivfs_S_io_duplicate(TRIVFS_ON, mach_port_t *port, mach_msg_type_name_t *type)
{
    struct trivfs_protid *new;
    error_t err = cred ? trivfs_protid_dup(cred, &new) : HURD_EOPNOTSUPP;

    return err ? err : give(new, port, type);
}

__attribute__((weak)) kern_return_t
trivfs_S_io_restrict_auth(TRIVFS_ON, mach_port_t *port,
                          mach_msg_type_name_t *type, const uid_t *uids,
                          mach_msg_type_number_t nuids, const uid_t *gids,
                          mach_msg_type_number_t ngids)
{
    struct trivfs_protid *new;
    struct iouser *user;
    error_t err;

    if (!cred)
        return HURD_EOPNOTSUPP;
    err = iohelp_restrict_iouser(&user, cred->user, uids, nuids, gids, ngids);
    if (err)
        return err;
    err = trivfs_protid_dup(cred, &new);
    if (err) {
        iohelp_free_iouser(user);
        return err;
    }
    iohelp_free_iouser(new->user);
    new->user = user;
    new->isroot = idvec_contains(user->uids, 0);
    mach_port_drop(new->realnode);
    new->realnode = MACH_PORT_NULL;
    if (cred->realnode != MACH_PORT_NULL)
        err =
            io_restrict_auth(cred->realnode, &new->realnode, user->uids->ids,
                             user->uids->num, user->gids->ids, user->gids->num);
    if (err) {
        ports_port_deref(new);
        return err;
    }
    return give(new, port, type);
}

__attribute__((weak)) kern_return_t trivfs_S_io_reauthenticate(TRIVFS_ON,
                                                               mach_port_t rend)
{
    struct trivfs_protid *new;
    struct iouser *user;
    mach_port_t auth = getauth(), right;
    error_t err;

    if (!cred) {
        mach_port_drop(auth);
        return HURD_EOPNOTSUPP;
    }
    /* The client may use the new port before we know who he is. */
    err = trivfs_protid_dup_noinstall(cred, &new);
    if (err) {
        iohelp_refuse(auth, rend);
        mach_port_drop(auth);
        return err;
    }
    right = ports_get_send_right(new);
    err = iohelp_reauth(&user, auth, rend, right, TRUE);
    mach_port_drop(auth);
    mach_port_drop(rend);
    if (!err) {
        iohelp_free_iouser(new->user);
        new->user = user;
        new->isroot = idvec_contains(user->uids, 0);
        if (cred->realnode != MACH_PORT_NULL) {
            mach_port_drop(new->realnode);
            new->realnode = MACH_PORT_NULL;
            io_restrict_auth(cred->po->cntl->underlying, &new->realnode,
                             user->uids->ids, user->uids->num, user->gids->ids,
                             user->gids->num);
        }
    }
    if (!err)
        err = ports_charge(new, iohelp_payer(new->user));
    /* Without room the client's port is dead. */
    if (!err)
        ports_install_port(new);
    else
        ports_destroy_right(new);
    mach_port_drop(right);
    ports_port_deref(new);
    return 0; /* REND is used up */
}

__attribute__((weak)) kern_return_t
trivfs_S_io_server_version(TRIVFS_ON, string_t name, int *major, int *minor,
                           int *edit)
{
    mig_strncpy(name, program_invocation_short_name, sizeof(string_t));
    *major = *minor = *edit = 0;
    return cred ? 0 : HURD_EOPNOTSUPP;
}

__attribute__((weak)) kern_return_t
trivfs_S_io_identity(TRIVFS_ON, mach_port_t *id, mach_msg_type_name_t *id_type,
                     mach_port_t *fsid, mach_msg_type_name_t *fsid_type,
                     ino64_t *fileno)
{
    io_statbuf_t st;
    error_t err;

    if (!cred)
        return HURD_EOPNOTSUPP;
    err = trivfs_S_io_stat(cred, reply, reply_type, &st);
    if (err)
        return err;
    *id = cred->po->cntl->file_id;
    *fsid = cred->po->cntl->filesys_id;
    *id_type = *fsid_type = MACH_MSG_TYPE_MAKE_SEND;
    *fileno = st.st_ino;
    return 0;
}

/* A file that never blocks is always ready. */
__attribute__((weak)) kern_return_t
trivfs_S_io_select(trivfs_protid_t cred, mach_port_t reply,
                   mach_msg_type_name_t reply_type, int *type)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if ((*type & SELECT_READ && !(cred->po->openmodes & HO_READ)) ||
        (*type & SELECT_WRITE && !(cred->po->openmodes & HO_WRITE)))
        return HURD_EBADF;
    *type &= ~SELECT_URG;
    return 0;
}

__attribute__((weak)) kern_return_t
trivfs_S_io_select_timeout(trivfs_protid_t cred, mach_port_t reply,
                           mach_msg_type_name_t reply_type,
                           struct timespec timeout, int *type)
{
    return trivfs_S_io_select(cred, reply, reply_type, type);
}

__attribute__((weak)) kern_return_t trivfs_S_io_pathconf(TRIVFS_ON, int name,
                                                         int *value)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    return cred->realnode != MACH_PORT_NULL
               ? io_pathconf(cred->realnode, name, value)
               : HURD_EOPNOTSUPP;
}

TRIVFS_UNSUPPORTED(io_write);
TRIVFS_UNSUPPORTED(io_read);
TRIVFS_UNSUPPORTED(io_seek);
TRIVFS_UNSUPPORTED(io_readable);
TRIVFS_UNSUPPORTED(io_async);
TRIVFS_UNSUPPORTED(io_mod_owner);
TRIVFS_UNSUPPORTED(io_get_owner);
TRIVFS_UNSUPPORTED(io_get_icky_async_id);
TRIVFS_UNSUPPORTED(io_map);
TRIVFS_UNSUPPORTED(io_map_cntl);
TRIVFS_UNSUPPORTED(io_get_conch);
TRIVFS_UNSUPPORTED(io_release_conch);
TRIVFS_UNSUPPORTED(io_eofnotify);
TRIVFS_UNSUPPORTED(io_prenotify);
TRIVFS_UNSUPPORTED(io_postnotify);
TRIVFS_UNSUPPORTED(io_readnotify);
TRIVFS_UNSUPPORTED(io_readsleep);
TRIVFS_UNSUPPORTED(io_sigio);
TRIVFS_UNSUPPORTED(io_revoke);
