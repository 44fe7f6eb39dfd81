/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/system.c: questions about the machine. */
#include "personality/clock.h"
#include "personality/mach.h"
#include "personality/syscalls.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>

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

static void limit_of(int resource, struct rlimit *limit)
{
    *limit = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    if (resource == RLIMIT_STACK)
        limit->rlim_cur = 8ul << 20;
    if (resource == RLIMIT_NOFILE)
        *limit = (struct rlimit){1024, 1024};
}

long sys_prlimit64(struct frame *frame)
{
    struct rlimit *old = (struct rlimit *)ARG4(frame);

    if (ARG2(frame) >= RLIM_NLIMITS)
        return -EINVAL;
    if (ARG3(frame))
        return -EPERM; /* limits are reported, not set */
    if (old)
        limit_of((int)ARG2(frame), old);
    return 0;
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
