/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/timer.c: the process's alarm, and timers that programs make.  The
 * message thread keeps them. */
#include "personality/clock.h"
#include "personality/mach.h"
#include "personality/signals.h"
#include "personality/syscalls.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

#define TIMERS    32
#define ALARM     TIMERS /* the last one */
#define TIMER_NOT (-1)

static struct timer {
    bool used;
    bool real; /* the clock */
    int notify, sig, tid;
    uint64_t value;
    int64_t deadline_ns, interval_ns; /* monotonic; 0: none */
    uint32_t overrun;                 /* of the signal that was taken last */
} timers[TIMERS + 1] = {
    [ALARM] = {.used = true, .notify = SIGEV_SIGNAL, .sig = SIGALRM}};
static struct lock timers_lock;

void timer_forked(void)
{
    timers_lock = (struct lock){0};
    for (int i = 0; i < TIMERS; i++)
        timers[i].used = false;
    timers[ALARM].deadline_ns = timers[ALARM].interval_ns = 0;
}

static bool timer_runs(const struct timer *timer)
{
    return timer->used && timer->deadline_ns;
}

uint32_t timer_next_ms(void)
{
    int64_t first = 0;

    for (int i = 0; i <= TIMERS; i++) {
        if (timer_runs(&timers[i]) && (!first || timers[i].deadline_ns < first))
            first = timers[i].deadline_ns;
    }
    if (!first)
        return 0;
    int64_t ms = (first - clock_monotonic_ns() + 999999) / 1000000;
    return ms < 1 ? 1 : ms > 0x7fffffff ? 0x7fffffff : (uint32_t)ms;
}

/* --- going off ------------------------------------------------------------- */

/* How often TIMER should have gone off by NOW; its next time is set. */
static int64_t timer_advance(struct timer *timer, int64_t now)
{
    int64_t times = 1;

    if (timer->interval_ns) {
        times += (now - timer->deadline_ns) / timer->interval_ns;
        timer->deadline_ns += times * timer->interval_ns;
    } else {
        timer->deadline_ns = 0;
    }
    return times;
}

static void timer_signal(int number, struct timer timer, int64_t times)
{
    struct thread *thread = NULL;
    struct signal_info info = {.code = SI_KERNEL};

    if (number != ALARM)
        info = (struct signal_info){.code = SI_TIMER,
                                    .pid = number,
                                    .uid = (uint32_t)(times - 1),
                                    .value = timer.value,
                                    .timer = number + 1};
    if (timer.notify == SIGEV_THREAD_ID) {
        thread = signal_thread(timer.tid);
        if (!thread)
            return;
    }
    signal_post(timer.sig, thread, info);
}

/* The signal of the time before may not have been taken yet. */
static bool timer_still_pending(int number, const struct timer *timer,
                                int64_t times)
{
    bool pending = false;

    if (number == ALARM)
        return false;
    lock_take(&threads_lock);
    lock_take(&signals.lock);
    pending = signal_overrun(&signals.pending, number, (uint32_t)times);
    for (struct thread *t = threads; t && !pending; t = t->next) {
        if (timer->notify == SIGEV_THREAD_ID)
            pending =
                signal_overrun(&t->signals.pending, number, (uint32_t)times);
    }
    lock_release(&signals.lock);
    lock_release(&threads_lock);
    return pending;
}

void timer_expire(void)
{
    for (int i = 0; i <= TIMERS; i++) {
        if (!timer_runs(&timers[i]))
            continue;
        int64_t now = clock_monotonic_ns(), times = 0;
        lock_take(&timers_lock);
        struct timer timer = timers[i];
        if (timer_runs(&timer) && timer.deadline_ns <= now)
            times = timer_advance(&timers[i], now);
        lock_release(&timers_lock);
        if (times && timer.notify != SIGEV_NONE &&
            !timer_still_pending(i, &timer, times))
            timer_signal(i, timer, times);
    }
}

void timer_taken(int timer, uint32_t overrun)
{
    timers[timer - 1].overrun = overrun;
}

/* --- setting --------------------------------------------------------------- */

struct setting {
    int64_t left_ns, interval_ns;
};

static struct setting timer_read(const struct timer *timer)
{
    int64_t left =
        timer->deadline_ns ? timer->deadline_ns - clock_monotonic_ns() : 0;

    if (timer->deadline_ns && left < 1)
        left = 1;
    return (struct setting){left, timer->interval_ns};
}

static struct setting timer_set(struct timer *timer, int64_t ns,
                                int64_t interval_ns)
{
    signals_start();
    lock_take(&timers_lock);
    struct setting was = timer_read(timer);
    timer->deadline_ns = ns ? clock_monotonic_ns() + ns : 0;
    timer->interval_ns = interval_ns;
    lock_release(&timers_lock);
    signals_poke();
    return was;
}

/* --- the alarm ------------------------------------------------------------- */

/* A time that is not quite up shows as some. */
static struct timeval time_from_ns(int64_t ns)
{
    ns = (ns + 999) / 1000;
    return (struct timeval){ns / 1000000, ns % 1000000};
}

static bool timeval_valid(struct timeval time)
{
    return time.tv_sec >= 0 && time.tv_usec >= 0 && time.tv_usec < 1000000;
}

static int64_t time_to_ns(struct timeval time)
{
    struct timespec spec = {time.tv_sec, time.tv_usec * 1000};

    return clock_timespec_ns(&spec);
}

void timer_for_exec(int64_t *left_ns, int64_t *interval_ns)
{
    struct setting now = timer_read(&timers[ALARM]);

    *left_ns = now.left_ns;
    *interval_ns = now.interval_ns;
}

void timer_from_exec(int64_t left_ns, int64_t interval_ns)
{
    if (left_ns)
        timer_set(&timers[ALARM], left_ns, interval_ns);
}

long sys_alarm(struct frame *frame)
{
    int64_t seconds = (int64_t)(uint32_t)ARG1(frame);
    struct setting was = timer_set(&timers[ALARM], seconds * 1000000000, 0);
    int64_t left = (was.left_ns + 500000000) / 1000000000;

    return was.left_ns && !left ? 1 : left;
}

/* Only real time is measured. */
long sys_setitimer(struct frame *frame)
{
    const struct itimerval *new = (const struct itimerval *)ARG2(frame);
    struct itimerval *old = (struct itimerval *)ARG3(frame), copy = {0};

    if (new)
        copy = *new;
    if (ARG1(frame) != ITIMER_REAL || !timeval_valid(copy.it_value) ||
        !timeval_valid(copy.it_interval))
        return -EINVAL;
    struct setting was = timer_set(&timers[ALARM], time_to_ns(copy.it_value),
                                   time_to_ns(copy.it_interval));
    if (old)
        *old = (struct itimerval){.it_interval = time_from_ns(was.interval_ns),
                                  .it_value = time_from_ns(was.left_ns)};
    return 0;
}

long sys_getitimer(struct frame *frame)
{
    if (ARG1(frame) != ITIMER_REAL)
        return -EINVAL;
    struct setting now = timer_read(&timers[ALARM]);
    *(struct itimerval *)ARG2(frame) =
        (struct itimerval){.it_interval = time_from_ns(now.interval_ns),
                           .it_value = time_from_ns(now.left_ns)};
    return 0;
}

/* --- programs' timers ------------------------------------------------------ */

static int timer_find_free(void)
{
    for (int i = 0; i < TIMERS; i++) {
        if (!timers[i].used)
            return i;
    }
    return TIMER_NOT;
}

static long timer_check(const struct timer *timer)
{
    switch (timer->notify) {
    case SIGEV_THREAD_ID:
        if (!signal_thread(timer->tid))
            return -EINVAL;
        /* falls through */
    case SIGEV_SIGNAL:
    case SIGEV_THREAD:
        return timer->sig < 1 || timer->sig > SIGNAL_COUNT ? -EINVAL : 0;
    case SIGEV_NONE:
        return 0;
    default:
        return -EINVAL;
    }
}

long sys_timer_create(struct frame *frame)
{
    const struct sigevent *event = (const struct sigevent *)ARG2(frame);
    clockid_t clock = (clockid_t)ARG1(frame);
    struct timer new = {.used = true, .sig = SIGALRM};

    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC &&
        clock != CLOCK_BOOTTIME)
        return -EINVAL;
    new.real = clock == CLOCK_REALTIME;
    if (event) {
        new.notify = event->sigev_notify;
        new.sig = event->sigev_signo;
        new.tid = event->_sigev_un._tid;
        memcpy(&new.value, &event->sigev_value, sizeof new.value);
    }
    long error = timer_check(&new);
    if (error)
        return error;
    lock_take(&timers_lock);
    int number = timer_find_free();
    if (number != TIMER_NOT) {
        if (!event)
            new.value = (uint64_t)number;
        timers[number] = new;
    }
    lock_release(&timers_lock);
    if (number == TIMER_NOT)
        return -EAGAIN;
    *(int *)ARG3(frame) = number;
    return 0;
}

static struct timer *timer_by_number(uint64_t number)
{
    return (uint32_t)number < TIMERS && timers[(uint32_t)number].used
               ? &timers[(uint32_t)number]
               : NULL;
}

static struct timespec timespec_from_ns(int64_t ns)
{
    return (struct timespec){ns / 1000000000, ns % 1000000000};
}

static struct itimerspec setting_show(struct setting setting)
{
    return (struct itimerspec){.it_interval =
                                   timespec_from_ns(setting.interval_ns),
                               .it_value = timespec_from_ns(setting.left_ns)};
}

long sys_timer_settime(struct frame *frame)
{
    struct itimerspec new = *(const struct itimerspec *)ARG3(frame);
    struct itimerspec *old = (struct itimerspec *)ARG4(frame);

    if (!clock_timespec_valid(&new.it_value) ||
        !clock_timespec_valid(&new.it_interval))
        return -EINVAL;
    struct timer *timer = timer_by_number(ARG1(frame));
    if (!timer)
        return -EINVAL;
    int64_t ns = clock_timespec_ns(&new.it_value);
    if (ns && ARG2(frame) & TIMER_ABSTIME) {
        ns -= timer->real ? clock_realtime_ns() : clock_monotonic_ns();
        if (ns < 1)
            ns = 1;
    }
    struct setting was =
        timer_set(timer, ns, clock_timespec_ns(&new.it_interval));
    if (old)
        *old = setting_show(was);
    return 0;
}

long sys_timer_gettime(struct frame *frame)
{
    struct timer *timer = timer_by_number(ARG1(frame));

    if (!timer)
        return -EINVAL;
    *(struct itimerspec *)ARG2(frame) = setting_show(timer_read(timer));
    return 0;
}

long sys_timer_getoverrun(struct frame *frame)
{
    struct timer *timer = timer_by_number(ARG1(frame));

    return timer ? (long)timer->overrun : -EINVAL;
}

long sys_timer_delete(struct frame *frame)
{
    struct timer *timer = timer_by_number(ARG1(frame));

    if (!timer)
        return -EINVAL;
    lock_take(&timers_lock);
    timer->used = false;
    lock_release(&timers_lock);
    return 0;
}
