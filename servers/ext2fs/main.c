/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/main.c: the ext2 file system server.
 *
 * Started by the boot script (then it is the root, and boots the rest) or as a
 * translator.
 */

#include <argp.h>
#include <device/device.h>
#include <et/com_err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext2fs/private.h"

enum { OPT_COMMAND_LINE = 0x100, OPT_KERNEL_TASK, OPT_EXEC, OPT_INIT };

static struct {
    mach_port_t host_priv, device_master;
    const char *store_type, *store_name;
    boolean_t writable;
} options = {.store_type = "typed", .writable = TRUE};

static const struct argp_option option_list[] = {
    {"readonly", 'r', NULL, 0, "Do not write to the store", 0},
    {"writable", 'w', NULL, 0, "Write to the store (the default)", 0},
    {"store-type", 'T', "TYPE", 0, "Kind of store: device, typed", 0},
    {"multiboot-command-line", OPT_COMMAND_LINE, "LINE", 0,
     "This is the boot file system; Mach's command line", 1},
    {"bootflags", 0, NULL, OPTION_ALIAS, NULL, 1},
    {"host-priv-port", 'H', "PORT", 0, "The privileged host port", 1},
    {"device-master-port", 'D', "PORT", 0, "The device master port", 1},
    {"exec-server-task", OPT_EXEC, "TASK", 0, "Where the exec server waits", 1},
    {"kernel-task", OPT_KERNEL_TASK, "TASK", 0, "The kernel's task", 1},
    {"boot-init-program", OPT_INIT, "FILE", 0,
     "What to run first (/hurd/startup)", 1},
    {0},
};

static mach_port_t port_argument(const char *argument, struct argp_state *state)
{
    char *end;
    unsigned long port = strtoul(argument, &end, 10);

    if (*end || !*argument || !port || port > 0xffffffff)
        argp_error(state, "%s: not a port", argument);
    return port;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case 'r':
        options.writable = FALSE;
        return 0;
    case 'w':
        options.writable = TRUE;
        return 0;
    case 'T':
        options.store_type = argument;
        return 0;
    case 'H':
        options.host_priv = port_argument(argument, state);
        return 0;
    case 'D':
        options.device_master = port_argument(argument, state);
        return 0;
    case OPT_COMMAND_LINE:
        diskfs_boot.boot = TRUE;
        diskfs_boot.command_line = argument;
        return 0;
    case OPT_EXEC:
        diskfs_boot.exec_task = port_argument(argument, state);
        return 0;
    case OPT_KERNEL_TASK:
        diskfs_boot.kernel_task = port_argument(argument, state);
        return 0;
    case OPT_INIT:
        diskfs_boot.init_program = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (options.store_name)
            argp_error(state, "%s: a second store", argument);
        options.store_name = argument;
        return 0;
    case ARGP_KEY_END:
        if (!options.store_name)
            argp_error(state, "which store?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static _Noreturn void give_up(void)
{
    if (diskfs_boot.boot && options.host_priv)
        host_reboot(options.host_priv, HURD_RB_HALT | HURD_RB_DEBUGGER);
    exit(1);
}

/* The console, so that complaints are seen. */
static void open_console(void)
{
    dev_name_t name = "console";
    mach_port_t console;

    if (options.device_master &&
        !device_open(options.device_master, D_READ | D_WRITE, name, &console)) {
        mach_set_console(console);
        diskfs_boot.console = console;
    }
}

static void open_file_system(void)
{
    initialize_ext2_error_table();
    if (store_open(options.store_type, options.store_name,
                   options.device_master, &options.writable))
        give_up();
    const char *wrong = ext2_mount(options.store_name);
    if (wrong) {
        mach_printf("ext2fs: %s: %s\n", options.store_name, wrong);
        give_up();
    }
    ext2_format.whole_seconds =
        EXT2_INODE_SIZE(fs->super) == EXT2_GOOD_OLD_INODE_SIZE;
    diskfs_format = &ext2_format;
    diskfs_source = options.store_name;
    diskfs_readonly = TRUE;
    if (options.writable && !ext2_format.set_read_only(FALSE))
        diskfs_readonly = FALSE;
    else
        store_let_writing_go();
}

/* Of the first server of the boot by its options, of a later one by the server
 * before it, of a translator by proc. */
static void get_privileges(void)
{
    error_t err = 0;

    if (diskfs_boot.boot)
        diskfs_boot.bootstrap = hurd_bootstrap_port();
    if (diskfs_boot.bootstrap)
        err = hurd_ask_privileged_ports(diskfs_boot.bootstrap,
                                        &diskfs_boot.parent);
    if (options.host_priv && options.device_master)
        hurd_set_privileged_ports(options.host_priv, options.device_master);
    else if (!err)
        err = get_privileged_ports(&options.host_priv, &options.device_master);
    if (err && diskfs_boot.boot)
        mach_printf("ext2fs: --host-priv-port and --device-master-port are "
                    "missing, and no server before to ask: %s\n",
                    mach_error_string(err));
}

int main(int argc, char **argv)
{
    static const struct argp argp = {option_list,
                                     parse_option,
                                     "STORE",
                                     "Serves an ext2 file system",
                                     0,
                                     0,
                                     0};

    hurd_stop_system_on_exit();
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    get_privileges();
    open_console();
    if (diskfs_boot.boot && !diskfs_boot.exec_task) {
        mach_printf("ext2fs: --exec-server-task is missing\n");
        give_up();
    }
    open_file_system();
    diskfs_run();
}
