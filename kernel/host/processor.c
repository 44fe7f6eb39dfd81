/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor and processor set routines of mach_host.defs.  The host below
 * schedules; what can be said about one processor and one set is said, and
 * what would change them fails. */
#include "host/host.h"
#include "mig/types.h"
#include "task/task.h"
#include "task/thread.h"

#include <mach/machine.h>
#include <mach/policy.h>
#include <mach/processor_info.h>

#include "mach_host_server.h"

#define PRIORITY_WORST 63

/* --- one of each -------------------------------------------------------------- */

/* An array of one send right, for a reply. */
static kern_return_t one_port(mach_port_t right, mach_port_t **array_out,
                              mach_msg_type_number_t *count)
{
    mach_port_t *array = kalloc(sizeof *array);

    if (array == NULL) {
        ipc_port_release_send((struct ipc_port *)right);
        return KERN_RESOURCE_SHORTAGE;
    }
    array[0] = right;
    *array_out = array;
    *count = 1;
    return KERN_SUCCESS;
}

kern_return_t rpc_host_processors(host_t host, processor_array_t *list,
                                  mach_msg_type_number_t *count)
{
    if (host == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    return one_port(convert_processor_to_port(&the_processor), list, count);
}

kern_return_t rpc_host_processor_sets(host_t host,
                                      processor_set_name_array_t *list,
                                      mach_msg_type_number_t *count)
{
    if (host == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    return one_port(convert_pset_name_to_port(&the_pset), list, count);
}

static kern_return_t the_set(const void *of, processor_set_t *set)
{
    *set = &the_pset;
    return of != NULL ? KERN_SUCCESS : KERN_INVALID_ARGUMENT;
}

kern_return_t rpc_processor_set_default(host_t host, processor_set_t *set)
{
    return the_set(host, set);
}

kern_return_t rpc_processor_get_assignment(processor_t processor,
                                           processor_set_t *set)
{
    return the_set(processor, set);
}

kern_return_t rpc_thread_get_assignment(thread_t thread, processor_set_t *set)
{
    return the_set(thread, set);
}

kern_return_t rpc_task_get_assignment(task_t task, processor_set_t *set)
{
    return the_set(task, set);
}

kern_return_t rpc_host_processor_set_priv(host_t host, processor_set_t name,
                                          processor_set_t *set)
{
    return host != NULL ? the_set(name, set) : KERN_INVALID_ARGUMENT;
}

/* --- what cannot be changed ----------------------------------------------------- */

kern_return_t rpc_processor_start(processor_t processor)
{
    return processor != NULL ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t rpc_processor_exit(processor_t processor)
{
    return processor != NULL ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t rpc_processor_control(processor_t processor,
                                    const processor_info_t command,
                                    mach_msg_type_number_t count)
{
    return processor != NULL ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t rpc_processor_set_create(host_t host, processor_set_t *set,
                                       processor_set_t *name)
{
    return KERN_FAILURE;
}

kern_return_t rpc_processor_set_destroy(processor_set_t set)
{
    return KERN_FAILURE;
}

kern_return_t rpc_processor_assign(processor_t processor, processor_set_t set,
                                   boolean_t wait)
{
    return KERN_FAILURE;
}

/* Everything is in the default set and can be put there again. */
static kern_return_t assign(const void *what, processor_set_t set)
{
    if (what == NULL || set == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    return KERN_SUCCESS;
}

kern_return_t rpc_thread_assign(thread_t thread, processor_set_t set)
{
    return assign(thread, set);
}

kern_return_t rpc_thread_assign_default(thread_t thread)
{
    return assign(thread, &the_pset);
}

kern_return_t rpc_task_assign(task_t task, processor_set_t set,
                              boolean_t threads)
{
    return assign(task, set);
}

kern_return_t rpc_task_assign_default(task_t task, boolean_t threads)
{
    return assign(task, &the_pset);
}

/* --- priorities and policies ------------------------------------------------------ */

static bool valid_priority(int priority)
{
    return priority >= 0 && priority <= PRIORITY_WORST;
}

kern_return_t rpc_thread_priority(thread_t thread, int priority,
                                  boolean_t set_max)
{
    if (thread == NULL || !valid_priority(priority)) {
        return KERN_INVALID_ARGUMENT;
    }
    /* Smaller is better. */
    if (priority < thread->max_priority) {
        return KERN_FAILURE;
    }
    thread->priority = priority;
    if (set_max) {
        thread->max_priority = priority;
    }
    return KERN_SUCCESS;
}

kern_return_t rpc_thread_max_priority(thread_t thread, processor_set_t set,
                                      int priority)
{
    if (thread == NULL || set == NULL || !valid_priority(priority)) {
        return KERN_INVALID_ARGUMENT;
    }
    thread->max_priority = priority;
    thread->priority = max_of(thread->priority, priority);
    return KERN_SUCCESS;
}

kern_return_t rpc_task_priority(task_t task, int priority,
                                boolean_t change_threads)
{
    struct thread *thread;
    kern_return_t kr = KERN_SUCCESS;

    if (task == NULL || !valid_priority(priority)) {
        return KERN_INVALID_ARGUMENT;
    }
    task->priority = priority;
    if (change_threads) {
        list_for_each(&task->threads, thread, task_link)
        {
            if (rpc_thread_priority(thread, priority, false) != KERN_SUCCESS) {
                kr = KERN_FAILURE;
            }
        }
    }
    return kr;
}

kern_return_t rpc_processor_set_max_priority(processor_set_t set, int priority,
                                             boolean_t change_threads)
{
    if (set == NULL || !valid_priority(priority)) {
        return KERN_INVALID_ARGUMENT;
    }
    set->max_priority = priority;
    return KERN_SUCCESS;
}

kern_return_t rpc_thread_policy(thread_t thread, int policy, int data)
{
    if (thread == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    return policy == POLICY_TIMESHARE ? KERN_SUCCESS : KERN_FAILURE;
}

kern_return_t rpc_processor_set_policy_enable(processor_set_t set, int policy)
{
    if (set == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    return policy == POLICY_TIMESHARE ? KERN_SUCCESS : KERN_FAILURE;
}

kern_return_t rpc_processor_set_policy_disable(processor_set_t set, int policy,
                                               boolean_t change_threads)
{
    if (set == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    return policy == POLICY_TIMESHARE ? KERN_INVALID_ARGUMENT : KERN_SUCCESS;
}

kern_return_t rpc_thread_depress_abort(thread_t thread)
{
    return thread != NULL ? KERN_SUCCESS : KERN_INVALID_ARGUMENT;
}

/* --- who runs here ------------------------------------------------------------------ */

/* In order of creation, which puts the kernel's own task first. */
kern_return_t rpc_processor_set_tasks(processor_set_t set, task_array_t *list,
                                      mach_msg_type_number_t *count)
{
    struct task *task;
    mach_port_t *array;
    unsigned n = 0;

    if (set == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    list_for_each(&all_tasks, task, link)
    {
        n++;
    }
    array = kalloc((n + 1) * sizeof *array);
    if (array == NULL) {
        return KERN_RESOURCE_SHORTAGE;
    }
    n = 0;
    list_for_each(&all_tasks, task, link)
    {
        if (ipc_port_active(task->self)) {
            array[n++] = (mach_port_t)ipc_port_make_send(task->self);
        }
    }
    *list = (task_array_t)array;
    *count = n;
    return KERN_SUCCESS;
}

kern_return_t rpc_processor_set_threads(processor_set_t set,
                                        thread_array_t *list,
                                        mach_msg_type_number_t *count)
{
    struct thread *thread;
    struct task *task;
    mach_port_t *array;
    unsigned n = 0;

    if (set == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    list_for_each(&all_tasks, task, link)
    {
        n += task->thread_count;
    }
    array = kalloc((n + 1) * sizeof *array);
    if (array == NULL) {
        return KERN_RESOURCE_SHORTAGE;
    }
    n = 0;
    list_for_each(&all_tasks, task,
                  link){list_for_each(&task->threads, thread, task_link){
        array[n++] = (mach_port_t)ipc_port_make_send(thread->self);
}
}
*list = (thread_array_t)array;
*count = n;
return KERN_SUCCESS;
}

/* --- information ----------------------------------------------------------------------- */

kern_return_t rpc_processor_info(processor_t processor, int flavor,
                                 host_t *host, processor_info_t info,
                                 mach_msg_type_number_t *count)
{
    if (processor == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    if (flavor != PROCESSOR_BASIC_INFO) {
        return KERN_INVALID_ARGUMENT;
    }
    if (*count < PROCESSOR_BASIC_INFO_COUNT) {
        return KERN_FAILURE;
    }
    *(struct processor_basic_info *)info = (struct processor_basic_info){
        .cpu_type = CPU_TYPE_X86_64,
        .cpu_subtype = CPU_SUBTYPE_AT386,
        .running = true,
        .is_master = true,
    };
    *count = PROCESSOR_BASIC_INFO_COUNT;
    *host = &the_host;
    return KERN_SUCCESS;
}

static struct processor_set_basic_info set_info(void)
{
    struct task_load load = task_load();
    struct processor_set_basic_info info = {
        .processor_count = 1,
        .load_average = (integer_t)load.average[0],
        .mach_factor = (integer_t)load.mach_factor[0]};
    struct task *task;

    list_for_each(&all_tasks, task, link)
    {
        info.task_count++;
        info.thread_count += task->thread_count;
    }
    return info;
}

kern_return_t rpc_processor_set_info(processor_set_t set, int flavor,
                                     host_t *host, processor_set_info_t info,
                                     mach_msg_type_number_t *count)
{
    if (set == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    *host = &the_host;
    if (flavor == PROCESSOR_SET_BASIC_INFO) {
        if (*count < PROCESSOR_SET_BASIC_INFO_COUNT) {
            return KERN_FAILURE;
        }
        *(struct processor_set_basic_info *)info = set_info();
        *count = PROCESSOR_SET_BASIC_INFO_COUNT;
        return KERN_SUCCESS;
    }
    if (flavor == PROCESSOR_SET_SCHED_INFO) {
        if (*count < PROCESSOR_SET_SCHED_INFO_COUNT) {
            return KERN_FAILURE;
        }
        *(struct processor_set_sched_info *)info =
            (struct processor_set_sched_info){.policies = POLICY_TIMESHARE,
                                              .max_priority =
                                                  set->max_priority};
        *count = PROCESSOR_SET_SCHED_INFO_COUNT;
        return KERN_SUCCESS;
    }
    return KERN_INVALID_ARGUMENT;
}
