/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/fork.c: a process like this one.
 *
 * The child is a task that inherits memory, so what stands in memory as a port
 * name must be that port there too: every right that the personality knows of
 * is put into the child under the name it has here; only the process port is
 * the child's own.
 */
#include "personality/claims.h"
#include "personality/clock.h"
#include "personality/fd.h"
#include "personality/lock.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/sharemap.h"
#include "personality/signals.h"
#include "personality/syscalls.h"
#include "personality/unix.h"
#include "personality/vfork.h"

#include "hurd/process.h"

#include <linux/sched.h>
#include <mach/machine/thread_status.h>

static struct lock fork_lock;

struct child {
    mach_port_t task, proc, thread; /* send rights */
    pid_t pid;
    kern_return_t error;
};

void fork_child_start(void);
void fork_child_begin(struct thread *thread, int pid);

static void child_give(struct child *child, mach_port_t name, mach_port_t right)
{
    if (MACH_PORT_VALID(right) && !child->error)
        child->error = mach_port_insert_right(child->task, name, right,
                                              MACH_MSG_TYPE_COPY_SEND);
}

static void child_give_file(struct file *file, void *arg)
{
    child_give(arg, file->port, file->port);
}

static void child_give_port(mach_port_t port, void *arg)
{
    child_give(arg, port, port);
}

static void child_give_rights(struct child *child)
{
    /* Two slots may hold one port: then the right is there already, once more
     * counts it twice, as here. */
    fd_each_file(child_give_file, child);
    sharemap_each(child_give_port, child);
    child_give(child, unix_process.cwdir, unix_process.cwdir);
    child_give(child, unix_process.crdir, unix_process.crdir);
    child_give(child, unix_process.auth, unix_process.auth);
    child_give(child, unix_process.cttyid, unix_process.cttyid);
    child_give(child, unix_process.proc, child->proc);
}

static kern_return_t child_register(struct child *child)
{
    kern_return_t kr = proc_child(unix_process.proc, child->task);

    if (!kr)
        kr = proc_task2proc(unix_process.proc, child->task, &child->proc);
    if (!kr)
        kr = proc_task2pid(unix_process.proc, child->task, &child->pid);
    if (!kr)
        kr = proc_set_arg_locations(child->proc, unix_process.argv,
                                    unix_process.envp);
    return kr;
}

/* The child's registers are this thread's, but for where it begins. */
static kern_return_t child_set_thread(struct child *child)
{
    struct thread *thread = thread_self();
    uint64_t stack = (uint64_t)thread->frame & ~15ul;
    struct i386_thread_state state = {.rip = (uint64_t)fork_child_start,
                                      .ursp = stack,
                                      .rdi = (uint64_t)thread,
                                      .rsi = (uint64_t)child->pid,
                                      .rfl = 0x202};

    return thread_set_state(child->thread, i386_THREAD_STATE,
                            (thread_state_t)&state, i386_THREAD_STATE_COUNT);
}

/* The child has a right that goes when its program does. */
static void child_give_gate(struct child *child)
{
    mach_port_t gate = thread_self()->vfork_gate;

    if (gate && !child->error)
        child->error = mach_port_insert_right(child->task, gate, gate,
                                              MACH_MSG_TYPE_MAKE_SEND_ONCE);
}

static kern_return_t child_make_task(struct child *child)
{
    struct thread *thread = thread_self();

    /* What was lent to this process is not for its children too. */
    vfork_memory_keep(thread->vfork_memory);
    thread->vfork_memory = thread->vfork_gate ? vfork_memory_lend() : NULL;
    kern_return_t kr = task_create(mach_task_self(), TRUE, &child->task);
    vfork_memory_keep(thread->vfork_memory);
    thread->vfork_memory = NULL;
    return kr;
}

static kern_return_t child_make(struct child *child)
{
    kern_return_t kr = child_make_task(child);

    if (kr)
        return kr;
    /* What may fail for want of room comes before anybody hears of a child. */
    kr = thread_create(child->task, &child->thread);
    if (!kr)
        kr = child_register(child);
    if (!kr) {
        child_give_rights(child);
        child_give_gate(child);
        kr = child->error;
    }
    if (!kr)
        kr = child_set_thread(child);
    if (!kr)
        kr = thread_resume(child->thread);
    if (kr)
        task_terminate(child->task);
    return kr;
}

long process_fork(struct frame *frame, uint64_t flags, uint64_t stack,
                  int *parent_tid, int *child_tid)
{
    struct thread *thread = thread_self();
    struct child child = {0};

    if (!unix_process.proc)
        return -ENOSYS;
    if (flags & (CLONE_THREAD | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER))
        return -EINVAL;
    lock_take(&fork_lock);
    /* What the child finds in its copy of the memory. */
    thread->fork_stack = stack;
    thread->fork_tid = flags & CLONE_CHILD_SETTID ? child_tid : NULL;
    thread->fork_clear_tid = flags & CLONE_CHILD_CLEARTID ? child_tid : NULL;
    thread->vfork_gate =
        flags & CLONE_VFORK ? mach_reply_port() : MACH_PORT_NULL;
    asm volatile("rdfsbase %0" : "=r"(thread->fs_base));
    if (flags & CLONE_SETTLS)
        thread->fs_base = ARG5(frame);
    kern_return_t kr = child_make(&child);
    lock_release(&fork_lock);
    mach_port_t gate = thread->vfork_gate;
    thread->vfork_gate = MACH_PORT_NULL;
    if (gate && !kr)
        vfork_wait(gate);
    else
        port_destroy_receive(gate);
    port_deallocate(child.thread);
    port_deallocate(child.proc);
    port_deallocate(child.task);
    if (kr == KERN_RESOURCE_SHORTAGE)
        return -EAGAIN;
    if (kr)
        return linux_error(kr);
    if (flags & CLONE_PARENT_SETTID)
        *parent_tid = child.pid;
    return child.pid;
}

/* The child's first code, on its copy of the personality's stack, below the
 * frame of the call that it returns from. */
void fork_child_begin(struct thread *thread, int pid)
{
    struct frame *frame = thread->frame;

    asm volatile("wrfsbase %0" : : "r"(thread->fs_base));
    fork_lock = (struct lock){0};
    mach_start();
    thread_adopt_forked(thread);
    thread->tid = 0;
    thread->clear_child_tid = thread->fork_clear_tid;
    unix_process.lock = (struct lock){0};
    unix_process.pid = pid;
    unix_process.pgrp_generation++;
    fd_forked();
    sharemap_forked();
    claims_forked();
    socket_forked();
    clock_forked();
    signals_forked();
    if (thread->fork_tid)
        *thread->fork_tid = pid;
    if (thread->fork_stack)
        frame->rsp = thread->fork_stack;
    frame->rax = 0;
    /* What comes after vfork is over soon. */
    if (!thread->vfork_gate)
        signals_start();
}

long sys_fork(struct frame *frame)
{
    return process_fork(frame, 0, 0, NULL, NULL);
}

long sys_vfork(struct frame *frame)
{
    return process_fork(frame, CLONE_VM | CLONE_VFORK, 0, NULL, NULL);
}
