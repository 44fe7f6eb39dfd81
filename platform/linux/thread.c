/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Threads: letting them go, and taking what they post. */
#define _GNU_SOURCE
#include "platform/linux/machine.h"
#include "platform/linux/x86_64/frame.h"
#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- lists ---------------------------------------------------------------- */

static void running_add(struct platform_thread *thread)
{
    struct platform_thread **list =
        thread->task->background ? &machine.background : &machine.running;

    thread->run_next = *list;
    thread->run_link = list;
    if (thread->run_next)
        thread->run_next->run_link = &thread->run_next;
    *list = thread;
}

static void running_remove(struct platform_thread *thread)
{
    if (!thread->run_link)
        return;
    if (machine.scan_next == thread)
        machine.scan_next = thread->run_next;
    if (machine.background_next == thread)
        machine.background_next = thread->run_next;
    *thread->run_link = thread->run_next;
    if (thread->run_next)
        thread->run_next->run_link = thread->run_link;
    thread->run_link = NULL;
}

static void stop_done(struct platform_thread *thread)
{
    if (thread->stop_deadline == 0)
        return;
    thread->stop_deadline = 0;
    machine.stops--;
}

/* --- life ----------------------------------------------------------------- */

static struct slot *slot_of(const struct platform_thread *thread)
{
    return &thread->task->slots[(thread->slot - STUB_SLOTS) / STUB_SLOT_SIZE];
}

/* Learns what the agent has told of the last thread it made.  All is believed
 * that comes by the descriptor's position: only the agent can set it. */
static void clone_finish(struct platform_task *task)
{
    off_t position;

    if (!task->cloning)
        return;
    platform_task_sync(task);
    position = lseek(task->memory, 0, SEEK_CUR);
    task->cloning->tid = position > 0 ? (uint32_t)position : 0;
    task->cloning = NULL;
}

static void slot_end_done(struct slot *slot)
{
    machine.ends -= slot->end_deadline != 0;
    slot->end_deadline = 0;
    slot->tid = 0;
}

/* Whether the host has no thread there any more. */
static bool slot_is_free(const struct platform_task *task, struct slot *slot)
{
    if (slot->used || slot == task->cloning)
        return false;
    if (slot->tid &&
        (syscall(SYS_tgkill, task->pid, slot->tid, 0) == 0 || errno != ESRCH))
        return false;
    slot_end_done(slot);
    return true;
}

/* The thread there was told to end. */
static void slot_end(struct slot *slot)
{
    slot->end_deadline = platform_time_monotonic() + PATIENCE_NS;
    if (machine.stops + machine.ends++ == 0)
        machine.stop_check = slot->end_deadline;
}

void thread_forget_slots(struct platform_task *task)
{
    task->cloning = NULL;
    for (uint32_t i = 0; i < task->slot_count; i++)
        slot_end_done(&task->slots[i]);
}

static int slot_append(struct platform_task *task)
{
    uint32_t i = task->slot_count, room;
    struct slot *slots;

    if (i == STUB_SLOT_COUNT)
        return -EAGAIN;
    if (i == task->slot_room) {
        clone_finish(task); /* it points to a slot */
        room = i ? i * 2 : 4;
        slots = realloc(task->slots, room * sizeof(*slots));
        if (!slots)
            return -ENOMEM;
        task->slots = slots;
        task->slot_room = room;
    }
    task->slots[i] = (struct slot){.control = memory_block_alloc()};
    if (!task->slots[i].control)
        return -ENOMEM;
    task->slot_count++;
    task_command(task, COMMAND_MAP, 3 | COMMAND_POPULATE,
                 STUB_SLOTS + (uint64_t)i * STUB_SLOT_SIZE, STUB_SLOT_SIZE,
                 memory_offset(task->slots[i].control));
    return (int)i;
}

/* A slot whose last thread is gone, or a new one; negative errno if there is
 * none. */
static int slot_find(struct platform_task *task)
{
    for (uint32_t i = 0; i < task->slot_count; i++)
        if (slot_is_free(task, &task->slots[i]))
            return (int)i;
    return slot_append(task);
}

int platform_thread_create(struct platform_task *task, void *cookie,
                           struct platform_thread **thread_out)
{
    struct platform_thread *thread = calloc(1, sizeof(*thread));
    int slot = thread ? slot_find(task) : -ENOMEM;

    if (slot >= 0 && !spawn_has_room())
        slot = -EAGAIN;
    if (slot < 0) {
        free(thread);
        return slot;
    }
    machine.host_threads++;
    task->slots[slot].used = true;
    thread->task = task;
    thread->cookie = cookie;
    thread->control = task->slots[slot].control;
    thread->slot = STUB_SLOTS + (uint64_t)slot * STUB_SLOT_SIZE;
    memset(thread->control, 0, CONTROL_STACK + PLATFORM_PAGE_SIZE);
    thread->control->self = thread->slot;
    thread->held = true;
    thread->regs_known = true;
    thread->task_next = task->threads;
    thread->task_link = &task->threads;
    if (thread->task_next)
        thread->task_next->task_link = &thread->task_next;
    task->threads = thread;
    *thread_out = thread;
    return 0;
}

void thread_forget(struct platform_thread *thread)
{
    stop_done(thread);
    running_remove(thread);
    *thread->task_link = thread->task_next;
    if (thread->task_next)
        thread->task_next->task_link = thread->task_link;
    slot_of(thread)->used = false;
    machine.host_threads--;
    free(thread);
}

uint32_t thread_host_number(struct platform_thread *thread)
{
    struct platform_task *task = thread->task;

    if (task->dead || !thread->started)
        return 0;
    if (slot_of(thread) == task->cloning)
        clone_finish(task);
    return slot_of(thread)->tid;
}

/* --- going ---------------------------------------------------------------- */

static void let_go(struct platform_thread *thread, uint32_t how)
{
    struct stub_control *control = thread->control;
    struct platform_task *task = thread->task;

    thread->held = false;
    thread->regs_known = thread->regs_dirty;
    if (task->dead)
        return;
    running_add(thread);
    control->command = how;
    control->deferred = 0;
    if (!thread->started) {
        thread->started = true;
        task->has_threads = true;
        control->state = STATE_GO;
        clone_finish(task); /* one at a time */
        task_command(task, COMMAND_CLONE, 0, thread->slot, 0, 0);
        task->cloning = slot_of(thread);
        thread->woken_at = task->produced;
        task_kick(task);
    } else if (task_pending(task)) {
        /* Behind the changes it is to see. */
        task_command(task, COMMAND_WAKE, 0, thread->slot, 0, 0);
        thread->woken_at = task->produced;
        task_kick(task);
    } else if (__atomic_exchange_n(&control->state, STATE_GO,
                                   __ATOMIC_SEQ_CST) == STATE_SLEEPING) {
        syscall(SYS_futex, &control->state, FUTEX_WAKE, 1, NULL, NULL, 0);
    }
}

void platform_thread_run(struct platform_thread *thread)
{
    if (thread->fast && thread->regs_dirty) {
        /* It has to come in by a frame first, to get all registers. */
        let_go(thread, THREAD_SLOW);
        return;
    }
    if (!thread->started)
        frame_build(thread);
    else if (thread->regs_dirty)
        frame_store(thread);
    else if (thread->fast)
        thread->control->result = thread->result = thread->control->fast.rax;
    thread->regs_dirty = false;
    let_go(thread, THREAD_RETURN);
}

void platform_thread_return(struct platform_thread *thread, uint64_t value)
{
    if (thread->regs_dirty || !thread->started) {
        thread->regs.rax = value;
        platform_thread_run(thread);
        return;
    }
    if (thread->fast)
        thread->control->result = thread->result = value;
    else
        thread->frame->rax = value;
    let_go(thread, THREAD_RETURN);
}

/* --- stopping ------------------------------------------------------------- */

/* Returns false if the host's thread is gone. */
static bool interrupt(struct platform_thread *thread)
{
    struct platform_task *task = thread->task;

    if (task->dead)
        return true;
    if (thread->stop_deadline == 0) {
        thread->stop_deadline = platform_time_monotonic() + PATIENCE_NS;
        if (machine.stops++ + machine.ends == 0)
            machine.stop_check = thread->stop_deadline;
    }
    if (slot_of(thread) == task->cloning)
        clone_finish(task);
    return slot_of(thread)->tid != 0 &&
           syscall(SYS_tgkill, task->pid, slot_of(thread)->tid,
                   STUB_STOP_SIGNAL) == 0;
}

void platform_thread_stop(struct platform_thread *thread)
{
    /* One that ended by itself never comes in, and the task goes with it. */
    if (!thread->held)
        interrupt(thread);
}

/* A held thread is told to end. */
static void thread_end(struct platform_thread *thread)
{
    let_go(thread, THREAD_EXIT);
    slot_end(slot_of(thread));
    thread_forget(thread);
}

void platform_thread_destroy(struct platform_thread *thread)
{
    if (thread->task->dead || !thread->started) {
        thread_forget(thread);
        return;
    }
    thread->ending = true;
    if (thread->held) {
        thread_end(thread);
        return;
    }
    if (!interrupt(thread))
        thread_forget(thread);
}

/* True if a thread of TASK goes on that was told long ago to end. */
static bool task_has_ghosts(struct platform_task *task, uint64_t now)
{
    for (uint32_t i = 0; i < task->slot_count; i++) {
        struct slot *slot = &task->slots[i];
        if (slot->end_deadline == 0 || slot->used)
            continue;
        if (slot == task->cloning)
            clone_finish(task);
        if (!slot_is_free(task, slot) && slot->end_deadline <= now)
            return true;
    }
    return false;
}

static void check_ends(uint64_t now)
{
    struct platform_task *task = machine.tasks;

    for (; task && machine.ends > 0; task = task->next)
        if (!task->dead && task_has_ghosts(task, now) &&
            !task_in_debugger(task))
            task_kill(task, "a thread did not end when it was told to");
}

static void check_comings(struct platform_thread *thread, uint64_t now)
{
    struct platform_thread *next;

    for (; thread && machine.stops > 0; thread = next) {
        next = thread->run_next;
        if (thread->stop_deadline == 0 || thread->stop_deadline > now)
            continue;
        if (task_in_debugger(thread->task)) {
            thread->stop_deadline = now + PATIENCE_NS;
            continue;
        }
        stop_done(thread);
        task_kill(thread->task, "a thread did not stop when it was told to");
    }
}

void thread_check_stops(uint64_t now)
{
    check_ends(now);
    check_comings(machine.running, now);
    check_comings(machine.background, now);
}

/* --- coming in ------------------------------------------------------------ */

/* True if the thread has posted since it was let go. */
static bool has_posted(const struct platform_thread *thread)
{
    const struct stub_control *control = thread->control;

    return __atomic_load_n(&control->state, __ATOMIC_ACQUIRE) != STATE_GO &&
           __atomic_load_n(&control->sequence, __ATOMIC_RELAXED) !=
               thread->sequence;
}

static void deliver(struct platform_thread *thread, bool stop_asked)
{
    struct frame_event event;

    frame_decode(thread, &event);
    switch (event.kind) {
    case EVENT_TRAP:
        kernel_trap(thread->cookie, event.number, event.args);
        break;
    case EVENT_FAULT:
        kernel_fault(thread->cookie, event.address, event.access);
        break;
    case EVENT_EXCEPTION:
        kernel_exception(thread->cookie, event.vector, event.error);
        break;
    case EVENT_STOP:
        if (stop_asked)
            kernel_thread_stopped(thread->cookie);
        else
            platform_thread_run(thread);
        break;
    }
}

/* Whether the host made no thread.  The slot may say so to anybody's wish; that
 * no number came is the agent's word. */
static bool never_began(struct platform_thread *thread)
{
    if (thread->control->kind != KIND_FAILED)
        return false;
    if (slot_of(thread) == thread->task->cloning)
        clone_finish(thread->task);
    return slot_of(thread)->tid == 0;
}

static void thread_failed(struct platform_thread *thread)
{
    thread->fast = false;
    thread->regs_known = true;
    kernel_thread_failed(thread->cookie);
}

static void take(struct platform_thread *thread)
{
    struct platform_task *task = thread->task;
    bool stop_asked = thread->stop_deadline != 0;

    running_remove(thread);
    stop_done(thread);
    thread->sequence =
        __atomic_load_n(&thread->control->sequence, __ATOMIC_RELAXED);
    thread->held = true;
    /* It was let go behind its commands, so they are done. */
    if ((int32_t)(thread->woken_at - task->seen) > 0)
        task->seen = thread->woken_at;
    if (thread->ending) {
        thread_end(thread);
    } else if (never_began(thread)) {
        thread_failed(thread);
    } else if (!frame_locate(thread)) {
        task_kill(task, "a thread came in without a proper frame");
    } else if (thread->regs_dirty && !thread->fast) {
        /* It came in for the registers it was given. */
        frame_store(thread);
        thread->regs_dirty = false;
        if (stop_asked)
            kernel_thread_stopped(thread->cookie);
        else
            let_go(thread, THREAD_RETURN);
    } else {
        thread->regs_dirty = false;
        deliver(thread, stop_asked);
    }
}

/* The tasks in the background take turns, a few at a time: a thousand of them do
 * not make everybody else wait for all. */
#define BACKGROUND_AT_ONCE 16

static bool take_background(void)
{
    struct platform_thread *thread;
    unsigned taken = 0;
    bool wrapped = false;

    while (taken < BACKGROUND_AT_ONCE && !machine.ended) {
        thread = machine.background_next;
        if (!thread && !wrapped) {
            thread = machine.background;
            wrapped = true;
        }
        if (!thread)
            break;
        machine.background_next = thread->run_next;
        if (thread->task->dead || !has_posted(thread))
            continue;
        take(thread);
        taken++;
    }
    return taken > 0;
}

bool thread_take_posts(void)
{
    struct platform_thread *thread = machine.running;
    bool some = false;

    for (; thread && !machine.ended; thread = machine.scan_next) {
        machine.scan_next = thread->run_next;
        if (thread->task->dead || !has_posted(thread))
            continue;
        take(thread);
        some = true;
    }
    machine.scan_next = NULL;
    return take_background() || some;
}

/* --- registers ------------------------------------------------------------ */

void platform_thread_get_regs(struct platform_thread *thread,
                              struct platform_regs *regs_out)
{
    if (!thread->regs_known)
        frame_load(thread);
    thread->regs_known = true;
    *regs_out = thread->regs;
}

void platform_thread_set_regs(struct platform_thread *thread,
                              const struct platform_regs *regs)
{
    thread->regs = *regs;
    thread->regs_known = true;
    thread->regs_dirty = true;
}

uint64_t platform_fast_entry(void)
{
    return frame_fast_entry();
}

int platform_thread_get_fpu(struct platform_thread *thread, void *image,
                            size_t size_bytes)
{
    return frame_get_fpu(thread, image, size_bytes);
}

int platform_thread_set_fpu(struct platform_thread *thread, const void *image,
                            size_t size_bytes)
{
    return frame_set_fpu(thread, image, size_bytes);
}
