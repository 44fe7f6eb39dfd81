/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/platform/mock.h"
#include "platform/linux/machine.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK_PAGES 4
#define TRAP_FLAG   0x100

struct mock_hooks mock;
int mock_live;

static struct {
    uint64_t next_frame;
    uint64_t program, entry_page;
    uint64_t fault_address;
    int expected_access, last_vector;
} state;

extern const char user_program[], user_program_end[];

void mock_fail(const char *file, int line, const char *what)
{
    printf("%s:%d: %s\n", file, line, what);
    fflush(stdout);
    task_end_all();
    _exit(1);
}

uint64_t mock_frames(unsigned count)
{
    uint64_t phys = state.next_frame;

    state.next_frame += (uint64_t)count * PLATFORM_PAGE_SIZE;
    EXPECT(state.next_frame <= platform_memory_size());
    return phys;
}

void *mock_memory(uint64_t phys)
{
    return (uint8_t *)platform_memory_base() + phys;
}

uint64_t mock_symbol(unsigned offset)
{
    uint64_t address;

    memcpy(&address, user_program + offset, sizeof(address));
    return address;
}

int mock_pid(const struct mock_task *task)
{
    return task->task->pid;
}

static size_t program_size(void)
{
    size_t size = (size_t)(user_program_end - user_program);
    return (size + PLATFORM_PAGE_SIZE - 1) & ~(size_t)(PLATFORM_PAGE_SIZE - 1);
}

struct mock_task *mock_task_new(void)
{
    struct mock_task *task = platform_alloc(sizeof(*task));

    EXPECT(platform_task_create(&task->task, task) == 0);
    platform_task_map(task->task, USER_BASE, state.program, program_size(), 5);
    platform_task_map(task->task, FAST_ENTRY_WORD, state.entry_page, 4096, 1);
    return task;
}

void mock_task_end(struct mock_task *task)
{
    platform_task_destroy(task->task);
    platform_free(task);
}

struct mock_thread *mock_thread_new(struct mock_task *task, int routine,
                                    uint64_t argument)
{
    struct mock_thread *thread = platform_alloc(sizeof(*thread));
    struct platform_regs regs = {0};
    uint64_t stack =
        STACKS_BASE + (uint64_t)task->stacks++ * 2 * STACK_PAGES * 4096;

    EXPECT(platform_thread_create(task->task, thread, &thread->thread) == 0);
    thread->task = task;
    platform_task_map(task->task, stack, mock_frames(STACK_PAGES),
                      STACK_PAGES * 4096, 3);
    regs.rip = USER_BASE;
    regs.rsp = stack + STACK_PAGES * 4096 - 8;
    regs.rdi = (uint64_t)routine;
    regs.rsi = argument;
    platform_thread_set_regs(thread->thread, &regs);
    mock_live++;
    return thread;
}

struct mock_thread *mock_thread_go(struct mock_task *task, int routine,
                                   uint64_t argument)
{
    struct mock_thread *thread = mock_thread_new(task, routine, argument);

    platform_thread_run(thread->thread);
    return thread;
}

/* --- the platform's entries ----------------------------------------------- */

int kernel_create(const struct kernel_config *config)
{
    uint64_t entry = platform_fast_entry();

    memset(&state, 0, sizeof(state));
    mock_live = 0;
    state.program = mock_frames((unsigned)(program_size() / 4096));
    memcpy(mock_memory(state.program), user_program,
           (size_t)(user_program_end - user_program));
    state.entry_page = mock_frames(1);
    memcpy(mock_memory(state.entry_page), &entry, sizeof(entry));
    mock.start();
    return 0;
}

void kernel_destroy(void)
{
}

/* Onwards from where the program said it wants to go on after an error. */
static void resume(struct mock_thread *thread, uint64_t rax)
{
    struct platform_regs regs;

    platform_thread_get_regs(thread->thread, &regs);
    regs.rip = regs.r12;
    regs.rax = rax;
    regs.rflags &= ~(uint64_t)TRAP_FLAG;
    platform_thread_set_regs(thread->thread, &regs);
    platform_thread_run(thread->thread);
}

static void thread_done(struct mock_thread *thread)
{
    mock_live--;
    if (mock.done) {
        mock.done(thread);
        return;
    }
    platform_thread_destroy(thread->thread);
    platform_free(thread);
    if (mock_live == 0)
        platform_exit(0);
}

static void replace(struct mock_thread *thread)
{
    struct platform_regs regs;

    platform_thread_get_regs(thread->thread, &regs);
    EXPECT(regs.rbx == 5 || regs.rax == (uint64_t)TRAP_REPLACE);
    regs.rip = mock_symbol(USER_REPLACED);
    regs.rsp = (regs.rsp & ~15ull) - 1024 - 8;
    regs.rdi = 1;
    regs.rsi = 2;
    regs.rdx = 3;
    regs.rcx = 4;
    regs.r8 = 5;
    regs.r9 = 6;
    regs.fs_base = 0x7000;
    platform_thread_set_regs(thread->thread, &regs);
    platform_thread_run(thread->thread);
}

/* Adds one to xmm3, at 160 + 3 * 16 in the image. */
static void change_fpu(struct mock_thread *thread)
{
    uint8_t image[512];
    double value;

    EXPECT(platform_thread_get_fpu(thread->thread, image, sizeof(image)) ==
           (int)sizeof(image));
    memcpy(&value, image + 208, sizeof(value));
    value += 1;
    memcpy(image + 208, &value, sizeof(value));
    EXPECT(platform_thread_set_fpu(thread->thread, image, sizeof(image)) ==
           (int)sizeof(image));
    platform_thread_return(thread->thread, 0);
}

static uint64_t answer(struct mock_thread *thread, int64_t number,
                       const uint64_t args[6])
{
    struct platform_regs regs;

    platform_thread_get_regs(thread->thread, &regs);
    switch (number) {
    case TRAP_SUM:
        return args[0] + args[1] + args[2] * 10 + args[3] * 100 +
               args[4] * 1000 + args[5] * 10000;
    case TRAP_EXPECT_FAULT:
        state.expected_access = (int)args[0];
        state.fault_address = 0;
        return 0;
    case TRAP_FAULT_ADDRESS:
        return state.fault_address;
    case TRAP_LAST_VECTOR:
        return (uint64_t)state.last_vector;
    case TRAP_FS_BASE:
        return regs.fs_base;
    case TRAP_GS_BASE:
        return regs.gs_base;
    case TRAP_STOP_ME:
        thread->stop_me = true;
        return 0;
    }
    return (uint64_t)-38;
}

void kernel_trap(void *cookie, int64_t number, const uint64_t args[6])
{
    struct mock_thread *thread = cookie;
    struct platform_regs regs;

    if (mock.trap && mock.trap(thread, number, args))
        return;
    if (number == TRAP_SUM) {
        platform_thread_return(thread->thread, answer(thread, number, args));
        return;
    }
    platform_thread_get_regs(thread->thread, &regs);
    if (regs.rip >= platform_address_limit())
        resume(thread, TRAPPED);
    else if (number == TRAP_DONE)
        thread_done(thread);
    else if (number == TRAP_FAIL)
        mock_fail("tests/platform/user.c", (int)args[0], "check failed");
    else if (number == TRAP_REPLACE)
        replace(thread);
    else if (number == TRAP_FPU)
        change_fpu(thread);
    else {
        platform_thread_return(thread->thread, answer(thread, number, args));
        if (thread->stop_me)
            platform_thread_stop(thread->thread);
    }
}

void kernel_fault(void *cookie, uint64_t address, int access)
{
    struct mock_thread *thread = cookie;

    if (mock.fault && mock.fault(thread, address, access))
        return;
    if (state.expected_access != 0) {
        EXPECT(access == state.expected_access);
        state.expected_access = 0;
        state.fault_address = address;
        resume(thread, 0);
        return;
    }
    if (address < TOUCH_BASE || address >= HOLES_BASE) {
        struct platform_regs regs;
        platform_thread_get_regs(thread->thread, &regs);
        printf("fault at %#lx, rip %#lx, access %d\n", address, regs.rip,
               access);
        mock_fail(__FILE__, __LINE__, "unexpected fault");
    }
    platform_task_map(thread->task->task, address & ~4095ull, mock_frames(1),
                      4096, 3);
    platform_thread_run(thread->thread);
}

void kernel_exception(void *cookie, int vector, uint64_t error_code)
{
    state.last_vector = vector;
    resume(cookie, 0);
}

void kernel_thread_stopped(void *cookie)
{
    EXPECT(mock.stopped);
    mock.stopped(cookie);
}

void kernel_thread_failed(void *cookie)
{
    fprintf(stderr, "a thread failed\n");
    abort();
}

void kernel_task_died(void *cookie, const char *why)
{
    struct mock_task *task = cookie;

    task->died = true;
    EXPECT(mock.died);
    mock.died(task);
}

void kernel_work(void)
{
    EXPECT(mock.work);
    mock.work();
}

void kernel_timer(void)
{
    if (mock.timer)
        mock.timer();
}

void kernel_console_input(const char *text, size_t size_bytes)
{
    if (mock.input)
        mock.input(text, size_bytes);
}

size_t kernel_console_room(void)
{
    return 4096;
}

void kernel_console_resized(void)
{
}

void kernel_disk_gone(unsigned disk)
{
    (void)disk;
    EXPECT(!"a file is never lost");
}

void kernel_disk_done(void *cookie, int status)
{
    EXPECT(mock.disk_done);
    mock.disk_done(cookie, status);
}

void kernel_shutdown_request(void)
{
    platform_exit(3);
}
