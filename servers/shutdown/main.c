/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/shutdown/main.c: the translator of /servers/shutdown: switches the
 * machine off by way of /servers/acpi. */

#include <hurd/acpi.h>
#include <hurd/libhurd.h>
#include <shutdown/shutdown_S.h>
#include <trivfs/trivfs.h>

#define IDLE_MS     120000
#define SLEEP_STATE 5

int trivfs_fstype = HFS_MISC;
int trivfs_fsid;
int trivfs_support_read = 1, trivfs_support_write, trivfs_support_exec;
int trivfs_allow_open = HO_READ;

static struct port_class *control_class, *protid_class;

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
}

error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    for (;;)
        task_terminate(mach_task_self());
}

/* For root alone, whatever the node's modes say. */
kern_return_t S_shutdown_shutdown(trivfs_protid_t cred)
{
    mach_port_t acpi;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!cred->isroot)
        return HURD_EPERM;
    error_t err = hurd_lookup("/servers/acpi", HO_READ, 0, &acpi);
    if (err)
        return err;
    err = acpi_sleep(acpi, SLEEP_STATE);
    mach_port_drop(acpi);
    return err;
}

static boolean_t demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine = shutdown_server_routine(in);

    if (!routine)
        return trivfs_demuxer(in, out);
    routine(in, out);
    return TRUE;
}

int main(int argc, char **argv)
{
    mach_port_t bootstrap = hurd_bootstrap_port();
    struct trivfs_control *cntl;

    if (bootstrap == MACH_PORT_NULL)
        mach_die(0, "must be started as a translator");
    trivfs_add_control_port_class(&control_class);
    trivfs_add_protid_port_class(&protid_class);
    error_t err = trivfs_startup(bootstrap, 0, control_class, NULL,
                                 protid_class, NULL, &cntl);
    mach_port_drop(bootstrap);
    if (err)
        mach_die(err, "starting");
    ports_manage_port_operations_multithread(cntl->pi.bucket, demuxer, IDLE_MS,
                                             0, NULL);
    return 0;
}
