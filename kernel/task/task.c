/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "task/task.h"
#include "core/account.h"
#include "core/kernel.h"
#include "device/device.h"
#include "ipc/ipc.h"
#include "ipc/port.h"
#include "ipc/space.h"
#include "task/gsync.h"
#include "task/notify.h"
#include "task/thread.h"
#include "vm/map.h"
#include "vm/entry.h"

struct task *kernel_task;
struct list all_tasks;

/* What a task costs the host besides: a process, and what it shares with us. */
#define TASK_HOST_BYTES 32768

/* Everything that a task is made of is charged to its own account. */
static struct account *task_account(const struct task *parent)
{
    struct account *account = account_create(parent ? parent->account : NULL);

    if (!account)
        return NULL;
    if (account_charge(account, ACCOUNT_TASKS, 1)) {
        if (account_charge(account, ACCOUNT_THREADS, 1)) {
            if (account_charge(account, ACCOUNT_BYTES, TASK_HOST_BYTES))
                return account;
            account_discharge(account, ACCOUNT_THREADS, 1);
        }
        account_discharge(account, ACCOUNT_TASKS, 1);
    }
    account_release(account);
    return NULL;
}

/* The process is gone. */
static void task_account_end(struct account *account)
{
    account_discharge(account, ACCOUNT_TASKS, 1);
    account_discharge(account, ACCOUNT_THREADS, 1);
    account_discharge(account, ACCOUNT_BYTES, TASK_HOST_BYTES);
}

static struct task *task_alloc(struct account *account)
{
    struct task *task = kalloc(sizeof *task);

    if (!task)
        return NULL;
    task->references = 1;
    task->account = account;
    account_hold(account);
    task->active = true;
    task->priority = 25; /* BASEPRI_USER, as GNU Mach's tasks have */
    task->creation_time_ns = platform_time_realtime();
    list_init(&task->threads);
    list_init(&task->later);
    list_init(&task->gsync_on);
    list_init(&task->gsync_for);
    task->later_work.run = ipc_run_later;
    task->self = ipc_port_alloc_kernel(IKOT_TASK, task);
    task->space = ipc_space_create(task);
    return task;
}

static void task_free(struct task *task)
{
    struct account *account = task->account;

    if (task->self)
        ipc_port_dealloc_kernel(task->self);
    if (task->space)
        ipc_space_release(task->space);
    kfree(task->emulation);
    kfree(task->io_ports);
    kfree(task);
    account_release(account);
}

/* The address space, then the map that shows in it. */
static bool task_make_map(struct task *task, struct task *parent, bool inherit)
{
    if (platform_task_create(&task->platform, task) < 0)
        return false;
    /* Many of a user's tasks must not keep the servers from the processor. */
    if (task->account->rank == ACCOUNT_USER)
        platform_task_set_background(task->platform);
    if (inherit)
        task->map = vm_map_fork(parent->map, task->platform);
    else
        task->map = vm_map_create(task->platform, 0, platform_address_limit());
    if (task->map)
        return true;
    platform_task_destroy(task->platform);
    task->platform = NULL;
    return false;
}

static void task_inherit_ports(struct task *task, struct task *parent)
{
    task->sself = ipc_port_make_send(task->self);
    if (!parent)
        return;
    task->exception = ipc_port_copy_send(parent->exception);
    task->bootstrap = ipc_port_copy_send(parent->bootstrap);
    for (int i = 0; i < TASK_PORT_REGISTER_MAX; i++)
        task->registered[i] = ipc_port_copy_send(parent->registered[i]);
    task->priority = parent->priority;
    memcpy(task->name, parent->name, sizeof task->name);
}

static bool task_inherit_emulation(struct task *task, struct task *parent)
{
    if (!parent || !parent->emulation)
        return true;
    for (unsigned i = 0; i < PLATFORM_EMULATION_MAX;) {
        unsigned run = 1;
        while (i + run < PLATFORM_EMULATION_MAX &&
               parent->emulation[i + run] == parent->emulation[i])
            run++;
        if (parent->emulation[i] &&
            !task_set_emulation_entries(task, i, run, parent->emulation[i]))
            return false;
        i += run;
    }
    return true;
}

/* All of a task that can fail. */
static struct task *task_build(struct account *account, struct task *parent,
                               bool inherit)
{
    struct task *task = task_alloc(account);

    if (!task)
        return NULL;
    if (!task->self || !task->space || !task_make_map(task, parent, inherit) ||
        !task_inherit_emulation(task, parent)) {
        task_free(task);
        return NULL;
    }
    task_inherit_ports(task, parent);
    return task;
}

kern_return_t task_create_internal(struct task *parent, bool inherit,
                                   struct task **task_out)
{
    struct account *before = account_current, *account = task_account(parent);
    struct task *task;

    if (!account)
        return KERN_RESOURCE_SHORTAGE;
    account_current = account;
    task = task_build(account, parent, inherit);
    account_current = before;
    if (!task)
        task_account_end(account);
    account_release(account);
    if (!task)
        return KERN_RESOURCE_SHORTAGE;
    list_append(&all_tasks, &task->link);
    task_reference(task); /* the list's */
    task_notify_created(task, parent);
    *task_out = task;
    return KERN_SUCCESS;
}

bool task_set_emulation_entries(struct task *task, unsigned first,
                                unsigned count, uint64_t entry)
{
    if (first >= PLATFORM_EMULATION_MAX ||
        count > PLATFORM_EMULATION_MAX - first)
        return false;
    if (!task->emulation)
        task->emulation =
            kalloc(PLATFORM_EMULATION_MAX * sizeof *task->emulation);
    if (!task->emulation)
        return false;
    for (unsigned i = 0; i < count; i++)
        task->emulation[first + i] = entry;
    platform_task_set_emulation(task->platform, first, count, entry);
    return true;
}

void task_reference(struct task *task)
{
    task->references++;
}

void task_deallocate(struct task *task)
{
    if (!task || --task->references)
        return;
    task_free(task);
}

static void task_release_ports(struct task *task)
{
    ipc_port_release_send(task->sself);
    ipc_port_release_send(task->exception);
    ipc_port_release_send(task->bootstrap);
    for (int i = 0; i < TASK_PORT_REGISTER_MAX; i++) {
        ipc_port_release_send(task->registered[i]);
        task->registered[i] = IP_NULL;
    }
    task->sself = task->exception = task->bootstrap = IP_NULL;
    ipc_port_dealloc_kernel(task->self);
    task->self = IP_NULL;
}

/* Who hears that the task is dead finds that its rights are, too. */
static void task_end_rest(void *context)
{
    struct task *task = context;

    task_release_ports(task);
    list_remove(&task->link);
    task_deallocate(task);
}

static void task_end(struct task *task)
{
    struct thread *thread;

    task->active = false;
    while (
        (thread = list_first_entry(&task->threads, struct thread, task_link)))
        thread_terminate_internal(thread);
    task_times_end(task);
    if (task->platform)
        platform_task_destroy(task->platform);
    task->platform = NULL;
    task_account_end(task->account);
    ipc_kobject_set(task->self, IKOT_NONE, NULL);
    device_task_ends(task);
    gsync_task_ends(task);
    vm_map_terminate(task->map);
    vm_map_deallocate(task->map);
    task->map = NULL;
    ipc_space_destroy(task->space, task_end_rest, task);
}

void task_terminate_internal(struct task *task)
{
    if (task->active && task != kernel_task) {
        if (task->essential && !kernel_is_halted())
            kprintf("essential task %s has ended\n", task->name);
        task_end(task);
        kernel_task_ended();
    }
}

bool task_any_alive(void)
{
    struct task *task;

    list_for_each(&all_tasks, task, link)
    {
        if (task != kernel_task && task->thread_count != 0 &&
            task->suspend_count == 0)
            return true;
    }
    return false;
}

struct task *task_of_map(const struct vm_map *map)
{
    struct task *task;

    list_for_each(&all_tasks, task, link)
    {
        if (task->map == map)
            return task;
    }
    return NULL;
}

void task_module_init(void)
{
    list_init(&all_tasks);
    struct account *account = task_account(NULL);

    kernel_task = account ? task_alloc(account) : NULL;
    account_release(account);
    if (!kernel_task || !kernel_task->self || !kernel_task->space)
        kpanic("no memory for the kernel task");
    kernel_task->map = vm_map_create(NULL, 0, platform_address_limit());
    ksnprintf(kernel_task->name, sizeof kernel_task->name, "gnumach");
    task_inherit_ports(kernel_task, NULL);
    list_append(&all_tasks, &kernel_task->link);
    if (!thread_create_idle())
        kpanic("no memory for the idle thread");
}

void task_module_fini(void)
{
    struct task *task, *next;

    list_for_each_safe(&all_tasks, task, next, link)
    {
        if (task != kernel_task)
            task_terminate_internal(task);
    }
    task_end(kernel_task);
    kernel_task = NULL;
}
