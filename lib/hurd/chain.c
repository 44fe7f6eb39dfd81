/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/hurd/chain.c: what a server of the boot and the one that started it ask
 * of each other (HURD-FACTS 4.2). */

#include <hurd/fsys.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>

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

boolean_t hurd_is_send_right(mach_port_t name)
{
    mach_port_type_t type = 0;

    return !mach_port_type(mach_task_self(), name, &type) &&
           type & MACH_PORT_TYPE_SEND;
}
