/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/table.c: processes come and go. */

#include <hurd/process.h>
#include <hurd/signal.h>
#include <mach/account.h>
#include <proc/proc.h>
#include <stdlib.h>
#include <string.h>

#define HASH_SIZE 512
#define PID_FIRST 5
#define PID_WRAP  30000
#define PID_AGAIN 100

static struct proc *by_task[HASH_SIZE], *by_pid[HASH_SIZE];
static pid_t next_pid = PID_FIRST;

pstruct_t begin_using_proc(mach_port_t port)
{
    return ports_lookup_port(proc_bucket, port, proc_class);
}

pstruct_t begin_using_proc_payload(uint64_t payload)
{
    return begin_using_proc(ports_payload_get_name(payload));
}

void end_using_proc(pstruct_t p)
{
    if (p)
        ports_port_deref(p);
}

static void unlink_task(struct proc *p)
{
    struct proc **at = &by_task[p->task % HASH_SIZE];

    while (*at && *at != p)
        at = &(*at)->task_next;
    if (*at)
        *at = p->task_next;
}

static void unlink_pid(struct proc *p)
{
    struct proc **at = &by_pid[p->pid % HASH_SIZE];

    while (*at && *at != p)
        at = &(*at)->pid_next;
    if (*at)
        *at = p->pid_next;
}

static void unlink_sibling(struct proc *p)
{
    struct proc **at = p->parent ? &p->parent->children : NULL;

    while (at && *at && *at != p)
        at = &(*at)->sibling;
    if (at && *at)
        *at = p->sibling;
    p->parent = NULL;
}

void proc_join_parent(struct proc *child, struct proc *parent)
{
    unlink_sibling(child);
    child->parent = parent;
    if (parent) {
        child->sibling = parent->children;
        parent->children = child;
    }
}

struct proc *pid_find_allow_zombie(pid_t pid)
{
    struct proc *p = by_pid[(unsigned)pid % HASH_SIZE];

    while (p && p->pid != pid)
        p = p->pid_next;
    return p;
}

struct proc *pid_find(pid_t pid)
{
    struct proc *p = pid_find_allow_zombie(pid);

    return p && !p->dead ? p : NULL;
}

struct proc *task_find_nocreate(mach_port_t task)
{
    if (!MACH_PORT_VALID(task))
        return NULL;
    struct proc *p = by_task[task % HASH_SIZE];
    while (p && p->task != task)
        p = p->task_next;
    return p;
}

static boolean_t pid_in_use(pid_t pid)
{
    if (pid_find_allow_zombie(pid))
        return TRUE;
    for (int i = 0; i < HASH_SIZE; i++)
        for (struct proc *p = by_pid[i]; p; p = p->pid_next)
            if ((p->pgrp &&
                 (p->pgrp->pgid == pid || p->pgrp->session->sid == pid)) ||
                (p->login && p->login->leader == pid))
                return TRUE;
    return FALSE;
}

static pid_t new_pid(void)
{
    for (;;) {
        pid_t pid = next_pid++;
        if (next_pid >= PID_WRAP)
            next_pid = PID_AGAIN;
        if (!pid_in_use(pid))
            return pid;
    }
}

void proc_set_task(struct proc *p, mach_port_t task)
{
    p->task = task;
    p->task_next = by_task[task % HASH_SIZE];
    by_task[task % HASH_SIZE] = p;
    proc_watch(p);
}

/* The notification comes to P's port: asked for again when that changes. */
void proc_watch(struct proc *p)
{
    if (p->task != MACH_PORT_NULL &&
        ports_request_dead_name_notification(p, p->task, NULL))
        mach_complain(0, "cannot watch the task of process %d", p->pid);
}

void proc_take_task(struct proc *p)
{
    if (p->task == MACH_PORT_NULL)
        return;
    unlink_task(p);
    mach_port_drop(p->task);
    p->task = MACH_PORT_NULL;
}

/* A task that nobody told proc about is paid for by whoever made it. */
static uid_t payer_of(mach_port_t task)
{
    natural_t number;

    if (task == MACH_PORT_NULL ||
        task_get_account(master_host_port, task, &number))
        return (uid_t)-1;
    return number;
}

struct proc *proc_new(mach_port_t task, pid_t pid)
{
    struct proc *p;

    if (ports_create_port(proc_class, proc_bucket, sizeof *p, &p)) {
        mach_port_drop(task);
        return NULL;
    }
    if (iohelp_create_empty_iouser(&p->ids)) {
        ports_port_deref(p);
        mach_port_drop(task);
        return NULL;
    }
    p->pid = pid ? pid : new_pid();
    p->noowner = 1;
    p->payer = payer_of(task);
    p->pid_next = by_pid[p->pid % HASH_SIZE];
    by_pid[p->pid % HASH_SIZE] = p;
    proc_join_parent(p, init_proc);
    if (task != MACH_PORT_NULL)
        proc_set_task(p, task);
    return p;
}

/* Whoever has a port that is none of the kernel's may never answer. */
static boolean_t is_live_task(mach_port_t task)
{
    struct task_basic_info info;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

    mach_msg_impatient = TRUE;
    error_t err = task_info(task, TASK_BASIC_INFO, (task_info_t)&info, &count);
    mach_msg_impatient = FALSE;
    return !err;
}

struct proc *task_find(mach_port_t task)
{
    struct proc *p = task_find_nocreate(task);

    if (p) {
        mach_port_drop(task);
        return p;
    }
    if (!MACH_PORT_VALID(task) || !is_live_task(task)) {
        mach_port_drop(task);
        return NULL;
    }
    return proc_new(task, 0);
}

void proc_iterate(void (*fun)(struct proc *p, void *arg), void *arg)
{
    for (int i = 0; i < HASH_SIZE; i++)
        for (struct proc *p = by_pid[i], *next; p; p = next) {
            next = p->pid_next;
            if (!p->dead)
                fun(p, arg);
        }
}

static void usage_add(struct hurd_rusage *to, const struct hurd_rusage *from)
{
    int64_t *sum = (int64_t *)to;
    const int64_t *more = (const int64_t *)from;

    for (size_t i = 0; i < sizeof *to / sizeof *sum; i++)
        sum[i] += more[i];
    /* The first four are times: seconds and microseconds. */
    for (int i = 0; i < 4; i += 2) {
        sum[i] += sum[i + 1] / 1000000;
        sum[i + 1] %= 1000000;
    }
}

/* Number 1 stays, for the next program that startup makes init. */
static void reuse_init(void)
{
    proc_join_parent(init_proc, NULL);
    pgrp_leave(init_proc);
    init_proc->dead = init_proc->exiting = init_proc->execed = 0;
    init_proc->parentset = init_proc->stopped = init_proc->continued = 0;
    init_proc->status = 0;
    ports_reallocate_port(init_proc);
}

void proc_forget(struct proc *p)
{
    if (p == init_proc) {
        reuse_init();
        return;
    }
    if (p->parent) {
        usage_add(&p->parent->children_rusage, &p->rusage);
        usage_add(&p->parent->children_rusage, &p->children_rusage);
    }
    unlink_sibling(p);
    pgrp_leave(p);
    login_leave(p);
    unlink_pid(p);
    iohelp_free_iouser(p->ids);
    p->ids = NULL;
    free(p->exe);
    p->exe = NULL;
    ports_port_deref(p);
}

void proc_discard(struct proc *p)
{
    proc_take_task(p);
    wait_fail(p, HURD_ESRCH);
    wait_fail_msgport(p);
    mach_port_drop(p->msgport);
    p->msgport = MACH_PORT_NULL;
    p->dead = 1;
    claims_end(p);
    ports_destroy_right(p);
    while (p->children)
        proc_join_parent(p->children, init_proc);
    proc_forget(p);
}

/* Children of the dead go to init, who may have to bury some at once; init's
 * own go to startup. */
static void give_children_away(struct proc *p)
{
    struct proc *heir = p == init_proc ? startup_proc : init_proc, *child;

    while ((child = p->children)) {
        boolean_t was = child->pgrp && pgrp_is_orphaned(child->pgrp);
        proc_join_parent(child, child == heir ? NULL : heir);
        if (child->dead) {
            wait_child_changed(child, TRUE, 0);
            continue;
        }
        if (child->pgrp)
            pgrp_check_orphaned(child->pgrp, was);
        proc_tell_ids(child);
    }
}

static boolean_t is_empty(task_t task)
{
    thread_array_t threads;
    mach_msg_type_number_t n = 0;

    if (task_threads(task, &threads, &n))
        return FALSE;
    for (unsigned i = 0; i < n; i++)
        mach_port_drop(threads[i]);
    vm_deallocate(mach_task_self(), (vm_address_t)threads, n * sizeof *threads);
    return n == 0;
}

/* A task that nobody called his child, and that never ran, ends with its maker:
 * without him nobody knows of it, and it would be there for ever. */
static void end_if_unborn(struct proc *p, void *maker)
{
    if (p->maker == ((struct proc *)maker)->pid && !p->parentset &&
        p->msgport == MACH_PORT_NULL && p->task != MACH_PORT_NULL &&
        is_empty(p->task))
        task_terminate(p->task);
}

void proc_has_exited(struct proc *p)
{
    boolean_t was_orphaned = p->pgrp && pgrp_is_orphaned(p->pgrp);

    if (p->dead)
        return;
    p->dead = 1;
    p->stopped = 0;
    if (!p->exiting)
        p->status = HW_EXITCODE(0, HSIGKILL);
    proc_take_task(p);
    claims_end(p);
    mach_port_drop(p->msgport);
    p->msgport = MACH_PORT_NULL;
    wait_fail(p, HURD_EINTR);
    wait_fail_msgport(p);
    ports_destroy_right(p);
    give_children_away(p);
    proc_iterate(end_if_unborn, p);
    if (p->pgrp)
        pgrp_check_orphaned(p->pgrp, was_orphaned);
    /* Nobody waits for what never had a parent of its own. */
    if (!p->parentset || !p->parent || p->parent->task == MACH_PORT_NULL)
        proc_forget(p);
    else
        wait_child_changed(p, TRUE,
                           HW_TERMSIG(p->status) ? HCLD_KILLED : HCLD_EXITED);
}
