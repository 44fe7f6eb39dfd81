/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/rpc_task.c: the task_ routines of mach.defs and gnumach.defs. */
#include "core/account.h"
#include "host/host.h"
#include "ipc/port.h"
#include "task/reply.h"
#include "ipc/space.h"
#include "task/notify.h"
#include "task/rpc.h"
#include "task/task.h"
#include "task/thread.h"
#include "vm/copy.h"
#include "vm/entry.h"

#include <mach/mig_errors.h>
#include <mach/task_info.h>
#include <mach/task_special_ports.h>

#include "task_notify_user.h"

kern_return_t rpc_task_create(task_t parent, boolean_t inherit, task_t *child)
{
    if (!parent || !parent->active || !parent->map)
        return KERN_INVALID_TASK;
    if (inherit && !vm_map_calm(parent->map, 0, platform_address_limit()))
        return KERN_LATER;
    return task_create_internal(parent, inherit, child);
}

kern_return_t rpc_task_terminate(task_t task)
{
    if (!task)
        return KERN_INVALID_ARGUMENT;
    if (!task->active)
        return KERN_FAILURE;
    task_terminate_internal(task);
    return KERN_SUCCESS;
}

/* --- suspension ----------------------------------------------------------- */

/* One thread of a task that is being waited for. */
struct suspend_wait {
    struct thread_stop_waiter waiter;
    struct suspend_job *job;
};

struct suspend_job {
    struct ipc_reply_to reply;
    unsigned missing;
};

static void suspend_job_step(struct suspend_job *job)
{
    struct account *before = account_current;

    if (--job->missing)
        return;
    account_current = kalloc_account(job);
    reply_send(&job->reply, KERN_SUCCESS, NULL, 0);
    account_current = before;
    kfree(job);
}

static void suspend_stopped(struct thread_stop_waiter *waiter,
                            kern_return_t result)
{
    struct suspend_wait *wait = (struct suspend_wait *)waiter;
    struct suspend_job *job = wait->job;

    kfree(wait);
    suspend_job_step(job);
}

/* Answers when nothing of TASK runs any longer. */
static kern_return_t task_suspend_wait(struct task *task)
{
    struct suspend_job *job = kalloc(sizeof *job);
    struct thread *thread;

    if (!job)
        return KERN_RESOURCE_SHORTAGE;
    ipc_take_reply(&job->reply);
    job->missing = 1;
    list_for_each(&task->threads, thread, task_link)
    {
        if (thread->state != THREAD_USER)
            continue;
        struct suspend_wait *wait = kalloc(sizeof *wait);
        if (!wait)
            continue; /* it will stop all the same, only later */
        wait->job = job;
        job->missing++;
        thread_when_stopped(thread, &wait->waiter, suspend_stopped);
    }
    suspend_job_step(job);
    return MIG_NO_REPLY;
}

kern_return_t rpc_task_suspend(task_t task)
{
    struct thread *thread;
    bool running = false;

    if (!task || !task->active || task == kernel_task)
        return KERN_INVALID_ARGUMENT;
    task->suspend_count++;
    list_for_each(&task->threads, thread, task_link)
    {
        running |= thread->state == THREAD_USER;
    }
    return running ? task_suspend_wait(task) : KERN_SUCCESS;
}

kern_return_t rpc_task_resume(task_t task)
{
    if (!task || !task->active)
        return KERN_INVALID_ARGUMENT;
    return task_resume_internal(task);
}

kern_return_t task_resume_internal(struct task *task)
{
    struct thread *thread;

    if (!task->suspend_count)
        return KERN_FAILURE;
    if (--task->suspend_count)
        return KERN_SUCCESS;
    list_for_each(&task->threads, thread, task_link)
    {
        thread_try_run(thread);
    }
    return KERN_SUCCESS;
}

/* --- ports ---------------------------------------------------------------- */

static struct ipc_port **task_special_port(struct task *task, int which)
{
    switch (which) {
    case TASK_KERNEL_PORT:
        return &task->sself;
    case TASK_EXCEPTION_PORT:
        return &task->exception;
    case TASK_BOOTSTRAP_PORT:
        return &task->bootstrap;
    default:
        return NULL;
    }
}

kern_return_t rpc_task_get_special_port(task_t task, int which,
                                        ipc_port_t *port_out)
{
    struct ipc_port **slot = task ? task_special_port(task, which) : NULL;

    if (!slot)
        return KERN_INVALID_ARGUMENT;
    if (!task->active)
        return KERN_FAILURE;
    *port_out = ipc_port_copy_send(*slot);
    return KERN_SUCCESS;
}

kern_return_t rpc_task_set_special_port(task_t task, int which, ipc_port_t port)
{
    struct ipc_port **slot = task ? task_special_port(task, which) : NULL;

    if (!slot)
        return KERN_INVALID_ARGUMENT;
    if (!task->active)
        return KERN_FAILURE;
    ipc_port_release_send(*slot);
    *slot = port;
    return KERN_SUCCESS;
}

kern_return_t rpc_mach_ports_register(task_t task, mach_port_array_t ports,
                                      mach_msg_type_number_t count)
{
    struct vm_map_copy *copy = (struct vm_map_copy *)ports;
    struct ipc_port *rights[TASK_PORT_REGISTER_MAX] = {IP_NULL};

    if (!task || count > TASK_PORT_REGISTER_MAX)
        return KERN_INVALID_ARGUMENT;
    /* In the kernel an array of rights is kernel memory with pointers. */
    if (count)
        memcpy(rights, copy, count * sizeof *rights);
    for (int i = 0; i < TASK_PORT_REGISTER_MAX; i++) {
        ipc_port_release_send(task->registered[i]);
        task->registered[i] = rights[i];
    }
    if (count)
        kfree(ports);
    return KERN_SUCCESS;
}

kern_return_t rpc_mach_ports_lookup(task_t task, mach_port_array_t *ports,
                                    mach_msg_type_number_t *count)
{
    struct ipc_port **rights;

    if (!task)
        return KERN_INVALID_ARGUMENT;
    rights = kalloc(TASK_PORT_REGISTER_MAX * sizeof *rights);
    if (!rights)
        return KERN_RESOURCE_SHORTAGE;
    for (int i = 0; i < TASK_PORT_REGISTER_MAX; i++)
        rights[i] = ipc_port_copy_send(task->registered[i]);
    *ports = (mach_port_array_t)rights;
    *count = TASK_PORT_REGISTER_MAX;
    return KERN_SUCCESS;
}

kern_return_t rpc_task_threads(task_t task, thread_array_t *threads,
                               mach_msg_type_number_t *count)
{
    struct ipc_port **rights;
    struct thread *thread;
    unsigned n = 0;

    if (!task || !task->active)
        return KERN_INVALID_ARGUMENT;
    rights = kalloc((task->thread_count + 1) * sizeof *rights);
    if (!rights)
        return KERN_RESOURCE_SHORTAGE;
    list_for_each(&task->threads, thread, task_link)
    {
        rights[n++] = ipc_port_make_send(thread->self);
    }
    *threads = (thread_array_t)rights;
    *count = n;
    return KERN_SUCCESS;
}

/* --- information ---------------------------------------------------------- */

static void task_info_basic(const struct task *task,
                            struct task_basic_info *info)
{
    const struct task_usage *dead = &task->dead_threads;

    *info = (struct task_basic_info){
        .suspend_count = (integer_t)task->suspend_count,
        .base_priority = task->priority,
        .virtual_size = task->map ? task->map->size : 0,
        .resident_size =
            task->map ? task->map->pmap.entries.count * PAGE_SIZE : 0,
        .user_time = time_short(dead->user_ns),
        .system_time = time_short(dead->system_ns),
        .creation_time = time_short(task->creation_time_ns),
        .user_time64 = time_long(dead->user_ns),
        .system_time64 = time_long(dead->system_ns),
        .creation_time64 = time_long(task->creation_time_ns)};
}

static void task_info_times(struct task *task,
                            struct task_thread_times_info *info)
{
    struct task_usage live = task_live_times(task);

    *info = (struct task_thread_times_info){
        .user_time = time_short(live.user_ns),
        .system_time = time_short(live.system_ns),
        .user_time64 = time_long(live.user_ns),
        .system_time64 = time_long(live.system_ns)};
}

static void task_info_events(const struct task *task,
                             struct task_events_info *info)
{
    *info = (struct task_events_info){
        .faults = task->events[VM_FAULTS],
        .zero_fills = task->events[VM_ZERO_FILLS],
        .reactivations = task->events[VM_REACTIVATIONS],
        .pageins = task->events[VM_PAGEINS],
        .cow_faults = task->events[VM_COW_FAULTS],
        .messages_sent = task->messages_sent,
        .messages_received = task->messages_received};
}

/* Some callers do not know of the 64 bit times at the end yet. */
#define BASIC_INFO_LEAST                                                       \
    (TASK_BASIC_INFO_COUNT - 3 * sizeof(time_value64_t) / sizeof(integer_t))
#define TIMES_INFO_LEAST                                                       \
    (TASK_THREAD_TIMES_INFO_COUNT -                                            \
     2 * sizeof(time_value64_t) / sizeof(integer_t))

kern_return_t rpc_task_info(task_t task, int flavor, task_info_t out,
                            mach_msg_type_number_t *count)
{
    union {
        struct task_basic_info basic;
        struct task_events_info events;
        struct task_thread_times_info times;
    } info;
    mach_msg_type_number_t least, most;

    if (!task)
        return KERN_INVALID_ARGUMENT;
    switch (flavor) {
    case TASK_BASIC_INFO:
        task_info_basic(task, &info.basic);
        least = BASIC_INFO_LEAST;
        most = TASK_BASIC_INFO_COUNT;
        break;
    case TASK_EVENTS_INFO:
        task_info_events(task, &info.events);
        least = most = TASK_EVENTS_INFO_COUNT;
        break;
    case TASK_THREAD_TIMES_INFO:
        task_info_times(task, &info.times);
        least = TIMES_INFO_LEAST;
        most = TASK_THREAD_TIMES_INFO_COUNT;
        break;
    default:
        return KERN_INVALID_ARGUMENT;
    }
    if (*count < least)
        return KERN_INVALID_ARGUMENT;
    *count = min_of(*count, most);
    memcpy(out, &info, *count * sizeof(integer_t));
    return KERN_SUCCESS;
}

/* --- emulation vectors ---------------------------------------------------- */

kern_return_t rpc_task_set_emulation(task_t task, vm_address_t entry,
                                     int number)
{
    if (!task || !task->active || number < 0)
        return KERN_INVALID_ARGUMENT;
    return task_set_emulation_entries(task, (unsigned)number, 1, entry)
               ? KERN_SUCCESS
               : KERN_INVALID_ARGUMENT;
}

kern_return_t rpc_task_set_emulation_vector(task_t task, int start,
                                            emulation_vector_t vector,
                                            mach_msg_type_number_t count)
{
    struct vm_map_copy *copy = (struct vm_map_copy *)vector;
    struct vm_fault_wait none = {0};
    uint64_t entry;

    if (!task || !task->active || start < 0 || count > PLATFORM_EMULATION_MAX ||
        (unsigned)start > PLATFORM_EMULATION_MAX - count)
        return KERN_INVALID_ARGUMENT;
    for (unsigned i = 0; i < count; i++) {
        kern_return_t kr = vm_map_copy_read(copy, i * sizeof entry, &entry,
                                            sizeof entry, &none);
        vm_fault_wait_cancel(&none);
        if (kr != KERN_SUCCESS)
            return KERN_INVALID_ARGUMENT;
        if (!task_set_emulation_entries(task, (unsigned)start + i, 1, entry))
            return KERN_RESOURCE_SHORTAGE;
    }
    vm_map_copy_discard(copy);
    return KERN_SUCCESS;
}

kern_return_t rpc_task_get_emulation_vector(task_t task, int *start,
                                            emulation_vector_t *vector,
                                            mach_msg_type_number_t *count)
{
    struct vm_map_copy *copy = NULL;

    if (!task)
        return KERN_INVALID_ARGUMENT;
    *start = 0;
    *count = task->emulation ? PLATFORM_EMULATION_MAX : 0;
    if (task->emulation) {
        kern_return_t kr = vm_map_copy_from_kernel(
            task->emulation, *count * sizeof *task->emulation, &copy);
        if (kr != KERN_SUCCESS)
            return kr;
    }
    *vector = (emulation_vector_t)copy;
    return KERN_SUCCESS;
}

/* Restartable sequences are for machines without an atomic compare. */
kern_return_t rpc_task_ras_control(task_t task, vm_address_t base,
                                   vm_address_t bounds, int flavor)
{
    return KERN_INVALID_ARGUMENT;
}

/* --- names and notices ---------------------------------------------------- */

kern_return_t rpc_task_set_name(task_t task, const_kernel_debug_name_t name)
{
    if (!task || !task->active)
        return KERN_INVALID_ARGUMENT;
    task_set_name_internal(task, name);
    return KERN_SUCCESS;
}

void task_set_name_internal(struct task *task, const char *name)
{
    ksnprintf(task->name, sizeof task->name, "%s", name);
    if (task->platform)
        platform_task_set_name(task->platform, task->name);
}

/* An essential task has the last of the memory, and GNU Mach lets any be one.  The
 * call has no place for the privileged port, but who has it may. */
kern_return_t rpc_task_set_essential(task_t task, boolean_t essential)
{
    if (!task)
        return KERN_INVALID_ARGUMENT;
    if (essential && current_thread &&
        !host_is_privileged(current_thread->task->space))
        return KERN_NO_ACCESS;
    task->essential = essential;
    if (task->account->rank != ACCOUNT_BASE)
        task->account->rank =
            essential ? ACCOUNT_ESSENTIAL : task->account->parent->rank;
    return KERN_SUCCESS;
}

static struct ipc_port *new_task_listener; /* send right */

kern_return_t rpc_register_new_task_notification(host_t host_priv,
                                                 ipc_port_t notification)
{
    if (!host_priv)
        return KERN_INVALID_HOST;
    if (IP_VALID(new_task_listener) && ipc_port_active(new_task_listener))
        return KERN_NO_ACCESS;
    ipc_port_release_send(new_task_listener);
    new_task_listener = notification;
    return KERN_SUCCESS;
}

void task_notify_created(struct task *task, struct task *parent)
{
    if (!IP_VALID(new_task_listener))
        return;
    mach_notify_new_task(
        new_task_listener, ipc_port_make_send(task->self),
        parent && parent->self ? ipc_port_make_send(parent->self) : IP_NULL);
}

void task_notify_module_fini(void)
{
    ipc_port_release_send(new_task_listener);
    new_task_listener = IP_NULL;
}
