/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/platform/mock.h: a kernel that does what a test says.
 *
 * It hands out frames, answers the traps of traps.h, and calls the test's hooks
 * where a test wants something else.  A test ends when all threads that it
 * started have said TRAP_DONE, or by platform_exit.
 */
#ifndef TESTS_PLATFORM_MOCK_H
#define TESTS_PLATFORM_MOCK_H

#include "platform/platform.h"
#include "tests/platform/traps.h"

struct mock_task {
    struct platform_task *task;
    unsigned stacks;
    bool died;
};

struct mock_thread {
    struct mock_task *task;
    struct platform_thread *thread;
    bool stop_me;
};

/* Each may be NULL.  The bool ones return true if they dealt with the event. */
struct mock_hooks {
    void (*start)(void);
    bool (*trap)(struct mock_thread *, int64_t number, const uint64_t args[6]);
    bool (*fault)(struct mock_thread *, uint64_t address, int access);
    void (*stopped)(struct mock_thread *);
    void (*died)(struct mock_task *);
    void (*timer)(void);
    void (*work)(void);
    void (*disk_done)(void *cookie, int status);
    void (*input)(const char *text, size_t size);
    void (*done)(struct mock_thread *);
};

extern struct mock_hooks mock;
extern int mock_live; /* threads that have not said TRAP_DONE */

_Noreturn void mock_fail(const char *file, int line, const char *what);
#define EXPECT(condition)                                                      \
    do {                                                                       \
        if (!(condition))                                                      \
            mock_fail(__FILE__, __LINE__, #condition);                         \
    } while (0)

/* COUNT fresh frames in a row. */
uint64_t mock_frames(unsigned count);
void *mock_memory(uint64_t phys);

/* A task with the test program in it. */
struct mock_task *mock_task_new(void);
void mock_task_end(struct mock_task *task);
/* A thread that will run ROUTINE(ARGUMENT), not let go yet; and one let go. */
struct mock_thread *mock_thread_new(struct mock_task *task, int routine,
                                    uint64_t argument);
struct mock_thread *mock_thread_go(struct mock_task *task, int routine,
                                   uint64_t argument);
/* An address in the test program, from the table at its start. */
uint64_t mock_symbol(unsigned offset);

/* The process of a task, for tests that meddle from outside. */
int mock_pid(const struct mock_task *task);

#endif /* TESTS_PLATFORM_MOCK_H */
