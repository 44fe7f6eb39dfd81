/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/syscalls.h"
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/signals.h"
#include "personality/start.h"

#include <sys/syscall.h>

typedef long (*syscall_t)(struct frame *frame);

#define SYSCALL_MAX 512

/* Filled by relocation; a call that is not here does not exist. */
static const syscall_t syscalls[SYSCALL_MAX] = {
#define ENTRY(name) [SYS_##name] = sys_##name,
    SYSCALLS(ENTRY)};

/* The call ended where it touched memory that is not there. */
void syscall_faulted(void)
{
    struct thread *thread = thread_self();

    thread->calling = false;
    thread->interruptible = CALL_WHOLE;
    thread->blocking = false;
    for (unsigned i = 0; i < sizeof thread->held / sizeof *thread->held; i++) {
        if (thread->held[i])
            file_put(thread->held[i]);
    }
}

void syscall_dispatch(struct frame *frame)
{
    struct thread *thread = thread_self();
    uint64_t number = frame->number;

    thread->frame = frame;
    thread->interruptible = CALL_WHOLE;
    thread->blocking = false;
    signals_count_call();
    memset(thread->held, 0, sizeof thread->held);
    thread->calling = true;
    if (number != SYS_nanosleep && number != SYS_clock_nanosleep)
        thread->signals.sleep_until_ns = 0;
    if (number < SYSCALL_MAX && syscalls[number])
        frame->rax = (uint64_t)syscalls[number](frame);
    else {
        if (startup_trace_unknown)
            debug_print("personality: no system call %d\n", (int)number);
        frame->rax = (uint64_t)-ENOSYS;
    }
    thread->calling = false;
}
