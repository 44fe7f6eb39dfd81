/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/kernel/chance.h: random numbers that a seed gives again. */
#ifndef TESTS_CHANCE_H
#define TESTS_CHANCE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t chance_state = 1;

/* Begins with the program's argument, or OTHERWISE without one; says with what. */
static inline void chance_begin(int argc, char **argv, uint64_t otherwise)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : otherwise;

    printf("seed %lu\n", seed);
    fflush(stdout);
    chance_state = seed * 0x9e3779b97f4a7c15ul | 1;
}

static inline uint64_t chance(void)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return chance_state * 0x2545f4914f6cdd1dul;
}

/* Less than LIMIT. */
static inline uint32_t below(uint32_t limit)
{
    return (uint32_t)(chance() >> 32) % limit;
}

#endif
