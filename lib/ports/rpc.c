/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ports/rpc.c: requests: beginning, ending, holding up, interrupting. */

#include <ports/ports.h>
#include <stdlib.h>

/* "Return early when PORT dies", kept with the request that asked. */
struct rpc_notify {
    struct rpc_notify *next;
    mach_port_t name;
    boolean_t held; /* with a reference of its own */
};

static boolean_t is_held_up(struct port_info *pi)
{
    return (pi->flags | pi->class->flags | pi->bucket->flags | _ports_flags) &
           PORT_INHIBITED;
}

error_t ports_begin_rpc(void *object, mach_msg_id_t msg_id,
                        struct rpc_info *info)
{
    struct port_info *pi = object;

    pthread_mutex_lock(&_ports_lock);
    while (is_held_up(pi)) {
        if (pthread_hurd_cond_wait_np(&_ports_block, &_ports_lock)) {
            pthread_mutex_unlock(&_ports_lock);
            return HURD_EINTR;
        }
    }
    if (pi->port_right == MACH_PORT_NULL) {
        /* Its port went while the request waited. */
        pthread_mutex_unlock(&_ports_lock);
        return HURD_EOPNOTSUPP;
    }
    *info = (struct rpc_info){.object = pi,
                              .thread = _ports_cancel_self(),
                              .msg_id = msg_id,
                              .next = pi->current_rpcs,
                              .prevp = &pi->current_rpcs};
    if (info->next)
        info->next->prevp = &info->next;
    pi->current_rpcs = info;
    pi->class->rpcs++;
    pi->bucket->rpcs++;
    _ports_total_rpcs++;
    pthread_mutex_unlock(&_ports_lock);
    return 0;
}

void ports_end_rpc(void *object, struct rpc_info *info)
{
    struct port_info *pi = object;

    pthread_mutex_lock(&_ports_lock);
    *info->prevp = info->next;
    if (info->next)
        info->next->prevp = info->prevp;
    pi->class->rpcs--;
    pi->bucket->rpcs--;
    _ports_total_rpcs--;
    struct rpc_notify *notify = info->notifies;
    pthread_cond_broadcast(&_ports_block);
    pthread_mutex_unlock(&_ports_lock);
    while (notify) {
        struct rpc_notify *next = notify->next;
        if (notify->held)
            mach_port_drop(notify->name);
        free(notify);
        notify = next;
    }
    /* An interruption is meant for this request, not for the next. */
    hurd_check_cancel();
}

/* Interrupts the requests from RPC on, or those of them that want no answer, but
 * never the caller's own.  Called with the lock held; lets it go meanwhile, for a
 * sleeper may want it. */
static void interrupt_list(struct rpc_info *rpc, boolean_t unanswered_only)
{
    struct ports_cancel *self = _ports_cancel_self(), *threads[64];
    int n = 0;

    for (; rpc && n < 64; rpc = rpc->next) {
        if (rpc->thread == self || (unanswered_only && rpc->reply))
            continue;
        rpc->interrupted = TRUE;
        _ports_cancel_mark(rpc->thread);
        _ports_cancel_ref(rpc->thread);
        threads[n++] = rpc->thread;
    }
    pthread_mutex_unlock(&_ports_lock);
    for (int i = 0; i < n; i++) {
        _ports_cancel_wake(threads[i]);
        _ports_cancel_deref(threads[i]);
    }
    pthread_mutex_lock(&_ports_lock);
}

void ports_interrupt_rpcs(void *object)
{
    pthread_mutex_lock(&_ports_lock);
    interrupt_list(((struct port_info *)object)->current_rpcs, FALSE);
    pthread_mutex_unlock(&_ports_lock);
}

/* How many of PI's requests are the calling thread's. */
static int own_rpcs(struct port_info *pi)
{
    struct ports_cancel *self = _ports_cancel_self();
    int n = 0;

    for (struct rpc_info *rpc = pi->current_rpcs; rpc; rpc = rpc->next)
        n += rpc->thread == self;
    return n;
}

static int count_rpcs(struct port_info *pi)
{
    int n = 0;

    for (struct rpc_info *rpc = pi->current_rpcs; rpc; rpc = rpc->next)
        n++;
    return n - own_rpcs(pi);
}

error_t ports_inhibit_port_rpcs(void *object)
{
    struct port_info *pi = object;
    error_t err = 0;

    pthread_mutex_lock(&_ports_lock);
    if (pi->flags & PORT_INHIBITED) {
        err = HURD_EBUSY;
    } else {
        pi->flags |= PORT_INHIBITED;
        interrupt_list(pi->current_rpcs, FALSE);
        while (count_rpcs(pi) > 0)
            pthread_cond_wait(&_ports_block, &_ports_lock);
    }
    pthread_mutex_unlock(&_ports_lock);
    return err;
}

static int own_rpcs_of_class(struct port_class *class)
{
    int n = 0;

    for (struct port_info *pi = class->ports; pi; pi = pi->class_next)
        n += own_rpcs(pi);
    return n;
}

static int own_rpcs_of_bucket(struct port_bucket *bucket)
{
    int n = 0;

    for (struct port_info *pi = bucket->ports; pi; pi = pi->bucket_next)
        n += own_rpcs(pi);
    return n;
}

error_t ports_inhibit_class_rpcs(struct port_class *class)
{
    error_t err = 0;

    pthread_mutex_lock(&_ports_lock);
    if (class->flags & PORT_INHIBITED) {
        err = HURD_EBUSY;
    } else {
        class->flags |= PORT_INHIBITED;
        pthread_mutex_unlock(&_ports_lock);
        ports_class_iterate(class,
                            (error_t(*)(void *))(void *)ports_interrupt_rpcs);
        pthread_mutex_lock(&_ports_lock);
        while (class->rpcs > own_rpcs_of_class(class))
            pthread_cond_wait(&_ports_block, &_ports_lock);
    }
    pthread_mutex_unlock(&_ports_lock);
    return err;
}

error_t ports_inhibit_bucket_rpcs(struct port_bucket *bucket)
{
    error_t err = 0;

    pthread_mutex_lock(&_ports_lock);
    if (bucket->flags & PORT_INHIBITED) {
        err = HURD_EBUSY;
    } else {
        bucket->flags |= PORT_INHIBITED;
        while (bucket->rpcs > own_rpcs_of_bucket(bucket))
            pthread_cond_wait(&_ports_block, &_ports_lock);
    }
    pthread_mutex_unlock(&_ports_lock);
    return err;
}

error_t ports_inhibit_all_rpcs(void)
{
    error_t err = 0;

    pthread_mutex_lock(&_ports_lock);
    if (_ports_flags & PORT_INHIBITED)
        err = HURD_EBUSY;
    else
        _ports_flags |= PORT_INHIBITED;
    pthread_mutex_unlock(&_ports_lock);
    return err;
}

static void resume(int *flags)
{
    pthread_mutex_lock(&_ports_lock);
    *flags &= ~PORT_INHIBITED;
    pthread_cond_broadcast(&_ports_block);
    pthread_mutex_unlock(&_ports_lock);
}

void ports_resume_port_rpcs(void *object)
{
    resume(&((struct port_info *)object)->flags);
}

void ports_resume_class_rpcs(struct port_class *class)
{
    resume(&class->flags);
}

void ports_resume_bucket_rpcs(struct port_bucket *bucket)
{
    resume(&bucket->flags);
}

void ports_resume_all_rpcs(void)
{
    resume(&_ports_flags);
}

error_t ports_request_dead_name_notification(void *object, mach_port_t name,
                                             mach_port_t *previous)
{
    struct port_info *pi = object;
    mach_port_t old = MACH_PORT_NULL;
    error_t err = mach_port_request_notification(
        mach_task_self(), name, MACH_NOTIFY_DEAD_NAME, 1, pi->port_right,
        MACH_MSG_TYPE_MAKE_SEND_ONCE, &old);

    if (previous)
        *previous = old;
    else if (!err)
        mach_port_drop(old);
    return err;
}

error_t ports_interrupt_self_on_notification(void *object, mach_port_t port,
                                             mach_msg_id_t what)
{
    struct port_info *pi = object;
    struct ports_cancel *self = _ports_cancel_self();
    struct rpc_notify *notify = calloc(1, sizeof *notify);

    if (!notify)
        return HURD_ENOMEM;
    notify->name = port;
    /* A reply port's send-once right cannot be held, and need not be. */
    notify->held = !mach_port_ref_send(port, 1);
    pthread_mutex_lock(&_ports_lock);
    struct rpc_info *rpc = pi->current_rpcs;
    while (rpc && rpc->thread != self)
        rpc = rpc->next;
    if (rpc) {
        notify->next = rpc->notifies;
        rpc->notifies = notify;
    }
    pthread_mutex_unlock(&_ports_lock);
    if (!rpc) {
        if (notify->held)
            mach_port_drop(port);
        free(notify);
        return HURD_EINVAL;
    }
    return what == MACH_NOTIFY_DEAD_NAME
               ? ports_request_dead_name_notification(pi, port, NULL)
               : 0;
}

error_t ports_interrupt_self_on_port_death(void *object, mach_port_t port)
{
    return ports_interrupt_self_on_notification(object, port,
                                                MACH_NOTIFY_DEAD_NAME);
}

boolean_t _ports_nobody_hears(struct rpc_info *rpc)
{
    struct port_info *pi = rpc->object;

    if (rpc->reply == MACH_PORT_DEAD)
        return TRUE;
    if (rpc->reply != MACH_PORT_NULL) {
        ports_interrupt_self_on_port_death(pi, rpc->reply);
        return FALSE;
    }
    pthread_mutex_lock(&_ports_lock);
    boolean_t senders = (pi->flags & PORT_HAS_SENDRIGHTS) != 0;
    pthread_mutex_unlock(&_ports_lock);
    return !senders;
}

void _ports_interrupt_unheard(struct port_info *pi)
{
    pthread_mutex_lock(&_ports_lock);
    interrupt_list(pi->current_rpcs, TRUE);
    pthread_mutex_unlock(&_ports_lock);
}

void ports_dead_name(void *notify, mach_port_t name)
{
    struct port_info *pi = notify;
    struct ports_cancel *threads[64];
    int n = 0;

    pthread_mutex_lock(&_ports_lock);
    for (struct rpc_info *rpc = pi->current_rpcs; rpc && n < 64;
         rpc = rpc->next) {
        struct rpc_notify *at = rpc->notifies;
        while (at && at->name != name)
            at = at->next;
        if (at) {
            rpc->interrupted = TRUE;
            _ports_cancel_mark(rpc->thread);
            _ports_cancel_ref(rpc->thread);
            threads[n++] = rpc->thread;
        }
    }
    pthread_mutex_unlock(&_ports_lock);
    for (int i = 0; i < n; i++) {
        _ports_cancel_wake(threads[i]);
        _ports_cancel_deref(threads[i]);
    }
}
