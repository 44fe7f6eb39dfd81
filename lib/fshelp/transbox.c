/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/transbox.c: the translator of a node: started when first asked
 * for, asked for its root ever after. */

#include <fshelp/fshelp.h>
#include <hurd/auth.h>
#include <hurd/fsys.h>
#include <hurd/libhurd.h>
#include <ports/ports.h>
#include <stdlib.h>

#define STARTING     1     /* a thread is at it */
#define START_WAITED 15000 /* ms */

void fshelp_transbox_init(struct transbox *box, pthread_mutex_t *lock,
                          void *cookie)
{
    *box = (struct transbox){.lock = lock, .cookie = cookie};
    pthread_cond_init(&box->wakeup, NULL);
}

int fshelp_translated(struct transbox *box)
{
    return box->active != MACH_PORT_NULL || box->flags & STARTING;
}

static error_t wait_for_start(struct transbox *box)
{
    while (box->flags & STARTING)
        if (pthread_hurd_cond_wait_np(&box->wakeup, box->lock))
            return HURD_EINTR;
    return 0;
}

error_t fshelp_set_active(struct transbox *box, fsys_t newactive, int excl)
{
    error_t err = wait_for_start(box);

    if (err)
        return err;
    if (box->active != MACH_PORT_NULL && excl)
        return HURD_EBUSY;
    mach_port_drop(box->active);
    box->active = newactive;
    return 0;
}

error_t fshelp_fetch_control(struct transbox *box, mach_port_t *control)
{
    *control = box->active;
    if (box->active != MACH_PORT_NULL && mach_port_ref_send(box->active, 1)) {
        mach_port_drop(box->active);
        *control = box->active = MACH_PORT_NULL;
    }
    return 0;
}

void fshelp_drop_transbox(struct transbox *box)
{
    mach_port_drop(box->active);
    box->active = MACH_PORT_NULL;
}

/* What the open function of the new translator needs. */
struct underlying {
    struct transbox *box;
    void *cookie;
    fshelp_fetch_root_callback2_t open;
};

static error_t open_underlying(int flags, file_t *node,
                               mach_msg_type_name_t *kind, task_t task,
                               void *cookie)
{
    struct underlying *under = cookie;

    return under->open(under->box->cookie, under->cookie, flags, node, kind);
}

/* Whom a translator runs as: its node's owner and group.  Before there is an
 * auth server nobody but root has one. */
static error_t make_owner_auth(uid_t uid, gid_t gid, auth_t *auth)
{
    mach_port_t own = getauth();
    uid_t uids[2] = {uid, uid};
    gid_t gids[2] = {gid, gid};
    error_t err = 0;

    *auth = MACH_PORT_NULL;
    if (own == MACH_PORT_NULL)
        return uid == 0 ? 0 : HURD_EPERM;
    err = auth_makeauth(own, NULL, MACH_MSG_TYPE_COPY_SEND, 0, uids, 1, uids, 2,
                        gids, 1, gids, 2, auth);
    mach_port_drop(own);
    return err;
}

/* PORT (consumed) is this server's, with all that it may do: what the
 * translator gets is the same with AUTH's authority, or nothing. */
static mach_port_t reduce(mach_port_t port, auth_t auth)
{
    mach_port_t reduced = MACH_PORT_NULL;

    if (auth == MACH_PORT_NULL || port == MACH_PORT_NULL)
        return port;
    if (hurd_reauthenticate(port, auth, &reduced))
        reduced = MACH_PORT_NULL;
    mach_port_drop(port);
    return reduced;
}

static error_t start(struct transbox *box, void *cookie, file_t dotdot,
                     fshelp_fetch_root_callback1_t callback1,
                     fshelp_fetch_root_callback2_t callback2, fsys_t *control)
{
    struct underlying under = {box, cookie, callback2};
    char *argz = NULL;
    size_t argz_len = 0;
    uid_t uid;
    gid_t gid;
    error_t err = callback1(box->cookie, cookie, &uid, &gid, &argz, &argz_len);

    if (err)
        return err;
    mach_port_t ports[INIT_PORT_MAX] = {[INIT_PORT_CWDIR] = dotdot};
    mach_port_t fds[3] = {0};
    int ints[INIT_INT_MAX] = {0};
    err = make_owner_auth(uid, gid, &ports[INIT_PORT_AUTH]);
    if (!err) {
        ports[INIT_PORT_CRDIR] = reduce(getcrdir(), ports[INIT_PORT_AUTH]);
        fds[2] = reduce(hurd_get_fd(2), ports[INIT_PORT_AUTH]);
    }
    if (!err)
        err = fshelp_start_translator_long(
            open_underlying, &under, argz, argz, argz_len, fds,
            MACH_MSG_TYPE_COPY_SEND, 3, ports, MACH_MSG_TYPE_COPY_SEND,
            INIT_PORT_MAX, ints, INIT_INT_MAX, uid, START_WAITED, control);
    mach_port_drop(ports[INIT_PORT_AUTH]);
    mach_port_drop(ports[INIT_PORT_CRDIR]);
    mach_port_drop(fds[2]);
    free(argz);
    return err;
}

/* Makes box->active valid, or fails; the lock is held, and let go meanwhile. */
static error_t ensure_active(struct transbox *box, void *cookie, file_t dotdot,
                             fshelp_fetch_root_callback1_t callback1,
                             fshelp_fetch_root_callback2_t callback2)
{
    fsys_t control = MACH_PORT_NULL;
    error_t err = wait_for_start(box);

    if (err || box->active != MACH_PORT_NULL)
        return err;
    if (!callback1)
        return HURD_ENOENT;
    box->flags |= STARTING;
    pthread_mutex_unlock(box->lock);
    err = start(box, cookie, dotdot, callback1, callback2, &control);
    pthread_mutex_lock(box->lock);
    box->flags &= ~STARTING;
    if (!err)
        box->active = control;
    pthread_cond_broadcast(&box->wakeup);
    return err;
}

/* The translator is anybody's program, and may never answer: whoever is gone does
 * not wait for it. */
static error_t ask_for_root(fsys_t control, file_t dotdot,
                            const struct iouser *user, int flags,
                            retry_type *retry, char *retry_name,
                            mach_port_t *root)
{
    mach_msg_give_up = ports_self_given_up;
    error_t err =
        fsys_getroot(control, dotdot, MACH_MSG_TYPE_COPY_SEND, user->uids->ids,
                     user->uids->num, user->gids->ids, user->gids->num, flags,
                     retry, retry_name, root);
    mach_msg_give_up = NULL;
    return err == MACH_RCV_INTERRUPTED ? HURD_EINTR : err;
}

error_t fshelp_fetch_root(struct transbox *box, void *cookie, file_t dotdot,
                          const struct iouser *user, int flags,
                          fshelp_fetch_root_callback1_t callback1,
                          fshelp_fetch_root_callback2_t callback2,
                          retry_type *retry, char *retry_name,
                          mach_port_t *root)
{
    for (;;) {
        fsys_t control;
        error_t err = ensure_active(box, cookie, dotdot, callback1, callback2);
        if (!err)
            err = fshelp_fetch_control(box, &control);
        if (err)
            return err;
        if (control == MACH_PORT_NULL)
            continue;
        pthread_mutex_unlock(box->lock);
        err =
            ask_for_root(control, dotdot, user, flags, retry, retry_name, root);
        pthread_mutex_lock(box->lock);
        boolean_t dead =
            err == MACH_SEND_INVALID_DEST || err == MIG_SERVER_DIED;
        /* Another thread may have put a new one there already. */
        if (dead && box->active == control) {
            mach_port_drop(box->active);
            box->active = MACH_PORT_NULL;
        }
        mach_port_drop(control);
        if (!dead)
            return err;
    }
}
