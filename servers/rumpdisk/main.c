/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/rumpdisk/main.c: disks, driven in this task, as devices of Mach's.
 *
 * At boot a stage of the chain whose port answers device_open for wdN (SATA)
 * and ldN (virtio); other names go to the stage before.  Later every open of
 * /dev/rumpdisk and of /dev/disk answers the same.
 */

#include <drivers/rump.h>

#include "rumpdisk/disk.h"

#define WIRE_ALL 3 /* present and future memory */

/* Paging to a disk whose driver is paged out would never end. */
static void wire_memory(void)
{
    error_t err = vm_wire_all(machdev_host_priv(), mach_task_self(), WIRE_ALL);

    if (err)
        mach_complain(err, "wiring memory");
}

static error_t start(void)
{
    error_t err = disk_init();

    if (err)
        return err;
    wire_memory();
    if (rump_init())
        return MACHDEV_TOLD;
    return disk_async_init();
}

int main(int argc, char **argv)
{
    static const char *const nodes[] = {"/dev/rumpdisk", "/dev/disk", NULL};
    static const struct machdev_ops ops = {
        .name = "rumpdisk",
        .nodes = nodes,
        .init = start,
        .open = disk_open,
        .demuxer = disk_demuxer,
        .sync = rump_sys_sync,
        .control = machdev_node_control,
        .translate = machdev_node_translate,
    };
    static const struct argp_child children[] = {{&machdev_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp argp = {
        .doc = "Drives SATA and virtio disks and offers them as devices",
        .children = children};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    machdev_run(&ops);
}
