/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/halt/main.c: halt, reboot and poweroff: asks startup to end the
 * system in order.
 *
 * What the program is called says what is to happen.  Options of other
 * systems' (-f, -p ...) are taken and mean nothing here.
 */

#include <hurd/libhurd.h>
#include <hurd/startup.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');
    mach_port_t host, startup;
    error_t err = get_privileged_ports(&host, NULL);

    name = name ? name + 1 : argv[0];
    if (!err)
        err = hurd_lookup("/servers/startup", 0, 0, &startup);
    if (!err)
        err = startup_reboot(startup, host,
                             strcmp(name, "reboot") ? HURD_RB_HALT
                                                    : HURD_RB_AUTOBOOT);
    if (!err)
        return 0;
    mach_port_t out = hurd_get_fd(2);
    hurd_printf(out, "%s: %s\n", name, mach_error_string(err));
    return 1;
}
