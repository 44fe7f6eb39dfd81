/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/chain/stage.c: a stage of the boot that has one device, a console under
 * another name, and no hardware. */

#include <device/device.h>
#include <errno.h>
#include <machdev/machdev.h>
#include <stdio.h>
#include <string.h>

static error_t open_stage(const char *name, dev_mode_t mode,
                          mach_port_t *device)
{
    dev_name_t console = "console";

    if (strcmp(name, "stage"))
        return D_NO_SUCH_DEVICE;
    return device_open(machdev_device_master(), mode, console, device);
}

static void say_sync(void)
{
    mach_printf("(stage synced)");
}

int main(int argc, char **argv)
{
    static char node[64];
    static const char *const nodes[] = {node, NULL};
    static struct machdev_ops ops = {
        .nodes = nodes,
        .open = open_stage,
        .sync = say_sync,
        .control = machdev_node_control,
        .translate = machdev_node_translate,
    };
    static const struct argp_child children[] = {{&machdev_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp argp = {.children = children};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    snprintf(node, sizeof node, "/dev/%s", program_invocation_short_name);
    ops.name = program_invocation_short_name;
    machdev_run(&ops);
}
