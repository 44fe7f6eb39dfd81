/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who does what, and when.
 *
 *     exerciser FILE SEED OPERATIONS [PROCESSES]
 *
 * At the end all processes at once change bytes that are each one's own, neighbours
 * in the same pages.  The last line says how the file ends, for who looks at the
 * disk afterwards.
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

static int commands[PROCESSES][2]; /* pipes */

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

void step(unsigned long number, int processes)
{
    shared->operation = number;
    random_begin(seed ^ (number + 1) * 0x94d049bb133111ebul);
    random_word();
    tell((int)random_below(processes), number);
    hear();
}

static void run_all(unsigned long count, int processes)
{
    for (unsigned long i = 0; i < count; i++)
        step(i, processes);
    open_file(0);
    if (ftruncate(file, FILE_MAX))
        fail("ftruncate");
    grow_model(FILE_MAX);
    for (int i = 0; i < processes; i++)
        tell(i, 1ul << 63 | count / 20);
    for (int i = 0; i < processes; i++)
        hear();
    if (ftruncate(file, FILE_MAX))
        fail("ftruncate");
    memset(shared->model + FILE_MAX - 9, 0, 9);
    for (long at = FILE_MAX - 9; at < FILE_MAX; at++)
        if (pwrite(file, "", 1, at) != 1)
            fail("pwrite");
}

static void run_to_the_end(unsigned long count, int processes)
{
    unsigned long sum = 0;

    run_all(count, processes);
    op_whole();
    if (fsync(file))
        fail("fsync");
    for (long i = 0; i < shared->size; i++)
        sum = sum * 31 + shared->model[i];
    printf("exerciser: seed %lu, %lu operations, size %ld, sum %016lx\n", seed,
           count, shared->size, sum);
}

static int usage(void)
{
    fputs("usage: exerciser FILE SEED OPERATIONS [PROCESSES]\n"
          "       exerciser FILE SEED forever\n"
          "       exerciser FILE SEED judge LEFT SYNCED AFTER\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    const char *what = argc > 3 ? argv[3] : "";
    int judges = !strcmp(what, "judge") && argc == 7;
    int processes = argc == 5 ? atoi(argv[4]) : 3;

    if (argc < 4 || (argc > 5 && !judges) || processes < 1 ||
        processes > PROCESSES)
        return usage();
    name = argv[1];
    seed = strtoul(argv[2], NULL, 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 2;
    self = -1;
    open_file(O_TRUNC);
    close(file);
    start(processes);
    if (judges)
        return judge(argv[4], strtoul(argv[5], NULL, 0),
                     strtoul(argv[6], NULL, 0), processes);
    if (!strcmp(what, "forever"))
        run_until_killed(processes);
    else
        run_to_the_end(strtoul(what, NULL, 0), processes);
    return 0;
}
