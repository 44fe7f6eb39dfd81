/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/posix/clock.c: memory and time, as a C library has them, in either
 * world. */

#include "drivers/hypercall.h"

#include <stdlib.h>
#include <time.h>

#define NS_PER_S 1000000000ull

void *hyp_alloc(size_t size_bytes)
{
    return calloc(1, size_bytes);
}

void hyp_free(void *memory)
{
    free(memory);
}

uint64_t hyp_time_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void hyp_sleep_us(unsigned us)
{
    struct timespec time = {us / 1000000, (long)(us % 1000000) * 1000};

    nanosleep(&time, NULL);
}
