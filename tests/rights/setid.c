/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/rights/setid.c: holding on to a task that becomes a program of more
 * rights.  The program that is run is one that waits: `sleep'. */

#include "intruder.h"

#include <hurd/auth.h>
#include <hurd/exec.h>
#include <hurd/fs.h>
#include <hurd/process.h>
#include <hurd/signal.h>
#include <mach/machine/thread_status.h>
#include <mach/task_special_ports.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FDS 3

/* What the one who runs the program holds of it. */
static struct {
    mach_port_t task, thread, proc, msgport, exception;
    pid_t pid;
} held;

/* The ports of a new child that is about to run a program. */
static error_t make_child(void)
{
    mach_port_t old;
    error_t err = hurd_make_child(&held.task, &held.proc);

    if (!err)
        err = thread_create(held.task, &held.thread);
    if (!err)
        err = proc_task2pid(getproc(), held.task, &held.pid);
    held.msgport = make_port();
    held.exception = make_port();
    if (!err)
        err = proc_setmsgport(held.proc, held.msgport, &old);
    if (!err)
        err = task_set_special_port(held.task, TASK_EXCEPTION_PORT,
                                    held.exception);
    if (!err)
        err = mach_ports_register(held.task, &held.exception, 1);
    return err;
}

static error_t run_in(task_t task, const char *path, int flags, file_t root)
{
    static char argv[] = "sleep\0"
                         "20";
    mach_port_t ports[INIT_PORT_MAX], fds[FDS];
    int ints[INIT_INT_MAX] = {0};
    string_t name;
    file_t file;
    error_t err = hurd_lookup(path, HO_EXEC, 0, &file);

    for (int i = 0; i < INIT_PORT_MAX; i++)
        ports[i] = i == INIT_PORT_BOOTSTRAP ? MACH_PORT_NULL : hurd_get_port(i);
    ports[INIT_PORT_PROC] = held.proc;
    if (root)
        ports[INIT_PORT_CRDIR] = root;
    for (int i = 0; i < FDS; i++)
        fds[i] = hurd_get_fd(i);
    mig_strncpy(name, path, sizeof name);
    if (!err)
        err = file_exec_paths(file, task, flags, name, name, argv, sizeof argv,
                              NULL, 0, fds, MACH_MSG_TYPE_COPY_SEND, FDS, ports,
                              MACH_MSG_TYPE_COPY_SEND, INIT_PORT_MAX, ints,
                              INIT_INT_MAX, NULL, 0, NULL, 0);
    return err;
}

/* --- while it runs -------------------------------------------------------------- */

static void try_old_ports(void)
{
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT, n = 0, m = 0;
    mach_port_t *names, port = MACH_PORT_NULL, old;
    mach_port_type_t *types;
    vm_address_t at = 0;

    attempt("mach_port_names of its task",
            mach_port_names(held.task, &names, &n, &types, &m));
    attempt("vm_allocate in its task",
            vm_allocate(held.task, &at, vm_page_size, TRUE));
    attempt("its special port",
            task_get_special_port(held.task, TASK_KERNEL_PORT, &port));
    attempt("task_suspend", task_suspend(held.task));
    attempt("thread_create", thread_create(held.task, &port));
    attempt("thread_get_state",
            thread_get_state(held.thread, i386_THREAD_STATE,
                             (thread_state_t)&state, &count));
    attempt("proc_proc2task by its old port", proc_proc2task(held.proc, &port));
    attempt("proc_setmsgport by its old port",
            proc_setmsgport(held.proc, held.msgport, &old));
    attempt("proc_setowner by its old port", proc_setowner(held.proc, 0, 1));
    attempt("proc_task2proc of its old task",
            proc_task2proc(getproc(), held.task, &port));
}

static void try_by_number(void)
{
    mach_port_t proc = getproc(), port = MACH_PORT_NULL, new = MACH_PORT_NULL;
    char room[512], *env = room;
    mach_msg_type_number_t n = sizeof room;

    attempt("proc_pid2task", proc_pid2task(proc, held.pid, &port));
    attempt("proc_pid2proc", proc_pid2proc(proc, held.pid, &port));
    attempt("its environment", proc_getprocenv(proc, held.pid, &env, &n));
    must("its message port is another",
         proc_getmsgport(proc, held.pid, &new) || new != held.msgport);
    attempt("a signal", hurd_sig_post(held.pid, 10));
}

/* Exceptions of the program must not come here, nor its task with them. */
static void try_exceptions(void)
{
    struct {
        mach_msg_header_t head;
        char room[400];
    } msg;

    must("no exception came",
         receive(held.exception, &msg.head, sizeof msg, 200));
}

void part_setid(char **argv)
{
    error_t err = make_child();

    must("a child", !err);
    err = run_in(held.task, argv[0], 0, MACH_PORT_NULL);
    must("the program runs", !err);
    usleep(300000);
    try_old_ports();
    try_by_number();
    try_exceptions();
    task_terminate(held.task);
}

/* --- an exec that cannot succeed --------------------------------------------------- */

static void *exec_nowhere(void *path)
{
    held.task = make_port(); /* which is no task: nobody ever answers */
    run_in(held.task, path, 0, MACH_PORT_NULL);
    return NULL;
}

/* The exec has begun and does not go on: this process must be who it was. */
void part_setid_fails(char **argv)
{
    mach_port_t host = MACH_PORT_NULL, device, other = MACH_PORT_NULL, proc;
    pthread_t thread;
    task_t child;

    must("a child", !hurd_make_child(&child, &other));
    held.proc = getproc();
    pthread_create(&thread, NULL, exec_nowhere, argv[0]);
    for (int i = 0; i < 10; i++) {
        usleep(50000);
        if (!proc_task2proc(other, mach_task_self(), &proc) &&
            !proc_getprivports(proc, &host, &device)) {
            printf("BROKE this process is root's now\n");
            break;
        }
    }
    attempt("proc_getprivports meanwhile",
            proc_getprivports(getproc(), &host, &device));
    task_terminate(child);
}

/* --- an interpreter of one's own ----------------------------------------------------- */

/* PROGRAM asks for an interpreter by name: it is to be looked for under a root
 * directory that this user made (the working directory). */
void part_setid_root(char **argv)
{
    mach_port_t root = getcwdir();
    error_t err = make_child();

    must("a child", !err);
    err = run_in(held.task, argv[0], 0, root);
    printf("held (so far) %s\n", mach_error_string(err));
    usleep(500000);
}

/* --- a program that stops before its first instruction -------------------------------- */

void part_setid_stop(char **argv)
{
    mach_port_t port = MACH_PORT_NULL;
    error_t err = make_child();
    int status, sigcode;
    struct hurd_rusage rusage;
    pid_t pid;

    must("a child", !err);
    err = run_in(held.task, argv[0], EXEC_SIGTRAP, MACH_PORT_NULL);
    usleep(200000);
    attempt("its task", proc_pid2task(getproc(), held.pid, &port));
    attempt("its stop", proc_wait(getproc(), held.pid, HW_NOHANG | HW_STOPPED,
                                  &status, &sigcode, &rusage, &pid));
}

/* --- a script without a name ------------------------------------------------------------ */

void part_exec_only(char **argv)
{
    static char words[] = "cat";
    mach_port_t ports[INIT_PORT_MAX], fds[FDS];
    int ints[INIT_INT_MAX] = {0};
    string_t none = "";
    file_t file;
    error_t err = make_child();

    if (!err)
        err = hurd_lookup(argv[0], HO_EXEC, 0, &file);
    must("a child, and the script", !err);
    for (int i = 0; i < INIT_PORT_MAX; i++)
        ports[i] = i == INIT_PORT_BOOTSTRAP ? MACH_PORT_NULL : hurd_get_port(i);
    ports[INIT_PORT_PROC] = held.proc;
    for (int i = 0; i < FDS; i++)
        fds[i] = hurd_get_fd(i);
    attempt("a script given as a descriptor",
            file_exec_paths(file, held.task, 0, none, none, words, sizeof words,
                            NULL, 0, fds, MACH_MSG_TYPE_COPY_SEND, FDS, ports,
                            MACH_MSG_TYPE_COPY_SEND, INIT_PORT_MAX, ints,
                            INIT_INT_MAX, NULL, 0, NULL, 0));
    usleep(300000);
}
