/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/clock.h: the kernel's clocks. */
#ifndef PERSONALITY_CLOCK_H
#define PERSONALITY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_realtime_ns(void);
int64_t clock_monotonic_ns(void);

struct timespec;
/* Not more than half of what there is, so that sums do not overflow. */
int64_t clock_timespec_ns(const struct timespec *time);
bool clock_timespec_valid(const struct timespec *time);

/* In a forked child. */
void clock_forked(void);

/* Sleeps; true if a signal cut it short. */
int clock_sleep_ns(int64_t ns);

#endif
