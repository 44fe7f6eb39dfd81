/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pci-arbiter/main.c: the PCI arbiter: the first stage of the boot, or
 * the translator of /servers/bus/pci. */

#include <machdev/machdev.h>
#include <stdlib.h>
#include <string.h>

#include "pci-arbiter/arbiter.h"

static const struct argp_option option_list[] = {
    {"uid", 'U', "UID", 0, "Whose the files are", 0},
    {"gid", 'G', "GID", 0, "Which group's they are", 0},
    {0},
};

static unsigned id_argument(const char *argument, struct argp_state *state)
{
    char *end;
    unsigned long id = strtoul(argument, &end, 10);

    if (*end || !*argument || id > 0xffffffff)
        machdev_die(0, "%s: not an id", argument);
    return id;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case 'U':
        tree_uid = id_argument(argument, state);
        return 0;
    case 'G':
        tree_gid = id_argument(argument, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The ports belong to the first arbiter; the next ones ask it. */
static error_t start(void)
{
    mach_port_t master = machdev_device_master();
    error_t err = pci_system_init_direct(master);

    if (err == KERN_PROTECTION_FAILURE) {
        /* Whoever has them and is no arbiter shares with nobody. */
        err = pci_system_init_device(master);
        if (err == D_NO_SUCH_DEVICE)
            err = HURD_EBUSY;
    }
    if (err)
        machdev_die(err, "configuration ports 0xcf8-0xcff");
    diskfs_format = &tree_format;
    diskfs_readonly = TRUE;
    diskfs_serve();
    return 0;
}

/* By the name "pci" the device master gives the root of the tree. */
static error_t open_root(const char *name, dev_mode_t mode, mach_port_t *port)
{
    return strcmp(name, "pci") ? D_NO_SUCH_DEVICE
                               : diskfs_open_root_device(mode, port);
}

int main(int argc, char **argv)
{
    static const char *const nodes[] = {"/servers/bus/pci", NULL};
    static const struct machdev_ops ops = {
        .name = "pci-arbiter",
        .nodes = nodes,
        .init = start,
        .open = open_root,
        .control = diskfs_control_for,
        .translate = diskfs_translate,
    };
    static const struct argp_child children[] = {{&machdev_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp argp = {.options = option_list,
                                     .parser = parse_option,
                                     .doc = "Shows the machine's PCI functions",
                                     .children = children};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    machdev_run(&ops);
}
