/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mig/types.h"
#include "task/task.h"
#include "task/thread.h"
#include "vm/map.h"
#include "vm/object.h"

/* --- from ports ----------------------------------------------------------- */

task_t convert_port_to_task(ipc_port_t port)
{
    struct task *task = ipc_kobject_get(port, IKOT_TASK);

    if (task != NULL) {
        task_reference(task);
    }
    return task;
}

thread_t convert_port_to_thread(ipc_port_t port)
{
    struct thread *thread = ipc_kobject_get(port, IKOT_THREAD);

    if (thread != NULL) {
        thread_reference(thread);
    }
    return thread;
}

vm_map_t convert_port_to_map(ipc_port_t port)
{
    struct task *task = ipc_kobject_get(port, IKOT_TASK);

    if (task == NULL || !task->active || task->map == NULL) {
        return NULL;
    }
    vm_map_reference(task->map);
    return task->map;
}

ipc_space_t convert_port_to_space(ipc_port_t port)
{
    struct task *task = ipc_kobject_get(port, IKOT_TASK);

    if (task == NULL || !task->active || task->space == NULL) {
        return NULL;
    }
    ipc_space_reference(task->space);
    return task->space;
}

host_t convert_port_to_host(ipc_port_t port)
{
    struct host *host = ipc_kobject_get(port, IKOT_HOST);

    return host != NULL ? host : ipc_kobject_get(port, IKOT_HOST_PRIV);
}

host_t convert_port_to_host_priv(ipc_port_t port)
{
    return ipc_kobject_get(port, IKOT_HOST_PRIV);
}

processor_t convert_port_to_processor(ipc_port_t port)
{
    return ipc_kobject_get(port, IKOT_PROCESSOR);
}

processor_set_t convert_port_to_pset(ipc_port_t port)
{
    return ipc_kobject_get(port, IKOT_PSET);
}

processor_set_t convert_port_to_pset_name(ipc_port_t port)
{
    struct processor_set *pset = ipc_kobject_get(port, IKOT_PSET_NAME);

    return pset != NULL ? pset : ipc_kobject_get(port, IKOT_PSET);
}

vm_object_t vm_object_lookup(ipc_port_t port)
{
    return ipc_kobject_get(port, IKOT_PAGING_REQUEST);
}

vm_object_t vm_object_lookup_name(ipc_port_t port)
{
    struct vm_object *object = ipc_kobject_get(port, IKOT_PAGING_NAME);

    if (object != NULL) {
        vm_object_reference(object);
    }
    return object;
}

/* --- to ports --------------------------------------------------------------- */

mach_port_t convert_task_to_port(task_t task)
{
    mach_port_t right = (mach_port_t)ipc_port_make_send(task->self);

    task_deallocate(task);
    return right;
}

mach_port_t convert_thread_to_port(thread_t thread)
{
    mach_port_t right = (mach_port_t)ipc_port_make_send(thread->self);

    thread_deallocate(thread);
    return right;
}

/* --- ends ------------------------------------------------------------------- */

void mig_task_drop(task_t task)
{
    if (task != NULL) {
        task_deallocate(task);
    }
}

void mig_thread_drop(thread_t thread)
{
    if (thread != NULL) {
        thread_deallocate(thread);
    }
}

void mig_map_drop(vm_map_t map)
{
    if (map != NULL) {
        vm_map_deallocate(map);
    }
}

void mig_space_drop(ipc_space_t space)
{
    if (space != NULL) {
        ipc_space_release(space);
    }
}

void mig_object_drop(vm_object_t object)
{
    if (object != NULL) {
        vm_object_release(object);
    }
}

/* Host, processor and processor set are there as long as the kernel is. */
void pset_deallocate(processor_set_t pset)
{
}
