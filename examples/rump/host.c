/* SPDX-License-Identifier: GPL-2.0-or-later */
/* examples/rump/host.c: the machine around the example, in a program of the
 * host's: one disk, which is the file that the command line names. */

#include "drivers/host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

__attribute__((constructor)) static void make_machine(int argc, char **argv)
{
    struct host_controller controller = {.kind = MACHINE_AHCI, .disk_count = 1};
    struct host_config config = {.controller_count = 1,
                                 .controllers = &controller};
    struct stat st;

    if (argc != 2) {
        fprintf(stderr, "usage: %s DISK\n", argv[0]);
        exit(2);
    }
    if (stat(argv[1], &st) != 0) {
        perror(argv[1]);
        exit(1);
    }
    controller.disks[0] = (struct host_disk){
        .path = argv[1],
        .sector_count = (uint64_t)st.st_size / MACHINE_SECTOR,
        .read_only = true,
    };
    if (host_start(&config) != 0) {
        perror(argv[1]);
        exit(1);
    }
}

__attribute__((destructor)) static void end_machine(void)
{
    host_stop();
}
