/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/mach-defpager/main.c: becomes the machine's default pager.
 *
 * There is one: a second one says so and ends.  Where pages are kept it is told by
 * swapon; before that the kernel, which asks, sends nothing.
 */

#include <hurd/process.h>
#include <string.h>

#include "mach-defpager/defpager.h"

#define REQUEST_MAX 4096

mach_port_t defpager_set, defpager_port;

/* What ends all processes at the end of the system leaves it alone. */
static void mark_important(void)
{
    mach_port_t proc = getproc();

    if (proc != MACH_PORT_NULL)
        proc_mark_important(proc);
    mach_port_drop(proc);
}

static void become_default_pager(mach_port_t host)
{
    mach_port_t manager = MACH_PORT_NULL;
    error_t err = vm_set_default_memory_manager(host, &manager);

    if (err)
        mach_die(err, "asking for the default pager");
    if (manager != MACH_PORT_NULL)
        mach_die(0, "there is a default pager already");
    err = vm_wire_all(host, mach_task_self(), VM_WIRE_ALL);
    if (err)
        mach_complain(err, "wiring its memory");
    err = mach_port_insert_right(mach_task_self(), defpager_port, defpager_port,
                                 MACH_MSG_TYPE_MAKE_SEND);
    manager = defpager_port;
    if (!err)
        err = vm_set_default_memory_manager(host, &manager);
    if (err)
        mach_die(err, "becoming the default pager");
    mach_port_drop(manager);
}

int main(int argc, char **argv)
{
    mach_port_t host;
    error_t err = get_privileged_ports(&host, NULL);

    if (argc > 2 || (argc == 2 && strcmp(argv[1], "-d") != 0))
        mach_die(0, "usage: mach-defpager [-d]");
    if (err)
        mach_die(err, "the privileged ports");
    err = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET,
                             &defpager_set);
    defpager_port = mach_reply_port();
    if (!err)
        err = mach_port_move_member(mach_task_self(), defpager_port,
                                    defpager_set);
    if (err)
        mach_die(err, "making its ports");
    mark_important();
    become_default_pager(host);
    mach_port_drop(host);
    err = mach_msg_server(defpager_demuxer, REQUEST_MAX, defpager_set);
    mach_die(err, "receiving");
}
