/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What diskbench does, with pread and pwrite on the host: depth 32 is 32
 * threads. */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SMALL        4096u
#define LARGE        (1u << 20)
#define DEPTH        32u
#define SMALL_ROUNDS 32000u
#define LARGE_ROUNDS 400u
#define FLUSH_ROUNDS 50u

static int fd;
static uint64_t size;

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void report(const char *what, uint64_t start_ns, unsigned rounds)
{
    printf("bench %s %lu ns\n", what,
           (unsigned long)((now_ns() - start_ns) / rounds));
}

static void *random_reads(void *rounds)
{
    unsigned seed = (unsigned)(uintptr_t)&seed;
    char data[SMALL];

    for (uintptr_t i = 0; i < (uintptr_t)rounds; i++) {
        uint64_t page = (uint64_t)rand_r(&seed) % (size / SMALL);
        if (pread(fd, data, SMALL, (off_t)(page * SMALL)) != SMALL)
            err(1, "read");
    }
    return NULL;
}

static void deep_reads(void)
{
    pthread_t threads[DEPTH];

    for (unsigned i = 0; i < DEPTH; i++)
        if (pthread_create(&threads[i], NULL, random_reads,
                           (void *)(uintptr_t)(SMALL_ROUNDS / DEPTH)) != 0)
            errx(1, "no thread");
    for (unsigned i = 0; i < DEPTH; i++)
        pthread_join(threads[i], NULL);
}

static void transfers(char *data, int writes)
{
    uint64_t offset = 0;

    for (unsigned i = 0; i < LARGE_ROUNDS; i++) {
        ssize_t done = writes ? pwrite(fd, data, LARGE, (off_t)offset)
                              : pread(fd, data, LARGE, (off_t)offset);
        if (done != LARGE)
            err(1, "%s", writes ? "write" : "read");
        offset = (offset + LARGE) % (size / LARGE * LARGE);
    }
}

int main(int argc, char **argv)
{
    char *data = malloc(LARGE);
    uint64_t start;

    if (argc != 2 || !data || (fd = open(argv[1], O_RDWR | O_CLOEXEC)) < 0)
        err(1, "%s", argc == 2 ? argv[1] : "usage: hostdisk FILE");
    size = (uint64_t)lseek(fd, 0, SEEK_END);
    memset(data, 'x', LARGE);
    transfers(data, 0); /* warms the cache */
    start = now_ns();
    random_reads((void *)(uintptr_t)SMALL_ROUNDS);
    report("read-4k-depth-1", start, SMALL_ROUNDS);
    start = now_ns();
    deep_reads();
    report("read-4k-depth-32", start, SMALL_ROUNDS);
    start = now_ns();
    transfers(data, 0);
    report("read-1m-depth-1", start, LARGE_ROUNDS);
    start = now_ns();
    transfers(data, 1);
    report("write-1m", start, LARGE_ROUNDS);
    start = now_ns();
    for (unsigned i = 0; i < FLUSH_ROUNDS; i++)
        if (fdatasync(fd) != 0)
            err(1, "flush");
    report("flush", start, FLUSH_ROUNDS);
    return 0;
}
