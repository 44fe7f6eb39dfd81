/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/limits/wild.h: what wild.c and its keeper share. */
#ifndef TESTS_LIMITS_WILD_H
#define TESTS_LIMITS_WILD_H

#include <stdint.h>

/* In a file: how far the calls have got. */
struct wild_progress {
    uint64_t calls, answers, successes;
};

#endif
