/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/boot.c: the part of the system's start that is the first file
 * system's (HURD-FACTS 4.3 and 4.4): exec is resumed and attached, startup is
 * run, and, when startup has proc and auth, everybody gets them. */

#include <argz.h>
#include <diskfs/private.h>
#include <hurd/exec.h>
#include <hurd/fs.h>
#include <hurd/fsys.h>
#include <hurd/process.h>
#include <hurd/startup.h>
#include <mach/mach.h>
#include <stdio.h>
#include <unistd.h>

#include <diskfs/exec_startup_S.h>
#include <diskfs/fsys_S.h>
#include <diskfs/startup_notify_S.h>

struct diskfs_boot diskfs_boot = {.init_program = "/hurd/startup"};
auth_t diskfs_auth;
mach_port_t diskfs_exec;
const char *diskfs_source;

/* The bootstrap port of exec; its only calls are get_info and fsys_startup. */
struct execboot {
    struct port_info pi;
};
static struct port_class *execboot_class, *notify_class;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wakeup;
    mach_port_t exec_control; /* send right, once exec has called */
    mach_port_t root;         /* send right: the root for everybody's start */
    mach_port_t console;      /* send right */
} boot = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0};

/* --- what boot servers ask --------------------------------------------------- */

/* Only startup has this control port; those of clients are others. */
static mach_port_t startup_control;

kern_return_t diskfs_S_fsys_getpriv(control_t control, mach_port_t *host_priv,
                                    mach_msg_type_name_t *host_type,
                                    mach_port_t *device_master,
                                    mach_msg_type_name_t *device_type,
                                    mach_port_t *task,
                                    mach_msg_type_name_t *task_type)
{
    if (!control || control->pi.port_right != startup_control)
        return HURD_EOPNOTSUPP;
    error_t err = get_privileged_ports(host_priv, device_master);
    *host_type = *device_type = MACH_MSG_TYPE_MOVE_SEND;
    *task = mach_task_self();
    *task_type = MACH_MSG_TYPE_COPY_SEND;
    return err;
}

static boolean_t is_execboot(mach_port_t port)
{
    void *object = ports_lookup_port(diskfs_port_bucket, port, execboot_class);

    if (object)
        ports_port_deref(object);
    return object != NULL;
}

/* exec's start-up: nothing but the console and a root. */
kern_return_t diskfs_S_exec_startup_get_info(
    mach_port_t port, vm_address_t *entry, vm_address_t *phdr,
    vm_size_t *phdr_size, vm_address_t *stack, vm_size_t *stack_size,
    int *flags, data_t *argv, mach_msg_type_number_t *argv_size, data_t *envp,
    mach_msg_type_number_t *envp_size, portarray_t *dtable,
    mach_msg_type_name_t *dtable_type, mach_msg_type_number_t *dtable_count,
    portarray_t *ports, mach_msg_type_name_t *ports_type,
    mach_msg_type_number_t *port_count, intarray_t *ints,
    mach_msg_type_number_t *int_count)
{
    if (!is_execboot(port))
        return HURD_EOPNOTSUPP;
    *entry = *phdr = *stack = 0;
    *phdr_size = *stack_size = 0;
    *flags = EXEC_STACK_ARGS;
    *argv_size = *envp_size = *int_count = 0;
    *dtable_type = *ports_type = MACH_MSG_TYPE_COPY_SEND;
    *dtable_count = boot.console ? 3 : 0;
    for (unsigned i = 0; i < *dtable_count; i++)
        (*dtable)[i] = boot.console;
    *port_count = INIT_PORT_MAX;
    for (int i = 0; i < INIT_PORT_MAX; i++)
        (*ports)[i] = MACH_PORT_NULL;
    (*ports)[INIT_PORT_CWDIR] = (*ports)[INIT_PORT_CRDIR] = boot.root;
    mach_port_insert_right(mach_task_self(), port, port,
                           MACH_MSG_TYPE_MAKE_SEND);
    (*ports)[INIT_PORT_BOOTSTRAP] = port;
    return 0;
}

static error_t open_servers_exec(int flags, mach_port_t *node)
{
    mach_port_t root = boot.root;
    retry_type retry;
    string_t name;

    mach_port_ref_send(root, 1);
    error_t err = dir_lookup(root, "servers/exec", flags | HO_NOTRANS, 0,
                             &retry, name, node);
    mach_port_drop(root);
    return err;
}

kern_return_t diskfs_S_fsys_startup(mach_port_t port, int flags,
                                    mach_port_t control, mach_port_t *node,
                                    mach_msg_type_name_t *type)
{
    if (!is_execboot(port))
        return HURD_EOPNOTSUPP;
    *node = MACH_PORT_NULL;
    *type = MACH_MSG_TYPE_MOVE_SEND;
    error_t err = open_servers_exec(flags, node);
    if (err) {
        mach_printf("%s: /servers/exec: %s\n", diskfs_format->name,
                    mach_error_string(err));
        return err;
    }
    pthread_mutex_lock(&boot.lock);
    boot.exec_control = control;
    pthread_cond_signal(&boot.wakeup);
    pthread_mutex_unlock(&boot.lock);
    return 0;
}

/* --- starting exec and startup ------------------------------------------------ */

static boolean_t is_dead(mach_port_t task)
{
    mach_port_type_t type = 0;

    return mach_port_type(mach_task_self(), task, &type) ||
           type & MACH_PORT_TYPE_DEAD_NAME;
}

#define EXEC_PATIENCE_S 45
#define EXEC_SAY_S      15

/* Until exec has called fsys_startup, or has died, or does not get there. */
static error_t wait_for_exec(void)
{
    int seconds = 0;
    error_t err = 0;

    pthread_mutex_lock(&boot.lock);
    while (!boot.exec_control && !err) {
        struct timespec soon;
        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_sec++;
        if (!pthread_cond_timedwait(&boot.wakeup, &boot.lock, &soon))
            continue;
        if (is_dead(diskfs_boot.exec_task))
            err = HURD_EDIED;
        else if (++seconds >= EXEC_PATIENCE_S)
            err = HURD_ETIMEDOUT;
        else if (seconds % EXEC_SAY_S == 0)
            mach_printf("\n%s: waiting for exec to report (fsys_startup)",
                        diskfs_format->name);
    }
    pthread_mutex_unlock(&boot.lock);
    return err;
}

static void boot_step(const char *what, error_t err)
{
    if (!err)
        return;
    mach_printf("\n%s: starting %s: %s\n", diskfs_format->name, what,
                mach_error_string(err));
    mach_port_t host;
    if (!get_privileged_ports(&host, NULL))
        host_reboot(host, HURD_RB_HALT | HURD_RB_DEBUGGER);
    exit(1);
}

/* Lets exec's task go, which must be nobody else's. */
static error_t resume_exec(void)
{
    struct execboot *port;
    mach_port_t other = MACH_PORT_NULL;
    error_t err = task_get_special_port(diskfs_boot.exec_task,
                                        TASK_BOOTSTRAP_PORT, &other);

    if (!err && other)
        err = HURD_EBUSY;
    if (!err)
        err = ports_create_port(execboot_class, diskfs_port_bucket,
                                sizeof *port, &port);
    if (err)
        return err;
    mach_port_t right = ports_get_send_right(port);
    err = task_set_special_port(diskfs_boot.exec_task, TASK_BOOTSTRAP_PORT,
                                right);
    mach_port_drop(right);
    if (err)
        return err;
    err = task_resume(diskfs_boot.exec_task);
    return err == KERN_FAILURE ? HURD_EBUSY : err; /* it runs already */
}

static error_t start_exec(void)
{
    char option[40];
    retry_type retry;
    string_t name;
    mach_port_t node;

    snprintf(option, sizeof option, "--exec-server-task=%d",
             (int)diskfs_boot.exec_task);
    boot_step(option, resume_exec());
    error_t err = wait_for_exec();
    if (err)
        return err;

    uid_t root_id = 0;
    err =
        fsys_getroot(boot.exec_control, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND,
                     &root_id, 1, &root_id, 1, 0, &retry, name, &diskfs_exec);
    if (!err)
        err = open_servers_exec(0, &node);
    if (err)
        return err;
    err = file_set_translator(node, 0, FS_TRANS_SET, 0, NULL, 0,
                              boot.exec_control, MACH_MSG_TYPE_COPY_SEND);
    mach_port_drop(node);
    return err;
}

/* "/hurd/startup" and the words of Mach's command line. */
static error_t startup_arguments(char **argz, size_t *length)
{
    char kernel[32];
    error_t err = argz_create_sep(diskfs_boot.init_program, 0, argz, length);

    if (!err && diskfs_boot.kernel_task) {
        snprintf(kernel, sizeof kernel, "--kernel-task=%d",
                 (int)diskfs_boot.kernel_task);
        err = argz_add(argz, length, kernel);
    }
    if (!err && diskfs_boot.command_line)
        err = argz_add_sep(argz, length, diskfs_boot.command_line, ' ');
    return err ? HURD_ENOMEM : 0;
}

static error_t start_startup(void)
{
    char *argz = NULL;
    size_t length = 0;
    task_t task;
    file_t file;
    error_t err =
        hurd_lookup(diskfs_boot.init_program, HO_READ | HO_EXEC, 0, &file);

    if (!err)
        err = startup_arguments(&argz, &length);
    if (err)
        return err;
    err = task_create(mach_task_self(), FALSE, &task);
    if (err)
        return err;
    mach_port_t control = startup_control = diskfs_make_control_port();
    mach_port_t ports[INIT_PORT_MAX] = {
        [INIT_PORT_CRDIR] = boot.root,
        [INIT_PORT_CWDIR] = boot.root,
        [INIT_PORT_BOOTSTRAP] = control,
    };
    mach_port_t fds[3] = {boot.console, boot.console, boot.console};
    err = exec_exec(diskfs_exec, file, MACH_MSG_TYPE_COPY_SEND, task, 0, argz,
                    length, NULL, 0, fds, MACH_MSG_TYPE_COPY_SEND, 3, ports,
                    MACH_MSG_TYPE_COPY_SEND, INIT_PORT_MAX, NULL, 0, NULL, 0,
                    NULL, 0);
    mach_port_drop(control);
    mach_port_drop(file);
    mach_port_drop(task);
    free(argz);
    return err;
}

void diskfs_boot_system(void)
{
    struct node *np;

    pthread_mutex_lock(&diskfs_lock);
    error_t err = diskfs_cached_lookup(diskfs_format->root, &np);
    if (!err)
        err = diskfs_open_for_root(np, HO_READ | HO_EXEC, &boot.root);
    pthread_mutex_unlock(&diskfs_lock);
    if (err)
        boot_step("its root", err);
    mach_port_ref_send(boot.root, 2);
    hurd_set_port(INIT_PORT_CRDIR, boot.root);
    hurd_set_port(INIT_PORT_CWDIR, boot.root);
    boot.console = diskfs_boot.console;
    mach_printf("Hurd server bootstrap: %s[%s] exec", diskfs_format->name,
                diskfs_source ? diskfs_source : "?");
    boot_step("exec", start_exec());
    mach_printf(" startup");
    boot_step("startup", start_startup());
    if (diskfs_boot.bootstrap) {
        error_t told = diskfs_tell_parent(diskfs_boot.bootstrap);
        boot_step("the server before, by fsys_startup", told);
    }
}

/* --- when proc and auth are there ---------------------------------------------- */

static error_t introduce_exec(process_t proc, auth_t auth)
{
    process_t exec_proc;
    error_t err = proc_task2proc(proc, diskfs_boot.exec_task, &exec_proc);

    if (err)
        return err;
    proc_child(proc, diskfs_boot.exec_task);
    proc_mark_important(exec_proc);
    proc_set_exe(exec_proc, "/hurd/exec");
    proc_mark_exec(exec_proc);
    return exec_init(diskfs_exec, auth, exec_proc, MACH_MSG_TYPE_MOVE_SEND);
}

static void request_shutdown_notice(void)
{
    struct execboot *notify;
    file_t startup;

    if (hurd_lookup("/servers/startup", 0, 0, &startup))
        return;
    if (!ports_create_port(notify_class, diskfs_port_bucket, sizeof *notify,
                           &notify)) {
        mach_port_t right = ports_get_send_right(notify);
        error_t err = startup_request_notification(
            startup, right, MACH_MSG_TYPE_MOVE_SEND, diskfs_format->name);
        if (err)
            mach_printf("%s: asking for shutdown notice: %s\n",
                        diskfs_format->name, mach_error_string(err));
    }
    mach_port_drop(startup);
}

static void *after_init(void *argument)
{
    process_t proc = hurd_get_port(INIT_PORT_PROC);
    error_t err = introduce_exec(proc, diskfs_auth);

    if (err)
        mach_printf("%s: introducing exec: %s\n", diskfs_format->name,
                    mach_error_string(err));
    if (diskfs_boot.bootstrap)
        err = hurd_introduce_parent(diskfs_boot.bootstrap, diskfs_boot.parent);
    if (diskfs_boot.bootstrap && err)
        mach_printf("%s: fsys_init of the server before: %s\n",
                    diskfs_format->name, mach_error_string(err));
    hurd_register_version(diskfs_format->name);
    proc_mark_important(proc);
    err = hurd_mark_essential(diskfs_format->name);
    if (err)
        mach_printf("%s: startup_essential_task: %s\n", diskfs_format->name,
                    mach_error_string(err));
    request_shutdown_notice();
    mach_port_drop(proc);
    return NULL;
}

/* Startup waits for the answer with everything else: the work comes after. */
kern_return_t diskfs_S_fsys_init(control_t control, mach_port_t reply_port,
                                 mach_msg_type_name_t reply_type,
                                 mach_port_t proc, auth_t auth)
{
    mach_port_t ports[INIT_PORT_MAX] = {
        [INIT_PORT_AUTH] = auth, [INIT_PORT_PROC] = proc};
    pthread_t thread;

    if (!control || control->pi.port_right != startup_control)
        return HURD_EOPNOTSUPP;
    if (diskfs_auth)
        return HURD_EBUSY;
    mach_port_ref_send(auth, 1);
    diskfs_auth = auth;
    error_t err = hurd_become_process(ports, INIT_PORT_MAX);
    if (err)
        mach_printf("%s: becoming a process: %s\n", diskfs_format->name,
                    mach_error_string(err));
    if (pthread_create(&thread, NULL, after_init, NULL))
        return HURD_ENOMEM;
    pthread_detach(thread);
    return 0;
}

kern_return_t diskfs_S_startup_dosync(mach_port_t port)
{
    void *object = ports_lookup_port(diskfs_port_bucket, port, notify_class);

    if (!object)
        return HURD_EOPNOTSUPP;
    ports_port_deref(object);
    return diskfs_make_readonly(TRUE);
}

kern_return_t diskfs_S_fsys_forward(mach_port_t process, mach_port_t requestor,
                                    const_data_t argv,
                                    mach_msg_type_number_t argv_size)
{
    return HURD_EOPNOTSUPP;
}

kern_return_t
diskfs_S_fsys_getfile(control_t control, const_idarray_t uids,
                      mach_msg_type_number_t nuids, const_idarray_t gids,
                      mach_msg_type_number_t ngids, const_data_t handle,
                      mach_msg_type_number_t handle_size, mach_port_t *file,
                      mach_msg_type_name_t *type)
{
    return HURD_EOPNOTSUPP;
}

void diskfs_boot_init(void)
{
    execboot_class = ports_create_class(NULL, NULL);
    notify_class = ports_create_class(NULL, NULL);
}
