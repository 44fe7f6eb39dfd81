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

static int signal_take(uint64_t set, struct signal_info *info)
{
    lock_take(&signals.lock);
    int sig = signal_dequeue(&thread_self()->signals.pending, set, info);
    if (!sig)
        sig = signal_dequeue(&signals.pending, set, info);
    lock_release(&signals.lock);
    if (sig && info->timer)
        timer_taken(info->timer, info->uid);
    return sig;
}

/* Until one of SET comes, which may be blocked, or another that is handled. */
static int signal_await(uint64_t set, int64_t ns, struct signal_info *info)
{
    struct thread *self = thread_self();
    int64_t end = clock_monotonic_ns() + ns;
    int sig;

    signals_start();
    lock_take(&signals.lock);
    self->signals.awaited = set;
    lock_release(&signals.lock);
    for (;;) {
        sig = signal_take(set, info);
        if (sig || signal_waits(self) || ns <= 0)
            break;
        /* It was for one that others have taken. */
        lock_take(&signals.lock);
        if (!((signals.pending.set | self->signals.pending.set) & set))
            self->signal_pending = 0;
        lock_release(&signals.lock);
        clock_sleep_ns(ns);
        ns = end - clock_monotonic_ns();
    }
    lock_take(&signals.lock);
    self->signals.awaited = 0;
    lock_release(&signals.lock);
    return sig;
}

static void info_fill(siginfo_t *to, int sig, const struct signal_info *from)
{
    memset(to, 0, sizeof *to);
    to->si_signo = sig;
    to->si_code = from->code;
    to->si_pid = from->pid;
    to->si_uid = from->uid;
    memcpy(&to->si_value, &from->value, sizeof from->value);
}

long sys_rt_sigtimedwait(struct frame *frame)
{
    siginfo_t *to = (siginfo_t *)ARG2(frame);
    const struct timespec *time = (const struct timespec *)ARG3(frame);
    struct signal_info info;
    int64_t ns = 1ll << 60;

    if (ARG4(frame) != sizeof(uint64_t))
        return -EINVAL;
    uint64_t set = *(const uint64_t *)ARG1(frame) & ~SIGNALS_UNBLOCKABLE;
    if (time) {
        if (!clock_timespec_valid(time))
            return -EINVAL;
        ns = clock_timespec_ns(time);
    }
    if (set & SIGNAL_BIT(SIGCHLD))
        signals_name_children();
    int sig = signal_take(set, &info);
    if (!sig && ns > 0)
        sig = signal_await(set, ns, &info);
    if (!sig)
        return signal_waits(thread_self()) ? -EINTR : -EAGAIN;
    if (to)
        info_fill(to, sig, &info);
    return sig;
}
