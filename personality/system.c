/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/system.c: questions about the machine. */
#include "personality/clock.h"
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/signals.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#define SIGNALS_MAX 2048 /* queued */

/* The processor's own generator; no entropy of the host's comes this far. */
static bool random_word(uint64_t *word)
{
    unsigned char ok = 0;

    for (int tries = 0; tries < 16 && !ok; tries++)
        asm volatile("rdrand %0; setc %1" : "=r"(*word), "=qm"(ok));
    return ok;
}

static bool random_available(void)
{
    uint32_t a = 1, b, c = 0, d;

    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return c >> 30 & 1;
}

long sys_getrandom(struct frame *frame)
{
    char *to = (char *)ARG1(frame);
    uint64_t size = ARG2(frame), word;

    if (ARG3(frame) & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE) ||
        (ARG3(frame) & GRND_RANDOM && ARG3(frame) & GRND_INSECURE))
        return -EINVAL;
    if (!random_available())
        return -ENOSYS;
    for (uint64_t done = 0; done < size; done += sizeof word) {
        if (!random_word(&word))
            return -EAGAIN;
        memcpy(to + done, &word,
               size - done < sizeof word ? size - done : sizeof word);
    }
    return (long)size;
}

/* What the personality itself keeps to. */
static struct rlimit limits[RLIM_NLIMITS] = {
    [RLIMIT_NOFILE] = {FD_MAX, FD_MAX},
    [RLIMIT_SIGPENDING] = {SIGNALS_MAX, SIGNALS_MAX},
    [RLIMIT_DATA] = {RLIM_INFINITY, RLIM_INFINITY},
};

static const unsigned char limits_kept[LIMITS_KEPT] = {
    RLIMIT_NOFILE, RLIMIT_SIGPENDING, RLIMIT_DATA};

static bool limit_is_kept(int resource)
{
    bool kept = false;

    for (int i = 0; i < LIMITS_KEPT; i++)
        kept |= limits_kept[i] == resource;
    return kept;
}

void limits_for_exec(int *ints)
{
    for (int i = 0; i < LIMITS_KEPT; i++) {
        int_put_wide(ints + 4 * i, limits[limits_kept[i]].rlim_cur);
        int_put_wide(ints + 4 * i + 2, limits[limits_kept[i]].rlim_max);
    }
}

/* They may come from anybody. */
void limits_from_exec(const int *ints)
{
    for (int i = 0; i < LIMITS_KEPT; i++) {
        struct rlimit *limit = &limits[limits_kept[i]];
        uint64_t cur = int_get_wide(ints + 4 * i);
        uint64_t max = int_get_wide(ints + 4 * i + 2);
        if (max < limit->rlim_max)
            limit->rlim_max = max;
        limit->rlim_cur = cur < limit->rlim_max ? cur : limit->rlim_max;
    }
}

unsigned limit_descriptors(void)
{
    return (unsigned)limits[RLIMIT_NOFILE].rlim_cur;
}

unsigned limit_signals(void)
{
    uint64_t limit = limits[RLIMIT_SIGPENDING].rlim_cur;

    return limit < SIGNALS_MAX ? (unsigned)limit : SIGNALS_MAX;
}

uint64_t limit_data(void)
{
    return limits[RLIMIT_DATA].rlim_cur;
}

static void limit_of(int resource, struct rlimit *limit)
{
    *limit = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    if (limit_is_kept(resource))
        *limit = limits[resource];
    if (resource == RLIMIT_STACK)
        limit->rlim_cur = 8ul << 20;
    if (resource == RLIMIT_CORE) /* nobody writes any */
        *limit = (struct rlimit){0, 0};
}

/* Others cannot be lowered, for nobody would keep to them; one that would
 * change nothing is no lie. */
static long limit_set(int resource, const struct rlimit *new)
{
    struct rlimit now;

    limit_of(resource, &now);
    if (new->rlim_cur > new->rlim_max)
        return -EINVAL;
    if (limit_is_kept(resource)) {
        if (new->rlim_max > now.rlim_max)
            return -EPERM;
        limits[resource] = *new;
        return 0;
    }
    if (resource == RLIMIT_CORE && !new->rlim_cur)
        return 0;
    return new->rlim_cur == now.rlim_cur &&new->rlim_max == now.rlim_max
               ? 0
               : -EPERM;
}

long sys_prlimit64(struct frame *frame)
{
    const struct rlimit *new = (const struct rlimit *)ARG3(frame);
    struct rlimit *old = (struct rlimit *)ARG4(frame), was;

    if (ARG2(frame) >= RLIM_NLIMITS)
        return -EINVAL;
    if (ARG1(frame) && (int)ARG1(frame) != process_pid())
        return process_kill((int)ARG1(frame), 0) == -ESRCH ? -ESRCH : -EPERM;
    limit_of((int)ARG2(frame), &was);
    long error = new ? limit_set((int)ARG2(frame), new) : 0;
    if (!error && old)
        *old = was;
    return error;
}

long sys_setrlimit(struct frame *frame)
{
    if (ARG1(frame) >= RLIM_NLIMITS)
        return -EINVAL;
    return limit_set((int)ARG1(frame), (const struct rlimit *)ARG2(frame));
}

long sys_getrlimit(struct frame *frame)
{
    if (ARG1(frame) >= RLIM_NLIMITS)
        return -EINVAL;
    limit_of((int)ARG1(frame), (struct rlimit *)ARG2(frame));
    return 0;
}

long sys_sysinfo(struct frame *frame)
{
    struct sysinfo *info = (struct sysinfo *)ARG1(frame);
    vm_statistics_data_t stats;

    if (vm_statistics(mach_task_self(), &stats))
        return -EIO;
    *info = (struct sysinfo){
        .uptime = clock_monotonic_ns() / 1000000000,
        .totalram = (uint64_t)(stats.free_count + stats.active_count +
                               stats.inactive_count + stats.wire_count),
        .freeram = (uint64_t)stats.free_count,
        .mem_unit = (unsigned)stats.pagesize};
    return 0;
}
