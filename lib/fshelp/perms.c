/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/perms.c: who may do what to a file. */

#include <fshelp/fshelp.h>

error_t fshelp_isowner(const io_statbuf_t *st, const struct iouser *user)
{
    if (idvec_contains(user->uids, 0) || idvec_contains(user->uids, st->st_uid))
        return 0;
    /* A user whose name is a group's controls what the group has. */
    if (idvec_contains(user->gids, st->st_gid) &&
        idvec_contains(user->uids, st->st_gid))
        return 0;
    return HURD_EPERM;
}

error_t fshelp_iscontroller(const io_statbuf_t *st, const struct iouser *user)
{
    return idvec_contains(user->uids, 0) ||
                   idvec_contains(user->uids, st->st_uid)
               ? 0
               : HURD_EPERM;
}

error_t fshelp_access(const io_statbuf_t *st, int op, const struct iouser *user)
{
    unsigned mode = st->st_mode, granted;

    if (idvec_contains(user->uids, 0))
        granted = op != (int)HS_IEXEC || !HS_ISREG(mode) || mode & 0111;
    else if (user->uids->num == 0 && mode & HS_IUSEUNK)
        granted = mode & ((unsigned)op << HS_IUNKSHIFT);
    else if (!fshelp_isowner(st, user))
        granted = mode & (unsigned)op;
    else if (idvec_contains(user->gids, st->st_gid))
        granted = mode & (unsigned)op >> 3;
    else
        granted = mode & (unsigned)op >> 6;
    return granted ? 0 : HURD_EACCES;
}

error_t fshelp_checkdirmod(const io_statbuf_t *dir, const io_statbuf_t *st,
                           const struct iouser *user)
{
    error_t err = fshelp_access(dir, HS_IWRITE, user);

    if (err)
        return err;
    if (st && dir->st_mode & HS_ISVTX && fshelp_isowner(dir, user) &&
        fshelp_isowner(st, user))
        return HURD_EACCES;
    return 0;
}
