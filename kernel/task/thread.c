/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task/thread.h"
#include "core/account.h"
#include "ipc/port.h"
#include "ipc/space.h"
#include "vm/entry.h"

struct thread *current_thread;
unsigned threads_running;
static struct list ready;
static uint64_t next_id;

void thread_module_init(void)
{
    list_init(&ready);
    current_thread = NULL;
    next_id = 1;
    threads_running = 0;
}

/* What a thread costs the host besides: its own, and what it shares with us. */
#define THREAD_HOST_BYTES 16384

static bool thread_charge(struct account *account)
{
    if (!account_charge(account, ACCOUNT_THREADS, 1))
        return false;
    if (account_charge(account, ACCOUNT_BYTES, THREAD_HOST_BYTES))
        return true;
    account_discharge(account, ACCOUNT_THREADS, 1);
    return false;
}

static void thread_discharge(struct account *account)
{
    account_discharge(account, ACCOUNT_BYTES, THREAD_HOST_BYTES);
    account_discharge(account, ACCOUNT_THREADS, 1);
}

/* A thread's place among its task's; one reference is the task's. */
static void thread_begin(struct thread *thread, struct task *task)
{
    thread->references = 1;
    thread->state = THREAD_HELD;
    thread->task = task;
    task_reference(task);
    thread->sself = ipc_port_make_send(thread->self);
    thread->priority = thread->max_priority = task->priority;
    thread->creation_time_ns = platform_time_realtime();
    thread->recent.at_ns = platform_time_monotonic();
    thread->id = next_id++;
    list_init(&thread->stop_waiters);
    list_append(&task->threads, &thread->task_link);
    task->thread_count++;
}

struct thread *thread_create_idle(void)
{
    struct thread *thread = kalloc(sizeof *thread);

    if (thread)
        thread->self = ipc_port_alloc_kernel(IKOT_THREAD, thread);
    if (!thread || !thread->self) {
        kfree(thread);
        return NULL;
    }
    thread_begin(thread, kernel_task);
    thread->priority = thread->max_priority = 63; /* the worst */
    return thread;
}

/* All of a thread that can fail. */
static struct thread *thread_build(struct task *task)
{
    struct thread *thread = kalloc(sizeof *thread);

    if (!thread)
        return NULL;
    thread->self = ipc_port_alloc_kernel(IKOT_THREAD, thread);
    if (thread->self &&
        platform_thread_create(task->platform, thread, &thread->platform) == 0)
        return thread;
    if (thread->self)
        ipc_port_dealloc_kernel(thread->self);
    kfree(thread);
    return NULL;
}

kern_return_t thread_create_internal(struct task *task,
                                     struct thread **thread_out)
{
    struct account *before = account_current;
    struct thread *thread;

    if (!task->active || !task->platform)
        return KERN_FAILURE;
    if (!thread_charge(task->account))
        return KERN_RESOURCE_SHORTAGE;
    account_current = task->account;
    thread = thread_build(task);
    account_current = before;
    if (!thread) {
        thread_discharge(task->account);
        return KERN_RESOURCE_SHORTAGE;
    }
    thread_begin(thread, task);
    thread_reference(thread); /* the caller's */
    thread->suspend_count = 1;
    *thread_out = thread;
    return KERN_SUCCESS;
}

void thread_reference(struct thread *thread)
{
    thread->references++;
}

void thread_deallocate(struct thread *thread)
{
    if (!thread || --thread->references)
        return;
    task_deallocate(thread->task);
    kfree(thread);
}

bool thread_runnable(const struct thread *thread)
{
    return thread->has_state && !thread->suspend_count &&
           !thread->task->suspend_count;
}

static void thread_stopped(struct thread *thread, kern_return_t result)
{
    struct thread_stop_waiter *waiter;

    while ((waiter = list_first_entry(&thread->stop_waiters,
                                      struct thread_stop_waiter, link))) {
        list_remove(&waiter->link);
        waiter->done(waiter, result);
    }
}

void thread_terminate_internal(struct thread *thread)
{
    struct task *task = thread->task;

    if (thread->state == THREAD_DEAD)
        return;
    if (thread->state == THREAD_USER) {
        task->map->pmap.running--;
        threads_running--;
    }
    if (thread->state == THREAD_WAITING) {
        thread_done_t done = thread->wait_done;
        timer_cancel(&thread->wait_timer);
        if (list_linked(&thread->ready_link))
            list_remove(&thread->ready_link);
        else if (thread->wait_cancel)
            thread->wait_cancel(thread);
        thread->state = THREAD_DEAD;
        done(thread, KERN_TERMINATED);
    }
    thread->state = THREAD_DEAD;
    vm_fault_wait_cancel(&thread->fault_wait);
    if (thread->platform) {
        thread_times_end(thread);
        platform_thread_destroy(thread->platform);
        thread_discharge(task->account);
    }
    thread->platform = NULL;
    list_remove(&thread->task_link);
    task->thread_count--;
    thread_stopped(thread, KERN_TERMINATED);
    ipc_port_release_send(thread->sself);
    ipc_port_release_send(thread->exception);
    thread->sself = thread->exception = IP_NULL;
    ipc_port_dealloc_kernel(thread->self);
    thread->self = IP_NULL;
    thread_deallocate(thread);
}

/* --- waiting -------------------------------------------------------------- */

void thread_block(struct thread *thread, bool interruptible, thread_done_t done,
                  thread_cancel_t cancel)
{
    if (thread->state == THREAD_DEAD)
        return;
    kassert(thread->state == THREAD_KERNEL);
    thread->state = THREAD_WAITING;
    thread->wait_since_ns = platform_time_monotonic();
    thread->wait_interruptible = interruptible;
    thread->wait_done = done;
    thread->wait_cancel = cancel;
    thread_stopped(thread, KERN_SUCCESS);
}

static void thread_wait_break(struct thread *thread, kern_return_t result)
{
    if (thread->state != THREAD_WAITING || list_linked(&thread->ready_link))
        return;
    if (thread->wait_cancel)
        thread->wait_cancel(thread);
    thread_wakeup(thread, result);
}

static void thread_timeout(struct timer *timer)
{
    thread_wait_break(list_entry(timer, struct thread, wait_timer),
                      KERN_TIMEDOUT);
}

void thread_block_timeout(struct thread *thread, uint32_t timeout_ms,
                          thread_done_t done, thread_cancel_t cancel)
{
    if (thread->state == THREAD_DEAD)
        return;
    thread_block(thread, true, done, cancel);
    timer_set_ms(&thread->wait_timer, timeout_ms, thread_timeout);
}

void thread_wakeup(struct thread *thread, kern_return_t result)
{
    if (thread->state != THREAD_WAITING || list_linked(&thread->ready_link))
        return;
    timer_cancel(&thread->wait_timer);
    thread->wait_result = result;
    list_append(&ready, &thread->ready_link);
}

void thread_abort_internal(struct thread *thread)
{
    if (thread->wait_interruptible)
        thread_wait_break(thread, KERN_ABORTED);
}

void thread_run_ready(void)
{
    struct thread *thread, *before = current_thread;

    for (;;) {
        if (vm_fault_run_woken())
            continue;
        thread = list_first_entry(&ready, struct thread, ready_link);
        if (!thread)
            break;
        list_remove(&thread->ready_link);
        thread_reference(thread);
        thread->state = THREAD_KERNEL;
        current_thread = thread;
        account_current = thread->task->account;
        thread->wait_done(thread, thread->wait_result);
        thread_park_fault(thread);
        thread->used.steps += work_lap();
        account_current = NULL;
        thread_deallocate(thread);
    }
    current_thread = before;
    account_current = before ? before->task->account : NULL;
}

static void thread_fault_done(struct vm_fault_wait *wait, kern_return_t result)
{
    thread_wakeup(list_entry(wait, struct thread, fault_wait), result);
}

static void thread_fault_cancel(struct thread *thread)
{
    vm_fault_wait_cancel(&thread->fault_wait);
}

struct vm_fault_wait *thread_fault_wait(struct thread *thread,
                                        thread_done_t retry)
{
    thread->fault_wait.done = thread_fault_done;
    thread->fault_retry = retry;
    return &thread->fault_wait;
}

void thread_park_fault(struct thread *thread)
{
    if (thread->state == THREAD_KERNEL && list_linked(&thread->fault_wait.link))
        thread_block(thread, true, thread->fault_retry, thread_fault_cancel);
}

/* --- the user boundary ---------------------------------------------------- */

static void thread_enter_user(struct thread *thread)
{
    thread->state = THREAD_USER;
    thread->in_trap = false;
    thread->task->map->pmap.running++;
    threads_running++;
}

void thread_return(struct thread *thread, uint64_t value)
{
    struct platform_regs regs;

    if (thread->state == THREAD_DEAD)
        return;
    kassert(thread->state == THREAD_KERNEL);
    if (thread_runnable(thread)) {
        thread_enter_user(thread);
        platform_thread_return(thread->platform, value);
        return;
    }
    platform_thread_get_regs(thread->platform, &regs);
    regs.rax = value;
    platform_thread_set_regs(thread->platform, &regs);
    thread_resume_user(thread);
}

void thread_resume_user(struct thread *thread)
{
    if (thread->state == THREAD_DEAD)
        return;
    if (thread_runnable(thread)) {
        thread_enter_user(thread);
        platform_thread_run(thread->platform);
        return;
    }
    thread->state = THREAD_HELD;
    thread->in_trap = false;
    thread_stopped(thread, KERN_SUCCESS);
}

void thread_entered(struct thread *thread)
{
    kassert(thread->state == THREAD_USER);
    thread->state = THREAD_KERNEL;
    thread->stop_requested = false;
    thread->task->map->pmap.running--;
    threads_running--;
}

/* --- suspension ----------------------------------------------------------- */

void thread_request_stop(struct thread *thread)
{
    if (thread->state != THREAD_USER || thread->stop_requested)
        return;
    thread->stop_requested = true;
    platform_thread_stop(thread->platform);
}

void thread_hold(struct thread *thread)
{
    thread->suspend_count++;
    thread_request_stop(thread);
}

void thread_try_run(struct thread *thread)
{
    if (thread->state == THREAD_HELD && thread_runnable(thread)) {
        thread_enter_user(thread);
        platform_thread_run(thread->platform);
    }
}

void thread_release(struct thread *thread)
{
    if (thread->suspend_count && !--thread->suspend_count)
        thread_try_run(thread);
}

void thread_when_stopped(struct thread *thread,
                         struct thread_stop_waiter *waiter,
                         void (*done)(struct thread_stop_waiter *,
                                      kern_return_t))
{
    waiter->done = done;
    if (thread->state != THREAD_USER) {
        done(waiter,
             thread->state == THREAD_DEAD ? KERN_TERMINATED : KERN_SUCCESS);
        return;
    }
    list_append(&thread->stop_waiters, &waiter->link);
    thread_request_stop(thread);
}
