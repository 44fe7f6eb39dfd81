/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/signal_wait.c: calls that wait for signals. */
#include "personality/clock.h"
#include "personality/mach.h"
#include "personality/signals.h"
#include "personality/syscalls.h"

#include <signal.h>
#include <time.h>

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
    signal_set_mask(mask);
}

void signal_restore_mask(bool later)
{
    struct signal_thread *mine = &thread_self()->signals;

    if (later || !mine->restore)
        return;
    mine->restore = false;
    signal_set_mask(mine->saved_mask);
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
    uint64_t set = *(const uint64_t *)ARG1(frame) & ~SIGNALS_UNBLOCKABLE;
    siginfo_t *info = (siginfo_t *)ARG2(frame);
    const struct timespec *time = (const struct timespec *)ARG3(frame);
    uint64_t mask = thread_self()->signals.mask;
    int64_t ns = time ? time->tv_sec * 1000000000ll + time->tv_nsec : 1ll << 60;
    int sig = signal_take(set);

    if (!sig && ns > 0) {
        signals_start();
        signal_set_mask(mask & ~set);
        clock_sleep_ns(ns);
        sig = signal_take(set);
        signal_set_mask(mask);
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
