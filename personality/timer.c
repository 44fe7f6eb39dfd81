/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/timer.c: the process's alarm.  The message thread keeps it. */
#include "personality/clock.h"
#include "personality/mach.h"
#include "personality/signals.h"
#include "personality/syscalls.h"

#include <signal.h>
#include <sys/time.h>

static struct {
    struct lock lock;
    int64_t deadline_ns, interval_ns; /* monotonic; 0: none */
} timer;

void timer_forked(void)
{
    timer.lock = (struct lock){0};
    timer.deadline_ns = timer.interval_ns = 0;
}

uint32_t timer_next_ms(void)
{
    int64_t deadline = timer.deadline_ns;

    if (!deadline)
        return 0;
    int64_t ms = (deadline - clock_monotonic_ns() + 999999) / 1000000;
    return ms < 1 ? 1 : ms > 0x7fffffff ? 0x7fffffff : (uint32_t)ms;
}

void timer_expire(void)
{
    bool expired = false;

    if (!timer.deadline_ns)
        return;
    int64_t now = clock_monotonic_ns();
    lock_take(&timer.lock);
    if (timer.deadline_ns && timer.deadline_ns <= now) {
        expired = true;
        timer.deadline_ns = timer.interval_ns ? now + timer.interval_ns : 0;
    }
    lock_release(&timer.lock);
    if (expired)
        signal_post(SIGALRM, NULL, (struct signal_info){.code = SI_KERNEL});
}

static struct timeval time_from_ns(int64_t ns)
{
    return (struct timeval){ns / 1000000000, ns % 1000000000 / 1000};
}

static int64_t time_to_ns(struct timeval time)
{
    return time.tv_sec * 1000000000ll + time.tv_usec * 1000ll;
}

static struct itimerval timer_read(void)
{
    int64_t left =
        timer.deadline_ns ? timer.deadline_ns - clock_monotonic_ns() : 0;

    if (timer.deadline_ns && left < 1000)
        left = 1000;
    return (struct itimerval){.it_interval = time_from_ns(timer.interval_ns),
                              .it_value = time_from_ns(left)};
}

static struct itimerval timer_set(int64_t ns, int64_t interval_ns)
{
    signals_start();
    lock_take(&timer.lock);
    struct itimerval was = timer_read();
    timer.deadline_ns = ns ? clock_monotonic_ns() + ns : 0;
    timer.interval_ns = interval_ns;
    lock_release(&timer.lock);
    signals_poke();
    return was;
}

long sys_alarm(struct frame *frame)
{
    struct itimerval was = timer_set((int64_t)ARG1(frame) * 1000000000, 0);

    return was.it_value.tv_sec + (was.it_value.tv_usec ? 1 : 0);
}

/* Only real time is measured. */
long sys_setitimer(struct frame *frame)
{
    const struct itimerval *new = (const struct itimerval *)ARG2(frame);
    struct itimerval *old = (struct itimerval *)ARG3(frame);

    if (ARG1(frame) != ITIMER_REAL)
        return -EINVAL;
    struct itimerval was = timer_set(new ? time_to_ns(new->it_value) : 0,
                                     new ? time_to_ns(new->it_interval) : 0);
    if (old)
        *old = was;
    return 0;
}

long sys_getitimer(struct frame *frame)
{
    if (ARG1(frame) != ITIMER_REAL)
        return -EINVAL;
    *(struct itimerval *)ARG2(frame) = timer_read();
    return 0;
}
