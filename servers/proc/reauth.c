/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/reauth.c: a process gets other ids.
 *
 * The new ids belong to a new process port, made here as a stub.  It replaces
 * the old one only when the client says on it that it arrived, so that nobody
 * is left without a port if something fails on the way.
 */

#include <mach/account.h>
#include <proc/proc.h>
#include <proc/process_S.h>
#include <stdlib.h>
#include <time.h>

#define COMPLETION_WAIT_S 2

/* A client who does not come to the rendezvous keeps a thread: of one user at most
 * two do, and of all together not all.  Who comes meanwhile waits without one. */
#define WAITING_MAX     (PROC_THREADS_MAX / 2)
#define WAITING_OF_USER 2
#define PENDING_MAX     512
#define PENDING_OF_USER 64

static uid_t waiting[WAITING_MAX];
static int waiting_count;

static boolean_t waiting_enter(uid_t payer)
{
    int his = 0;

    for (int i = 0; i < waiting_count; i++)
        his += waiting[i] == payer;
    if (his == WAITING_OF_USER || waiting_count == WAITING_MAX)
        return FALSE;
    waiting[waiting_count++] = payer;
    return TRUE;
}

static void waiting_leave(uid_t payer)
{
    int i = 0;

    while (waiting[i] != payer)
        i++;
    waiting[i] = waiting[--waiting_count];
}

struct pending {
    struct pending *next;
    struct proc *proc; /* a reference */
    mach_port_t rendezvous, new_task;
};

static struct pending *pending;
static int pending_count;

static error_t pending_add(struct proc *p, mach_port_t rendezvous,
                           mach_port_t new_task)
{
    struct pending **last = &pending, *new;
    int his = 0;

    for (; *last; last = &(*last)->next)
        his += (*last)->proc->payer == p->payer;
    if (his == PENDING_OF_USER || pending_count == PENDING_MAX)
        return HURD_EAGAIN;
    new = malloc(sizeof *new);
    if (!new)
        return HURD_ENOMEM;
    *new = (struct pending){NULL, p, rendezvous, new_task};
    ports_port_ref(p);
    *last = new;
    pending_count++;
    return 0;
}

/* The first whose user may have a thread again; it has entered. */
static struct pending *pending_take(void)
{
    for (struct pending **at = &pending; *at; at = &(*at)->next) {
        struct pending *found = *at;
        if (!waiting_enter(found->proc->payer))
            continue;
        *at = found->next;
        pending_count--;
        return found;
    }
    return NULL;
}

/* A stub was settled or completed. */
static pthread_cond_t progress = PTHREAD_COND_INITIALIZER;

struct stub {
    struct port_info pi;
    struct proc *proc;    /* a reference */
    struct iouser *ids;   /* null until auth told them */
    uid_t payer;          /* valid with ids */
    mach_port_t new_task; /* to be taken over: send right, or null */
    boolean_t settled;    /* auth has answered, one way or the other */
};

void proc_charge(struct proc *p)
{
    if (p->task != MACH_PORT_NULL && p->payer != (uid_t)-1)
        task_set_account(master_host_port, p->task, p->payer);
}

void stub_clean(void *object)
{
    struct stub *stub = object;

    if (stub->proc)
        ports_port_deref(stub->proc);
    iohelp_free_iouser(stub->ids);
    mach_port_drop(stub->new_task);
}

/* Consumes RENDEZVOUS and NEW_TASK if there is no error.  The lock is let go while
 * the client is waited for. */
static error_t meet(struct proc *p, mach_port_t rendezvous,
                    mach_port_t new_task)
{
    struct stub *stub;
    struct iouser *ids = NULL;
    error_t err =
        ports_create_port(stub_class, proc_bucket, sizeof *stub, &stub);

    if (err)
        return err;
    ports_port_ref(p);
    stub->proc = p;
    stub->new_task = new_task;
    mach_port_t right = ports_get_right(stub);
    pthread_mutex_unlock(&global_lock);
    err = iohelp_reauth_real(&ids, &stub->payer, authserver, rendezvous, right,
                             FALSE);
    pthread_mutex_lock(&global_lock);
    if (!err)
        stub->ids = ids;
    stub->settled = TRUE;
    pthread_cond_broadcast(&progress);
    mach_port_drop(rendezvous);
    /* So that the stub goes even if the client never got a right. */
    mach_port_insert_right(mach_task_self(), right, right,
                           MACH_MSG_TYPE_MAKE_SEND);
    mach_port_drop(right);
    ports_port_deref(stub);
    return 0;
}

static void meet_pending(struct pending *one, uid_t payer)
{
    if (one->proc->dead || meet(one->proc, one->rendezvous, one->new_task)) {
        mach_port_drop(one->rendezvous);
        mach_port_drop(one->new_task);
    }
    waiting_leave(payer);
    ports_port_deref(one->proc);
    free(one);
}

static error_t reauthenticate(struct proc *p, mach_port_t rendezvous,
                              mach_port_t new_task)
{
    struct pending *next;
    uid_t payer = p->payer;

    if (payer == 0)
        return meet(p, rendezvous, new_task);
    if (!waiting_enter(payer))
        return pending_add(p, rendezvous, new_task);
    error_t err = meet(p, rendezvous, new_task);
    waiting_leave(payer);
    while ((next = pending_take()))
        meet_pending(next, next->proc->payer);
    return err;
}

kern_return_t S_proc_reauthenticate(pstruct_t p, mach_port_t rendezvous)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    return reauthenticate(p, rendezvous, MACH_PORT_NULL);
}

kern_return_t S_proc_reauthenticate_reassign(pstruct_t p,
                                             mach_port_t rendezvous,
                                             mach_port_t new_task)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    return reauthenticate(p, rendezvous, new_task);
}

/* The message came on an ordinary process port. */
kern_return_t S_proc_reauthenticate_complete(pstruct_t p)
{
    return p ? HURD_EINVAL : HURD_EOPNOTSUPP;
}

void reauthenticate_wait(mach_port_t name)
{
    struct timespec deadline;
    struct stub *stub;

    deadline.tv_sec = 0;
    while ((stub = ports_lookup_port(proc_bucket, name, stub_class))) {
        ports_port_deref(stub);
        if (deadline.tv_sec == 0) {
            clock_gettime(CLOCK_REALTIME, &deadline);
            deadline.tv_sec += COMPLETION_WAIT_S;
        }
        if (pthread_cond_timedwait(&progress, &global_lock, &deadline))
            return;
    }
}

/* P becomes another user: its owner gets at it only when it runs another program,
 * and if its program is what has the ids, not even then. */
static void guard(struct proc *p, const struct iouser *ids, boolean_t by_exec)
{
    if (idvec_equal(p->ids->uids, ids->uids) &&
        idvec_equal(p->ids->gids, ids->gids))
        return;
    p->guarded = 1;
    p->guarded_to_exec = !by_exec;
}

static void become(struct proc *p, struct stub *stub)
{
    struct proc *fresh = NULL;
    boolean_t by_exec = stub->new_task != MACH_PORT_NULL;

    if (by_exec) {
        fresh = task_find(stub->new_task);
        stub->new_task = MACH_PORT_NULL;
    }
    if (fresh && fresh != p)
        proc_take_over(p, fresh);
    guard(p, stub->ids, by_exec);
    iohelp_free_iouser(p->ids);
    p->ids = stub->ids;
    p->payer = stub->payer;
    stub->ids = NULL;
    ports_transfer_right(p, stub);
    proc_watch(p);
    proc_charge(p);
}

boolean_t reauthenticate_complete(mach_port_t name)
{
    struct stub *stub = ports_lookup_port(proc_bucket, name, stub_class);

    if (!stub)
        return FALSE;
    struct proc *p = stub->proc;
    /* The client may have auth's answer a moment before we do. */
    while (!stub->settled)
        pthread_cond_wait(&progress, &global_lock);
    /* The process may have ended meanwhile, or done it twice. */
    if (stub->ids && !p->dead)
        become(p, stub);
    pthread_cond_broadcast(&progress);
    ports_port_deref(stub);
    return TRUE;
}
