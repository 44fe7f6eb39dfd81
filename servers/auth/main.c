/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/auth/main.c: the auth server: start-up and service. */

#include <auth/auth.h>
#include <auth/auth_S.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/startup.h>
#include <ports/interrupt_S.h>
#include <ports/notify_S.h>

struct port_bucket *auth_bucket;
struct port_class *authhandle_class;

/* In place of lib/ports': the sleepers here are records, not threads. */
static void handle_dead_name(mach_msg_header_t *in)
{
    struct {
        mach_msg_header_t head;
        mach_msg_type_t type;
        mach_port_name_t name;
    } *notice = (void *)in;

    rendezvous_died(notice->name);
    mach_port_drop(notice->name);
}

static boolean_t handle(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine;
    authhandle_t handle;

    if (in->msgh_id == MACH_NOTIFY_DEAD_NAME) {
        handle_dead_name(in);
        ((mig_reply_header_t *)out)->RetCode = MIG_NO_REPLY;
        return TRUE;
    }
    if (in->msgh_id == 33000 &&
        (handle = auth_port_to_handle(in->msgh_local_port))) {
        rendezvous_interrupt(handle);
        end_using_authhandle(handle);
    }
    if (!((routine = auth_server_routine(in)) ||
          (routine = ports_notify_server_routine(in)) ||
          (routine = interrupt_server_routine(in))))
        return FALSE;
    routine(in, out);
    return TRUE;
}

/* One who lets his reply port's queue run full must not stop all others. */
static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mach_msg_impatient = TRUE;
    boolean_t known = handle(in, out);
    mach_msg_impatient = FALSE;
    return known;
}

static struct authhandle *make_root(void)
{
    struct authhandle *root;

    if (create_authhandle(&root) || idvec_add(&root->euids, 0) ||
        idvec_add(&root->auids, 0) || idvec_add(&root->auids, 0) ||
        idvec_add(&root->egids, 0) || idvec_add(&root->agids, 0) ||
        idvec_add(&root->agids, 0))
        mach_die(HURD_ENOMEM, "making the first handle");
    return root;
}

/* Meets startup and proc while the main thread already serves. */
static void *join_system(void *handle)
{
    mach_port_t boot = MACH_PORT_NULL, proc, host_priv, device_master;
    mach_port_t ports[INIT_PORT_MAX] = {0};
    error_t err;

    boot = hurd_bootstrap_port();
    if (boot == MACH_PORT_NULL)
        mach_die(0, "must be started by startup");
    ports[INIT_PORT_AUTH] = ports_get_send_right(handle);
    err = startup_authinit(boot, ports[INIT_PORT_AUTH], MACH_MSG_TYPE_COPY_SEND,
                           &proc);
    if (err)
        mach_die(err, "startup_authinit");
    ports[INIT_PORT_PROC] = proc;
    if ((err = hurd_become_process(ports, INIT_PORT_MAX)))
        mach_complain(err, "becoming a process");
    proc_mark_exec(proc);

    err = proc_getprivports(proc, &host_priv, &device_master);
    if (err)
        mach_die(err, "proc_getprivports");
    hurd_set_privileged_ports(host_priv, device_master);
    if ((err = hurd_register_version("auth")))
        mach_complain(err, "proc_register_version");
    string_t name = "auth";
    err = startup_essential_task(boot, mach_task_self(), MACH_PORT_NULL, name,
                                 host_priv);
    if (err)
        mach_complain(err, "startup_essential_task");
    mach_port_drop(boot);
    return NULL;
}

int main(void)
{
    pthread_t thread;

    auth_bucket = ports_create_bucket();
    authhandle_class = ports_create_class(clean_authhandle, NULL);
    if (!auth_bucket || !authhandle_class)
        mach_die(HURD_ENOMEM, "starting");
    if (rendezvous_start())
        mach_die(HURD_ENOMEM, "starting the clock");
    if (pthread_create(&thread, NULL, join_system, make_root()))
        mach_die(HURD_ENOMEM, "starting a thread");
    for (;;)
        ports_manage_port_operations_one_thread(auth_bucket, demuxer, 0);
}
