/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/signals.h"
#include "personality/clock.h"
#include "personality/convert.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/rpc.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/msg.h"
#include "hurd/process.h"
#include "hurd/signal.h"

#include <signal.h>
#include <time.h>

#define HANDLER_DEFAULT 0ul
#define HANDLER_IGNORE  1ul
#define UNBLOCKABLE     (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
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
        if (set & SIGNAL_BIT(sig) & ~UNBLOCKABLE)
            signals.actions[sig].handler = HANDLER_IGNORE;
    }
    thread_self()->signals.mask =
        sigset_to_linux((uint32_t)mask) & ~UNBLOCKABLE;
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
    if (ends)
        signal_die(sig);
    if (taker && !blocked && taker != thread_self())
        signal_kick(taker);
    lock_release(&threads_lock);
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
        (new &&SIGNAL_BIT(sig) & UNBLOCKABLE))
        return -EINVAL;
    struct signal_action copy = new ? *new : (struct signal_action){0};
    if (copy.handler > HANDLER_IGNORE)
        signals_start();
    lock_take(&signals.lock);
    was = signals.actions[sig];
    if (new) {
        copy.mask &= ~UNBLOCKABLE;
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

static void mask_set(uint64_t mask)
{
    struct thread *thread = thread_self();

    lock_take(&signals.lock);
    thread->signals.mask = mask & ~UNBLOCKABLE;
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
        mask_set(new);
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

/* --- waiting for signals ------------------------------------------------- */

static long signal_pause(void)
{
    signals_start();
    while (clock_sleep_ns(1ll << 60) == 0)
        ;
    return -EINTR;
}

long sys_pause(struct frame *frame)
{
    (void)frame;
    return signal_pause();
}

/* The old mask comes back after the handler, or right away if none runs. */
void signal_suspend_mask(uint64_t mask)
{
    struct signal_thread *mine = &thread_self()->signals;

    mine->saved_mask = mine->mask;
    mine->restore = true;
    mask_set(mask);
}

void signal_restore_mask(bool later)
{
    struct signal_thread *mine = &thread_self()->signals;

    if (later || !mine->restore)
        return;
    mine->restore = false;
    mask_set(mine->saved_mask);
}

long sys_rt_sigsuspend(struct frame *frame)
{
    if (ARG2(frame) != sizeof(uint64_t))
        return -EINVAL;
    signal_suspend_mask(*(const uint64_t *)ARG1(frame));
    return signal_pause();
}

static int signal_take(uint64_t set)
{
    struct thread *thread = thread_self();
    int sig = 0;

    lock_take(&signals.lock);
    uint64_t ready = (signals.pending | thread->signals.pending) & set;
    if (ready) {
        sig = __builtin_ctzll(ready) + 1;
        if (thread->signals.pending & SIGNAL_BIT(sig))
            thread->signals.pending &= ~SIGNAL_BIT(sig);
        else
            signals.pending &= ~SIGNAL_BIT(sig);
    }
    lock_release(&signals.lock);
    return sig;
}

/* The awaited signals are let through meanwhile, so that they end the sleep,
 * and taken before anybody else looks. */
long sys_rt_sigtimedwait(struct frame *frame)
{
    uint64_t set = *(const uint64_t *)ARG1(frame) & ~UNBLOCKABLE;
    siginfo_t *info = (siginfo_t *)ARG2(frame);
    const struct timespec *time = (const struct timespec *)ARG3(frame);
    uint64_t mask = thread_self()->signals.mask;
    int64_t ns = time ? time->tv_sec * 1000000000ll + time->tv_nsec : 1ll << 60;
    int sig = signal_take(set);

    if (!sig && ns > 0) {
        signals_start();
        mask_set(mask & ~set);
        clock_sleep_ns(ns);
        sig = signal_take(set);
        mask_set(mask);
    }
    if (!sig)
        return thread_self()->signal_pending ? -EINTR : -EAGAIN;
    if (info) {
        memset(info, 0, sizeof *info);
        info->si_signo = sig;
        info->si_code = signals.infos[sig].code;
        info->si_pid = signals.infos[sig].pid;
    }
    return sig;
}

/* --- sending ------------------------------------------------------------- */

/* Another process's message port takes it on the strength of its task port,
 * which proc gives to its owner.  SIGKILL needs nobody's help. */
static kern_return_t signal_send(pid_t pid, int sig)
{
    mach_port_t task, port;
    kern_return_t kr = proc_pid2task(unix_process.proc, pid, &task);

    if (kr)
        return kr;
    if (sig == SIGKILL) {
        kr = task_terminate(task);
    } else if (sig) {
        kr = INTERRUPTIBLE(proc_getmsgport(unix_process.proc, pid, &port));
        if (!kr) {
            kr =
                INTERRUPTIBLE(msg_sig_post(port, signal_to_hurd(sig), 0, task));
            port_deallocate(port);
        }
    }
    port_deallocate(task);
    /* It ended meanwhile. */
    return kr == MACH_SEND_INVALID_DEST || kr == MIG_SERVER_DIED ? 0 : kr;
}

static void signal_send_self(int sig)
{
    if (!sig)
        return;
    if (sig == SIGKILL)
        signal_die(sig);
    signal_post(sig, NULL,
                (struct signal_info){.code = SI_USER, .pid = process_pid()});
}

/* The sender itself comes last: it may not live to send the others. */
static long signal_send_list(const pid_t *pids, unsigned count, int sig,
                             bool spare_self)
{
    kern_return_t error = HURD_ESRCH;
    bool self = false, sent = false;

    for (unsigned i = 0; i < count; i++) {
        if (pids[i] == process_pid()) {
            self = !spare_self;
            continue;
        }
        if (spare_self && pids[i] <= HURD_PID_PROC)
            continue;
        kern_return_t kr = signal_send(pids[i], sig);
        if (kr)
            error = kr;
        else
            sent = true;
    }
    if (self)
        signal_send_self(sig);
    return self || sent ? 0 : linux_error(error);
}

static long signal_send_group(pid_t pgrp, int sig)
{
    pid_t room[64], *pids = room;
    mach_msg_type_number_t count = 64;
    kern_return_t kr =
        pgrp ? proc_getpgrppids(unix_process.proc, pgrp, &pids, &count)
             : proc_getallpids(unix_process.proc, &pids, &count);

    if (kr)
        return linux_error(kr);
    long result = signal_send_list(pids, count, sig, !pgrp);
    if (pids != room)
        pages_free(pids, count * sizeof *pids);
    return result;
}

long process_kill(int pid, int sig)
{
    pid_t pgrp;

    if (sig < 0 || sig > SIGNAL_COUNT ||
        (sig && sig < 32 && !signal_to_hurd(sig)))
        return -EINVAL;
    if (pid == process_pid()) {
        signal_send_self(sig);
        return 0;
    }
    if (pid > 0)
        return sig >= 32 ? -EINVAL : linux_error(signal_send(pid, sig));
    if (pid < -1)
        return signal_send_group(-pid, sig);
    if (pid == -1)
        return signal_send_group(0, sig);
    kern_return_t kr = proc_getpgrp(unix_process.proc, process_pid(), &pgrp);
    return kr ? linux_error(kr) : signal_send_group(pgrp, sig);
}

long sys_kill(struct frame *frame)
{
    return process_kill((int)ARG1(frame), (int)ARG2(frame));
}

static long thread_kill(int tid, int sig)
{
    struct thread *thread = NULL;

    if (sig < 0 || sig > SIGNAL_COUNT)
        return -EINVAL;
    lock_take(&threads_lock);
    for (struct thread *t = threads; t && !thread; t = t->next) {
        if (thread_tid(t) == tid)
            thread = t;
    }
    lock_release(&threads_lock);
    if (!thread)
        return tid < 0x100000 ? process_kill(tid, sig) : -ESRCH;
    if (sig == SIGKILL)
        signal_die(sig);
    if (sig)
        signal_post(
            sig, thread,
            (struct signal_info){.code = SI_TKILL, .pid = process_pid()});
    return 0;
}

long sys_tkill(struct frame *frame)
{
    return thread_kill((int)ARG1(frame), (int)ARG2(frame));
}

long sys_tgkill(struct frame *frame)
{
    return thread_kill((int)ARG2(frame), (int)ARG3(frame));
}
