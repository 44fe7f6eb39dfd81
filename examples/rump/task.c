/* SPDX-License-Identifier: GPL-2.0-or-later */
/* examples/rump/task.c: what the example needs as a boot module: the privileged
 * ports, which the boot script writes into its command line. */

#include <hurd/libhurd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static mach_port_t port_option(int argc, char **argv, const char *option)
{
    size_t length = strlen(option);

    for (int i = 1; i < argc; i++)
        if (!strncmp(argv[i], option, length))
            return (mach_port_t)strtoul(argv[i] + length, NULL, 10);
    return MACH_PORT_NULL;
}

__attribute__((constructor)) static void take_ports(int argc, char **argv)
{
    hurd_set_privileged_ports(port_option(argc, argv, "--host-priv-port="),
                              port_option(argc, argv, "--device-master-port="));
}

/* The only task of its machine turns it off when it ends. */
__attribute__((destructor)) static void turn_off(void)
{
    mach_port_t host_priv = MACH_PORT_NULL;

    fflush(stdout);
    if (!get_privileged_ports(&host_priv, NULL))
        host_reboot(host_priv, 8 /* RB_HALT */);
}
