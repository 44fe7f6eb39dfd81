/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process has had of the processor, its threads and its children; and
 * that who sleeps has nothing. */
#include "same.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/times.h>

#define LONG_MS 200

static long cpu_ms(clockid_t clock)
{
    struct timespec time;

    if (clock_gettime(clock, &time))
        return -1;
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static long usage_ms(int who)
{
    struct rusage usage;

    if (getrusage(who, &usage))
        return -1;
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static void compute(void)
{
    long until = cpu_ms(CLOCK_THREAD_CPUTIME_ID) + LONG_MS;

    while (cpu_ms(CLOCK_THREAD_CPUTIME_ID) < until)
        for (volatile int i = 0; i < 1000000; i++)
            continue;
}

static void *compute_in_thread(void *nothing)
{
    compute();
    TELL("a thread has %d", cpu_ms(CLOCK_THREAD_CPUTIME_ID) >= LONG_MS);
    TELL("by its usage %d", usage_ms(RUSAGE_THREAD) >= LONG_MS - 20);
    return nothing;
}

static void threads(void)
{
    long before = cpu_ms(CLOCK_PROCESS_CPUTIME_ID);
    long own = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
    pthread_t thread;

    SAY(pthread_create(&thread, NULL, compute_in_thread, NULL));
    SAY(pthread_join(thread, NULL));
    TELL("the process has it, too, %d",
         cpu_ms(CLOCK_PROCESS_CPUTIME_ID) - before >= LONG_MS - 20);
    TELL("the other thread has not %d",
         cpu_ms(CLOCK_THREAD_CPUTIME_ID) - own < LONG_MS / 2);
}

static void children(void)
{
    struct rusage usage;
    struct tms tms;
    pid_t child;

    TELL("nobody's children %ld", usage_ms(RUSAGE_CHILDREN));
    IN_CHILD(child)
    {
        compute();
    }
    memset(&usage, 0, sizeof usage);
    SAY_OK(wait4(child, NULL, 0, &usage));
    TELL("wait4 tells %d", usage.ru_utime.tv_sec * 1000000 +
                                   usage.ru_utime.tv_usec +
                                   usage.ru_stime.tv_usec >=
                               (LONG_MS - 20) * 1000);
    TELL("the children's %d", usage_ms(RUSAGE_CHILDREN) >= LONG_MS - 20);
    SAY_OK(times(&tms));
    TELL("in ticks %d", tms.tms_cutime + tms.tms_cstime >= LONG_MS / 10 - 4);
}

static void faults(void)
{
    struct rusage before, after;
    char *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    getrusage(RUSAGE_SELF, &before);
    memset(memory, 1, 1 << 20);
    getrusage(RUSAGE_SELF, &after);
    TELL("faults %d", after.ru_minflt > before.ru_minflt);
}

int main(void)
{
    long before;

    children();
    threads();
    compute();
    TELL("computed %d", usage_ms(RUSAGE_SELF) >= LONG_MS - 20);
    before = cpu_ms(CLOCK_PROCESS_CPUTIME_ID);
    usleep(300000);
    TELL("slept %d", cpu_ms(CLOCK_PROCESS_CPUTIME_ID) - before < 150);
    faults();
    return 0;
}
