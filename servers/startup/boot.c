/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/startup/boot.c: the servers of the boot get to know each other. */

#include <argz.h>
#include <hurd/auth.h>
#include <hurd/fs.h>
#include <hurd/fsys.h>
#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/signal.h>
#include <hurd/startup_reply.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <startup/startup.h>

static void complain(error_t err, const char *what)
{
    if (err)
        mach_complain(err, "%s", what);
}

/* The kernel's task port under a name in TASK, told by an option. */
static void add_kernel_option(task_t task, char **argz, size_t *argz_size)
{
    char option[40];
    mach_port_t name = 100;

    if (self.kernel_task == MACH_PORT_NULL)
        return;
    while (mach_port_insert_right(task, name, self.kernel_task,
                                  MACH_MSG_TYPE_COPY_SEND) == KERN_NAME_EXISTS)
        name++;
    snprintf(option, sizeof option, "--kernel-task=%u", name);
    argz_add(argz, argz_size, option);
}

error_t boot_server(const char *server, task_t *task)
{
    mach_port_t ports[INIT_PORT_MAX] = {
        [INIT_PORT_CWDIR] = getcwdir(),
        [INIT_PORT_CRDIR] = getcrdir(),
        [INIT_PORT_BOOTSTRAP] = self.port,
    };
    int ints[INIT_INT_MAX] = {
        [INIT_SIGIGN] =
            HSIGMASK(HSIGTSTP) | HSIGMASK(HSIGTTIN) | HSIGMASK(HSIGTTOU),
    };
    mach_port_t fds[3] = {hurd_get_fd(0), hurd_get_fd(1), hurd_get_fd(2)};
    char *argz = NULL, *envz = NULL;
    size_t argz_size = 0, envz_size = 0;
    file_t file = MACH_PORT_NULL;

    mach_printf(" %s", strrchr(server, '/') + 1);
    error_t err = hurd_lookup(server, HO_EXEC, 0, &file);
    if (!err)
        err = task_create(mach_task_self(), FALSE, task);
    if (!err) {
        argz_add(&argz, &argz_size, server);
        add_kernel_option(*task, &argz, &argz_size);
        argz_create(self.envp, &envz, &envz_size);
        err = hurd_exec(file, *task, 0, server, argz, argz_size, envz,
                        envz_size, fds, 3, ports, ints);
    }
    free(argz);
    free(envz);
    mach_port_drop(file);
    for (int i = 0; i < 3; i++)
        mach_port_drop(fds[i]);
    mach_port_drop(ports[INIT_PORT_CWDIR]);
    mach_port_drop(ports[INIT_PORT_CRDIR]);
    return err;
}

/* Tells proc that TASK is the important program PATH, and our child.  The
 * process port, if wanted, is the caller's. */
static error_t make_known(task_t task, const char *path, process_t *proc_out)
{
    mach_port_t proc;
    string_t exe;
    error_t err = proc_child(self.procserver, task);

    if (!err || err == HURD_EBUSY)
        err = proc_task2proc(self.procserver, task, &proc);
    if (err)
        return err;
    proc_mark_important(proc);
    proc_mark_exec(proc);
    if (path) {
        mig_strncpy(exe, path, sizeof exe);
        proc_set_exe(proc, exe);
    }
    if (proc_out)
        *proc_out = proc;
    else
        mach_port_drop(proc);
    return 0;
}

static void install_as_translator(void)
{
    file_t node;
    error_t err = hurd_lookup(HURD_SERVERS_STARTUP, HO_NOTRANS, 0, &node);

    if (!err) {
        err = file_set_translator(node, 0, FS_TRANS_SET, 0, NULL, 0,
                                  self.control, MACH_MSG_TYPE_MAKE_SEND);
        mach_port_drop(node);
    }
    complain(err, HURD_SERVERS_STARTUP);
}

static void introduce_self(void)
{
    mach_port_t old = MACH_PORT_NULL;
    string_t exe = "/hurd/startup";

    proc_mark_important(self.procserver);
    proc_mark_exec(self.procserver);
    proc_set_exe(self.procserver, exe);
    hurd_set_privileged_ports(self.host_priv, self.device_master);
    mach_port_ref_send(self.authserver, 1);
    hurd_set_port(INIT_PORT_AUTH, self.authserver);
    mach_port_ref_send(self.procserver, 1);
    hurd_set_port(INIT_PORT_PROC, self.procserver);
    complain(proc_set_arg_locations(self.procserver, (vm_address_t)self.argv,
                                    (vm_address_t)self.envp),
             "proc_set_arg_locations");
    complain(hurd_register_version("startup"), "proc_register_version");
    /* From here on proc sends us word of our children, and tells all who ask
     * where to send ours. */
    complain(proc_setmsgport(self.procserver, self.open, &old),
             "proc_setmsgport");
    mach_port_drop(old);
}

void boot_introduce(mach_port_t proc_reply, mach_msg_type_name_t proc_type,
                    mach_port_t auth_reply, mach_msg_type_name_t auth_type)
{
    process_t authproc = MACH_PORT_NULL, fsproc = MACH_PORT_NULL;

    /* proc comes first: all that follows needs it. */
    startup_procinit_reply(proc_reply, proc_type, 0, mach_task_self(),
                           self.authserver, self.host_priv,
                           MACH_MSG_TYPE_COPY_SEND, self.device_master,
                           MACH_MSG_TYPE_COPY_SEND);
    complain(make_known(self.authtask, "/hurd/auth", &authproc), "auth");
    install_as_translator();
    startup_authinit_reply(auth_reply, auth_type, 0, authproc,
                           MACH_MSG_TYPE_MOVE_SEND);
    complain(make_known(self.proctask, "/hurd/proc", NULL), "proc");
    complain(make_known(self.fstask, NULL, &fsproc), "root file system");
    introduce_self();
    /* It answers before it does its part, which needs us. */
    complain(fsys_init(self.bootport, fsproc, MACH_MSG_TYPE_COPY_SEND,
                       self.authserver),
             "fsys_init");
    mach_port_drop(fsproc);
}

/* What exec gives to programs whose starter had nothing: a handle without ids,
 * and directories as seen by nobody in particular. */
static void set_standard_ports(void)
{
    mach_port_t ports[INIT_PORT_MAX] = {0};
    int ints[INIT_INT_MAX] = {[INIT_UMASK] = 022};
    mach_port_t root = getcrdir(), nobody;
    error_t err = auth_makeauth(self.authserver, NULL, MACH_MSG_TYPE_COPY_SEND,
                                0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, &nobody);

    if (!err)
        err = hurd_reauthenticate(root, nobody, &ports[INIT_PORT_CRDIR]);
    if (!err)
        err = hurd_reauthenticate(root, nobody, &ports[INIT_PORT_CWDIR]);
    mach_port_drop(root);
    if (!err) {
        ports[INIT_PORT_AUTH] = nobody;
        err = proc_setexecdata(self.procserver, ports, MACH_MSG_TYPE_MOVE_SEND,
                               INIT_PORT_MAX, ints, INIT_INT_MAX);
    }
    complain(err, "standard ports");
}

static void adopt_kernel(void)
{
    mach_port_t task = self.kernel_task, port = MACH_PORT_NULL;
    process_t proc;
    error_t err = 0;

    if (task == MACH_PORT_NULL)
        err = proc_pid2task(self.procserver, HURD_PID_KERNEL, &task);
    if (!err && task == MACH_PORT_NULL)
        return; /* not every kernel shows itself as a task */
    if (!err)
        err = make_known(task, "kernel", &proc);
    if (err) {
        complain(err, "kernel process");
        return;
    }
    if (!task_get_bootstrap_port(task, &port) && port == MACH_PORT_NULL)
        task_set_bootstrap_port(task, proc);
    mach_port_drop(port);
    mach_port_drop(proc);
}

void boot_finish(void)
{
    mach_printf(".\n");
    set_standard_ports();
    adopt_kernel();
    watch_power();
    launch_something();
}
