/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/auth/rendezvous.c: a client and a server meet.
 *
 * Both show the same port.  Whoever comes first waits; when the other comes,
 * the server learns the client's ids, and then the client gets the port that
 * the server has for him.
 */

#include <auth/auth.h>
#include <auth/auth_S.h>
#include <hurd/auth_reply.h>
#include <stdlib.h>

enum side { USER, SERVER };

struct pending {
    struct pending *next;
    enum side side;
    struct authhandle *handle; /* a reference */
    mach_port_t rendezvous;    /* send right */
    mach_port_t reply;         /* send-once right */
    mach_msg_type_name_t reply_type;
    mach_port_t newport; /* the server's, right of kind newport_type */
    mach_msg_type_name_t newport_type;
};

static struct pending *waiting;

static void answer_user(struct pending *user, error_t err, mach_port_t newport,
                        mach_msg_type_name_t type)
{
    if (auth_user_authenticate_reply(user->reply, user->reply_type, err,
                                     newport, type))
        mach_port_drop(user->reply);
}

static void answer_server(struct pending *server, error_t err,
                          const struct authhandle *ids)
{
    static const struct authhandle nobody;
    const struct authhandle *h = ids ? ids : &nobody;

    if (auth_server_authenticate_reply(server->reply, server->reply_type, err,
                                       h->euids.ids, h->euids.num, h->auids.ids,
                                       h->auids.num, h->egids.ids, h->egids.num,
                                       h->agids.ids, h->agids.num))
        mach_port_drop(server->reply);
}

/* Drops what PENDING holds but its reply right. */
static void forget(struct pending *pending)
{
    mach_port_drop(pending->rendezvous);
    ports_port_deref(pending->handle);
    free(pending);
}

static void fail(struct pending *pending, error_t err)
{
    if (pending->side == USER) {
        answer_user(pending, err, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND);
    } else {
        answer_server(pending, err, NULL);
        mach_port_drop(pending->newport);
    }
    forget(pending);
}

static void meet(struct pending *user, struct pending *server)
{
    answer_server(server, 0, user->handle);
    mach_msg_type_name_t type = server->newport_type;
    /* Received rights are passed on. */
    if (type == MACH_MSG_TYPE_PORT_SEND)
        type = MACH_MSG_TYPE_MOVE_SEND;
    answer_user(user, 0, server->newport, type);
    forget(user);
    forget(server);
}

static struct pending *take_partner(mach_port_t rendezvous, enum side side)
{
    for (struct pending **at = &waiting; *at; at = &(*at)->next) {
        struct pending *p = *at;
        if (p->rendezvous == rendezvous && p->side == side) {
            *at = p->next;
            return p;
        }
    }
    return NULL;
}

static error_t come(struct pending *self)
{
    struct pending *partner =
        take_partner(self->rendezvous, self->side == USER ? SERVER : USER);

    if (partner) {
        if (self->side == USER)
            meet(self, partner);
        else
            meet(partner, self);
        return MIG_NO_REPLY;
    }
    self->next = waiting;
    waiting = self;
    ports_request_dead_name_notification(self->handle, self->rendezvous, NULL);
    return MIG_NO_REPLY;
}

kern_return_t S_auth_user_authenticate(authhandle_t handle, mach_port_t reply,
                                       mach_msg_type_name_t reply_type,
                                       mach_port_t rendezvous,
                                       mach_port_t *newport,
                                       mach_msg_type_name_t *newport_type)
{
    struct pending *self;

    if (!handle)
        return HURD_EOPNOTSUPP;
    if (!MACH_PORT_VALID(rendezvous))
        return HURD_EINVAL;
    self = calloc(1, sizeof *self);
    if (!self)
        return HURD_ENOMEM;
    ports_port_ref(handle);
    *self = (struct pending){.side = USER,
                             .handle = handle,
                             .rendezvous = rendezvous,
                             .reply = reply,
                             .reply_type = reply_type};
    return come(self);
}

kern_return_t
S_auth_server_authenticate(authhandle_t handle, mach_port_t reply,
                           mach_msg_type_name_t reply_type,
                           mach_port_t rendezvous, mach_port_t newport,
                           mach_msg_type_name_t newport_type, uid_t **euids,
                           mach_msg_type_number_t *neuids, uid_t **auids,
                           mach_msg_type_number_t *nauids, uid_t **egids,
                           mach_msg_type_number_t *negids, uid_t **agids,
                           mach_msg_type_number_t *nagids)
{
    struct pending *self;

    if (!handle)
        return HURD_EOPNOTSUPP;
    if (!MACH_PORT_VALID(rendezvous))
        return HURD_EINVAL;
    self = calloc(1, sizeof *self);
    if (!self)
        return HURD_ENOMEM;
    ports_port_ref(handle);
    *self = (struct pending){.side = SERVER,
                             .handle = handle,
                             .rendezvous = rendezvous,
                             .reply = reply,
                             .reply_type = reply_type,
                             .newport = newport,
                             .newport_type = newport_type};
    return come(self);
}

static void fail_those(mach_port_t rendezvous, struct authhandle *handle,
                       error_t err)
{
    for (struct pending **at = &waiting; *at;) {
        struct pending *p = *at;
        if (handle ? p->handle == handle : p->rendezvous == rendezvous) {
            *at = p->next;
            fail(p, err);
        } else {
            at = &p->next;
        }
    }
}

void rendezvous_died(mach_port_t rendezvous)
{
    fail_those(rendezvous, NULL, HURD_EINVAL);
}

void rendezvous_interrupt(struct authhandle *handle)
{
    fail_those(MACH_PORT_NULL, handle, HURD_EINTR);
}
