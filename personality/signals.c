/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/signals.h"
#include "personality/convert.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/process.h"
#include "hurd/signal.h"

#include <signal.h>

#define HANDLER_DEFAULT 0ul
#define HANDLER_IGNORE  1ul
#define STOPPING                                                               \
    (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) |         \
     SIGNAL_BIT(SIGTTOU))

struct signals signals;

/* --- what signals do ----------------------------------------------------- */

enum signal_default signal_default(int sig)
{
    switch (sig) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
        return SIGNAL_NOTHING;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
        return SIGNAL_STOPS;
    case SIGCONT:
        return SIGNAL_CONTINUES;
    default:
        return SIGNAL_ENDS;
    }
}

bool signal_is_ignored(int sig)
{
    uint64_t handler = signals.actions[sig].handler;

    if (handler == HANDLER_DEFAULT)
        return signal_default(sig) == SIGNAL_NOTHING;
    return handler == HANDLER_IGNORE;
}

bool signal_forgets_children(void)
{
    const struct signal_action *action = &signals.actions[SIGCHLD];

    return action->handler == HANDLER_IGNORE || action->flags & SA_NOCLDWAIT;
}

void signal_die(int sig)
{
    int hurd = signal_to_hurd(sig);

    process_die(HW_EXITCODE(0, hurd ? hurd : HSIGKILL));
}

/* --- exec and fork ------------------------------------------------------- */

void signals_from_exec(int mask, int ignored, int pending)
{
    uint64_t set = sigset_to_linux((uint32_t)ignored);

    for (int sig = 1; sig < 32; sig++) {
        if (set & SIGNAL_BIT(sig) & ~SIGNALS_UNBLOCKABLE)
            signals.actions[sig].handler = HANDLER_IGNORE;
    }
    thread_self()->signals.mask =
        sigset_to_linux((uint32_t)mask) & ~SIGNALS_UNBLOCKABLE;
    signals.pending = sigset_to_linux((uint32_t)pending);
    if (signals.pending)
        thread_self()->signal_pending = 1;
}

void signals_for_exec(int *mask, int *ignored, int *pending)
{
    uint64_t set = 0;

    lock_take(&signals.lock);
    for (int sig = 1; sig < 32; sig++) {
        if (signals.actions[sig].handler == HANDLER_IGNORE)
            set |= SIGNAL_BIT(sig);
    }
    *ignored = (int)sigset_to_hurd(set);
    *mask = (int)sigset_to_hurd(thread_self()->signals.mask);
    *pending =
        (int)sigset_to_hurd(signals.pending | thread_self()->signals.pending);
    lock_release(&signals.lock);
}

void signals_forked(void)
{
    struct thread *thread = thread_self();

    signals.lock = (struct lock){0};
    signals.pending = 0;
    signals.stopped = 0;
    signals.started = false;
    signals.calls = 0;
    signals.port = MACH_PORT_NULL;
    thread->signals.pending = 0;
    thread->signal_pending = 0;
    thread->interruptible = CALL_WHOLE;
    thread->blocking = false;
    timer_forked();
}

/* --- posting ------------------------------------------------------------- */

bool signal_waits(const struct thread *thread)
{
    return (signals.pending | thread->signals.pending) & ~thread->signals.mask;
}

static struct thread *signal_taker(int sig)
{
    struct thread *self = thread_self(), *found = NULL;

    for (struct thread *t = threads; t; t = t->next) {
        if (t->signals.mask & SIGNAL_BIT(sig))
            continue;
        if (t == self)
            return t;
        found = t; /* the oldest is last */
    }
    return found;
}

static bool thread_is_known(const struct thread *thread)
{
    const struct thread *t = threads;

    while (t && t != thread)
        t = t->next;
    return t;
}

void signal_post(int sig, struct thread *thread, struct signal_info info)
{
    struct thread *taker;
    bool ends;

    lock_take(&threads_lock);
    if (thread && !thread_is_known(thread)) {
        /* It ended meanwhile. */
        lock_release(&threads_lock);
        return;
    }
    lock_take(&signals.lock);
    if (sig == SIGCONT)
        signals.pending &= ~STOPPING;
    else if (SIGNAL_BIT(sig) & STOPPING)
        signals.pending &= ~SIGNAL_BIT(SIGCONT);
    taker = thread ? thread : signal_taker(sig);
    bool blocked = !taker || taker->signals.mask & SIGNAL_BIT(sig);
    if (signal_is_ignored(sig) && !blocked)
        taker = NULL;
    else if (thread)
        thread->signals.pending |= SIGNAL_BIT(sig);
    else
        signals.pending |= SIGNAL_BIT(sig);
    signals.infos[sig] = info;
    ends = taker && !blocked && !signals.stopped &&
           signals.actions[sig].handler == HANDLER_DEFAULT &&
           signal_default(sig) == SIGNAL_ENDS;
    if (taker && !blocked)
        taker->signal_pending = 1;
    lock_release(&signals.lock);
    if (!ends && taker && !blocked && taker != thread_self())
        signal_kick(taker);
    lock_release(&threads_lock);
    if (ends)
        signal_die(sig);
}

void signal_self(int sig)
{
    signal_post(sig, thread_self(), (struct signal_info){.code = SI_KERNEL});
}

/* --- stopping ------------------------------------------------------------ */

static void threads_for_others(kern_return_t (*action)(mach_port_t))
{
    lock_take(&threads_lock);
    for (struct thread *t = threads; t; t = t->next) {
        if (t != thread_self())
            action(t->port);
    }
    lock_release(&threads_lock);
}

static bool process_is_orphaned(void)
{
    pid_t pid, ppid;
    int orphaned = 0;

    return !proc_getpids(unix_process.proc, &pid, &ppid, &orphaned) && orphaned;
}

void signal_stop(int sig)
{
    /* Nobody could make an orphan go on. */
    if (sig != SIGSTOP && process_is_orphaned())
        return;
    signals_start();
    signals.stopped = 1;
    threads_for_others((kern_return_t(*)(mach_port_t))thread_suspend);
    proc_mark_stop(unix_process.proc, signal_to_hurd(sig), 0);
    while (__atomic_load_n(&signals.stopped, __ATOMIC_SEQ_CST))
        gsync_wait(mach_task_self(), (vm_address_t)&signals.stopped, 1, 0, 0,
                   0);
    threads_for_others((kern_return_t(*)(mach_port_t))thread_resume);
}

void signal_continue(void)
{
    if (!signals.stopped)
        return;
    proc_mark_cont(unix_process.proc);
    __atomic_store_n(&signals.stopped, 0, __ATOMIC_SEQ_CST);
    gsync_wake(mach_task_self(), (vm_address_t)&signals.stopped, 0, 0);
}

bool signal_background(int sig)
{
    pid_t pgrp;

    lock_take(&signals.lock);
    bool may = !(thread_self()->signals.mask & SIGNAL_BIT(sig)) &&
               signals.actions[sig].handler != HANDLER_IGNORE;
    lock_release(&signals.lock);
    if (!may || process_is_orphaned() ||
        proc_getpgrp(unix_process.proc, process_pid(), &pgrp))
        return false;
    process_kill(-pgrp, sig);
    return true;
}

/* --- actions and masks: system calls ------------------------------------- */

long sys_rt_sigaction(struct frame *frame)
{
    int sig = (int)ARG1(frame);
    const struct signal_action *new = (const struct signal_action *)ARG2(frame);
    struct signal_action *old = (struct signal_action *)ARG3(frame), was;

    if (sig < 1 || sig > SIGNAL_COUNT || ARG4(frame) != sizeof new->mask ||
        (new &&SIGNAL_BIT(sig) & SIGNALS_UNBLOCKABLE))
        return -EINVAL;
    struct signal_action copy = new ? *new : (struct signal_action){0};
    if (copy.handler > HANDLER_IGNORE)
        signals_start();
    lock_take(&signals.lock);
    was = signals.actions[sig];
    if (new) {
        copy.mask &= ~SIGNALS_UNBLOCKABLE;
        signals.actions[sig] = copy;
        if (signal_is_ignored(sig))
            signals.pending &= ~SIGNAL_BIT(sig);
    }
    lock_release(&signals.lock);
    if (new &&sig == SIGCHLD && unix_process.proc &&
        (copy.flags ^ was.flags) & SA_NOCLDSTOP)
        proc_mod_stopchild(unix_process.proc, !(copy.flags & SA_NOCLDSTOP));
    if (old)
        *old = was;
    return 0;
}

void signal_set_mask(uint64_t mask)
{
    struct thread *thread = thread_self();

    lock_take(&signals.lock);
    thread->signals.mask = mask & ~SIGNALS_UNBLOCKABLE;
    if (signal_waits(thread))
        thread->signal_pending = 1;
    lock_release(&signals.lock);
}

long sys_rt_sigprocmask(struct frame *frame)
{
    const uint64_t *set = (const uint64_t *)ARG2(frame);
    uint64_t *old = (uint64_t *)ARG3(frame);
    uint64_t was = thread_self()->signals.mask;

    if (ARG4(frame) != sizeof *set)
        return -EINVAL;
    if (set) {
        uint64_t new = *set;
        switch (ARG1(frame)) {
        case SIG_BLOCK:
            new |= was;
            break;
        case SIG_UNBLOCK:
            new = was & ~new;
            break;
        case SIG_SETMASK:
            break;
        default:
            return -EINVAL;
        }
        signal_set_mask(new);
    }
    if (old)
        *old = was;
    return 0;
}

long sys_rt_sigpending(struct frame *frame)
{
    struct thread *thread = thread_self();

    *(uint64_t *)ARG1(frame) =
        (signals.pending | thread->signals.pending) & thread->signals.mask;
    return 0;
}

long sys_sigaltstack(struct frame *frame)
{
    const stack_t *new = (const stack_t *)ARG1(frame);
    stack_t *old = (stack_t *)ARG2(frame);
    struct signal_thread *mine = &thread_self()->signals;
    bool on = mine->stack_size && frame->rsp - mine->stack < mine->stack_size;

    stack_t was = {.ss_sp = (void *)mine->stack,
                   .ss_size = mine->stack_size,
                   .ss_flags = !mine->stack_size ? SS_DISABLE
                               : on              ? SS_ONSTACK
                                                 : 0};
    if (new) {
        if (on)
            return -EPERM;
        if (!(new->ss_flags &SS_DISABLE) && new->ss_size < 2048)
            return -ENOMEM;
        mine->stack = (uint64_t) new->ss_sp;
        mine->stack_size = new->ss_flags &SS_DISABLE ? 0 : new->ss_size;
    }
    if (old)
        *old = was;
    return 0;
}
