/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/signal_actions.c: what programs say of their signals. */
#include "personality/mach.h"
#include "personality/signals.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/claims.h"
#include "hurd/process.h"

#include <signal.h>

#define HANDLER_IGNORE 1ul

/* What is ignored from now on is not pending either; the lock is held. */
static void signal_discard_all(int sig)
{
    signal_discard(&signals.pending, SIGNAL_BIT(sig));
    for (struct thread *t = threads; t; t = t->next)
        signal_discard(&t->signals.pending, SIGNAL_BIT(sig));
}

void signals_name_children(void)
{
    if (signals.children_named || !unix_process.proc)
        return;
    signals.children_named = true;
    if (signals.port)
        claims_name_children(unix_process.proc);
}

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
    if (sig == SIGCHLD && copy.flags & SA_SIGINFO)
        signals_name_children();
    lock_take(&threads_lock);
    lock_take(&signals.lock);
    was = signals.actions[sig];
    if (new) {
        copy.mask &= ~SIGNALS_UNBLOCKABLE;
        signals.actions[sig] = copy;
        if (signal_is_ignored(sig))
            signal_discard_all(sig);
    }
    lock_release(&signals.lock);
    lock_release(&threads_lock);
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

    if (ARG2(frame) > sizeof(uint64_t))
        return -EINVAL;
    uint64_t set = signal_set(thread) & thread->signals.mask;
    memcpy((void *)ARG1(frame), &set, ARG2(frame));
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
        uint32_t how =
            (uint32_t) new->ss_flags & ~(1u << 31); /* SS_AUTODISARM */
        if (how != SS_DISABLE && how != SS_ONSTACK && how)
            return -EINVAL;
        if (!(new->ss_flags &SS_DISABLE) && new->ss_size < 2048)
            return -ENOMEM;
        mine->stack = (uint64_t) new->ss_sp;
        mine->stack_size = new->ss_flags &SS_DISABLE ? 0 : new->ss_size;
    }
    if (old)
        *old = was;
    return 0;
}
