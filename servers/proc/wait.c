/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/wait.c: waiting for children and for message ports. */

#include <hurd/process_reply.h>
#include <hurd/signal.h>
#include <hurd/sigqueue.h>
#include <proc/proc.h>
#include <proc/process_S.h>
#include <stdlib.h>
#include <string.h>

/* Of one process: more than it can have threads, which wait for one thing each. */
#define WAITERS_MAX 2048

struct waiter *waiters;

static const struct hurd_rusage no_rusage;

/* Answers wait for nobody: who gave a send right instead of the usual one may
 * have let its queue run full. */
static void answer_wait(struct waiter *w, error_t err, int status, int sigcode,
                        const struct hurd_rusage *rusage, pid_t pid)
{
    mach_msg_impatient = TRUE;
    kern_return_t failed =
        w->kind == WAIT_CHILD_ID
            ? proc_waitid_reply(w->reply, w->reply_type, err, status, sigcode,
                                *rusage, pid)
            : proc_wait_reply(w->reply, w->reply_type, err, status, sigcode,
                              *rusage, pid);
    mach_msg_impatient = FALSE;
    if (failed)
        mach_port_drop(w->reply);
}

static void answer_msgport(struct waiter *w, error_t err, mach_port_t msgport)
{
    mach_msg_impatient = TRUE;
    kern_return_t failed = proc_getmsgport_reply(
        w->reply, w->reply_type, err, msgport, MACH_MSG_TYPE_COPY_SEND);
    mach_msg_impatient = FALSE;
    if (failed)
        mach_port_drop(w->reply);
}

static void answer_error(struct waiter *w, error_t err)
{
    if (w->kind == WAIT_MSGPORT)
        answer_msgport(w, err, MACH_PORT_NULL);
    else
        answer_wait(w, err, 0, 0, &no_rusage, 0);
}

static unsigned count_waiters(const struct proc *p)
{
    unsigned n = 0;

    for (const struct waiter *w = waiters; w; w = w->next)
        n += w->proc == p;
    return n;
}

static error_t add_waiter(int kind, struct proc *p, mach_port_t reply,
                          mach_msg_type_name_t reply_type, pid_t pid,
                          int options)
{
    struct waiter *w;
    mach_port_t old = MACH_PORT_NULL;

    if (count_waiters(p) >= WAITERS_MAX)
        return HURD_EAGAIN;
    w = calloc(1, sizeof *w);
    if (!w)
        return HURD_ENOMEM;
    *w = (struct waiter){waiters, kind, p, reply, reply_type, pid, options};
    waiters = w;
    /* If the caller loses interest, so do we. */
    if (!mach_port_request_notification(
            mach_task_self(), reply, MACH_NOTIFY_DEAD_NAME, 1, p->pi.port_right,
            MACH_MSG_TYPE_MAKE_SEND_ONCE, &old))
        mach_port_drop(old);
    return MIG_NO_REPLY;
}

static boolean_t is_wanted(struct proc *parent, struct proc *child, pid_t pid)
{
    if (pid > 0)
        return child->pid == pid;
    if (pid == -1)
        return TRUE;
    if (!child->pgrp)
        return FALSE;
    return pid == 0 ? child->pgrp == parent->pgrp : child->pgrp->pgid == -pid;
}

/* Has CHILD something to report to OPTIONS?  Then also notes that it did. */
static boolean_t report(struct proc *child, int options, int *status,
                        int *sigcode)
{
    boolean_t keep = (options & HW_NOWAIT) != 0;

    if (child->dead && options & HW_EXITED) {
        *status = child->status;
        *sigcode = child->sigcode;
        return TRUE;
    }
    if (child->dead)
        return FALSE;
    if (child->stopped && !child->waited &&
        (options & HW_STOPPED || child->traced)) {
        *status = child->status;
        *sigcode = child->sigcode;
        child->waited = !keep;
        return TRUE;
    }
    if (child->continued && options & HW_CONTINUE) {
        *status = HW_CONTINUED;
        *sigcode = HSIGCONT;
        child->continued = keep;
        return TRUE;
    }
    return FALSE;
}

/* 0 and the report, EAGAIN if there is nothing yet, ECHILD if there never will
 * be.  A dead child that was reported is forgotten. */
static error_t collect(struct proc *p, pid_t pid, int options, int *status,
                       int *sigcode, struct hurd_rusage *rusage, pid_t *which)
{
    boolean_t any = FALSE;

    for (struct proc *child = p->children; child; child = child->sibling) {
        if (!is_wanted(p, child, pid))
            continue;
        any = TRUE;
        if (!report(child, options, status, sigcode))
            continue;
        *rusage = child->rusage;
        *which = child->pid;
        if (child->dead && !(options & HW_NOWAIT))
            proc_forget(child);
        return 0;
    }
    return any ? HURD_EAGAIN : HURD_ECHILD;
}

static error_t wait_for(int kind, struct proc *p, mach_port_t reply,
                        mach_msg_type_name_t reply_type, pid_t pid, int options,
                        int *status, int *sigcode, struct hurd_rusage *rusage,
                        pid_t *which)
{
    error_t err;

    if (!p)
        return HURD_EOPNOTSUPP;
    if (options &
        ~(HW_NOHANG | HW_STOPPED | HW_CONTINUE | HW_NOWAIT | HW_EXITED))
        return HURD_EINVAL;
    err = collect(p, pid, options, status, sigcode, rusage, which);
    if (err != HURD_EAGAIN || options & HW_NOHANG)
        return err;
    return add_waiter(kind, p, reply, reply_type, pid, options);
}

kern_return_t S_proc_wait(pstruct_t p, mach_port_t reply,
                          mach_msg_type_name_t reply_type, pid_t pid,
                          int options, int *status, int *sigcode,
                          rusage_t *rusage, pid_t *which)
{
    return wait_for(WAIT_CHILD, p, reply, reply_type, pid, options | HW_EXITED,
                    status, sigcode, rusage, which);
}

kern_return_t S_proc_waitid(pstruct_t p, mach_port_t reply,
                            mach_msg_type_name_t reply_type, pid_t pid,
                            int options, int *status, int *sigcode,
                            rusage_t *rusage, pid_t *which)
{
    if (!(options & (HW_EXITED | HW_STOPPED | HW_CONTINUE)))
        return HURD_EINVAL;
    return wait_for(WAIT_CHILD_ID, p, reply, reply_type, pid, options, status,
                    sigcode, rusage, which);
}

/* Takes the waiters for which TEST holds out of the list. */
static struct waiter *take(boolean_t (*test)(struct waiter *, const void *),
                           const void *arg)
{
    struct waiter *taken = NULL;

    for (struct waiter **at = &waiters; *at;) {
        struct waiter *w = *at;
        if (test(w, arg)) {
            *at = w->next;
            w->next = taken;
            taken = w;
        } else {
            at = &w->next;
        }
    }
    return taken;
}

static void fail_all(struct waiter *w, error_t err)
{
    while (w) {
        struct waiter *next = w->next;
        answer_error(w, err);
        free(w);
        w = next;
    }
}

static boolean_t waits_for_children(struct waiter *w, const void *parent)
{
    return w->kind != WAIT_MSGPORT && w->proc == parent;
}

static void retry_waits(struct proc *parent)
{
    struct waiter *w = take(waits_for_children, parent), *next;

    for (; w; w = next) {
        struct hurd_rusage rusage;
        int status, sigcode;
        pid_t pid;
        next = w->next;
        error_t err = collect(parent, w->pid, w->options, &status, &sigcode,
                              &rusage, &pid);
        if (err == HURD_EAGAIN) {
            w->next = waiters;
            waiters = w;
            continue;
        }
        if (err)
            answer_error(w, err);
        else
            answer_wait(w, 0, status, sigcode, &rusage, pid);
        free(w);
    }
}

/* SIGCHLD, with who it was if PARENT asked for that; SIGCODE 0 stands for an end
 * of whatever kind. */
static void tell_parent(struct proc *parent, const struct proc *child,
                        int sigcode)
{
    if (!parent->names_children || parent->msgport == MACH_PORT_NULL ||
        parent->dead ||
        sigqueue_child(parent->msgport, sigcode, child->pid,
                       child->noowner ? 0 : (int)child->owner, child->status,
                       parent->task))
        send_signal(parent, HSIGCHLD, sigcode, parent->task);
}

void wait_child_changed(struct proc *p, boolean_t signal, int sigcode)
{
    struct proc *parent = p->parent;

    if (!parent)
        return;
    if (signal)
        tell_parent(parent, p, sigcode);
    retry_waits(parent);
}

static boolean_t is_of(struct waiter *w, const void *p)
{
    return w->proc == p;
}

void wait_fail(struct proc *p, error_t err)
{
    fail_all(take(is_of, p), err);
}

static boolean_t has_reply(struct waiter *w, const void *reply)
{
    return w->reply == *(const mach_port_t *)reply;
}

void wait_reply_died(mach_port_t reply)
{
    struct waiter *w = take(has_reply, &reply), *next;

    for (; w; w = next) {
        next = w->next;
        mach_port_drop(w->reply);
        free(w);
    }
}

static boolean_t wants_msgport(struct waiter *w, const void *p)
{
    return w->kind == WAIT_MSGPORT && w->pid == ((const struct proc *)p)->pid;
}

void wait_msgport_set(struct proc *p)
{
    struct waiter *w = take(wants_msgport, p), *next;

    for (; w; w = next) {
        next = w->next;
        answer_msgport(w, 0, p->msgport);
        free(w);
    }
}

void wait_fail_msgport(struct proc *target)
{
    fail_all(take(wants_msgport, target), HURD_ESRCH);
}

kern_return_t S_proc_getmsgport(pstruct_t p, mach_port_t reply,
                                mach_msg_type_name_t reply_type, pid_t pid,
                                mach_port_t *msgport,
                                mach_msg_type_name_t *type)
{
    struct proc *target;

    if (!p)
        return HURD_EOPNOTSUPP;
    target = pid_find(pid);
    if (!target)
        return HURD_ESRCH;
    if (target->msgport == MACH_PORT_NULL) {
        /* What proc itself and the kernel do not have, they never will. */
        if (target == self_proc || target == kernel_proc)
            return HURD_EIO;
        return add_waiter(WAIT_MSGPORT, p, reply, reply_type, pid, 0);
    }
    *msgport = target->msgport;
    *type = MACH_MSG_TYPE_COPY_SEND;
    return 0;
}

kern_return_t S_proc_mark_stop(pstruct_t p, int signo, int sigcode)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    p->stopped = 1;
    p->continued = 0;
    p->waited = 0;
    p->status = HW_STOPCODE(signo);
    p->sigcode = sigcode;
    wait_child_changed(p, p->parent && !p->parent->nostopcld, HCLD_STOPPED);
    return 0;
}

kern_return_t S_proc_mark_cont(pstruct_t p)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    if (p->stopped) {
        p->continued = 1;
        p->stopped = 0;
        p->waited = 0;
        wait_child_changed(p, FALSE, HCLD_CONTINUED);
    }
    return 0;
}

kern_return_t S_proc_mark_exit(pstruct_t p, int status, int sigcode)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    /* Only what says that it ended is an exit. */
    if (HW_IFSTOPPED(status))
        return HURD_EINVAL;
    if (!p->exiting) {
        p->exiting = 1;
        proc_note_usage(p);
        p->status = status;
        p->sigcode = sigcode;
    }
    return 0;
}

kern_return_t S_proc_mark_traced(pstruct_t p)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    p->traced = 1;
    return 0;
}

kern_return_t S_proc_mod_stopchild(pstruct_t p, int doit)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    p->nostopcld = !doit;
    return 0;
}

kern_return_t S_proc_getchildren_rusage(pstruct_t p, rusage_t *rusage)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    *rusage = p->children_rusage;
    return 0;
}
