/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task/task.h: tasks: an address space, a name space and threads.
 *
 * A task is reference counted.  It is active until task_terminate; afterwards
 * its threads, map, space and ports are gone and only the shell remains until
 * the last reference is dropped.  Nothing here blocks.
 */
#ifndef TASK_TASK_H
#define TASK_TASK_H

#include "core/core.h"
#include "core/list.h"
#include "core/work.h"
#include "task/times.h"
#include "vm/count.h"

struct account;
struct ipc_port;
struct ipc_space;
struct vm_map;
struct thread;

#define TASK_PORT_REGISTER_MAX 4
#define TASK_NAME_SIZE         64

struct task {
    unsigned references;
    bool active;
    bool essential;
    struct list link; /* kernel.tasks, in order of creation */

    struct account *account;        /* held */
    struct vm_map *map;             /* owned */
    struct ipc_space *space;        /* owned */
    struct platform_task *platform; /* owned; NULL: the kernel task */
    struct list threads;            /* of struct thread.task_link */
    unsigned thread_count;
    unsigned suspend_count;
    int priority;

    struct ipc_port *self;      /* kernel object port, owned by the task */
    struct ipc_port *sself;     /* send right: TASK_KERNEL_PORT */
    struct ipc_port *exception; /* send right or null */
    struct ipc_port *bootstrap; /* send right or null */
    struct ipc_port *registered[TASK_PORT_REGISTER_MAX]; /* send rights */

    struct list
        later; /* of struct ipc_kmsg.port_link: its requests that wait */
    struct work later_work;
    struct list gsync_on, gsync_for; /* gsync.c: who waits here, or elsewhere */

    uint8_t *io_ports; /* a bit for each that it may use, or NULL */

    uint64_t *emulation; /* PLATFORM_EMULATION_MAX entries, or NULL */

    uint64_t creation_time_ns;
    struct task_usage dead_threads; /* what they had had of the processor */
    struct task_usage shown;        /* of it all; it never goes back */
    uint64_t events[VM_EVENTS];     /* see vm/count.h */
    uint64_t messages_sent, messages_received, syscall_count;
    char name[TASK_NAME_SIZE];
};

/* The kernel's own task: the idle thread alone, an empty map; first in the task
 * list. */
extern struct task *kernel_task;
extern struct list all_tasks;

/* Makes a task: no threads, not suspended; its account stands where PARENT's
 * does.  With INHERIT, its map is forked
 * from PARENT's by the inheritance of each region; without, it is empty.  The
 * bootstrap, exception and registered ports are the parent's (null without
 * one).  Returns one reference. */
kern_return_t task_create_internal(struct task *parent, bool inherit,
                                   struct task **task_out);

void task_reference(struct task *task);
void task_deallocate(struct task *task);

/* Ends the task. No caller's reference is consumed. */
void task_terminate_internal(struct task *task);

/* Whether there is a task that runs, or waits for something: one that has
 * threads and is not suspended. */
bool task_any_alive(void);

/* The task whose map MAP is; NULL if it has ended. */
struct task *task_of_map(const struct vm_map *map);

/* Redirects COUNT system calls from FIRST on to ENTRY (0: not).  False: out of
 * range, or no memory. */
bool task_set_emulation_entries(struct task *task, unsigned first,
                                unsigned count, uint64_t entry);

void task_module_init(void);
void task_module_fini(void);

#endif
