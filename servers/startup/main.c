/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/startup/main.c: start-up and the requests that startup answers. */

#include <argz.h>
#include <device/device.h>
#include <device/device_request.h>
#include <hurd/fsys.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/signal.h>
#include <hurd/startup_reply.h>
#include <startup/fsys_S.h>
#include <startup/msg_S.h>
#include <startup/notify_S.h>
#include <startup/startup.h>
#include <startup/startup_S.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct startup self;

/* Who introduced himself waits for the answer until the other came too. */
static struct {
    mach_port_t proc_reply, auth_reply; /* send-once rights */
    mach_msg_type_name_t proc_type, auth_type;
    boolean_t proc_up, auth_up, exec_up, fs_up;
} boot;

/* --- startup -------------------------------------------------------------- */

static void introduce_if_complete(void)
{
    if (self.procserver == MACH_PORT_NULL || self.authserver == MACH_PORT_NULL)
        return;
    boot_introduce(boot.proc_reply, boot.proc_type, boot.auth_reply,
                   boot.auth_type);
}

kern_return_t S_startup_procinit(mach_port_t startup, mach_port_t reply,
                                 mach_msg_type_name_t reply_type,
                                 mach_port_t proc, mach_port_t *startup_task,
                                 mach_port_t *auth, mach_port_t *host_priv,
                                 mach_msg_type_name_t *host_priv_type,
                                 mach_port_t *device_master,
                                 mach_msg_type_name_t *device_master_type)
{
    if (self.procserver != MACH_PORT_NULL)
        return HURD_EPERM;
    self.procserver = proc;
    boot.proc_reply = reply;
    boot.proc_type = reply_type;
    introduce_if_complete();
    return MIG_NO_REPLY;
}

kern_return_t S_startup_authinit(mach_port_t startup, mach_port_t reply,
                                 mach_msg_type_name_t reply_type,
                                 mach_port_t auth, mach_port_t *proc,
                                 mach_msg_type_name_t *proc_type)
{
    if (self.authserver != MACH_PORT_NULL)
        return HURD_EPERM;
    self.authserver = auth;
    boot.auth_reply = reply;
    boot.auth_type = reply_type;
    introduce_if_complete();
    return MIG_NO_REPLY;
}

/* Servers that the boot does not wait for become ours all the same. */
static void adopt(task_t task)
{
    process_t proc;

    proc_child(self.procserver, task);
    if (proc_task2proc(self.procserver, task, &proc))
        return;
    proc_mark_important(proc);
    mach_port_drop(proc);
}

/* Returns whether NAME is one that the boot waits for. */
static boolean_t note_essential(const char *name)
{
    size_t length = strlen(name);

    if (strcmp(name, "auth") == 0)
        boot.auth_up = TRUE;
    else if (strcmp(name, "proc") == 0)
        boot.proc_up = TRUE;
    else if (strcmp(name, "exec") == 0)
        boot.exec_up = TRUE;
    else if (length >= 2 && strcmp(name + length - 2, "fs") == 0)
        boot.fs_up = TRUE;
    else
        return FALSE;
    return TRUE;
}

kern_return_t S_startup_essential_task(mach_port_t startup, mach_port_t reply,
                                       mach_msg_type_name_t reply_type,
                                       mach_port_t task, mach_port_t excpt,
                                       const_string_t name,
                                       mach_port_t credential)
{
    error_t err;

    if (credential != self.host_priv)
        return HURD_EPERM;
    mach_port_destroy_receive(excpt);
    mach_port_drop(credential);
    err = essential_record(name, task);
    if (!err && !note_essential(name))
        adopt(task);
    if (startup_essential_task_reply(reply, reply_type, err))
        mach_port_drop(reply);
    if (!err && !booted && boot.auth_up && boot.proc_up && boot.exec_up &&
        boot.fs_up) {
        booted = TRUE;
        boot_finish();
    }
    return MIG_NO_REPLY;
}

kern_return_t S_startup_request_notification(mach_port_t startup,
                                             mach_port_t notify,
                                             const_string_t name)
{
    return notify_record(name, notify, startup != self.open);
}

kern_return_t S_startup_reboot(mach_port_t startup, mach_port_t refport,
                               int code)
{
    if (refport != self.host_priv)
        return HURD_EPERM;
    reboot_system(code);
}

/* --- as translator on /servers/startup ------------------------------------ */

kern_return_t S_fsys_getroot(mach_port_t control, mach_port_t dotdot,
                             const uid_t *uids, mach_msg_type_number_t nuids,
                             const uid_t *gids, mach_msg_type_number_t ngids,
                             int flags, retry_type *retry, string_t name,
                             mach_port_t *port, mach_msg_type_name_t *type)
{
    *retry = FS_RETRY_NORMAL;
    name[0] = 0;
    *port = self.open;
    for (unsigned i = 0; i < nuids; i++)
        if (uids[i] == 0)
            *port = self.port;
    *type = MACH_MSG_TYPE_MAKE_SEND;
    mach_port_drop(dotdot);
    return 0;
}

kern_return_t S_fsys_goaway(mach_port_t control, int flags)
{
    return HURD_EBUSY;
}

kern_return_t S_fsys_syncfs(mach_port_t control, int wait, int do_children)
{
    return 0;
}

/* --- as a process --------------------------------------------------------- */

static void collect_children(void)
{
    for (;;) {
        int status, sigcode;
        struct hurd_rusage rusage;
        pid_t pid;
        if (proc_wait(self.procserver, -1, HW_NOHANG, &status, &sigcode,
                      &rusage, &pid))
            return;
        launch_child_ended(pid, status);
    }
}

kern_return_t S_msg_sig_post(mach_port_t process, mach_port_t reply,
                             mach_msg_type_name_t reply_type, int signal,
                             natural_t sigcode, mach_port_t refport)
{
    if (refport != mach_task_self())
        return HURD_EPERM;
    mach_port_drop(refport);
    if (signal == HSIGCHLD)
        collect_children();
    return 0;
}

kern_return_t S_msg_sig_post_untraced(mach_port_t process, mach_port_t reply,
                                      mach_msg_type_name_t reply_type,
                                      int signal, natural_t sigcode,
                                      mach_port_t refport)
{
    return S_msg_sig_post(process, reply, reply_type, signal, sigcode, refport);
}

kern_return_t S_msg_proc_newids(mach_port_t process, mach_port_t task,
                                pid_t ppid, pid_t pgrp, int orphaned)
{
    mach_port_drop(task);
    return 0;
}

/* --- a boot that does not go on --------------------------------------------- */

/* When nothing has come for so long it is said who has not reported; the third
 * time that is the end.  A disk is given up before. */
#define BOOT_PATIENCE_MS 15000
#define BOOT_PATIENCE    3

/* Those that the boot needs are watched from their start on. */
static void boot_died(mach_port_t name)
{
    const char *who = name == self.proctask   ? "/hurd/proc"
                      : name == self.authtask ? "/hurd/auth"
                                              : NULL;

    if (who && !booted)
        boot_failed(0, who);
}

static void boot_stalled(unsigned times)
{
    boolean_t met = self.procserver && self.authserver;

    mach_printf("\nstartup: %s:%s%s%s%s%s%s\n",
                times < BOOT_PATIENCE ? "waiting for" : "gave up waiting for",
                self.procserver ? "" : " proc (startup_procinit)",
                self.authserver ? "" : " auth (startup_authinit)",
                met && !boot.proc_up ? " proc (startup_essential_task)" : "",
                met && !boot.auth_up ? " auth (startup_essential_task)" : "",
                met && !boot.exec_up ? " exec (startup_essential_task)" : "",
                met && !boot.fs_up
                    ? " the root file system (startup_essential_task)"
                    : "");
    if (times >= BOOT_PATIENCE)
        host_reboot(self.host_priv, HURD_RB_HALT | HURD_RB_DEBUGGER);
}

/* --- notifications -------------------------------------------------------- */

kern_return_t do_mach_notify_dead_name(mach_port_t notify, mach_port_t name)
{
    boot_died(name);
    if (!notify_died(name))
        essential_died(name);
    mach_port_drop(name);
    return 0;
}

kern_return_t do_mach_notify_port_deleted(mach_port_t notify, mach_port_t name)
{
    return 0;
}

kern_return_t do_mach_notify_msg_accepted(mach_port_t notify, mach_port_t name)
{
    return 0;
}

kern_return_t do_mach_notify_port_destroyed(mach_port_t notify,
                                            mach_port_t port)
{
    mach_port_destroy_receive(port);
    return 0;
}

kern_return_t do_mach_notify_no_senders(mach_port_t notify,
                                        mach_port_mscount_t count)
{
    return 0;
}

kern_return_t do_mach_notify_send_once(mach_port_t notify)
{
    return 0;
}

/* The answer to watch_power's read: the host wants the machine to end. */
#define POWER_PRESSED 2905 /* device_reply.defs */

static boolean_t is_power(const mach_msg_header_t *in)
{
    return in->msgh_id == POWER_PRESSED && mach_msg_is_kernels(in) &&
           in->msgh_size >= sizeof(mig_reply_header_t) &&
           ((const mig_reply_header_t *)in)->RetCode == 0;
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine;

    if (is_power(in))
        reboot_system(HURD_RB_HALT);

    if (!((routine = startup_server_routine(in)) ||
          (routine = notify_server_routine(in)) ||
          (routine = msg_server_routine(in)) ||
          (routine = fsys_server_routine(in))))
        return FALSE;
    routine(in, out);
    return TRUE;
}

/* A kernel without such a device ends on its own. */
void watch_power(void)
{
    dev_name_t name = "power";
    mach_port_t power;

    if (!device_open(self.device_master, D_READ, name, &power))
        device_read_request_inband(power, self.port, 0, 0, 1);
}

/* --- start-up ------------------------------------------------------------- */

/* When the root file system dies its pages can no longer come: all of this
 * program must be there by then, as it is the one that ends the system. */
static void stay_in_memory(void)
{
    extern const char __executable_start[], end[];

    vm_wire_all(self.host_priv, mach_task_self(), VM_WIRE_ALL);
    for (const volatile char *page = __executable_start; page < end;
         page += vm_page_size)
        (void)*page;
}

static void parse_arguments(int argc, char **argv)
{
    static const char kernel[] = "--kernel-task=";

    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], kernel, sizeof kernel - 1) == 0)
            self.kernel_task = strtoul(argv[i] + sizeof kernel - 1, NULL, 10);
        else
            argz_add(&self.boot_args, &self.boot_args_size, argv[i]);
    self.argv = argv;
    self.envp = environ;
}

static void get_privileges(void)
{
    dev_name_t console_name = "console";
    mach_port_t console;
    error_t err;

    self.bootport = hurd_bootstrap_port();
    if (self.bootport == MACH_PORT_NULL)
        mach_die(0, "must be started by the root file system");
    err = fsys_getpriv(self.bootport, &self.host_priv, &self.device_master,
                       &self.fstask);
    if (err)
        mach_die(err, "fsys_getpriv");
    /* Children shall not inherit it. */
    task_set_bootstrap_port(mach_task_self(), MACH_PORT_NULL);
    if (!device_open(self.device_master, D_READ | D_WRITE, console_name,
                     &console))
        mach_set_console(console);
    stay_in_memory();
}

/* Until all are there it looks, now and then, whether anything still comes. */
static void serve(mach_port_t set)
{
    for (unsigned times = 0;;) {
        mach_msg_return_t err = mach_msg_server_timeout(
            demuxer, 0, set, booted ? 0 : MACH_RCV_TIMEOUT,
            booted ? 0 : BOOT_PATIENCE_MS);
        if (err != MACH_RCV_TIMED_OUT)
            mach_complain(err, "serving");
        else if (!booted)
            boot_stalled(++times);
    }
}

static void make_ports(void)
{
    mach_port_t set = MACH_PORT_NULL;

    self.port = mach_reply_port();
    self.open = mach_reply_port();
    self.control = mach_reply_port();
    mach_port_insert_right(mach_task_self(), self.port, self.port,
                           MACH_MSG_TYPE_MAKE_SEND);
    mach_port_insert_right(mach_task_self(), self.open, self.open,
                           MACH_MSG_TYPE_MAKE_SEND);
    /* Clients may come in crowds; there is but one of us. */
    mach_port_set_qlimit(mach_task_self(), self.port, MACH_PORT_QLIMIT_MAX);
    mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set);
    mach_port_move_member(mach_task_self(), self.port, set);
    mach_port_move_member(mach_task_self(), self.open, set);
    mach_port_move_member(mach_task_self(), self.control, set);
    watch(self.fstask);

    error_t err = boot_server("/hurd/proc", &self.proctask);
    if (err)
        boot_failed(err, "/hurd/proc");
    watch(self.proctask);
    err = boot_server("/hurd/auth", &self.authtask);
    if (err)
        boot_failed(err, "/hurd/auth");
    watch(self.authtask);
    serve(set);
}

int main(int argc, char **argv)
{
    parse_arguments(argc, argv);
    get_privileges();
    make_ports();
    return 1;
}
