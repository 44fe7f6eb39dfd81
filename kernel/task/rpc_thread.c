/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/rpc_thread.c: the thread_ routines of mach.defs and gnumach.defs.
 *
 * A thread's registers are to be had only while the kernel holds it; what is
 * asked about one that runs is answered when it has come in.
 */
#include "core/account.h"
#include "ipc/port.h"
#include "task/reply.h"
#include "ipc/space.h"
#include "task/rpc.h"
#include "task/state.h"
#include "task/task.h"
#include "task/thread.h"

#include <mach/mig_errors.h>
#include <mach/policy.h>
#include <mach/thread_info.h>
#include <mach/thread_special_ports.h>

kern_return_t rpc_thread_create(task_t task, thread_t *child)
{
    if (!task)
        return KERN_INVALID_ARGUMENT;
    return thread_create_internal(task, child);
}

/* The idle thread never runs, has no registers, and stays. */
static bool thread_is_idle(const struct thread *thread)
{
    return thread->task == kernel_task;
}

kern_return_t rpc_thread_terminate(thread_t thread)
{
    if (!thread || thread_is_idle(thread))
        return KERN_INVALID_ARGUMENT;
    thread_terminate_internal(thread);
    return KERN_SUCCESS;
}

/* How a thread ends itself: its names and its stack go with it. */
kern_return_t rpc_thread_terminate_release(thread_t thread, task_t task,
                                           mach_port_name_t thread_name,
                                           mach_port_name_t reply_port,
                                           vm_address_t address, vm_size_t size)
{
    if (!thread || thread_is_idle(thread) || !task || !task->active)
        return KERN_INVALID_ARGUMENT;
    uint64_t *cursor = ipc_request_cursor();
    bool first = !*cursor;
    vm_offset_t start = first ? trunc_page(address) : *cursor - 1;
    kern_return_t kr = KERN_SUCCESS;
    if (size)
        kr = vm_map_remove_part(task->map, &start, round_page(address + size));
    *cursor = start + 1;
    if (kr == KERN_LATER) {
        /* It must not come back to a stack that is half gone. */
        if (first)
            thread_hold(thread);
        return kr;
    }
    rpc_mach_port_deallocate(task->space, thread_name);
    rpc_mach_port_destroy(task->space, reply_port);
    thread_terminate_internal(thread);
    return KERN_SUCCESS;
}

/* --- a request that waits for a thread to stop ---------------------------- */

enum thread_job_kind { JOB_SUSPEND, JOB_GET_STATE, JOB_SET_STATE };

struct thread_job {
    struct thread_stop_waiter waiter;
    enum thread_job_kind kind;
    struct thread *thread; /* a reference */
    struct ipc_reply_to reply;
    int flavor;
    natural_t count;
    struct {
        mach_msg_type_t type;
        natural_t words[THREAD_STATE_WORDS_MAX];
    } body;
};

static kern_return_t thread_job_get_state(struct thread_job *job)
{
    kern_return_t kr = thread_state_get(job->thread, job->flavor,
                                        job->body.words, &job->count);
    job->body.type = (mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                                       .msgt_size = 32,
                                       .msgt_inline = 1,
                                       .msgt_number = job->count};
    return kr;
}

static void thread_job_done(struct thread_stop_waiter *waiter,
                            kern_return_t result)
{
    struct thread_job *job = (struct thread_job *)waiter;
    struct account *before = account_current;
    kern_return_t kr =
        result == KERN_TERMINATED ? KERN_INVALID_ARGUMENT : KERN_SUCCESS;
    size_t size = 0;

    if (kr == KERN_SUCCESS && job->kind == JOB_SET_STATE)
        kr = thread_state_set(job->thread, job->flavor, job->body.words,
                              job->count);
    if (kr == KERN_SUCCESS && job->kind == JOB_GET_STATE) {
        kr = thread_job_get_state(job);
        size = sizeof job->body.type +
               ((job->count * sizeof(natural_t) + 7) & ~7ul);
    }
    account_current = kalloc_account(job);
    reply_send(&job->reply, kr, &job->body, size);
    account_current = before;
    thread_deallocate(job->thread);
    kfree(job);
}

/* The thread is in user mode.  A thread that is not suspended is let go again
 * right after DONE, as thread_resume_user follows. */
static kern_return_t thread_job_start(struct thread *thread,
                                      enum thread_job_kind kind, int flavor,
                                      const natural_t *state, natural_t count)
{
    struct thread_job *job = kalloc(sizeof *job);

    if (!job)
        return KERN_RESOURCE_SHORTAGE;
    job->kind = kind;
    job->thread = thread;
    job->flavor = flavor;
    job->count = min_of(count, THREAD_STATE_WORDS_MAX);
    if (state)
        memcpy(job->body.words, state, job->count * sizeof *state);
    thread_reference(thread);
    ipc_take_reply(&job->reply);
    thread_when_stopped(thread, &job->waiter, thread_job_done);
    return MIG_NO_REPLY;
}

kern_return_t rpc_thread_suspend(thread_t thread)
{
    if (!thread || thread->state == THREAD_DEAD)
        return KERN_INVALID_ARGUMENT;
    thread_hold(thread);
    if (thread->state == THREAD_USER)
        return thread_job_start(thread, JOB_SUSPEND, 0, NULL, 0);
    return KERN_SUCCESS;
}

kern_return_t rpc_thread_resume(thread_t thread)
{
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    if (!thread->suspend_count)
        return KERN_FAILURE;
    thread_release(thread);
    return KERN_SUCCESS;
}

kern_return_t rpc_thread_abort(thread_t thread)
{
    if (!thread || thread == current_thread)
        return KERN_INVALID_ARGUMENT;
    thread_abort_internal(thread);
    return KERN_SUCCESS;
}

kern_return_t rpc_thread_get_state(thread_t thread, int flavor,
                                   thread_state_t state,
                                   mach_msg_type_number_t *count)
{
    if (!thread || thread == current_thread || thread_is_idle(thread) ||
        thread->state == THREAD_DEAD)
        return KERN_INVALID_ARGUMENT;
    if (thread->state == THREAD_USER)
        return thread_job_start(thread, JOB_GET_STATE, flavor, NULL, *count);
    return thread_state_get(thread, flavor, (natural_t *)state, count);
}

kern_return_t rpc_thread_set_state(thread_t thread, int flavor,
                                   const thread_state_t state,
                                   mach_msg_type_number_t count)
{
    /* A thread may set of its own only what no trap needs. */
    if (!thread || thread_is_idle(thread) || thread->state == THREAD_DEAD ||
        (thread == current_thread && flavor != i386_FSGS_BASE_STATE))
        return KERN_INVALID_ARGUMENT;
    if (thread->state == THREAD_USER)
        return thread_job_start(thread, JOB_SET_STATE, flavor,
                                (const natural_t *)state, count);
    return thread_state_set(thread, flavor, (const natural_t *)state, count);
}

/* --- information and ports ------------------------------------------------ */

static integer_t thread_run_state(const struct thread *thread)
{
    switch (thread->state) {
    case THREAD_WAITING:
        return thread->wait_interruptible ? TH_STATE_WAITING
                                          : TH_STATE_UNINTERRUPTIBLE;
    case THREAD_HELD:
        return TH_STATE_STOPPED;
    case THREAD_DEAD:
        return TH_STATE_HALTED;
    default:
        return TH_STATE_RUNNING;
    }
}

static struct thread_basic_info thread_basic(struct thread *thread)
{
    struct task_usage used = thread_times(thread);
    bool idle = thread_is_idle(thread);

    return (struct thread_basic_info){
        .user_time = time_short(used.user_ns),
        .system_time = time_short(used.system_ns),
        .cpu_usage = thread_recent_usage(thread),
        .base_priority = thread->priority,
        .cur_priority = thread->priority,
        .run_state = idle ? TH_STATE_RUNNING : thread_run_state(thread),
        .flags = idle ? TH_FLAGS_IDLE : 0,
        .suspend_count = (integer_t)thread->suspend_count,
        .sleep_time = thread_sleep_seconds(thread),
        .creation_time = time_short(thread->creation_time_ns),
        .user_time64 = time_long(used.user_ns),
        .system_time64 = time_long(used.system_ns),
        .creation_time64 = time_long(thread->creation_time_ns)};
}

/* Some callers do not know of the 64 bit times at the end yet, or of the
 * processor. */
#define BASIC_INFO_LEAST                                                       \
    (THREAD_BASIC_INFO_COUNT - 3 * sizeof(time_value64_t) / sizeof(integer_t))
#define SCHED_INFO_LEAST (THREAD_SCHED_INFO_COUNT - 1)

kern_return_t rpc_thread_info(thread_t thread, int flavor, thread_info_t out,
                              mach_msg_type_number_t *count)
{
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    if (flavor == THREAD_BASIC_INFO && *count >= BASIC_INFO_LEAST) {
        struct thread_basic_info info = thread_basic(thread);
        *count = min_of(*count, (natural_t)THREAD_BASIC_INFO_COUNT);
        memcpy(out, &info, *count * sizeof(integer_t));
        return KERN_SUCCESS;
    }
    if (flavor == THREAD_SCHED_INFO && *count >= SCHED_INFO_LEAST) {
        struct thread_sched_info info = {.policy = POLICY_TIMESHARE,
                                         .base_priority = thread->priority,
                                         .max_priority = thread->max_priority,
                                         .cur_priority = thread->priority,
                                         .depress_priority = -1};
        *count = min_of(*count, (natural_t)THREAD_SCHED_INFO_COUNT);
        memcpy(out, &info, *count * sizeof(integer_t));
        return KERN_SUCCESS;
    }
    return KERN_INVALID_ARGUMENT;
}

static struct ipc_port **thread_special_port(struct thread *thread, int which)
{
    if (which == THREAD_KERNEL_PORT)
        return &thread->sself;
    return which == THREAD_EXCEPTION_PORT ? &thread->exception : NULL;
}

kern_return_t rpc_thread_get_special_port(thread_t thread, int which,
                                          ipc_port_t *port_out)
{
    struct ipc_port **slot = thread ? thread_special_port(thread, which) : NULL;

    if (!slot)
        return KERN_INVALID_ARGUMENT;
    if (thread->state == THREAD_DEAD)
        return KERN_FAILURE;
    *port_out = ipc_port_copy_send(*slot);
    return KERN_SUCCESS;
}

kern_return_t rpc_thread_set_special_port(thread_t thread, int which,
                                          ipc_port_t port)
{
    struct ipc_port **slot = thread ? thread_special_port(thread, which) : NULL;

    if (!slot)
        return KERN_INVALID_ARGUMENT;
    if (thread->state == THREAD_DEAD)
        return KERN_FAILURE;
    ipc_port_release_send(*slot);
    *slot = port;
    return KERN_SUCCESS;
}

kern_return_t rpc_thread_set_name(thread_t thread,
                                  const_kernel_debug_name_t name)
{
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    ksnprintf(thread->name, sizeof thread->name, "%s", name);
    return KERN_SUCCESS;
}

kern_return_t rpc_thread_get_name(thread_t thread, kernel_debug_name_t name)
{
    if (!thread)
        return KERN_INVALID_ARGUMENT;
    ksnprintf(name, TASK_NAME_SIZE, "%s", thread->name);
    return KERN_SUCCESS;
}
