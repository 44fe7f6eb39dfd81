/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbours in the same pages. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/files/exerciser/exerciser.h"

#define STRIPE       97l /* bytes that are one process's */
#define STRIPES_SIZE 0x8000l

/* Every STRIPE bytes belong to the next process. */
void stripes_run(int processes, unsigned long rounds)
{
    unsigned char mine[STRIPE];

    need_map();
    random_begin(seed + (unsigned long)self * 7919 + 1);
    memset(mine, 0, sizeof mine);
    for (unsigned long round = 0; round < rounds; round++) {
        long count = STRIPES_SIZE / STRIPE / processes;
        long at = (random_below(count) * processes + self) * STRIPE;
        unsigned char back[STRIPE];
        fill(mine, STRIPE);
        if (random_below(2))
            memcpy(map + at, mine, STRIPE);
        else if (pwrite(file, mine, STRIPE, at) != STRIPE)
            fail("pwrite of a stripe");
        if (random_below(2)) {
            memcpy(back, map + at, STRIPE);
        } else if (pread(file, back, STRIPE, at) != STRIPE) {
            fail("pread of a stripe");
        }
        if (memcmp(back, mine, STRIPE))
            fail("a stripe at %ld is not what was put there", at);
        memcpy(shared->model + at, mine, STRIPE);
        if (!random_below(64) && ftruncate(file, FILE_MAX - random_below(9)))
            fail("ftruncate");
    }
}
