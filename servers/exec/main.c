/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/exec/main.c: the exec server: start-up, standard ports, service. */

#include <exec/exec.h>
#include <exec/exec_S.h>
#include <exec/exec_startup_S.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/startup.h>
#include <stdlib.h>
#include <string.h>

int trivfs_fstype = HFS_MISC;
int trivfs_fsid;
int trivfs_support_read, trivfs_support_write, trivfs_support_exec;
int trivfs_allow_open;

mach_port_t procserver;
struct port_bucket *port_bucket;
struct port_class *bootinfo_class;
struct trivfs_control *exec_control;

static pthread_rwlock_t std_lock = PTHREAD_RWLOCK_INITIALIZER;
static mach_port_t std_ports[INIT_PORT_MAX]; /* send rights */
static int std_ints[INIT_INT_MAX];
static boolean_t have_std;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
}

error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    return HURD_EBUSY;
}

boolean_t std_known(void)
{
    return have_std;
}

mach_port_t std_port(int which)
{
    pthread_rwlock_rdlock(&std_lock);
    mach_port_t port = std_ports[which];
    mach_port_ref_send(port, 1);
    pthread_rwlock_unlock(&std_lock);
    return port;
}

int std_int(int which)
{
    return std_ints[which];
}

static kern_return_t exec_paths(trivfs_protid_t cred, struct request *rq)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    error_t err = do_exec(rq);
    if (err)
        return err;
    /* On success the request's rights are ours to drop. */
    mach_port_drop(rq->file);
    mach_port_drop(rq->oldtask);
    for (unsigned i = 0; i < rq->dtable_count; i++)
        mach_port_drop(rq->dtable[i]);
    for (unsigned i = 0; i < rq->port_count; i++)
        mach_port_drop(rq->ports[i]);
    return 0;
}

kern_return_t S_exec_exec_paths(
    trivfs_protid_t cred, mach_port_t file, task_t oldtask, int flags,
    const_string_t path, const_string_t abspath, const_data_t argv,
    mach_msg_type_number_t argv_size, const_data_t envp,
    mach_msg_type_number_t envp_size, const_portarray_t dtable,
    mach_msg_type_number_t dtable_count, const_portarray_t ports,
    mach_msg_type_number_t port_count, const_intarray_t ints,
    mach_msg_type_number_t int_count, const mach_port_name_t *deallocs,
    mach_msg_type_number_t dealloc_count, const mach_port_name_t *destroys,
    mach_msg_type_number_t destroy_count)
{
    struct request rq = {
        .file = file,
        .oldtask = oldtask,
        .flags = flags,
        .path = path,
        .abspath = abspath,
        .argv = argv,
        .argv_size = argv_size,
        .envp = envp,
        .envp_size = envp_size,
        .dtable = dtable,
        .dtable_count = dtable_count,
        .ports = ports,
        .port_count = port_count,
        .ints = ints,
        .int_count = int_count,
        .deallocs = deallocs,
        .dealloc_count = dealloc_count,
        .destroys = destroys,
        .destroy_count = destroy_count,
    };

    return exec_paths(cred, &rq);
}

kern_return_t S_exec_exec(
    trivfs_protid_t cred, mach_port_t file, task_t oldtask, int flags,
    const_data_t argv, mach_msg_type_number_t argv_size, const_data_t envp,
    mach_msg_type_number_t envp_size, const_portarray_t dtable,
    mach_msg_type_number_t dtable_count, const_portarray_t ports,
    mach_msg_type_number_t port_count, const_intarray_t ints,
    mach_msg_type_number_t int_count, const mach_port_name_t *deallocs,
    mach_msg_type_number_t dealloc_count, const mach_port_name_t *destroys,
    mach_msg_type_number_t destroy_count)
{
    return S_exec_exec_paths(cred, file, oldtask, flags, "", "", argv,
                             argv_size, envp, envp_size, dtable, dtable_count,
                             ports, port_count, ints, int_count, deallocs,
                             dealloc_count, destroys, destroy_count);
}

kern_return_t S_exec_setexecdata(trivfs_protid_t cred, const_portarray_t ports,
                                 mach_msg_type_number_t port_count,
                                 const_intarray_t ints,
                                 mach_msg_type_number_t int_count)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!cred->isroot)
        return HURD_EPERM;
    if (port_count < INIT_PORT_MAX || int_count < INIT_INT_MAX)
        return HURD_EINVAL;
    pthread_rwlock_wrlock(&std_lock);
    for (unsigned i = 0; i < INIT_PORT_MAX; i++) {
        mach_port_drop(std_ports[i]);
        std_ports[i] = ports[i];
    }
    for (unsigned i = INIT_PORT_MAX; i < port_count; i++)
        mach_port_drop(ports[i]);
    memcpy(std_ints, ints, sizeof std_ints);
    have_std = TRUE;
    pthread_rwlock_unlock(&std_lock);
    return 0;
}

/* An open of ours that proc may send the standard ports to. */
static error_t ask_for_execdata(void)
{
    struct iouser *root;
    struct trivfs_protid *cred;
    error_t err = iohelp_create_simple_iouser(&root, 0, 0);

    if (err)
        return err;
    err = trivfs_open(exec_control, root, 0, MACH_PORT_NULL, &cred);
    if (err) {
        iohelp_free_iouser(root);
        return err;
    }
    err = proc_execdata_notify(procserver, ports_get_right(cred),
                               MACH_MSG_TYPE_MAKE_SEND);
    ports_port_deref(cred);
    return err;
}

/* The file system has our handle and process port at last. */
kern_return_t S_exec_init(trivfs_protid_t cred, mach_port_t auth,
                          mach_port_t proc)
{
    mach_port_t ports[INIT_PORT_MAX] = {0};
    error_t err;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (procserver != MACH_PORT_NULL)
        return HURD_EPERM;
    procserver = proc;
    mach_port_ref_send(proc, 1);
    ports[INIT_PORT_AUTH] = auth;
    ports[INIT_PORT_PROC] = proc;
    err = hurd_become_process(ports, INIT_PORT_MAX);
    if (!err)
        err = ask_for_execdata();
    if (!err)
        err = hurd_register_version("exec");
    if (err)
        mach_complain(err, "becoming a process");
    err = hurd_mark_essential("exec");
    if (err)
        mach_complain(err, "telling startup");
    return 0;
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine;

    if ((routine = exec_server_routine(in)) ||
        (routine = exec_startup_server_routine(in))) {
        routine(in, out);
        return TRUE;
    }
    return trivfs_demuxer(in, out);
}

int main(void)
{
    mach_port_t bootstrap = hurd_bootstrap_port();
    error_t err;

    if (bootstrap == MACH_PORT_NULL)
        mach_die(0, "must be started as a translator");
    port_bucket = ports_create_bucket();
    bootinfo_class = ports_create_class(bootinfo_clean, NULL);
    if (!port_bucket || !bootinfo_class)
        mach_die(HURD_ENOMEM, "starting");
    err = trivfs_startup(bootstrap, 0, NULL, port_bucket, NULL, port_bucket,
                         &exec_control);
    mach_port_drop(bootstrap);
    if (err)
        mach_die(err, "fsys_startup");
    /* A stage of the boot's chain has no node for anybody. */
    if (exec_control->underlying == MACH_PORT_NULL)
        mach_die(0, "started by a server that is no file system");
    hurd_set_port(INIT_PORT_BOOTSTRAP, MACH_PORT_NULL);
    task_set_bootstrap_port(mach_task_self(), MACH_PORT_NULL);
    /* File systems ask in the names of users, who may ask directly as well: that
     * is twice what users may take of a server. */
    ports_threads_max = 1024;
    for (;;)
        ports_manage_port_operations_multithread(port_bucket, demuxer, 60000, 0,
                                                 NULL);
}
