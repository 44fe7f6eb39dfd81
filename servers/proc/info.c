/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/info.c: looking into processes. */

#include <fshelp/fshelp.h>
#include <proc/proc.h>
#include <proc/process_S.h>
#include <proc/procinfo.h>
#include <stdlib.h>
#include <string.h>

/* What a process says where its arguments are need not be true: whatever is
 * there, they end, and whoever asks waits alone. */
#define ARGS_MAX    (1 << 20) /* bytes */
#define STRINGS_MAX 16384
#define PAGES_MAX   1024 /* looked at */
#define READERS_MAX 16   /* who ask at a time */

/* A look into a task, a page at a time. */
struct reader {
    mach_port_t task;
    vm_address_t page; /* that BYTES are of, 1: none */
    unsigned pages;    /* looked at so far */
    char bytes[4096];
};

/* What stands at ADDRESS, up to the end of its page. */
static error_t reader_look(struct reader *r, vm_address_t address,
                           const char **bytes, size_t *size)
{
    vm_address_t page = MACH_PAGE_TRUNC(address), data;
    mach_msg_type_number_t count;

    if (page != r->page) {
        if (++r->pages > PAGES_MAX)
            return HURD_E2BIG;
        r->page = 1;
        error_t err = vm_read(r->task, page, sizeof r->bytes, &data, &count);
        if (err)
            return err;
        memcpy(r->bytes, (char *)data, sizeof r->bytes);
        vm_deallocate(mach_task_self(), data, count);
        r->page = page;
    }
    *bytes = r->bytes + (address - page);
    *size = sizeof r->bytes - (address - page);
    return 0;
}

/* Copies SIZE bytes at ADDRESS. */
static error_t reader_copy(struct reader *r, vm_address_t address, void *to,
                           size_t size)
{
    error_t err = 0;

    while (!err && size) {
        const char *bytes;
        size_t n;
        err = reader_look(r, address, &bytes, &n);
        if (err)
            break;
        n = n < size ? n : size;
        memcpy(to, bytes, n);
        to = (char *)to + n;
        address += n;
        size -= n;
    }
    return err;
}

/* Appends the string at ADDRESS to *BUF. */
static error_t append_string(struct reader *r, vm_address_t address, char **buf,
                             size_t *len)
{
    for (;;) {
        const char *bytes;
        size_t chunk;
        error_t err = reader_look(r, address, &bytes, &chunk);
        if (err)
            return err;
        const char *nul = memchr(bytes, 0, chunk);
        size_t n = nul ? (size_t)(nul - bytes) + 1 : chunk;
        if (*len + n > ARGS_MAX)
            return HURD_E2BIG;
        char *more = realloc(*buf, *len + n);
        if (!more)
            return HURD_ENOMEM;
        *buf = more;
        memcpy(more + *len, bytes, n);
        *len += n;
        if (nul)
            return 0;
        address += chunk;
    }
}

/* The strings that the array of pointers at VECTOR points to. */
static error_t read_vector(mach_port_t task, vm_address_t vector, char **buf,
                           size_t *len)
{
    struct reader pointers = {.task = task, .page = 1};
    struct reader strings = {.task = task, .page = 1};
    error_t err = 0;

    for (unsigned count = 0; !err && vector; count++) {
        vm_address_t string;
        if (count == STRINGS_MAX)
            return HURD_E2BIG;
        err = reader_copy(&pointers, vector, &string, sizeof string);
        if (err || string == 0)
            break;
        err = append_string(&strings, string, buf, len);
        vector += sizeof string;
    }
    return err;
}

/* The lock is let go meanwhile: the task may have its memory from a pager of its
 * own, for which the kernel waits a while. */
static error_t get_vector(struct proc *p, vm_address_t vector, data_t *data,
                          mach_msg_type_number_t *count)
{
    static unsigned readers;
    mach_port_t task = p->task;
    char *buf = NULL;
    size_t len = 0;
    error_t err = 0;

    if (readers == READERS_MAX)
        return HURD_EAGAIN;
    if (vector && task != MACH_PORT_NULL) {
        readers++;
        mach_port_ref_send(task, 1);
        pthread_mutex_unlock(&global_lock);
        err = read_vector(task, vector, &buf, &len);
        mach_port_drop(task);
        pthread_mutex_lock(&global_lock);
        readers--;
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
