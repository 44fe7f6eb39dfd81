/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model of the file, and what all operations need. */
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

struct shared *shared;
const char *name;
unsigned long seed;
int self, file = -1, answers[2];
unsigned char *map;

static unsigned long random_state;

void random_begin(unsigned long state)
{
    random_state = state;
}

unsigned long random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

long random_below(long limit)
{
    return limit > 0 ? (long)(random_word() >> 11) % limit : 0;
}

void fail(const char *format, ...)
{
    va_list args;

    shared->failed = 1;
    printf("FAILED seed %lu, operation %lu, process %d: ", seed,
           shared->operation, self);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf(" (errno %d)\n", errno);
    for (unsigned i = 1; i <= HISTORY; i++) {
        const struct history *h =
            &shared->history[(shared->operation + i) % HISTORY];
        if (h->what)
            printf("  %lu: process %d %s at %ld size %ld\n", h->number,
                   h->process, h->what, h->at, h->size);
    }
    fflush(stdout);
    /* Whoever waits for the answer shall see that there is none to come. */
    if (self >= 0)
        (void)!write(answers[1], &shared->operation, sizeof shared->operation);
    _exit(1);
}

void note(const char *what, long at, long size)
{
    shared->history[shared->operation % HISTORY] =
        (struct history){shared->operation, what, self, at, size};
}

/* The first difference between DATA and the model from AT on, or -1. */
static long differs(const unsigned char *data, long at, long size)
{
    for (long i = 0; i < size; i++)
        if (data[i] != shared->model[at + i])
            return at + i;
    return -1;
}

void compare(const char *how, const unsigned char *data, long at, long size)
{
    long where = differs(data, at, size);

    if (where >= 0)
        fail("%s differs at %ld: %02x, not %02x (size %ld)", how, where,
             data[where - at], shared->model[where], shared->size);
}

void open_file(int more)
{
    file = open(name, O_RDWR | O_CREAT | more, 0600);
    if (file < 0)
        fail("open");
}

void need_map(void)
{
    if (map)
        return;
    void *at =
        mmap(NULL, FILE_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED)
        fail("mmap");
    map = at;
}

void fill(unsigned char *data, long size)
{
    unsigned char value = (unsigned char)(random_word() >> 8) | 1;

    for (long i = 0; i < size; i++)
        data[i] = (unsigned char)(value + i % 251);
}

void grow_model(long end)
{
    if (end <= shared->size)
        return;
    shared->size = end;
}

void put_model(long at, const unsigned char *data, long size)
{
    memcpy(shared->model + at, data, (size_t)size);
    grow_model(at + size);
}
