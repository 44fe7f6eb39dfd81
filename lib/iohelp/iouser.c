/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/iohelp/iouser.c: users of open objects. */

#include <hurd/auth.h>
#include <iohelp/iohelp.h>
#include <mach/mach.h>
#include <stdlib.h>

void iohelp_free_iouser(struct iouser *user)
{
    if (!user)
        return;
    idvec_free(user->uids);
    idvec_free(user->gids);
    free(user);
}

error_t iohelp_create_iouser(struct iouser **user, struct idvec *uids,
                             struct idvec *gids)
{
    struct iouser *new = calloc(1, sizeof *new);

    if (!new || !uids || !gids) {
        idvec_free(uids);
        idvec_free(gids);
        free(new);
        return HURD_ENOMEM;
    }
    new->uids = uids;
    new->gids = gids;
    *user = new;
    return 0;
}

error_t iohelp_create_complex_iouser(struct iouser **user, const uid_t *uids,
                                     int nuids, const gid_t *gids, int ngids)
{
    struct iouser *new;
    error_t err = iohelp_create_iouser(&new, make_idvec(), make_idvec());

    if (err)
        return err;
    err = idvec_set_ids(new->uids, uids, nuids);
    if (!err)
        err = idvec_set_ids(new->gids, gids, ngids);
    if (err)
        iohelp_free_iouser(new);
    else
        *user = new;
    return err;
}

error_t iohelp_create_empty_iouser(struct iouser **user)
{
    return iohelp_create_complex_iouser(user, NULL, 0, NULL, 0);
}

error_t iohelp_create_simple_iouser(struct iouser **user, uid_t uid, gid_t gid)
{
    return iohelp_create_complex_iouser(user, &uid, 1, &gid, 1);
}

error_t iohelp_dup_iouser(struct iouser **user, const struct iouser *old)
{
    return iohelp_create_complex_iouser(user, old->uids->ids, old->uids->num,
                                        old->gids->ids, old->gids->num);
}

uid_t iohelp_payer(const struct iouser *user)
{
    if (idvec_contains(user->uids, 0))
        return 0;
    return user->uids->num ? user->uids->ids[0] : (uid_t)-1;
}

static error_t keep_common(struct idvec *to, const struct idvec *have,
                           const uid_t *ids, int nids)
{
    error_t err = 0;

    for (int i = 0; !err && i < nids; i++)
        if (idvec_contains(have, ids[i]))
            err = idvec_add(to, ids[i]);
    return err;
}

error_t iohelp_restrict_iouser(struct iouser **user, const struct iouser *old,
                               const uid_t *uids, int nuids, const gid_t *gids,
                               int ngids)
{
    struct iouser *new;
    error_t err;

    if (idvec_contains(old->uids, 0))
        return iohelp_create_complex_iouser(user, uids, nuids, gids, ngids);
    err = iohelp_create_empty_iouser(&new);
    if (err)
        return err;
    err = keep_common(new->uids, old->uids, uids, nuids);
    if (!err)
        err = keep_common(new->gids, old->gids, gids, ngids);
    if (err)
        iohelp_free_iouser(new);
    else
        *user = new;
    return err;
}

#define IDS 32

static void free_ids(uid_t *ids, uid_t *inline_ids, mach_msg_type_number_t num)
{
    if (ids != inline_ids)
        vm_deallocate(mach_task_self(), (vm_address_t)ids, num * sizeof *ids);
}

error_t iohelp_reauth(struct iouser **user, auth_t authserver, mach_port_t rend,
                      mach_port_t newport, int permit_failure)
{
    uid_t unused;

    return iohelp_reauth_real(user, &unused, authserver, rend, newport,
                              permit_failure);
}

void iohelp_refuse(auth_t authserver, mach_port_t rend)
{
    struct iouser *user;

    if (!iohelp_reauth(&user, authserver, rend, MACH_PORT_NULL, TRUE))
        iohelp_free_iouser(user);
}

error_t iohelp_reauth_real(struct iouser **user, uid_t *real_out,
                           auth_t authserver, mach_port_t rend,
                           mach_port_t newport, int permit_failure)
{
    uid_t buf[4][IDS], *ids[4];
    mach_msg_type_number_t num[4];
    error_t err;

    /* The client cannot ask a second time, so an interruption is not for it. */
    do {
        for (int i = 0; i < 4; i++) {
            ids[i] = buf[i];
            num[i] = IDS;
        }
        err = auth_server_authenticate(
            authserver, rend, MACH_MSG_TYPE_COPY_SEND, newport,
            MACH_MSG_TYPE_MAKE_SEND, &ids[0], &num[0], &ids[1], &num[1],
            &ids[2], &num[2], &ids[3], &num[3]);
    } while (err == HURD_EINTR);
    *real_out = (uid_t)-1;
    if (err)
        return permit_failure ? iohelp_create_empty_iouser(user) : err;

    /* Effective ids are the first of the two, the real one leads the second. */
    if (num[0] || num[1])
        *real_out = num[1] ? ids[1][0] : ids[0][0];
    err = iohelp_create_complex_iouser(user, ids[0], num[0], ids[2], num[2]);
    for (int i = 0; i < 4; i++)
        free_ids(ids[i], buf[i], num[i]);
    return err;
}
