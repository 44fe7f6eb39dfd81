/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file, changed in every way there is by several processes, against a model
 * of it in memory.
 *
 *     exerciser FILE SEED OPERATIONS [PROCESSES]
 *
 * Each operation is done by a process that the seed chooses, and is over before
 * the next one begins: the same seed does the same again.  Then all processes at
 * once change bytes that are each one's own, neighbours in the same pages.  The
 * last line says how the file ends, for who looks at the disk afterwards.  It
 * runs on Linux as well.
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

#define SIZE_MAX_    0x60000l /* what the file grows to at most */
#define PAGE         4096l
#define PROCESSES    8
#define HISTORY      24
#define STRIPE       97l /* bytes that are one process's, in the last part */
#define STRIPES_SIZE 0x8000l

struct history {
    unsigned long number;
    const char *what;
    int process;
    long at, size;
};

/* Shared by all processes. */
static struct {
    unsigned char model[SIZE_MAX_];
    long size;
    unsigned long operation;
    struct history history[HISTORY];
    int failed;
} * shared;

static const char *name;
static unsigned long seed, random_state;
static int self, file = -1;
static unsigned char *map; /* SIZE_MAX_ bytes of the file, or NULL */
static sigjmp_buf bus;
static int commands[PROCESSES][2], answers[2]; /* pipes */

static unsigned long random_word(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static long random_below(long limit)
{
    return limit > 0 ? (long)(random_word() >> 11) % limit : 0;
}

static void fail(const char *format, ...)
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

static void note(const char *what, long at, long size)
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

static void compare(const char *how, const unsigned char *data, long at,
                    long size)
{
    long where = differs(data, at, size);

    if (where >= 0)
        fail("%s differs at %ld: %02x, not %02x (size %ld)", how, where,
             data[where - at], shared->model[where], shared->size);
}

static void on_bus(int sig)
{
    siglongjmp(bus, sig);
}

static void open_file(int more)
{
    file = open(name, O_RDWR | O_CREAT | more, 0600);
    if (file < 0)
        fail("open");
}

static void need_map(void)
{
    if (map)
        return;
    void *at =
        mmap(NULL, SIZE_MAX_, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED)
        fail("mmap");
    map = at;
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

static void fill(unsigned char *data, long size)
{
    unsigned char value = (unsigned char)(random_word() >> 8) | 1;

    for (long i = 0; i < size; i++)
        data[i] = (unsigned char)(value + i % 251);
}

/* --- operations ------------------------------------------------------------ */

static void grow_model(long end)
{
    if (end <= shared->size)
        return;
    shared->size = end;
}

static void put_model(long at, const unsigned char *data, long size)
{
    memcpy(shared->model + at, data, (size_t)size);
    grow_model(at + size);
}

static void op_write(void)
{
    static unsigned char data[0x20000];
    long size =
        1 + (random_below(5) ? random_below(3000) : random_below(sizeof data));
    long at = random_below(SIZE_MAX_ - size);

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

    if (shared->size + size > SIZE_MAX_)
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
        munmap(map, SIZE_MAX_);
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
                                : random_below(SIZE_MAX_);

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
    static unsigned char data[SIZE_MAX_];
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

static void op_whole(void)
{
    static unsigned char data[SIZE_MAX_ + 1];
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
        munmap(map, SIZE_MAX_);
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
    long at = random_below(SIZE_MAX_) & ~(PAGE - 1);

    need_map();
    note("msync", at, PAGE);
    if (msync(map + at, (size_t)(SIZE_MAX_ - at), MS_SYNC))
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
    long at = end + random_below(SIZE_MAX_ - end);

    need_map();
    if (end >= SIZE_MAX_)
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
    if (end >= SIZE_MAX_)
        return;
    long size = 1 + random_below(SIZE_MAX_ - end);
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
    to = random_below(SIZE_MAX_ - size);
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
    long pages = 1 + random_below(SIZE_MAX_ / PAGE - 1);
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

static void operation_run(unsigned long number)
{
    int total = 0, choice;

    random_state =
        (seed * 0x9e3779b97f4a7c15ul) ^ (number + 1) * 0xbf58476d1ce4e5b9ul;
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

/* --- all at once -------------------------------------------------------------- */

/* Every STRIPE bytes belong to the next process. */
static void stripes_run(int processes, unsigned long rounds)
{
    unsigned char mine[STRIPE];

    need_map();
    random_state = seed + (unsigned long)self * 7919 + 1;
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
        if (!random_below(64) && ftruncate(file, SIZE_MAX_ - random_below(9)))
            fail("ftruncate");
    }
}

/* --- processes ---------------------------------------------------------------- */

/* Does what it is told: an operation's number, or that all go at once. */
static void worker(int number, int processes)
{
    unsigned long command;

    self = number;
    signal(SIGBUS, on_bus);
    open_file(0);
    while (read(commands[self][0], &command, sizeof command) ==
           sizeof command) {
        if (command & 1ul << 63)
            stripes_run(processes, command & ~(1ul << 63));
        else
            operation_run(command);
        if (write(answers[1], &command, sizeof command) != sizeof command)
            fail("the pipe of answers");
    }
    _exit(0);
}

static void tell(int process, unsigned long command)
{
    if (write(commands[process][1], &command, sizeof command) != sizeof command)
        fail("the pipe of process %d", process);
}

static void hear(void)
{
    unsigned long command;

    if (read(answers[0], &command, sizeof command) != sizeof command ||
        shared->failed)
        exit(1);
}

static void start(int processes)
{
    if (pipe(answers))
        fail("pipe");
    for (int i = 0; i < processes; i++) {
        if (pipe(commands[i]))
            fail("pipe");
        pid_t pid = fork();
        if (!pid) {
            for (int j = 0; j <= i; j++)
                close(commands[j][1]);
            close(answers[0]);
            worker(i, processes);
        }
        close(commands[i][0]);
    }
    close(answers[1]);
}

static void run_all(unsigned long count, int processes)
{
    for (unsigned long i = 0; i < count; i++) {
        shared->operation = i;
        random_state = seed ^ (i + 1) * 0x94d049bb133111ebul;
        random_word();
        tell((int)random_below(processes), i);
        hear();
    }
    open_file(0);
    if (ftruncate(file, SIZE_MAX_))
        fail("ftruncate");
    grow_model(SIZE_MAX_);
    for (int i = 0; i < processes; i++)
        tell(i, 1ul << 63 | count / 20);
    for (int i = 0; i < processes; i++)
        hear();
    if (ftruncate(file, SIZE_MAX_))
        fail("ftruncate");
    memset(shared->model + SIZE_MAX_ - 9, 0, 9);
    for (long at = SIZE_MAX_ - 9; at < SIZE_MAX_; at++)
        if (pwrite(file, "", 1, at) != 1)
            fail("pwrite");
}

int main(int argc, char **argv)
{
    int processes = argc > 4 ? atoi(argv[4]) : 3;
    unsigned long count, sum = 0;

    if (argc < 4 || processes < 1 || processes > PROCESSES) {
        fprintf(stderr, "usage: exerciser FILE SEED OPERATIONS [PROCESSES]\n");
        return 2;
    }
    name = argv[1];
    seed = strtoul(argv[2], NULL, 0);
    count = strtoul(argv[3], NULL, 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 2;
    self = -1;
    open_file(O_TRUNC);
    close(file);
    start(processes);
    run_all(count, processes);
    op_whole();
    if (fsync(file))
        fail("fsync");
    for (long i = 0; i < shared->size; i++)
        sum = sum * 31 + shared->model[i];
    printf("exerciser: seed %lu, %lu operations, size %ld, sum %016lx\n", seed,
           count, shared->size, sum);
    return 0;
}
