/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be done to a file. */
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

static sigjmp_buf bus;

void on_bus(int sig)
{
    siglongjmp(bus, sig);
}

/* A range within the file. */
static int random_range(long *at, long *size)
{
    *at = random_below(shared->size);
    *size = random_below(4) ? random_below(200) : random_below(0x18000);
    if (*size > shared->size - *at)
        *size = shared->size - *at;
    return *size > 0;
}

static void op_write(void)
{
    static unsigned char data[0x20000];
    long size =
        1 + (random_below(5) ? random_below(3000) : random_below(sizeof data));
    long at = random_below(FILE_MAX - size);

    if (random_below(3) && at > shared->size)
        at = random_below(shared->size + 1);
    note("pwrite", at, size);
    fill(data, size);
    if (pwrite(file, data, (size_t)size, at) != size)
        fail("pwrite");
    put_model(at, data, size);
}

static void op_append(void)
{
    static unsigned char data[6000];
    long size = 1 + random_below(sizeof data);

    if (shared->size + size > FILE_MAX)
        return;
    note("append", shared->size, size);
    fill(data, size);
    int end = open(name, O_WRONLY | O_APPEND);
    if (end < 0 || write(end, data, (size_t)size) != size)
        fail("append");
    close(end);
    put_model(shared->size, data, size);
}

static void op_store(void)
{
    long at, size;

    need_map();
    if (!random_range(&at, &size))
        return;
    note("store", at, size);
    fill(map + at, size);
    memcpy(shared->model + at, map + at, (size_t)size);
}

/* Stores without a look before: the page's first access is a write. */
static void op_store_fresh(void)
{
    if (map)
        munmap(map, FILE_MAX);
    map = NULL;
    op_store();
}

static void set_size(long size)
{
    if (size < shared->size)
        memset(shared->model + size, 0, (size_t)(shared->size - size));
    shared->size = size;
}

static void op_truncate(void)
{
    long size = random_below(3) ? random_below(shared->size + 1)
                                : random_below(FILE_MAX);

    note("ftruncate", size, shared->size);
    if (ftruncate(file, size))
        fail("ftruncate");
    set_size(size);
}

static void op_truncate_open(void)
{
    note("open with O_TRUNC", 0, shared->size);
    int again = open(name, O_WRONLY | O_TRUNC);
    if (again < 0)
        fail("open with O_TRUNC");
    close(again);
    set_size(0);
}

static void op_read(void)
{
    static unsigned char data[FILE_MAX];
    long at, size;

    if (!random_range(&at, &size))
        return;
    note("pread", at, size);
    if (pread(file, data, (size_t)size, at) != size)
        fail("pread");
    compare("pread", data, at, size);
}

static void op_look(void)
{
    long at, size;

    need_map();
    if (!random_range(&at, &size))
        return;
    note("look", at, size);
    compare("the mapping", map + at, at, size);
}

static void op_private(void)
{
    long at, size;

    if (!random_range(&at, &size))
        return;
    long start = at & ~(PAGE - 1);
    note("private mapping", at, size);
    unsigned char *window =
        mmap(NULL, (size_t)(at + size - start), PROT_READ | PROT_WRITE,
             MAP_PRIVATE, file, start);
    if (window == MAP_FAILED)
        fail("a private mapping");
    compare("a private mapping", window + (at - start), at, size);
    memset(window + (at - start), 0, (size_t)size); /* is nobody's but ours */
    munmap(window, (size_t)(at + size - start));
}

void op_whole(void)
{
    static unsigned char data[FILE_MAX + 1];
    struct stat st;

    note("all of it", 0, shared->size);
    if (fstat(file, &st) || st.st_size != shared->size)
        fail("size is %ld, not %ld", (long)st.st_size, shared->size);
    if (pread(file, data, sizeof data, 0) != shared->size)
        fail("pread of all");
    compare("all of it", data, 0, shared->size);
}

static void op_reopen(void)
{
    note("reopen", 0, 0);
    if (map)
        munmap(map, FILE_MAX);
    map = NULL;
    close(file);
    open_file(0);
}

static void op_fsync(void)
{
    note("fsync", 0, 0);
    if (fsync(file))
        fail("fsync");
}

static void op_msync(void)
{
    long at = random_below(FILE_MAX) & ~(PAGE - 1);

    need_map();
    note("msync", at, PAGE);
    if (msync(map + at, (size_t)(FILE_MAX - at), MS_SYNC))
        fail("msync");
}

/* The bytes of the last page behind the end are zeros, and whatever is stored
 * there is never seen in the file. */
static void op_tail(void)
{
    need_map();
    long at = shared->size, end = (at + PAGE - 1) & ~(PAGE - 1);
    if (at == end)
        return;
    note("store behind the end", at, end - at);
    memset(map + at, 0x77, (size_t)(end - at));
}

static int touch_is_refused(volatile unsigned char *at, long write)
{
    if (sigsetjmp(bus, 1))
        return 1;
    if (write)
        *at = 1;
    else
        (void)*at;
    return 0;
}

/* Beyond the last page there is nothing. */
static void op_beyond(void)
{
    long end = (shared->size + PAGE - 1) & ~(PAGE - 1);
    long at = end + random_below(FILE_MAX - end);

    need_map();
    if (end >= FILE_MAX)
        return;
    note("touch beyond the end", at, 1);
    if (touch_is_refused(map + at, random_below(2)))
        return;
    fail("no SIGBUS at %ld (size %ld)", at, shared->size);
}

static void op_beyond_call(void)
{
    long end = (shared->size + PAGE - 1) & ~(PAGE - 1);

    need_map();
    if (end >= FILE_MAX)
        return;
    long size = 1 + random_below(FILE_MAX - end);
    note("write from beyond the end", end, size);
    int other = open("/dev/null", O_WRONLY), ends[2];
    if (pipe(ends))
        fail("pipe");
    errno = 0;
    if (write(ends[1], map + end, (size_t)size) != -1 || errno != EFAULT)
        fail("a write of %ld bytes from beyond the end", size);
    close(ends[0]);
    close(ends[1]);
    close(other);
}

/* What is written comes from the file itself. */
static void op_copy(void)
{
    static unsigned char data[0x20000];
    long at, size, to;

    need_map();
    if (!random_range(&at, &size))
        return;
    if (size > (long)sizeof data)
        size = sizeof data;
    to = random_below(FILE_MAX - size);
    if (to < at + size && at < to + size)
        return; /* which byte is first is nobody's promise */
    note("pwrite from the mapping", to, size);
    memcpy(data, shared->model + at, (size_t)size);
    if (pwrite(file, map + at, (size_t)size, to) != size)
        fail("pwrite from the mapping");
    put_model(to, data, size);
}

static void op_read_in(void)
{
    long at, size, to;

    need_map();
    if (!random_range(&at, &size))
        return;
    to = random_below(shared->size - size + 1);
    if (to < at + size && at < to + size)
        return;
    note("pread into the mapping", to, size);
    if (pread(file, map + to, (size_t)size, at) != size)
        fail("pread into the mapping");
    memcpy(shared->model + to, shared->model + at, (size_t)size);
}

static void op_child(void)
{
    long at, size;
    int status;

    need_map();
    if (!random_range(&at, &size))
        return;
    note("a child stores", at, size);
    fill(shared->model + at, size);
    pid_t pid = fork();
    if (!pid) {
        memcpy(map + at, shared->model + at, (size_t)size);
        _exit(0);
    }
    if (waitpid(pid, &status, 0) != pid || status)
        fail("a child: status %x", status);
}

static void op_remap(void)
{
    long pages = 1 + random_below(FILE_MAX / PAGE - 1);
    long at, size;

    if (!random_range(&at, &size))
        return;
    note("mremap", pages, 0);
    unsigned char *window =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (window == MAP_FAILED)
        fail("a small mapping");
    unsigned char *moved =
        mremap(window, PAGE, (size_t)(pages * PAGE), MREMAP_MAYMOVE);
    if (moved == MAP_FAILED)
        fail("mremap");
    if (at + size > pages * PAGE)
        size = at < pages * PAGE ? pages * PAGE - at : 0;
    compare("what mremap shows", moved + at, at, size);
    fill(moved + at, size);
    memcpy(shared->model + at, moved + at, (size_t)size);
    munmap(moved, (size_t)(pages * PAGE));
}

static const struct {
    void (*run)(void);
    int weight;
} operations[] = {
    {op_write, 12},   {op_append, 4},        {op_store, 14},
    {op_truncate, 8}, {op_truncate_open, 1}, {op_read, 12},
    {op_look, 10},    {op_private, 3},       {op_whole, 2},
    {op_reopen, 3},   {op_fsync, 1},         {op_msync, 2},
    {op_tail, 2},     {op_beyond, 3},        {op_beyond_call, 2},
    {op_copy, 3},     {op_read_in, 3},       {op_child, 1},
    {op_remap, 1},    {op_store_fresh, 3},
};

#define OPERATIONS (sizeof operations / sizeof *operations)

void operation_run(unsigned long number)
{
    int total = 0, choice;

    random_begin((seed * 0x9e3779b97f4a7c15ul) ^
                 (number + 1) * 0xbf58476d1ce4e5b9ul);
    random_word();
    random_word();
    for (unsigned i = 0; i < OPERATIONS; i++)
        total += operations[i].weight;
    choice = (int)random_below(total);
    for (unsigned i = 0; i < OPERATIONS; i++) {
        choice -= operations[i].weight;
        if (choice < 0) {
            operations[i].run();
            return;
        }
    }
}
