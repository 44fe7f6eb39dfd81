/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/info.c: looking into processes. */

#include <fshelp/fshelp.h>
#include <mach/gnumach.h>
#include <proc/proc.h>
#include <proc/process_S.h>
#include <proc/procinfo.h>
#include <stdlib.h>
#include <string.h>

/* What is shown of a process's arguments; it may say that there is no end. */
#define ARGS_MAX    (1 << 20)
#define STRINGS_MAX 16384
#define PEEK_PAGES  3

/* Whether all of LENGTH bytes at DATA, pages of ours, are there: what a pager
 * would have to bring might never come. */
static boolean_t is_there(vm_address_t data, vm_size_t length)
{
    rpc_phys_addr_t room[PEEK_PAGES], *pages = room;
    mach_msg_type_number_t count = PEEK_PAGES;

    if (length / vm_page_size > PEEK_PAGES ||
        vm_pages_phys(master_host_port, mach_task_self(), data, length, &pages,
                      &count))
        return FALSE;
    for (unsigned i = 0; i < count; i++)
        if (!pages[i])
            return FALSE;
    return TRUE;
}

/* Copies SIZE bytes at ADDRESS of TASK. */
static error_t peek(mach_port_t task, vm_address_t address, void *to,
                    size_t size)
{
    vm_address_t start = MACH_PAGE_TRUNC(address), data;
    vm_size_t length = MACH_PAGE_ROUND(address + size) - start;
    mach_msg_type_number_t count;
    error_t err = vm_read(task, start, length, &data, &count);

    if (err)
        return err;
    err = is_there(data, length) ? 0 : HURD_EIO;
    if (!err)
        memcpy(to, (char *)data + (address - start), size);
    vm_deallocate(mach_task_self(), data, count);
    return err;
}

/* Appends the string at ADDRESS to *BUF. */
static error_t append_string(mach_port_t task, vm_address_t address, char **buf,
                             size_t *len)
{
    char page[4096];

    for (;;) {
        size_t chunk = sizeof page - (address & (sizeof page - 1));
        error_t err = peek(task, address, page, chunk);
        if (err)
            return err;
        char *nul = memchr(page, 0, chunk);
        size_t n = nul ? (size_t)(nul - page) + 1 : chunk;
        char *more = realloc(*buf, *len + n);
        if (!more)
            return HURD_ENOMEM;
        *buf = more;
        memcpy(more + *len, page, n);
        *len += n;
        if (nul)
            return 0;
        if (*len > ARGS_MAX)
            return HURD_E2BIG;
        address += chunk;
    }
}

/* The strings that the array of pointers at VECTOR points to. */
static error_t get_vector(struct proc *p, vm_address_t vector, data_t *data,
                          mach_msg_type_number_t *count)
{
    char *buf = NULL;
    size_t len = 0;
    error_t err = 0;

    for (int n = 0; vector && p->task != MACH_PORT_NULL && n < STRINGS_MAX &&
                    len < ARGS_MAX;
         n++) {
        vm_address_t string;
        err = peek(p->task, vector, &string, sizeof string);
        if (err || string == 0)
            break;
        err = append_string(p->task, string, &buf, &len);
        if (err)
            break;
        vector += sizeof string;
    }
    if (err && len == 0) {
        free(buf);
        return err;
    }
    return fshelp_return_malloced_buffer(buf, len, data, count);
}

kern_return_t S_proc_getprocargs(pstruct_t caller, pid_t pid, data_t *args,
                                 mach_msg_type_number_t *count)
{
    struct proc *p = pid_find(pid);

    return p ? get_vector(p, p->argv, args, count) : HURD_ESRCH;
}

kern_return_t S_proc_getprocenv(pstruct_t caller, pid_t pid, data_t *env,
                                mach_msg_type_number_t *count)
{
    struct proc *p = pid_find(pid);

    if (!caller)
        return HURD_EOPNOTSUPP;
    if (!p)
        return HURD_ESRCH;
    if (!check_owner(caller, p))
        return HURD_EPERM;
    return get_vector(p, p->envp, env, count);
}

static void add_time(struct hurd_timeval *to, const time_value64_t *t)
{
    int64_t usec = to->tv_usec + t->nanoseconds / 1000;

    to->tv_sec += t->seconds + usec / 1000000;
    to->tv_usec = usec % 1000000;
}

void proc_note_usage(struct proc *p)
{
    struct task_basic_info basic;
    struct task_thread_times_info live;
    struct task_events_info events;
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;
    struct hurd_rusage *ru = &p->rusage;

    memset(ru, 0, sizeof *ru);
    if (!task_info(p->task, TASK_BASIC_INFO, (task_info_t)&basic, &count)) {
        add_time(&ru->ru_utime, &basic.user_time64);
        add_time(&ru->ru_stime, &basic.system_time64);
        ru->ru_maxrss = basic.resident_size / 1024;
    }
    count = TASK_THREAD_TIMES_INFO_COUNT;
    if (!task_info(p->task, TASK_THREAD_TIMES_INFO, (task_info_t)&live,
                   &count)) {
        add_time(&ru->ru_utime, &live.user_time64);
        add_time(&ru->ru_stime, &live.system_time64);
    }
    count = TASK_EVENTS_INFO_COUNT;
    if (!task_info(p->task, TASK_EVENTS_INFO, (task_info_t)&events, &count)) {
        ru->ru_minflt = events.faults;
        ru->ru_majflt = events.pageins;
        ru->ru_msgsnd = events.messages_sent;
        ru->ru_msgrcv = events.messages_received;
    }
}

static int state_bits(struct proc *p)
{
    int state = 0;

    state |= p->stopped ? PI_STOPPED : 0;
    state |= p->execed ? PI_EXECED : 0;
    state |= !p->pgrp || pgrp_is_orphaned(p->pgrp) ? PI_ORPHAN : 0;
    state |= p->msgport == MACH_PORT_NULL ? PI_NOMSG : 0;
    state |= p->pgrp && p->pgrp->session->sid == p->pid ? PI_SESSLD : 0;
    state |= p->noowner ? PI_NOTOWNED : 0;
    state |= !p->parentset ? PI_NOPARENT : 0;
    state |= p->dead ? PI_ZOMBIE : 0;
    state |= p->traced ? PI_TRACED : 0;
    state |= p->login && p->login->leader == p->pid ? PI_LOGINLD : 0;
    for (struct waiter *w = waiters; w; w = w->next)
        if (w->proc == p)
            state |= w->kind == WAIT_MSGPORT ? PI_GETMSG : PI_WAITING;
    return state;
}

static void fetch_task(struct proc *p, struct procinfo *info, int *flags)
{
    mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

    if (*flags & PI_FETCH_TASKINFO &&
        task_info(p->task, TASK_BASIC_INFO, (task_info_t)&info->taskinfo,
                  &count))
        *flags &= ~PI_FETCH_TASKINFO;
    count = TASK_EVENTS_INFO_COUNT;
    if (*flags & PI_FETCH_TASKEVENTS &&
        task_info(p->task, TASK_EVENTS_INFO, (task_info_t)&info->taskevents,
                  &count))
        *flags &= ~PI_FETCH_TASKEVENTS;
}

static void fetch_thread(mach_port_t thread, struct procinfo_thread *info,
                         int flags)
{
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;

    if (flags & PI_FETCH_THREAD_BASIC &&
        thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info->pis_bi,
                    &count))
        info->died = 1;
    count = THREAD_SCHED_INFO_COUNT;
    if (flags & PI_FETCH_THREAD_SCHED && !info->died &&
        thread_info(thread, THREAD_SCHED_INFO, (thread_info_t)&info->pis_si,
                    &count))
        info->died = 1;
}

kern_return_t S_proc_getprocinfo(pstruct_t caller, pid_t which, int *flags,
                                 procinfo_t *out,
                                 mach_msg_type_number_t *out_count,
                                 data_t *waits,
                                 mach_msg_type_number_t *waits_count)
{
    struct proc *p = pid_find_allow_zombie(which);
    thread_array_t threads = NULL;
    mach_msg_type_number_t n = 0;

    if (!caller)
        return HURD_EOPNOTSUPP;
    if (!p)
        return HURD_ESRCH;
    if (*flags & (PI_FETCH_THREAD_BASIC | PI_FETCH_THREAD_SCHED))
        *flags |= PI_FETCH_THREADS;
    *flags &= ~PI_FETCH_THREAD_WAITS; /* nobody keeps those */
    if (p->task == MACH_PORT_NULL)
        *flags = 0;
    if (*flags & PI_FETCH_THREADS && task_threads(p->task, &threads, &n))
        n = 0;

    size_t size = sizeof(struct procinfo) + n * sizeof(struct procinfo_thread);
    struct procinfo *info = calloc(1, size + sizeof(int));
    if (!info)
        return HURD_ENOMEM;
    info->state = state_bits(p);
    info->owner = p->noowner ? 0 : p->owner;
    info->ppid = p->parent ? p->parent->pid : 0;
    info->pgrp = p->pgrp ? p->pgrp->pgid : 0;
    info->session = p->pgrp ? p->pgrp->session->sid : 0;
    info->logincollection = p->login ? p->login->leader : 0;
    info->exitstatus = p->dead || p->stopped ? p->status : 0;
    info->sigcode = p->sigcode;
    info->nthreads = n;
    fetch_task(p, info, flags);
    for (unsigned i = 0; i < n; i++) {
        fetch_thread(threads[i], &info->threadinfos[i], *flags);
        mach_port_drop(threads[i]);
    }
    if (n)
        vm_deallocate(mach_task_self(), (vm_address_t)threads,
                      n * sizeof *threads);
    *waits_count = 0;
    return return_ints((int *)info, size / sizeof(int), out, out_count);
}

kern_return_t S_proc_getnports(pstruct_t caller, pid_t which,
                               mach_msg_type_number_t *nports)
{
    struct proc *p = pid_find(which);
    mach_port_t *names;
    mach_port_type_t *types;
    mach_msg_type_number_t n = 0, ntypes = 0;

    if (!p || p->task == MACH_PORT_NULL)
        return HURD_ESRCH;
    error_t err = mach_port_names(p->task, &names, &n, &types, &ntypes);
    if (err)
        return err;
    vm_deallocate(mach_task_self(), (vm_address_t)names, n * sizeof *names);
    vm_deallocate(mach_task_self(), (vm_address_t)types,
                  ntypes * sizeof *types);
    *nports = n;
    return 0;
}
