/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/threads.c: Mach threads as Linux's. */
#include "personality/futex.h"
#include "personality/lock.h"
#include "personality/mach.h"
#include <lib/mach/mig_support.h>
#include "personality/process.h"
#include "personality/robust.h"
#include "personality/signals.h"
#include "personality/syscalls.h"
#include "personality/user.h"

#include <asm/prctl.h>
#include <linux/sched.h>
#include <mach/machine/thread_status.h>
#include <sys/prctl.h>

#define THREAD_CLONE_FLAGS (CLONE_VM | CLONE_THREAD)
#define TID_BITS           14

struct thread *threads;
struct lock threads_lock;
static uint32_t next_tid;

void personality_thread_start(struct thread *thread, struct frame *frame);
void thread_begin(struct thread *thread);

static struct thread *thread_on_stack(char *stack)
{
    return (struct thread *)(stack + THREAD_STACK_SIZE -
                             ((sizeof(struct thread) + 63) & ~63ul));
}

/* A thread's own stack, its struct at the top.  NULL: no memory. */
static struct thread *thread_allocate(void)
{
    char *stack = pages_allocate(THREAD_STACK_SIZE);
    struct thread *thread;

    if (!stack)
        return NULL;
    thread = thread_on_stack(stack);
    thread->stack = (uint64_t)stack;
    return thread;
}

static void thread_link(struct thread *thread)
{
    lock_take(&threads_lock);
    thread->next = threads;
    threads = thread;
    lock_release(&threads_lock);
}

static void thread_unlink(struct thread *thread)
{
    struct thread **link = &threads;

    lock_take(&threads_lock);
    while (*link != thread)
        link = &(*link)->next;
    *link = thread->next;
    lock_release(&threads_lock);
}

/* Makes THREAD the one that this Mach thread is. */
static void thread_set_self(struct thread *thread)
{
    asm volatile("mov %0, %%gs:%c1\n\t"
                 "mov %0, %%gs:%c2"
                 :
                 : "r"(thread), "i"(GS_THREAD), "i"(GS_STACK)
                 : "memory");
}

void thread_adopt_first(void)
{
    struct thread *thread = thread_allocate();

    if (!thread)
        personality_panic("no memory for the first thread");
    thread->reply_port = mig_get_reply_port();
    thread->port = mach_thread_self();
    thread_set_self(thread);
    thread_link(thread);
}

void thread_adopt_forked(struct thread *thread)
{
    threads = thread;
    thread->next = NULL;
    thread->reply_port = MACH_PORT_NULL;
    thread->spare_reply_port = MACH_PORT_NULL;
    thread->robust_list = 0;
    threads_lock = (struct lock){0};
    thread_set_self(thread);
    thread->port = mach_thread_self();
}

/* A process of very many threads in its life meets its numbers again. */
static bool tid_in_use(int tid)
{
    const struct thread *thread = threads;

    while (thread && thread->tid != tid)
        thread = thread->next;
    return thread;
}

int thread_next_tid(void)
{
    uint32_t base = TID_BASE | ((uint32_t)process_pid() & 0x7fff) << TID_BITS;
    int tid;

    lock_take(&threads_lock);
    do
        tid = (int)(base | (++next_tid & ((1u << TID_BITS) - 1)));
    while (tid_in_use(tid));
    lock_release(&threads_lock);
    return tid;
}

int thread_tid(const struct thread *thread)
{
    return thread->tid ? thread->tid : process_pid();
}

long sys_gettid(struct frame *frame)
{
    (void)frame;
    return thread_tid(thread_self());
}

long sys_set_tid_address(struct frame *frame)
{
    thread_self()->clear_child_tid = (int *)ARG1(frame);
    return thread_tid(thread_self());
}

long sys_rseq(struct frame *frame)
{
    (void)frame;
    return -ENOSYS; /* libraries ask, and go without */
}

long sys_sched_yield(struct frame *frame)
{
    (void)frame;
    swtch();
    return 0;
}

long sys_sched_getaffinity(struct frame *frame)
{
    uint64_t *mask = (uint64_t *)ARG3(frame);

    if (ARG2(frame) < sizeof *mask)
        return -EINVAL;
    *mask = 1; /* one processor is what Mach's host has */
    return sizeof *mask;
}

long sys_arch_prctl(struct frame *frame)
{
    uint64_t base;

    switch (ARG1(frame)) {
    case ARCH_SET_FS:
        if (ARG2(frame) >> 47)
            return -EPERM;
        asm volatile("wrfsbase %0" : : "r"(ARG2(frame)));
        return 0;
    case ARCH_GET_FS:
        asm volatile("rdfsbase %0" : "=r"(base));
        *(uint64_t *)ARG2(frame) = base;
        return 0;
    default: /* GS is not the program's here */
        return -EINVAL;
    }
}

long sys_prctl(struct frame *frame)
{
    switch (ARG1(frame)) {
    case PR_SET_NAME:
        return linux_error(
            thread_set_name(thread_self()->port, (char *)ARG2(frame)));
    default:
        return -EINVAL;
    }
}

/* --- new threads --------------------------------------------------------- */

/* The first code of a new thread, on its personality stack. */
void thread_begin(struct thread *thread)
{
    asm volatile("wrfsbase %0" : : "r"(thread->fs_base));
    thread->port = mach_thread_self();
}

static kern_return_t thread_start_at(mach_port_t port, uint64_t entry,
                                     uint64_t stack, uint64_t first,
                                     uint64_t second)
{
    struct i386_thread_state state = {
        .rip = entry, .ursp = stack, .rdi = first, .rsi = second, .rfl = 0x202};
    kern_return_t kr =
        thread_set_state(port, i386_THREAD_STATE, (thread_state_t)&state,
                         i386_THREAD_STATE_COUNT);

    return kr ? kr : thread_resume(port);
}

void personality_thread_internal(struct thread *thread, void (*function)(void));

long thread_run_internal(void (*function)(void), void *stack)
{
    struct thread *thread = thread_on_stack(stack);
    mach_port_t port;
    kern_return_t kr = thread_create(mach_task_self(), &port);

    if (kr)
        return linux_error(kr);
    memset(thread, 0, sizeof *thread);
    kr =
        thread_start_at(port, (uint64_t)personality_thread_internal,
                        (uint64_t)thread, (uint64_t)thread, (uint64_t)function);
    port_deallocate(port);
    return linux_error(kr);
}

struct clone_request {
    uint64_t flags, stack, tls;
    int *parent_tid, *child_tid;
};

static long thread_clone(struct frame *frame, const struct clone_request *clone)
{
    struct thread *thread = thread_allocate();
    mach_port_t port;

    if (!thread)
        return -ENOMEM;
    if (thread_create(mach_task_self(), &port)) {
        pages_free((void *)thread->stack, THREAD_STACK_SIZE);
        return -EAGAIN;
    }
    struct frame *child = (struct frame *)thread - 1;
    *child = *frame;
    child->rax = 0;
    if (clone->stack)
        child->rsp = clone->stack;
    thread->tid = thread_next_tid();
    thread->signals.mask = thread_self()->signals.mask;
    thread->fs_base = clone->tls;
    if (!(clone->flags & CLONE_SETTLS))
        asm volatile("rdfsbase %0" : "=r"(thread->fs_base));
    if (clone->flags & CLONE_PARENT_SETTID)
        *clone->parent_tid = thread->tid;
    if (clone->flags & CLONE_CHILD_SETTID)
        *clone->child_tid = thread->tid;
    if (clone->flags & CLONE_CHILD_CLEARTID)
        thread->clear_child_tid = clone->child_tid;
    int tid = thread->tid;
    thread_link(thread);
    kern_return_t kr =
        thread_start_at(port, (uint64_t)personality_thread_start,
                        (uint64_t)child, (uint64_t)thread, (uint64_t)child);
    port_deallocate(port);
    return kr ? linux_error(kr) : tid;
}

long sys_clone(struct frame *frame)
{
    struct clone_request clone = {.flags = ARG1(frame),
                                  .stack = ARG2(frame),
                                  .parent_tid = (int *)ARG3(frame),
                                  .child_tid = (int *)ARG4(frame),
                                  .tls = ARG5(frame)};

    if ((clone.flags & THREAD_CLONE_FLAGS) == THREAD_CLONE_FLAGS)
        return thread_clone(frame, &clone);
    return process_fork(frame, clone.flags, clone.stack, clone.parent_tid,
                        clone.child_tid);
}

long sys_clone3(struct frame *frame)
{
    const struct clone_args *args = (const struct clone_args *)ARG1(frame);

    if (ARG2(frame) < CLONE_ARGS_SIZE_VER0)
        return -EINVAL;
    struct clone_request clone = {
        .flags = args->flags,
        .stack = args->stack ? args->stack + args->stack_size : 0,
        .tls = args->tls,
        .parent_tid = (int *)args->parent_tid,
        .child_tid = (int *)args->child_tid};
    if ((clone.flags & THREAD_CLONE_FLAGS) == THREAD_CLONE_FLAGS)
        return thread_clone(frame, &clone);
    return process_fork(frame, clone.flags, clone.stack, clone.parent_tid,
                        clone.child_tid);
}

/* --- the end of a thread ------------------------------------------------- */

void thread_exit(int status)
{
    struct thread *thread = thread_self();

    lock_take(&threads_lock);
    bool last = threads == thread && !thread->next;
    lock_release(&threads_lock);
    if (last)
        process_exit(status);
    robust_release(thread);
    uint32_t *word = (uint32_t *)thread->clear_child_tid, zero = 0;
    if (word && !user_copy(word, &zero, sizeof zero)) {
        futex_wake((uint64_t)word, 1, false);
        futex_wake((uint64_t)word, 1, true);
    }
    thread_unlink(thread);
    lock_take(&signals.lock);
    signal_discard(&thread->signals.pending, ~0ul);
    lock_release(&signals.lock);
    /* Ends before the call returns: its stack goes with it. */
    thread_terminate_release(thread->port, mach_task_self(), thread->port,
                             thread->reply_port, thread->stack,
                             THREAD_STACK_SIZE);
    personality_panic("a thread outlived its end");
}

long sys_exit(struct frame *frame)
{
    thread_exit((int)ARG1(frame));
}
