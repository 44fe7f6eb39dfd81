/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/proc/main.c: the proc server: start-up and service. */

#include <hurd/libhurd.h>
#include <hurd/startup.h>
#include <ports/interrupt_S.h>
#include <ports/notify_S.h>
#include <proc/claims_S.h>
#include <proc/proc.h>
#include <proc/process_S.h>
#include <stdlib.h>
#include <string.h>

pthread_mutex_t global_lock = PTHREAD_MUTEX_INITIALIZER;
struct port_bucket *proc_bucket;
struct port_class *proc_class, *stub_class, *exc_class;
struct proc *init_proc, *startup_proc, *kernel_proc, *self_proc;
mach_port_t master_host_port, master_device_port, authserver;

static struct port_class *notify_class;
static mach_port_t startup_port; /* send right */
static pthread_cond_t startup_ready = PTHREAD_COND_INITIALIZER;

#define NEW_TASK_ID  4400
#define EXCEPTION_ID 2400
#define COMPLETE_ID  24064
#define INTERRUPT_ID 33000

struct new_task_notice {
    mach_msg_header_t head;
    mach_msg_type_t task_type;
    mach_port_name_inlined_t task;
    mach_msg_type_t parent_type;
    mach_port_name_inlined_t parent;
};

static void handle_new_task(mach_msg_header_t *in)
{
    struct new_task_notice *notice = (void *)in;

    /* Only the kernel holds a right to the port of this class. */
    if (in->msgh_size != sizeof *notice)
        return;
    struct proc *p = task_find(notice->task.name);
    struct proc *maker = task_find_nocreate(notice->parent.name);
    if (p && maker)
        p->maker = maker->pid;
    mach_port_drop(notice->parent.name);
}

static void handle_dead_name(mach_msg_header_t *in)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        mach_port_name_t name;
    } *notice = (void *)in;
    struct proc *p = task_find_nocreate(notice->name);

    if (p) {
        proc_has_exited(p);
    } else {
        struct proc *owner = begin_using_proc(in->msgh_local_port);
        if (owner && owner->msgport == notice->name) {
            mach_port_drop(owner->msgport);
            owner->msgport = MACH_PORT_NULL;
            owner->deadmsg = 1;
        } else {
            wait_reply_died(notice->name);
        }
        end_using_proc(owner);
    }
    mach_port_drop(notice->name);
}

/* What needs a look before, or instead of, MIG's stubs. */
static boolean_t handle_specially(mach_msg_header_t *in)
{
    struct port_info *pi;
    pstruct_t p;

    switch (in->msgh_id) {
    case MACH_NOTIFY_DEAD_NAME:
        handle_dead_name(in);
        return TRUE;
    case NEW_TASK_ID:
        pi = ports_lookup_port(proc_bucket, in->msgh_local_port, notify_class);
        if (!pi)
            return FALSE;
        handle_new_task(in);
        ports_port_deref(pi);
        return TRUE;
    case EXCEPTION_ID:
        return exc_handle(in);
    case COMPLETE_ID:
        return reauthenticate_complete(in->msgh_local_port);
    case INTERRUPT_ID:
        p = begin_using_proc(in->msgh_local_port);
        if (p)
            wait_fail(p, HURD_EINTR);
        end_using_proc(p);
        return FALSE;
    }
    return FALSE;
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine = NULL;
    boolean_t known = TRUE;

    pthread_mutex_lock(&global_lock);
    if ((process_server_routine(in) || claims_server_routine(in)) &&
        in->msgh_id != COMPLETE_ID)
        reauthenticate_wait(in->msgh_local_port);
    if (handle_specially(in)) {
        ((mig_reply_header_t *)out)->RetCode = MIG_NO_REPLY;
    } else if ((routine = process_server_routine(in)) ||
               (routine = claims_server_routine(in)) ||
               (routine = ports_notify_server_routine(in)) ||
               (routine = interrupt_server_routine(in))) {
        routine(in, out);
    } else {
        known = FALSE;
    }
    if (startup_proc && startup_proc->msgport != MACH_PORT_NULL)
        pthread_cond_broadcast(&startup_ready);
    pthread_mutex_unlock(&global_lock);
    return known;
}

/* startup answers as soon as it serves, which its message port shows. */
static void *report_essential(void *unused)
{
    string_t name = "proc";
    error_t err;

    pthread_mutex_lock(&global_lock);
    while (startup_proc->msgport == MACH_PORT_NULL)
        pthread_cond_wait(&startup_ready, &global_lock);
    pthread_mutex_unlock(&global_lock);
    err = startup_essential_task(startup_port, mach_task_self(), MACH_PORT_NULL,
                                 name, master_host_port);
    if (err)
        mach_complain(err, "startup_essential_task");
    return NULL;
}

/* The tasks that were there before; the kernel's is the first of them. */
static void add_present_tasks(mach_port_t kernel_task)
{
    mach_port_t *sets, set, host = mach_host_self();
    mach_msg_type_number_t nsets = 0, ntasks = 0;
    task_array_t tasks;

    if (kernel_task != MACH_PORT_NULL)
        proc_set_task(kernel_proc, kernel_task);
    if (host_processor_sets(host, &sets, &nsets) || nsets == 0)
        return;
    if (host_processor_set_priv(master_host_port, sets[0], &set) ||
        processor_set_tasks(set, &tasks, &ntasks))
        ntasks = 0;
    for (unsigned i = 0; i < ntasks; i++) {
        if (kernel_proc->task == MACH_PORT_NULL &&
            !task_find_nocreate(tasks[i]))
            proc_set_task(kernel_proc, tasks[i]);
        else
            task_find(tasks[i]);
    }
    if (ntasks)
        vm_deallocate(mach_task_self(), (vm_address_t)tasks,
                      ntasks * sizeof *tasks);
    mach_port_drop(host);
}

static void ask_for_new_tasks(void)
{
    struct port_info *pi;
    error_t err = ports_create_port(notify_class, proc_bucket, sizeof *pi, &pi);

    if (!err)
        err = register_new_task_notification(
            master_host_port, ports_get_right(pi), MACH_MSG_TYPE_MAKE_SEND);
    if (err)
        mach_complain(err, "tasks will go unnoticed until named");
}

static void make_root(struct proc *p)
{
    struct iouser *root;

    if (iohelp_create_simple_iouser(&root, 0, 0))
        mach_die(HURD_ENOMEM, "starting");
    iohelp_free_iouser(p->ids);
    p->ids = root;
    p->owner = 0;
    p->noowner = 0;
}

static struct proc *make_first(pid_t pid)
{
    struct proc *p = proc_new(MACH_PORT_NULL, pid);

    if (!p)
        mach_die(HURD_ENOMEM, "starting");
    make_root(p);
    return p;
}

/* init, startup, the kernel and proc itself have fixed numbers, and are there
 * before anything else. */
static void make_first_processes(void)
{
    init_proc = make_first(HURD_PID_INIT);
    startup_proc = make_first(HURD_PID_STARTUP);
    kernel_proc = make_first(HURD_PID_KERNEL);
    self_proc = make_first(HURD_PID_PROC);
    session_make(startup_proc);
    login_join(startup_proc, login_make(HURD_PID_STARTUP, "root"));
    startup_proc->parentset = 1;
}

static void meet_startup(mach_port_t kernel_task)
{
    mach_port_t startup_task = MACH_PORT_NULL, right;
    pthread_t thread;
    error_t err;

    startup_port = hurd_bootstrap_port();
    if (startup_port == MACH_PORT_NULL)
        mach_die(0, "must be started by startup");
    right = ports_get_send_right(startup_proc);
    err = startup_procinit(startup_port, right, &startup_task, &authserver,
                           &master_host_port, &master_device_port);
    if (err)
        mach_die(err, "startup_procinit");
    mach_port_drop(right);

    mach_port_ref_send(mach_task_self(), 1);
    proc_set_task(self_proc, mach_task_self());
    proc_set_task(startup_proc, startup_task);
    hurd_set_privileged_ports(master_host_port, master_device_port);
    mach_port_ref_send(authserver, 1);
    hurd_set_port(INIT_PORT_AUTH, authserver);
    add_present_tasks(kernel_task);
    ask_for_new_tasks();
    host_init_version();
    mach_port_ref_send(master_host_port, 1); /* the request's, so to say */
    S_proc_register_version(self_proc, master_host_port, "proc", HURD_RELEASE,
                            HURD_VERSION);
    if (pthread_create(&thread, NULL, report_essential, NULL))
        mach_die(HURD_ENOMEM, "starting a thread");
}

static mach_port_t kernel_task_option(int argc, char **argv)
{
    static const char option[] = "--kernel-task=";

    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], option, sizeof option - 1) == 0)
            return strtoul(argv[i] + sizeof option - 1, NULL, 10);
    return MACH_PORT_NULL;
}

int main(int argc, char **argv)
{
    mach_port_t kernel_task = kernel_task_option(argc, argv);

    proc_bucket = ports_create_bucket();
    proc_class = ports_create_class(NULL, NULL);
    stub_class = ports_create_class(stub_clean, NULL);
    exc_class = ports_create_class(exc_clean, NULL);
    notify_class = ports_create_class(NULL, NULL);
    if (!proc_bucket || !proc_class || !stub_class || !exc_class ||
        !notify_class)
        mach_die(HURD_ENOMEM, "starting");
    make_first_processes();
    self_proc->argv = (vm_address_t)argv;
    meet_startup(kernel_task);
    ports_threads_max = PROC_THREADS_MAX;
    for (;;)
        ports_manage_port_operations_multithread(proc_bucket, demuxer, 60000, 0,
                                                 NULL);
}
