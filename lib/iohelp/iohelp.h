/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/iohelp/iohelp.h: who uses an open object.
 *
 * A struct iouser is the set of ids that the auth server vouched for.  Ones
 * made here belong to the caller, who frees them with iohelp_free_iouser; they
 * are never changed once made.  Only iohelp_reauth waits for another task.
 */

#ifndef LIB_IOHELP_IOHELP_H
#define LIB_IOHELP_IOHELP_H

#include <hurd/hurd_types.h>
#include <iohelp/idvec.h>

struct iouser {
    struct idvec *uids, *gids;
    void *hook; /* the server's own use */
};

error_t iohelp_create_empty_iouser(struct iouser **user);
error_t iohelp_create_simple_iouser(struct iouser **user, uid_t uid, gid_t gid);
error_t iohelp_create_complex_iouser(struct iouser **user, const uid_t *uids,
                                     int nuids, const gid_t *gids, int ngids);
/* Consumes the two sets, also when it fails. */
error_t iohelp_create_iouser(struct iouser **user, struct idvec *uids,
                             struct idvec *gids);
error_t iohelp_dup_iouser(struct iouser **user, const struct iouser *old);
/* What both OLD and the given ids may do; if OLD is root, the ids. */
error_t iohelp_restrict_iouser(struct iouser **user, const struct iouser *old,
                               const uid_t *uids, int nuids, const gid_t *gids,
                               int ngids);
void iohelp_free_iouser(struct iouser *user);
/* For whom ports_charge counts what USER has: 0 for root, the first id for others,
 * and one that nobody has for those without any. */
uid_t iohelp_payer(const struct iouser *user);

/* The server's half of a reauthentication: hands NEWPORT (a receive right's
 * name; a send right is made) to the client who shows REND, by way of
 * AUTHSERVER, and learns the client's ids.  If that fails and PERMIT_FAILURE,
 * the user has no ids.  All rights are borrowed.  Waits for the client. */
error_t iohelp_reauth(struct iouser **user, auth_t authserver, mach_port_t rend,
                      mach_port_t newport, int permit_failure);
/* The client who waits at RENDEZVOUS (borrowed) gets no port: there is no room for
 * it.  Waits for him, as iohelp_reauth does. */
void iohelp_refuse(auth_t authserver, mach_port_t rend);
/* The same; *REAL_OUT is whose process it is, whatever set-uid program it runs:
 * the client's real user id, the effective one if it has none, -1 if it has
 * neither. */
error_t iohelp_reauth_real(struct iouser **user, uid_t *real_out,
                           auth_t authserver, mach_port_t rend,
                           mach_port_t newport, int permit_failure);

#endif
