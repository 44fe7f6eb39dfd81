/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/machdev/options.c: what the boot script tells a stage. */

#include <machdev/private.h>
#include <stdlib.h>

enum { OPT_DISK_SERVER = 0x6d00, OPT_FS_SERVER };

struct machdev_options machdev_options;

/* Letters differ from server to server (HURD-FACTS 2), their meaning does not.
 * The first bootstrap documents call the next task by what runs in it. */
static const struct argp_option option_list[] = {
    {"next-task", 'N', "TASK", 0, "The task to start next", 1},
    {"disk-server-task", OPT_DISK_SERVER, "TASK", 0,
     "The same, where the disk server waits", 1},
    {"fs-server-task", OPT_FS_SERVER, "TASK", 0,
     "The same, where the file system waits", 1},
    {"host-priv-port", 'H', "PORT", 0, "The privileged host port", 1},
    {NULL, 'h', "PORT", OPTION_HIDDEN, NULL, 1},
    {"device-master-port", 'P', "PORT", 0, "The device master port", 1},
    {NULL, 'd', "PORT", OPTION_HIDDEN, NULL, 1},
    {0},
};

static mach_port_t port_argument(const char *argument, struct argp_state *state)
{
    char *end;
    unsigned long port = strtoul(argument, &end, 10);

    if (*end || !*argument || !port || port > 0xffffffff)
        machdev_die(0, "%s: not a port", argument);
    return port;
}

static void set_next(const char *option, const char *argument,
                     struct argp_state *state)
{
    if (machdev_options.next_task)
        machdev_die(0, "--%s=%s: a second next task", option, argument);
    machdev_options.next_option = option;
    machdev_options.next_task = port_argument(argument, state);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_INIT:
        hurd_stop_system_on_exit();
        return 0;
    case 'N':
        set_next("next-task", argument, state);
        return 0;
    case OPT_DISK_SERVER:
        set_next("disk-server-task", argument, state);
        return 0;
    case OPT_FS_SERVER:
        set_next("fs-server-task", argument, state);
        return 0;
    case 'H':
    case 'h':
        machdev_options.host_priv = port_argument(argument, state);
        return 0;
    case 'P':
    case 'd':
        machdev_options.device_master = port_argument(argument, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp machdev_argp = {
    .options = option_list,
    .parser = parse_option,
};
