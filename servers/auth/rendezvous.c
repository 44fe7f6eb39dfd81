/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/auth/rendezvous.c: a client and a server meet.
 *
 * Both show the same port.  Whoever comes first waits; when the other comes,
 * the server learns the client's ids, and then the client gets the port that
 * the server has for him.
 *
 * Nobody waits for ever: a server lends a thread to whom it waits for, and the port
 * that both show can be one that never dies, such as the server's own.
 */

#include <auth/auth.h>
#include <auth/auth_S.h>
#include <hurd/auth_reply.h>
#include <stdlib.h>
#include <time.h>

/* A client has sent his server the request before he comes himself; a server may
 * have much to do before it comes. */
#define SERVER_WAIT_S 20
#define USER_WAIT_S   60
/* Of all that a user's processes do at a time; root's are not counted, for servers
 * have limits of their own. */
#define WAITING_OF_USER 128

enum side { USER, SERVER };

struct pending {
    struct pending *next;
    time_t deadline; /* CLOCK_MONOTONIC's seconds */
    uid_t payer;
    enum side side;
    struct authhandle *handle; /* a reference */
    mach_port_t rendezvous;    /* send right */
    mach_port_t reply;         /* send-once right */
    mach_msg_type_name_t reply_type;
    mach_port_t newport; /* the server's, right of kind newport_type */
    mach_msg_type_name_t newport_type;
};

/* The serving thread's and the clock's. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t somebody_waits = PTHREAD_COND_INITIALIZER;
static struct pending *waiting; /* who came last is first */
static boolean_t clock_is_idle;
/* Hears of ports' deaths.  Handles go, and a port tells one only. */
static struct authhandle *listener;

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

static uid_t payer(const struct authhandle *handle)
{
    if (idvec_contains(&handle->euids, 0))
        return 0;
    return handle->euids.num ? handle->euids.ids[0] : (uid_t)-1;
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

/* --- who waits ---------------------------------------------------------------- */

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* Those that are no longer to wait: of a port that died, of a handle, or who have
 * waited too long. */
struct choice {
    mach_port_t port;
    const struct authhandle *handle;
    time_t now;
};

static boolean_t is_chosen(const struct pending *p, const struct choice *choice)
{
    if (choice->port != MACH_PORT_NULL)
        return p->rendezvous == choice->port || p->reply == choice->port;
    if (choice->handle)
        return p->handle == choice->handle;
    return p->deadline <= choice->now;
}

static struct pending *take(const struct choice *choice)
{
    struct pending **at = &waiting, *p;

    pthread_mutex_lock(&lock);
    while ((p = *at) && !is_chosen(p, choice))
        at = &p->next;
    if (p)
        *at = p->next;
    pthread_mutex_unlock(&lock);
    return p;
}

static void fail_those(const struct choice *choice, error_t err)
{
    struct pending *p;

    while ((p = take(choice)))
        fail(p, err);
}

static struct pending *take_partner(mach_port_t rendezvous, enum side side)
{
    struct pending **at = &waiting, *p;

    while ((p = *at) && !(p->rendezvous == rendezvous && p->side == side))
        at = &p->next;
    if (p)
        *at = p->next;
    return p;
}

static boolean_t may_wait(const struct pending *self)
{
    unsigned his = 0;

    for (struct pending *p = waiting; p && self->payer; p = p->next)
        his += p->payer == self->payer;
    return his < WAITING_OF_USER;
}

/* Takes SELF's partner, or has SELF wait. */
static error_t join(struct pending *self, struct pending **partner)
{
    error_t err = 0;

    pthread_mutex_lock(&lock);
    *partner =
        take_partner(self->rendezvous, self->side == USER ? SERVER : USER);
    if (!*partner && !may_wait(self)) {
        err = HURD_EAGAIN;
    } else if (!*partner) {
        self->next = waiting;
        waiting = self;
        if (clock_is_idle)
            pthread_cond_signal(&somebody_waits);
    }
    pthread_mutex_unlock(&lock);
    return err;
}

/* Fails with nothing done. */
static error_t come(const struct pending *wish)
{
    struct pending *self = malloc(sizeof *self), *partner;

    if (!self)
        return HURD_ENOMEM;
    *self = *wish;
    self->payer = payer(self->handle);
    self->deadline = now() + (self->side == USER ? USER_WAIT_S : SERVER_WAIT_S);
    mach_port_t rendezvous = self->rendezvous, reply = self->reply;
    ports_port_ref(self->handle);
    error_t err = join(self, &partner);
    if (err) {
        ports_port_deref(self->handle);
        free(self);
        return err;
    }
    if (!partner) {
        ports_request_dead_name_notification(listener, rendezvous, NULL);
        ports_request_dead_name_notification(listener, reply, NULL);
    } else if (self->side == USER) {
        meet(self, partner);
    } else {
        meet(partner, self);
    }
    return MIG_NO_REPLY;
}

/* --- the clock ------------------------------------------------------------------ */

/* When somebody's time may be over; waits until somebody waits. */
static time_t next_deadline(void)
{
    pthread_mutex_lock(&lock);
    clock_is_idle = TRUE;
    while (!waiting)
        pthread_cond_wait(&somebody_waits, &lock);
    clock_is_idle = FALSE;
    time_t deadline = waiting->deadline;
    for (struct pending *p = waiting; p; p = p->next)
        if (p->deadline < deadline)
            deadline = p->deadline;
    pthread_mutex_unlock(&lock);
    /* Who comes later has so long at least. */
    time_t soonest = now() + SERVER_WAIT_S;
    return deadline < soonest ? deadline : soonest;
}

static void *run_clock(void *unused)
{
    mach_msg_impatient = TRUE;
    for (;;) {
        struct timespec until = {.tv_sec = next_deadline()};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        struct choice late = {.now = now()};
        fail_those(&late, HURD_ETIMEDOUT);
    }
    return NULL;
}

error_t rendezvous_start(void)
{
    pthread_t thread;
    error_t err = create_authhandle(&listener);

    if (!err && pthread_create(&thread, NULL, run_clock, NULL))
        err = HURD_ENOMEM;
    return err;
}

void rendezvous_died(mach_port_t port)
{
    struct choice dead = {.port = port};

    fail_those(&dead, HURD_EINVAL);
}

void rendezvous_interrupt(struct authhandle *handle)
{
    struct choice his = {.handle = handle};

    fail_those(&his, HURD_EINTR);
}

/* --- requests ------------------------------------------------------------------- */

kern_return_t S_auth_user_authenticate(authhandle_t handle, mach_port_t reply,
                                       mach_msg_type_name_t reply_type,
                                       mach_port_t rendezvous,
                                       mach_port_t *newport,
                                       mach_msg_type_name_t *newport_type)
{
    struct pending wish;

    if (!handle)
        return HURD_EOPNOTSUPP;
    if (!MACH_PORT_VALID(rendezvous))
        return HURD_EINVAL;
    wish = (struct pending){.side = USER,
                            .handle = handle,
                            .rendezvous = rendezvous,
                            .reply = reply,
                            .reply_type = reply_type};
    return come(&wish);
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
    struct pending wish;

    if (!handle)
        return HURD_EOPNOTSUPP;
    if (!MACH_PORT_VALID(rendezvous))
        return HURD_EINVAL;
    wish = (struct pending){.side = SERVER,
                            .handle = handle,
                            .rendezvous = rendezvous,
                            .reply = reply,
                            .reply_type = reply_type,
                            .newport = newport,
                            .newport_type = newport_type};
    return come(&wish);
}
