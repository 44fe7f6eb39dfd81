/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/hurd/chain.c: what a server of the boot and the one that started it ask
 * of each other (HURD-FACTS 4.2). */

#include <hurd/fsys.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <stdlib.h>
#include <string.h>

error_t hurd_ask_privileged_ports(mach_port_t bootstrap, task_t *parent)
{
    mach_port_t host_priv, device_master;
    error_t err = fsys_getpriv(bootstrap, &host_priv, &device_master, parent);

    if (!err)
        hurd_set_privileged_ports(host_priv, device_master);
    return err;
}

error_t hurd_introduce_parent(mach_port_t bootstrap, task_t parent)
{
    mach_port_t proc = getproc(), auth = getauth();
    process_t parent_proc = MACH_PORT_NULL;
    error_t err;

    proc_child(proc, parent); /* no matter if it is somebody's already */
    err = proc_task2proc(proc, parent, &parent_proc);
    if (!err) {
        proc_mark_important(parent_proc);
        proc_mark_exec(parent_proc);
        err = fsys_init(bootstrap, parent_proc, MACH_MSG_TYPE_MOVE_SEND, auth);
    }
    mach_port_drop(auth);
    mach_port_drop(proc);
    return err;
}

/* The privileged host port, from the one place where it can be if the options
 * were not understood. */
static mach_port_t find_host_priv(void)
{
    static const char option[] = "--host-priv-port=";
    mach_port_t host = MACH_PORT_NULL, bootstrap;
    task_t parent;

    if (!get_privileged_ports(&host, NULL))
        return host;
    for (char **arg = hurd_arguments(); arg && *arg; arg++)
        if (!strncmp(*arg, option, sizeof option - 1))
            return strtoul(*arg + sizeof option - 1, NULL, 10);
    bootstrap = hurd_bootstrap_port();
    if (bootstrap && !hurd_ask_privileged_ports(bootstrap, &parent))
        get_privileged_ports(&host, NULL);
    return host;
}

/* Others wait for this server and would wait for ever. */
static void stop_system(void)
{
    if (getproc() == MACH_PORT_NULL)
        host_reboot(find_host_priv(), HURD_RB_HALT | HURD_RB_DEBUGGER);
}

void hurd_stop_system_on_exit(void)
{
    if (getproc() == MACH_PORT_NULL)
        atexit(stop_system);
}
