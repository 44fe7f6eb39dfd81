/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/clock.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/signals.h"
#include "personality/syscalls.h"

#include <sys/time.h>
#include <time.h>

static mach_port_t host; /* send right, once it was needed */

static mach_port_t clock_host(void)
{
    if (!host)
        host = mach_host_self();
    return host;
}

void clock_forked(void)
{
    host = MACH_PORT_NULL;
}

int64_t clock_realtime_ns(void)
{
    time_value64_t now = {0};

    host_get_time64(clock_host(), &now);
    return now.seconds * 1000000000 + now.nanoseconds;
}

int64_t clock_monotonic_ns(void)
{
    time_value64_t now = {0};

    host_get_uptime64(clock_host(), &now);
    return now.seconds * 1000000000 + now.nanoseconds;
}

static long clock_read(clockid_t clock, int64_t *ns)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *ns = clock_realtime_ns();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *ns = clock_monotonic_ns();
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
        *ns = (process_time_us(0) + process_time_us(1)) * 1000;
        return 0;
    case CLOCK_THREAD_CPUTIME_ID:
        *ns = (thread_time_us(0) + thread_time_us(1)) * 1000;
        return 0;
    default:
        return -EINVAL;
    }
}

long sys_clock_gettime(struct frame *frame)
{
    struct timespec *out = (struct timespec *)ARG2(frame);
    int64_t ns;
    long error = clock_read((clockid_t)ARG1(frame), &ns);

    if (!error)
        *out = (struct timespec){ns / 1000000000, ns % 1000000000};
    return error;
}

long sys_clock_getres(struct frame *frame)
{
    struct timespec *out = (struct timespec *)ARG2(frame);
    int64_t ns;
    long error = clock_read((clockid_t)ARG1(frame), &ns);

    if (!error && out)
        *out = (struct timespec){0, 1};
    return error;
}

long sys_gettimeofday(struct frame *frame)
{
    struct timeval *out = (struct timeval *)ARG1(frame);
    int64_t ns = clock_realtime_ns();

    if (out)
        *out = (struct timeval){ns / 1000000000, ns % 1000000000 / 1000};
    return 0;
}

long sys_time(struct frame *frame)
{
    time_t *out = (time_t *)ARG1(frame);
    time_t now = clock_realtime_ns() / 1000000000;

    if (out)
        *out = now;
    return now;
}

/* A receive on a port that nobody can send to, with a timeout; long sleeps in
 * pieces, as the timeout has 32 bits of milliseconds. */
int clock_sleep_ns(int64_t ns)
{
    mach_port_t port;
    mach_msg_header_t nothing;
    int64_t end = clock_monotonic_ns() + ns;
    mach_msg_return_t mr = MACH_RCV_TIMED_OUT;

    if (ns <= 0)
        return 0;
    port = mach_reply_port();
    while (mr == MACH_RCV_TIMED_OUT && ns > 0) {
        mr = mach_receive(&nothing, sizeof nothing, port,
                          (ns + 999999) / 1000000);
        ns = end - clock_monotonic_ns();
    }
    port_destroy_receive(port);
    return mr == MACH_RCV_INTERRUPTED;
}

/* Until END_NS, or as long as the call that is made again still had to go. */
static long clock_sleep_until(int64_t end_ns, struct timespec *left)
{
    struct signal_thread *mine = &thread_self()->signals;

    if (mine->sleep_until_ns)
        end_ns = mine->sleep_until_ns;
    mine->sleep_until_ns = 0;
    signals_start();
    if (!clock_sleep_ns(end_ns - clock_monotonic_ns()))
        return 0;
    mine->sleep_until_ns = end_ns;
    int64_t ns = end_ns - clock_monotonic_ns();
    if (ns < 0)
        ns = 0;
    if (left)
        *left = (struct timespec){ns / 1000000000, ns % 1000000000};
    return -EINTR;
}

static long clock_sleep(int64_t ns, struct timespec *left)
{
    return clock_sleep_until(clock_monotonic_ns() + ns, left);
}

int64_t clock_timespec_ns(const struct timespec *time)
{
    if (time->tv_sec > INT64_MAX / 1000000000 - 1)
        return INT64_MAX / 2;
    return time->tv_sec * 1000000000ll + time->tv_nsec;
}

bool clock_timespec_valid(const struct timespec *time)
{
    return time->tv_sec >= 0 && time->tv_nsec >= 0 &&
           time->tv_nsec < 1000000000;
}

long sys_nanosleep(struct frame *frame)
{
    const struct timespec *time = (const struct timespec *)ARG1(frame);

    if (!clock_timespec_valid(time))
        return -EINVAL;
    return clock_sleep(time->tv_sec * 1000000000ll + time->tv_nsec,
                       (struct timespec *)ARG2(frame));
}

long sys_clock_nanosleep(struct frame *frame)
{
    const struct timespec *time = (const struct timespec *)ARG3(frame);
    struct timespec *left = (struct timespec *)ARG4(frame);
    int64_t now;
    long error = clock_read((clockid_t)ARG1(frame), &now);

    if (error || !clock_timespec_valid(time))
        return -EINVAL;
    int64_t ns = time->tv_sec * 1000000000ll + time->tv_nsec;
    if (ARG2(frame) & TIMER_ABSTIME)
        return clock_sleep(ns - now, NULL);
    return clock_sleep(ns, left);
}
