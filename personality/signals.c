/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/signals.h"
#include "personality/convert.h"
#include "personality/ids.h"
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
    /* Numbers that the wire has no name for mean what they mean here. */
    int hurd = sig > SIGNAL_REALTIME ? sig : signal_to_hurd(sig);

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
    signals.pending.set = sigset_to_linux((uint32_t)pending);
    if (signals.pending.set)
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
    *pending = (int)sigset_to_hurd(signals.pending.set |
                                   thread_self()->signals.pending.set);
    lock_release(&signals.lock);
}

void signals_for_exec_high(int *mask, int *ignored)
{
    uint64_t set = 0;

    lock_take(&signals.lock);
    for (int sig = SIGNAL_REALTIME + 1; sig <= SIGNAL_COUNT; sig++) {
        if (signals.actions[sig].handler == HANDLER_IGNORE)
            set |= SIGNAL_BIT(sig);
    }
    *ignored = (int)(set >> 32);
    *mask = (int)(thread_self()->signals.mask >> 32);
    lock_release(&signals.lock);
}

void signals_from_exec_high(int mask, int ignored)
{
    for (int sig = SIGNAL_REALTIME + 1; sig <= SIGNAL_COUNT; sig++) {
        if ((uint32_t)ignored >> (sig - SIGNAL_REALTIME - 1) & 1)
            signals.actions[sig].handler = HANDLER_IGNORE;
    }
    thread_self()->signals.mask |= (uint64_t)(uint32_t)mask << 32;
}

void signals_forked(void)
{
    struct thread *thread = thread_self();

    signals.lock = (struct lock){0};
    signals.pending = (struct signal_queue){0};
    signal_queue_forked();
    signals.stopped = 0;
    signals.started = false;
    signals.calls = 0;
    signals.port = MACH_PORT_NULL;
    thread->signals.pending = (struct signal_queue){0};
    thread->signals.awaited = 0;
    thread->signal_pending = 0;
    thread->interruptible = CALL_WHOLE;
    thread->blocking = false;
    timer_forked();
}

/* --- posting ------------------------------------------------------------- */

uint64_t signal_set(const struct thread *thread)
{
    return signals.pending.set | thread->signals.pending.set;
}

bool signal_waits(const struct thread *thread)
{
    return signal_set(thread) & ~thread->signals.mask;
}

/* Who takes SIG now, if it is for any thread: who waits for it, or the first
 * thread if it may, or another. */
static struct thread *signal_taker(int sig)
{
    struct thread *found = NULL;

    for (struct thread *t = threads; t; t = t->next) {
        if (t->signals.awaited & SIGNAL_BIT(sig))
            return t;
        if (!(t->signals.mask & SIGNAL_BIT(sig)))
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

static void signal_cancel_opposite(struct thread *thread, int sig)
{
    uint64_t set = sig == SIGCONT               ? STOPPING
                   : SIGNAL_BIT(sig) & STOPPING ? SIGNAL_BIT(SIGCONT)
                                                : 0;

    signal_discard(&signals.pending, set);
    if (thread)
        signal_discard(&thread->signals.pending, set);
}

/* Both locks are held.  *TAKER is who is to look, or NULL; *ENDS whether that
 * would be the end. */
static long signal_put(int sig, struct thread *thread,
                       const struct signal_info *info, struct thread **taker,
                       bool *ends)
{
    uint64_t bit = SIGNAL_BIT(sig);

    signal_cancel_opposite(thread, sig);
    *taker = thread ? thread : signal_taker(sig);
    bool awaited = *taker && (*taker)->signals.awaited & bit;
    bool blocked = !*taker || (*taker)->signals.mask & bit;
    if (blocked && !awaited)
        *taker = NULL;
    else if (!awaited && signal_is_ignored(sig)) {
        *taker = NULL;
        return 0;
    }
    *ends = *taker && !awaited && !signals.stopped &&
            signals.actions[sig].handler == HANDLER_DEFAULT &&
            signal_default(sig) == SIGNAL_ENDS;
    long error = signal_enqueue(
        thread ? &thread->signals.pending : &signals.pending, sig, info);
    if (*taker)
        (*taker)->signal_pending = 1;
    return error;
}

long signal_post(int sig, struct thread *thread, struct signal_info info)
{
    struct thread *taker = NULL;
    bool ends = false;

    lock_take(&threads_lock);
    if (thread && !thread_is_known(thread)) {
        /* It ended meanwhile. */
        lock_release(&threads_lock);
        return 0;
    }
    lock_take(&signals.lock);
    long error = signal_put(sig, thread, &info, &taker, &ends);
    lock_release(&signals.lock);
    if (!ends && taker && taker != thread_self())
        signal_kick(taker);
    lock_release(&threads_lock);
    if (ends && !error)
        signal_die(sig);
    return error;
}

void signal_self(int sig)
{
    signal_post(sig, thread_self(), (struct signal_info){.code = SI_KERNEL});
}

struct signal_info signal_info_own(int code)
{
    struct unix_ids ids = {0};

    ids_get(&ids);
    return (struct signal_info){
        .code = code, .pid = process_pid(), .uid = ids.ruid};
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
