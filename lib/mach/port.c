/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mach/port.c: small things done with rights. */

#include <mach/mach.h>

kern_return_t mach_port_ref_send(mach_port_t name, int delta)
{
    if (!MACH_PORT_VALID(name))
        return 0;
    kern_return_t err =
        mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_SEND, delta);
    if (err == KERN_INVALID_RIGHT)
        err = mach_port_mod_refs(mach_task_self(), name,
                                 MACH_PORT_RIGHT_DEAD_NAME, delta);
    return err;
}

void mach_port_drop(mach_port_t name)
{
    if (MACH_PORT_VALID(name))
        mach_port_deallocate(mach_task_self(), name);
}

mach_port_t mach_port_make_token(void)
{
    mach_port_t port = mach_reply_port();

    mach_port_set_qlimit(mach_task_self(), port, 0);
    return port;
}

void mach_port_destroy_receive(mach_port_t name)
{
    if (MACH_PORT_VALID(name))
        mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_RECEIVE, -1);
}
