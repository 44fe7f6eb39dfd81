/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/machdev/stage.c: one link of the chain: how it starts, and what the next
 * one asks of it (HURD-FACTS 4.2). */

#include <device/device.h>
#include <hurd/fsys.h>
#include <hurd/process.h>
#include <machdev/private.h>
#include <stdio.h>
#include <stdlib.h>

#include <machdev/fsys_S.h>
#include <machdev/startup_notify_S.h>
#include <ports/interrupt_S.h>
#include <ports/notify_S.h>

#define IDLE_MS 30000

const struct machdev_ops *machdev_ops;
mach_msg_demuxer_t machdev_node_demuxer;
struct port_bucket *machdev_bucket;

static struct {
    boolean_t running; /* as a stage */
    boolean_t booting; /* there is no system yet but this one's */
    struct port_class *class;
    mach_port_t host_priv, device_master; /* send rights, kept */
    mach_port_t bootstrap; /* the stage before: send right or null */
    task_t parent;         /* its task, likewise */

    pthread_mutex_t lock;
    pthread_cond_t fsys_came;
    mach_port_t fsys; /* the file system's control port: send right */
    boolean_t installed;
} stage = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .fsys_came = PTHREAD_COND_INITIALIZER};

boolean_t machdev_is_stage(void)
{
    return stage.running;
}

boolean_t machdev_is_stage_class(const struct port_class *class)
{
    return class && class == stage.class;
}

mach_port_t machdev_host_priv(void)
{
    return stage.host_priv;
}

mach_port_t machdev_device_master(void)
{
    return stage.device_master;
}

void machdev_die(error_t err, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* The line may have been begun by others. */
    if (stage.running)
        mach_printf("\n");
    mach_complain(err, "%s", text);
    /* Somebody's mistake at a prompt is not the system's end. */
    if (stage.booting)
        host_reboot(stage.host_priv, HURD_RB_HALT | HURD_RB_DEBUGGER);
    exit(1);
}

/* --- what the next stage asks ----------------------------------------------- */

kern_return_t machdev_S_fsys_getpriv(mach_port_t fsys, mach_port_t *host_priv,
                                     mach_msg_type_name_t *host_type,
                                     mach_port_t *device_master,
                                     mach_msg_type_name_t *device_type,
                                     mach_port_t *task,
                                     mach_msg_type_name_t *task_type)
{
    *host_priv = stage.host_priv;
    *task = mach_task_self();
    *host_type = *task_type = MACH_MSG_TYPE_COPY_SEND;
    *device_master = fsys; /* this very port */
    *device_type = MACH_MSG_TYPE_MAKE_SEND;
    return 0;
}

/* The file system at the end introduces itself to all that stand before it.
 * There is no node for it here. */
kern_return_t machdev_S_fsys_startup(mach_port_t process, int flags,
                                     mach_port_t control, mach_port_t *node,
                                     mach_msg_type_name_t *node_type)
{
    error_t err = 0;

    *node = MACH_PORT_NULL;
    *node_type = MACH_MSG_TYPE_MOVE_SEND;
    if (stage.bootstrap)
        err = fsys_startup(stage.bootstrap, flags, control,
                           MACH_MSG_TYPE_COPY_SEND, node);
    if (err)
        return err;
    pthread_mutex_lock(&stage.lock);
    mach_port_drop(stage.fsys);
    stage.fsys = control;
    pthread_cond_broadcast(&stage.fsys_came);
    pthread_mutex_unlock(&stage.lock);
    return 0;
}

/* Nothing says that fsys_startup comes before fsys_init (HURD-FACTS 4.5). */
static mach_port_t wait_for_fsys(void)
{
    pthread_mutex_lock(&stage.lock);
    while (!stage.fsys)
        pthread_cond_wait(&stage.fsys_came, &stage.lock);
    mach_port_t fsys = stage.fsys;
    pthread_mutex_unlock(&stage.lock);
    return fsys;
}

static boolean_t first_install(void)
{
    pthread_mutex_lock(&stage.lock);
    boolean_t first = !stage.installed;
    stage.installed = TRUE;
    pthread_mutex_unlock(&stage.lock);
    return first;
}

/* Whoever stands before this one is served first: what this one attaches may
 * need it. */
kern_return_t machdev_S_fsys_init(mach_port_t port, mach_port_t reply,
                                  mach_msg_type_name_t reply_type,
                                  mach_port_t proc, mach_port_t auth)
{
    mach_port_t ports[INIT_PORT_MAX] = {
        [INIT_PORT_PROC] = proc, [INIT_PORT_AUTH] = auth};
    error_t err;

    if (!first_install())
        return HURD_EBUSY;
    mach_port_t fsys = wait_for_fsys();
    err = hurd_become_process(ports, INIT_PORT_MAX);
    if (err)
        mach_complain(err, "becoming a process");
    if (stage.bootstrap) {
        err = hurd_introduce_parent(stage.bootstrap, stage.parent);
        if (err)
            mach_complain(err, "fsys_init of the server before");
    }
    machdev_install(fsys);
    return 0;
}

kern_return_t machdev_S_startup_dosync(mach_port_t port)
{
    if (machdev_ops->sync)
        machdev_ops->sync();
    return 0;
}

/* --- requests --------------------------------------------------------------- */

static mach_port_t name_of(const mach_msg_header_t *in)
{
    return MACH_MSGH_BITS_LOCAL(in->msgh_bits) ==
                   MACH_MSG_TYPE_PROTECTED_PAYLOAD
               ? ports_payload_get_name(in->msgh_protected_payload)
               : in->msgh_local_port;
}

static struct port_class *class_of(mach_port_t name)
{
    struct port_info *pi = ports_lookup_port(machdev_bucket, name, NULL);
    struct port_class *class = pi ? pi->class : NULL;

    if (pi)
        ports_port_deref(pi);
    return class;
}

/* Until startup watches over everybody, each watches the one after it. */
static void check_next(const mach_msg_header_t *in)
{
    const mach_dead_name_notification_t *dead = (const void *)in;

    if (in->msgh_size >= sizeof *dead &&
        dead->not_port == machdev_options.next_task && !stage.installed)
        machdev_die(0, "--%s=%d: that server has ended",
                    machdev_options.next_option,
                    (int)machdev_options.next_task);
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mach_port_t name = name_of(in);
    struct port_class *class = class_of(name);
    mig_routine_t routine = NULL;

    if (class == stage.class && in->msgh_id == MACH_NOTIFY_DEAD_NAME)
        check_next(in);
    if (machdev_master_demuxer(in, out, name, class))
        return TRUE;
    if (class == stage.class)
        routine = machdev_fsys_server_routine(in);
    else if (machdev_is_notify_class(class))
        routine = machdev_notify_server_routine(in);
    if (!routine)
        routine = ports_notify_server_routine(in);
    if (!routine)
        routine = interrupt_server_routine(in);
    if (routine) {
        routine(in, out);
        return TRUE;
    }
    if (class == stage.class)
        return FALSE;
    if (machdev_ops->demuxer && machdev_ops->demuxer(in, out))
        return TRUE;
    return machdev_node_demuxer && machdev_node_demuxer(in, out);
}

/* --- starting ---------------------------------------------------------------- */

static void get_privileges(void)
{
    stage.bootstrap = hurd_bootstrap_port();
    if (stage.bootstrap) {
        /* Also for those who were told: the parent is a process to be. */
        error_t err = hurd_ask_privileged_ports(stage.bootstrap, &stage.parent);
        if (err && !machdev_options.host_priv)
            machdev_die(err, "asking the server before for its ports");
        if (err)
            stage.bootstrap = MACH_PORT_NULL;
    }
    if (machdev_options.host_priv && machdev_options.device_master)
        hurd_set_privileged_ports(machdev_options.host_priv,
                                  machdev_options.device_master);
    if (get_privileged_ports(&stage.host_priv, &stage.device_master))
        machdev_die(0, "--host-priv-port and --device-master-port are missing, "
                       "and no server before to ask");
}

static void open_console(void)
{
    dev_name_t name = "console";
    mach_port_t console;

    if (!device_open(stage.device_master, D_READ | D_WRITE, name, &console))
        mach_set_console(console);
}

/* A failure here is the boot script's. */
static void start_next(mach_port_t port)
{
    task_t next = machdev_options.next_task;
    mach_port_t other = MACH_PORT_NULL;
    error_t err;

    if (!next)
        machdev_die(0, "--next-task is missing: nobody would carry on");
    err = task_get_special_port(next, TASK_BOOTSTRAP_PORT, &other);
    if (!err && other)
        machdev_die(0, "--%s=%d: another server started it already",
                    machdev_options.next_option, (int)next);
    if (!err)
        err = mach_port_request_notification(
            mach_task_self(), next, MACH_NOTIFY_DEAD_NAME, 1, port,
            MACH_MSG_TYPE_MAKE_SEND_ONCE, &other);
    if (!err)
        err = task_set_special_port(next, TASK_BOOTSTRAP_PORT, port);
    if (!err)
        err = task_resume(next);
    if (err)
        machdev_die(err, "--%s=%d: no task to start",
                    machdev_options.next_option, (int)next);
}

static void make_stage_port(void)
{
    struct port_info *port;

    stage.class = ports_create_class(NULL, NULL);
    if (!stage.class ||
        ports_create_port(stage.class, machdev_bucket, sizeof *port, &port))
        machdev_die(HURD_ENOMEM, "the stage's port");
    machdev_opens_devices(stage.class);
    mach_port_t right = ports_get_send_right(port);
    start_next(right);
    mach_port_drop(right);
}

static void start_self(void)
{
    error_t err = machdev_ops->init ? machdev_ops->init() : 0;

    if (err && err != MACHDEV_TOLD)
        machdev_die(err, "starting");
    if (err)
        machdev_die(0, "not started");
}

static void run_stage(void)
{
    stage.running = TRUE;
    get_privileges();
    open_console();
    make_stage_port();
    mach_printf("%s ", machdev_ops->name);
    start_self();
}

static void run_translator(void)
{
    mach_port_t bootstrap = hurd_bootstrap_port();
    error_t err;

    if (!bootstrap || !machdev_ops->translate)
        mach_die(0, "must be started as a translator");
    err = get_privileged_ports(&stage.host_priv, &stage.device_master);
    if (err)
        mach_die(err, "privileged ports");
    start_self();
    err = machdev_ops->translate(bootstrap);
    if (err)
        mach_die(err, "starting");
    mach_port_drop(bootstrap);
}

void machdev_run(const struct machdev_ops *ops)
{
    machdev_ops = ops;
    machdev_bucket = ports_create_bucket();
    machdev_install_init();
    /* Before proc is there, there is no translator. */
    mach_port_t proc = getproc();
    stage.booting = !proc;
    if (machdev_options.next_task || !proc)
        run_stage();
    else
        run_translator();
    mach_port_drop(proc);
    for (;;)
        ports_manage_port_operations_multithread(machdev_bucket, demuxer,
                                                 IDLE_MS, 0, NULL);
}
