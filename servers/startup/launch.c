/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/startup/launch.c: the program that brings up the system, or what can
 * be had in its place. */

#include <argz.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/signal.h>
#include <stdlib.h>
#include <string.h>
#include <startup/startup.h>
#include <time.h>

#define CONSOLE_RUN "/libexec/console-run"

/* Tried in this order.  The console program gives the others a terminal; where
 * it is missing they get the bare console. */
static const struct {
    const char *path, *argument;
    boolean_t with_boot_args;
} tries[] = {
    {CONSOLE_RUN, "/libexec/runsystem", TRUE},
    {CONSOLE_RUN, "/bin/sh", FALSE},
    {"/libexec/runsystem", NULL, TRUE},
    {"/bin/sh", NULL, FALSE},
    {"/bin/shd", NULL, FALSE},
};
#define TRIES (sizeof tries / sizeof *tries)

/* Whatever ends sooner did not work. */
#define SHORT_LIFE_S 3

static unsigned next;
static time_t started;

static const char *const environment[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/hurd",
    "HOME=/root",
    "TERM=linux",
    "SHELL=/bin/sh",
    "USER=root",
    "LOGNAME=root",
};

static error_t make_task(task_t *task, process_t *proc)
{
    error_t err = task_create(mach_task_self(), FALSE, task);

    if (err)
        return err;
    /* Only the first one to live becomes process 1. */
    proc_set_init_task(self.procserver, *task);
    mach_port_ref_send(*task, 1);
    err = proc_child(self.procserver, *task);
    /* Process 1 may have been our child before it had a task. */
    if (!err || err == HURD_EBUSY)
        err = proc_task2proc(self.procserver, *task, proc);
    if (err)
        task_terminate(*task);
    return err;
}

static error_t run(const char *path, const char *argz, size_t argz_size)
{
    mach_port_t ports[INIT_PORT_MAX] = {
        [INIT_PORT_CWDIR] = getcwdir(),
        [INIT_PORT_CRDIR] = getcrdir(),
        [INIT_PORT_AUTH] = self.authserver,
    };
    mach_port_t fds[3] = {hurd_get_fd(0), hurd_get_fd(1), hurd_get_fd(2)};
    int ints[INIT_INT_MAX] = {[INIT_UMASK] = 022};
    file_t file = MACH_PORT_NULL;
    char *envz = NULL;
    size_t envz_size = 0;
    task_t task = MACH_PORT_NULL;

    for (unsigned i = 0; i < sizeof environment / sizeof *environment; i++)
        argz_add(&envz, &envz_size, environment[i]);
    error_t err = hurd_lookup(path, HO_EXEC, 0, &file);
    if (!err)
        err = make_task(&task, &ports[INIT_PORT_PROC]);
    if (!err) {
        int orphaned;
        pid_t ppid;
        proc_getpids(ports[INIT_PORT_PROC], &self.child_pid, &ppid, &orphaned);
        err = hurd_exec(file, task, 0, path, argz, argz_size, envz, envz_size,
                        fds, 3, ports, ints);
        if (err) {
            task_terminate(task);
            self.child_pid = 0;
        }
    }
    free(envz);
    mach_port_drop(file);
    mach_port_drop(task);
    mach_port_drop(ports[INIT_PORT_CWDIR]);
    mach_port_drop(ports[INIT_PORT_CRDIR]);
    mach_port_drop(ports[INIT_PORT_PROC]);
    for (int i = 0; i < 3; i++)
        mach_port_drop(fds[i]);
    return err;
}

static error_t exists(const char *path)
{
    file_t file;
    error_t err = path ? hurd_lookup(path, HO_EXEC, 0, &file) : 0;

    if (!err && path)
        mach_port_drop(file);
    return err;
}

void launch_something(void)
{
    for (; next < TRIES; next++) {
        const char *path = tries[next].path, *argument = tries[next].argument;
        char *argz = NULL;
        size_t argz_size = 0;
        error_t err = exists(path);
        if (!err)
            err = exists(argument);
        if (!err) {
            argz_add(&argz, &argz_size, path);
            if (argument)
                argz_add(&argz, &argz_size, argument);
            if (tries[next].with_boot_args)
                argz_append(&argz, &argz_size, self.boot_args,
                            self.boot_args_size);
            started = time(NULL);
            err = run(path, argz, argz_size);
            free(argz);
        }
        if (!err) {
            next++;
            return;
        }
        mach_complain(err, "%s%s%s", path, argument ? " " : "",
                      argument ? argument : "");
    }
    mach_complain(0, "nothing to run");
    reboot_system(HURD_RB_HALT | HURD_RB_DEBUGGER);
}

void launch_child_ended(pid_t pid, int status)
{
    if (pid != self.child_pid)
        return;
    self.child_pid = 0;
    if (HW_IFSIGNALED(status))
        mach_complain(0, "the start-up program was ended by signal %d",
                      HW_TERMSIG(status));
    else
        mach_complain(0, "the start-up program ended with status %d",
                      HW_EXITSTATUS(status));
    /* A shell that was left comes back; what ends at once is not run again. */
    if (next > 1 && time(NULL) - started >= SHORT_LIFE_S)
        next--;
    launch_something();
}
