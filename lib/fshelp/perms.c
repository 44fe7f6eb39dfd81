/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/perms.c: who may do what to a file. */

#include <fshelp/fshelp.h>

/* On the Hurd a user whose number is that of a group of his owns what the group
 * has, too.  Numbers of users and groups have nothing to do with each other
 * here, as on Linux: else root's files of nobody's group would be nobody's, and
 * who owns a node says what runs there as root. */
error_t fshelp_isowner(const io_statbuf_t *st, const struct iouser *user)
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

    if (!err)
        err = fshelp_access(dir, HS_IEXEC, user);
    if (err)
        return err;
    if (st && dir->st_mode & HS_ISVTX && fshelp_isowner(dir, user) &&
        fshelp_isowner(st, user))
        return HURD_EPERM;
    return 0;
}

/* The names of a directory that anybody may add to, but not take from others. */
static boolean_t is_common(const io_statbuf_t *dir, unsigned writers)
{
    return dir->st_mode & HS_ISVTX && dir->st_mode & writers;
}

error_t fshelp_check_follow(const io_statbuf_t *dir, const io_statbuf_t *st,
                            const struct iouser *user)
{
    return is_common(dir, 0002) && st->st_uid != dir->st_uid &&
                   !idvec_contains(user->uids, st->st_uid)
               ? HURD_EACCES
               : 0;
}

error_t fshelp_check_recreate(const io_statbuf_t *dir, const io_statbuf_t *st,
                              const struct iouser *user)
{
    unsigned writers = HS_ISREG(st->st_mode)    ? 0022
                       : HS_ISFIFO(st->st_mode) ? 0002
                                                : 0;

    return is_common(dir, writers) && st->st_uid != dir->st_uid &&
                   !idvec_contains(user->uids, st->st_uid)
               ? HURD_EACCES
               : 0;
}

error_t fshelp_check_link(const io_statbuf_t *st, const struct iouser *user)
{
    const unsigned setgid = HS_ISGID | 010;

    if (!fshelp_isowner(st, user))
        return 0;
    if (!HS_ISREG(st->st_mode) || st->st_mode & HS_ISUID ||
        (st->st_mode & setgid) == setgid || fshelp_access(st, HS_IREAD, user) ||
        fshelp_access(st, HS_IWRITE, user))
        return HURD_EPERM;
    return 0;
}
