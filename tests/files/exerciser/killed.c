/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a killed machine leaves of a file: what it was at the last fsync, and of
 * what came later, each byte as it was at some time since.
 *
 *     exerciser FILE SEED forever
 *     exerciser FILE SEED judge LEFT SYNCED AFTER
 */
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

#define BETWEEN 40 /* operations from one fsync to the next, on average */

void run_until_killed(int processes)
{
    for (unsigned long number = 0;; number++) {
        step(number, processes);
        random_begin(number * 0x2545f4914f6cdd1dul + seed);
        random_word();
        if (random_below(BETWEEN))
            continue;
        open_file(0);
        if (fsync(file))
            fail("fsync");
        close(file);
        printf("synced %lu\n", number + 1);
        fflush(stdout);
    }
}

/* --- the judge ---------------------------------------------------------------- */

/* Bit V of byte AT: that byte was V since the last fsync. */
static unsigned char (*had)[256 / 8];
static long size_least, size_most;

static void remember(void)
{
    for (long at = 0; at < FILE_MAX; at++) {
        unsigned char value = shared->model[at];
        had[at][value / 8] |= (unsigned char)(1 << value % 8);
    }
    if (shared->size < size_least)
        size_least = shared->size;
    if (shared->size > size_most)
        size_most = shared->size;
}

static int judge_file(const char *left)
{
    static unsigned char data[FILE_MAX + 1];
    int fd = open(left, O_RDONLY);
    long size = fd < 0 ? -1 : read(fd, data, sizeof data);

    close(fd);
    if (size < size_least || size > size_most) {
        printf("judge: seed %lu: size %ld, not %ld to %ld\n", seed, size,
               size_least, size_most);
        return 1;
    }
    for (long at = 0; at < size; at++) {
        if (had[at][data[at] / 8] & 1 << data[at] % 8)
            continue;
        printf("judge: seed %lu: byte %ld of %ld is %02x, never so since the "
               "fsync\n",
               seed, at, size, data[at]);
        return 1;
    }
    printf("judge: seed %lu: size %ld, sound\n", seed, size);
    return 0;
}

int judge(const char *left, unsigned long synced, unsigned long after,
          int processes)
{
    had = calloc(FILE_MAX, sizeof *had);
    if (!had)
        return 2;
    for (unsigned long number = 0; number < synced; number++)
        step(number, processes);
    size_least = size_most = shared->size;
    remember();
    for (unsigned long number = synced; number < synced + after; number++) {
        step(number, processes);
        remember();
    }
    return judge_file(left);
}
