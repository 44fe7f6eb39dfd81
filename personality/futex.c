/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/futex.c: futexes are gsync's.
 *
 * Most wake-ups find nobody waiting.  So that those need no message, the task
 * counts its waiters by address; memory shared with other tasks cannot be
 * counted so, and always asks the kernel.
 */
#include "personality/clock.h"
#include "personality/futex.h"
#include "personality/mach.h"
#include "personality/rpc.h"
#include "personality/syscalls.h"

#include <linux/futex.h>
#include <time.h>

#define GSYNC_SHARED    1
#define GSYNC_TIMED     4
#define GSYNC_BROADCAST 8
#define BUCKETS         64

static uint32_t waiting[BUCKETS];

static uint32_t *futex_bucket(uint64_t address)
{
    return &waiting[(address >> 2 ^ address >> 12) % BUCKETS];
}

/* Milliseconds from now until TIME, 0 if it is past, rounded up. */
static uint32_t futex_timeout(const struct timespec *time, bool absolute,
                              bool realtime)
{
    int64_t ns = time->tv_sec * 1000000000ll + time->tv_nsec;

    if (absolute)
        ns -= realtime ? clock_realtime_ns() : clock_monotonic_ns();
    if (ns <= 0)
        return 0;
    ns = (ns + 999999) / 1000000;
    return ns > 0x7fffffff ? 0x7fffffff : (uint32_t)ns;
}

static long futex_wait(uint64_t address, uint32_t value, bool private,
                       const struct timespec *time, bool absolute,
                       bool realtime)
{
    uint32_t timeout_ms = time ? futex_timeout(time, absolute, realtime) : 0;
    int flags = (private ? 0 : GSYNC_SHARED) | (time ? GSYNC_TIMED : 0);
    uint32_t *bucket = futex_bucket(address);

    /* Counted before the word is compared: who changes it then looks here. */
    __atomic_add_fetch(bucket, 1, __ATOMIC_SEQ_CST);
    kern_return_t kr =
        __atomic_load_n((uint32_t *)address, __ATOMIC_SEQ_CST) != value
            ? KERN_INVALID_ARGUMENT
            : ABANDONABLE(gsync_wait(mach_task_self(), address, value, 0,
                                     timeout_ms, flags));
    __atomic_sub_fetch(bucket, 1, __ATOMIC_SEQ_CST);
    if (kr == KERN_INVALID_ARGUMENT)
        return -EAGAIN;
    if (kr == KERN_INVALID_ADDRESS)
        return -EFAULT;
    return linux_error(kr);
}

/* How many are woken is known to the kernel alone; callers ask only whether. */
long futex_wake(uint64_t address, uint32_t count, bool private)
{
    if (private && !__atomic_load_n(futex_bucket(address), __ATOMIC_SEQ_CST))
        return 0;
    int flags = private ? 0 : GSYNC_SHARED;
    if (count > 64) {
        gsync_wake(mach_task_self(), address, 0, flags | GSYNC_BROADCAST);
        return 1;
    }
    for (uint32_t i = 0; i < count; i++)
        gsync_wake(mach_task_self(), address, 0, flags);
    return count ? 1 : 0;
}

static long futex_requeue(struct frame *frame, bool private, bool compare)
{
    uint64_t from = ARG1(frame), to = ARG5(frame);
    uint32_t wake = (uint32_t)ARG3(frame), move = (uint32_t)ARG4(frame);

    if (compare && __atomic_load_n((uint32_t *)from, __ATOMIC_SEQ_CST) !=
                       (uint32_t)ARG6(frame))
        return -EAGAIN;
    /* Who is moved is counted where it waited first; waking all instead is
     * always allowed. */
    (void)to;
    return futex_wake(from, move ? ~0u : wake, private);
}

static long futex_wake_op(struct frame *frame, bool private)
{
    uint32_t op = (uint32_t)ARG6(frame), old, new;
    uint32_t *word = (uint32_t *)ARG5(frame);
    uint32_t arg = op >> 12 & 0xfff, compare = op & 0xfff;
    uint32_t kind = op >> 28, test = op >> 24 & 0xf;

    if (kind & 8) {
        arg = 1u << (arg & 31);
        kind &= 7;
    }
    do {
        old = __atomic_load_n(word, __ATOMIC_SEQ_CST);
        new = kind == 0   ? arg
              : kind == 1 ? old + arg
              : kind == 2 ? old | arg
              : kind == 3 ? old & ~arg
                          : old ^ arg;
    } while (!__atomic_compare_exchange_n(word, &old, new, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    int a = (int)old, b = (int)compare;
    bool also = test == 0   ? a == b
                : test == 1 ? a != b
                : test == 2 ? a < b
                : test == 3 ? a <= b
                : test == 4 ? a > b
                            : a >= b;
    long woken = futex_wake(ARG1(frame), (uint32_t)ARG3(frame), private);
    if (also)
        woken += futex_wake((uint64_t)word, (uint32_t)ARG4(frame), private);
    return woken;
}

long sys_futex(struct frame *frame)
{
    int op = (int)ARG2(frame) & FUTEX_CMD_MASK;
    bool private = ARG2(frame) & FUTEX_PRIVATE_FLAG;
    bool realtime = ARG2(frame) & FUTEX_CLOCK_REALTIME;
    const struct timespec *time = (const struct timespec *)ARG4(frame);

    if (ARG1(frame) & 3)
        return -EINVAL;
    switch (op) {
    case FUTEX_WAIT:
        return futex_wait(ARG1(frame), (uint32_t)ARG3(frame), private, time,
                          false, false);
    case FUTEX_WAIT_BITSET:
        return futex_wait(ARG1(frame), (uint32_t)ARG3(frame), private, time,
                          true, realtime);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        return futex_wake(ARG1(frame), (uint32_t)ARG3(frame), private);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
        return futex_requeue(frame, private, op == FUTEX_CMP_REQUEUE);
    case FUTEX_WAKE_OP:
        return futex_wake_op(frame, private);
    default:
        return -ENOSYS;
    }
}
