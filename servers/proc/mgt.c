/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/mgt.c: what processes say about themselves and each other. */

#include <proc/proc.h>
#include <proc/process_S.h>
#include <stdlib.h>
#include <string.h>

static void tell_if_waiting(struct proc *child)
{
    /* It may have ended before anybody called it a child. */
    if (child->dead)
        wait_child_changed(child, TRUE, 0);
}

kern_return_t S_proc_child(pstruct_t parent, mach_port_t task)
{
    struct proc *child;
    struct iouser *ids;
    error_t err;

    if (!parent)
        return HURD_EOPNOTSUPP;
    mach_port_ref_send(task, 1);
    child = task_find(task);
    if (!child)
        return HURD_ESRCH;
    if (child->parentset)
        return HURD_EBUSY;
    err = iohelp_dup_iouser(&ids, parent->ids);
    if (err)
        return err;
    mach_port_drop(task);
    iohelp_free_iouser(child->ids);
    child->ids = ids;
    child->parentset = 1;
    child->owner = parent->owner;
    child->payer = parent->payer;
    child->noowner = parent->noowner;
    child->guarded = parent->guarded;
    child->guarded_to_exec = parent->guarded_to_exec;
    proc_join_parent(child, parent);
    login_join(child, parent->login);
    if (parent->pgrp)
        pgrp_join(child, parent->pgrp);
    child->start_code = parent->start_code;
    child->end_code = parent->end_code;
    free(child->exe);
    child->exe = parent->exe ? strdup(parent->exe) : NULL;
    tell_if_waiting(child);
    return 0;
}

/* P gets the task, port and memory layout of FRESH, which ends. */
void proc_take_over(struct proc *p, struct proc *fresh)
{
    mach_port_t task = fresh->task, old_task = p->task;

    /* P's own death must not be noticed in between. */
    mach_port_ref_send(task, 1);
    mach_port_ref_send(old_task, 1);
    proc_take_task(p);
    task_terminate(old_task);
    mach_port_drop(old_task);
    mach_port_drop(p->msgport);
    p->msgport = MACH_PORT_NULL;
    p->deadmsg = 0;
    p->argv = fresh->argv;
    p->envp = fresh->envp;
    p->stopped = 0;
    ports_transfer_right(p, fresh);
    proc_discard(fresh);
    proc_set_task(p, task);
    proc_charge(p);
}

kern_return_t S_proc_reassign(pstruct_t p, mach_port_t task)
{
    struct proc *fresh;

    if (!p)
        return HURD_EOPNOTSUPP;
    mach_port_ref_send(task, 1);
    fresh = task_find(task);
    if (!fresh)
        return HURD_ESRCH;
    if (fresh == p)
        return HURD_EINVAL;
    mach_port_drop(task);
    proc_take_over(p, fresh);
    return 0;
}

kern_return_t S_proc_setowner(pstruct_t p, uid_t owner, int clear)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    if (clear) {
        p->noowner = 1;
        return 0;
    }
    if (!check_uid(p, owner))
        return HURD_EPERM;
    p->owner = owner;
    p->noowner = 0;
    /* A file system's translator is its owner's from the beginning. */
    if (owner != 0 && (p->payer == 0 || p->payer == (uid_t)-1)) {
        p->payer = owner;
        proc_charge(p);
    }
    return 0;
}

kern_return_t S_proc_getpids(pstruct_t p, pid_t *pid, pid_t *ppid,
                             int *orphaned)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    *pid = p->pid;
    *ppid = p->parent ? p->parent->pid : 0;
    *orphaned = !p->pgrp || pgrp_is_orphaned(p->pgrp);
    return 0;
}

kern_return_t S_proc_set_arg_locations(pstruct_t p, vm_address_t argv,
                                       vm_address_t envp)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    p->argv = argv;
    p->envp = envp;
    return 0;
}

kern_return_t S_proc_get_arg_locations(pstruct_t p, vm_address_t *argv,
                                       vm_address_t *envp)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    *argv = p->argv;
    *envp = p->envp;
    return 0;
}

kern_return_t S_proc_dostop(pstruct_t p, mach_port_t contthread)
{
    thread_array_t threads;
    mach_msg_type_number_t n = 0;
    error_t err;

    if (!p)
        return HURD_EOPNOTSUPP;
    err = task_suspend(p->task);
    if (err)
        return err;
    err = task_threads(p->task, &threads, &n);
    for (unsigned i = 0; !err && i < n; i++) {
        if (threads[i] != contthread)
            thread_suspend(threads[i]);
        mach_port_drop(threads[i]);
    }
    if (!err) {
        vm_deallocate(mach_task_self(), (vm_address_t)threads,
                      n * sizeof *threads);
        mach_port_drop(contthread);
    }
    task_resume(p->task);
    return err;
}

kern_return_t S_proc_mark_exec(pstruct_t p)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    p->execed = 1;
    if (p->guarded_to_exec)
        p->guarded = p->guarded_to_exec = 0;
    return 0;
}

kern_return_t S_proc_pid2task(pstruct_t caller, pid_t pid, mach_port_t *task)
{
    struct proc *p = pid_find(pid);

    if (!caller)
        return HURD_EOPNOTSUPP;
    if (!p)
        return HURD_ESRCH;
    if (!check_owner(caller, p))
        return HURD_EPERM;
    *task = p->task;
    return 0;
}

kern_return_t S_proc_task2pid(pstruct_t caller, mach_port_t task, pid_t *pid)
{
    mach_port_ref_send(task, 1);
    struct proc *p = task_find(task);

    if (!p)
        return HURD_ESRCH;
    *pid = p->pid;
    mach_port_drop(task);
    return 0;
}

static error_t give_proc(struct proc *p, mach_port_t *port,
                         mach_msg_type_name_t *type)
{
    *port = ports_get_right(p);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    return 0;
}

kern_return_t S_proc_task2proc(pstruct_t caller, mach_port_t task,
                               mach_port_t *port, mach_msg_type_name_t *type)
{
    mach_port_ref_send(task, 1);
    struct proc *p = task_find(task);

    if (!p)
        return HURD_ESRCH;
    mach_port_drop(task);
    return give_proc(p, port, type);
}

kern_return_t S_proc_proc2task(pstruct_t p, mach_port_t *task)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    *task = p->task;
    return 0;
}

kern_return_t S_proc_pid2proc(pstruct_t caller, pid_t pid, mach_port_t *port,
                              mach_msg_type_name_t *type)
{
    struct proc *p = pid_find_allow_zombie(pid);

    if (!caller)
        return HURD_EOPNOTSUPP;
    if (!p || p->dead)
        return HURD_ESRCH;
    if (!check_owner(caller, p))
        return HURD_EPERM;
    return give_proc(p, port, type);
}

kern_return_t S_proc_set_init_task(pstruct_t caller, mach_port_t task)
{
    struct proc *already;

    if (!caller)
        return HURD_EOPNOTSUPP;
    if (caller != startup_proc)
        return HURD_EPERM;
    if (init_proc->task != MACH_PORT_NULL)
        return HURD_EBUSY;
    already = task_find_nocreate(task);
    if (already)
        proc_discard(already);
    proc_set_task(init_proc, task);
    init_proc->dead = 0;
    return 0;
}

kern_return_t S_proc_mark_important(pstruct_t p)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    if (!is_root(p))
        return HURD_EPERM;
    p->important = 1;
    return 0;
}

kern_return_t S_proc_is_important(pstruct_t p, boolean_t *important)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    *important = p->important;
    return 0;
}

kern_return_t S_proc_set_code(pstruct_t p, vm_address_t start, vm_address_t end)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    p->start_code = start;
    p->end_code = end;
    return 0;
}

kern_return_t S_proc_get_code(pstruct_t p, vm_address_t *start,
                              vm_address_t *end)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    *start = p->start_code;
    *end = p->end_code;
    return 0;
}

kern_return_t S_proc_set_entry(pstruct_t p, vm_address_t entry)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    p->entry = entry;
    return 0;
}

kern_return_t S_proc_get_entry(pstruct_t p, vm_address_t *entry)
{
    if (!p)
        return HURD_EOPNOTSUPP;
    *entry = p->entry;
    return 0;
}

kern_return_t S_proc_set_exe(pstruct_t p, const_string_t path)
{
    char *copy;

    if (!p)
        return HURD_EOPNOTSUPP;
    copy = strdup(path);
    if (!copy)
        return HURD_ENOMEM;
    free(p->exe);
    p->exe = copy;
    return 0;
}

kern_return_t S_proc_get_exe(pstruct_t caller, pid_t pid, string_t path)
{
    struct proc *p = pid_find(pid);

    if (!p)
        return HURD_ESRCH;
    mig_strncpy(path, p->exe ? p->exe : "", sizeof(string_t));
    return 0;
}
