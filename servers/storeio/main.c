/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/storeio/main.c: the translator of block devices (/dev/hd0, /dev/wd0):
 * a store as a file.
 *
 * The store is opened with the node's first open, so that an error of the
 * device reaches who opens the node.
 */

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "storeio/storeio.h"

int trivfs_fstype = HFS_DEV;
int trivfs_fsid;
int trivfs_support_read = 1, trivfs_support_write = 1, trivfs_support_exec;
int trivfs_allow_open = HO_READ | HO_WRITE;

static struct {
    const char *type, *name;
    boolean_t read_only;
} options = {.type = "device"};

static struct {
    pthread_mutex_t lock;
    boolean_t open;
    unsigned opens; /* of the node */
    struct store store;
} device = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct port_class *control_class, *protid_class;

static const struct argp_option option_list[] = {
    {"store-type", 'T', "TYPE", 0, "Kind of store: device, typed", 0},
    {"readonly", 'r', NULL, 0, "Never write", 0},
    {"writable", 'w', NULL, 0, "Write where the device can (the default)", 0},
    {"no-cache", 'c', NULL, 0, "Accepted: nothing is cached", 0},
    {0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    switch (key) {
    case 'T':
        options.type = argument;
        return 0;
    case 'r':
        options.read_only = TRUE;
        return 0;
    case 'w':
        options.read_only = FALSE;
        return 0;
    case 'c':
        return 0;
    case ARGP_KEY_ARG:
        if (options.name)
            return ARGP_ERR_UNKNOWN;
        options.name = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- the store ---------------------------------------------------------------- */

static error_t open_store(void)
{
    mach_port_t master = MACH_PORT_NULL;
    const char *wrong;
    error_t err;

    get_privileged_ports(NULL, &master);
    if (!strcmp(options.type, "typed"))
        err = store_open_typed(options.name, master, &device.store, &wrong);
    else
        err = store_open_any_device(options.name, master, &device.store);
    mach_port_drop(master);
    if (err == D_NO_SUCH_DEVICE)
        err = HURD_ENXIO;
    return err;
}

error_t device_get(const struct store **store)
{
    error_t err = 0;

    pthread_mutex_lock(&device.lock);
    if (!device.open)
        err = open_store();
    device.open = !err;
    pthread_mutex_unlock(&device.lock);
    *store = &device.store;
    return err;
}

/* Who reads is in nobody's way but of one that writes by another name; who
 * writes claims the store when he does. */
error_t device_claim(boolean_t write)
{
    pthread_mutex_lock(&device.lock);
    error_t err = store_claim(&device.store, write ? STORE_WRITE : STORE_READ);
    pthread_mutex_unlock(&device.lock);
    return err;
}

static error_t opened(struct trivfs_peropen *po)
{
    pthread_mutex_lock(&device.lock);
    device.opens++;
    pthread_mutex_unlock(&device.lock);
    return 0;
}
error_t (*trivfs_peropen_create_hook)(struct trivfs_peropen *) = opened;

static void closed(struct trivfs_peropen *po)
{
    pthread_mutex_lock(&device.lock);
    if (--device.opens == 0 && device.open)
        store_unclaim(&device.store);
    pthread_mutex_unlock(&device.lock);
}
void (*trivfs_peropen_destroy_hook)(struct trivfs_peropen *) = closed;

const char *device_name(void)
{
    return options.name;
}

boolean_t device_writable(void)
{
    return device.store.writable && !options.read_only;
}

/* --- trivfs's -------------------------------------------------------------------- */

static error_t check_open(struct trivfs_control *cntl, struct iouser *user,
                          int flags)
{
    const struct store *store;
    error_t err = 0;

    if (flags & (HO_READ | HO_WRITE))
        err = device_get(&store);
    if (!err && flags & HO_WRITE && !device_writable())
        err = HURD_EROFS;
    if (!err && flags & (HO_READ | HO_WRITE))
        err = device_claim(FALSE);
    if (err == HURD_EBUSY)
        mach_complain(0,
                      "%s: in use: it is mounted or open for writing, by "
                      "another name",
                      options.name);
    return err;
}
error_t (*trivfs_check_open_hook)(struct trivfs_control *, struct iouser *,
                                  int) = check_open;

/* As long as it has not been opened it is taken for a disk. */
static boolean_t has_sectors(void)
{
    return !device.open || device.store.sector_size;
}

void trivfs_modify_stat(struct trivfs_protid *cred, io_statbuf_t *st)
{
    st->st_size = st->st_blocks = 0;
    pthread_mutex_lock(&device.lock);
    st->st_mode &= ~HS_IFMT;
    st->st_mode |= has_sectors() ? HS_IFBLK : HS_IFCHR;
    if (device.open && has_sectors()) {
        st->st_size = store_bytes(&device.store);
        st->st_blocks = st->st_size / 512;
        st->st_blksize = device.store.sector_size;
    }
    pthread_mutex_unlock(&device.lock);
}

error_t trivfs_goaway(struct trivfs_control *cntl, int flags)
{
    if (!(flags & FSYS_GOAWAY_FORCE) && ports_count_class(protid_class) > 0) {
        ports_enable_class(protid_class);
        return HURD_EBUSY;
    }
    if (device.open && !(flags & FSYS_GOAWAY_NOSYNC))
        store_flush(&device.store);
    for (;;)
        task_terminate(mach_task_self());
}

int main(int argc, char **argv)
{
    static const struct argp argp = {
        option_list, parse_option, "STORE", "Shows a store as a file",
        NULL,        NULL,         NULL};
    struct trivfs_control *cntl;
    mach_port_t bootstrap = hurd_bootstrap_port();

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    if (!options.name)
        mach_die(0, "which store?");
    if (bootstrap == MACH_PORT_NULL)
        mach_die(0, "must be started as a translator");
    trivfs_add_control_port_class(&control_class);
    trivfs_add_protid_port_class(&protid_class);
    error_t err = trivfs_startup(bootstrap, 0, control_class, NULL,
                                 protid_class, NULL, &cntl);
    mach_port_drop(bootstrap);
    if (err)
        mach_die(err, "starting");
    ports_manage_port_operations_multithread(cntl->pi.bucket, trivfs_demuxer,
                                             IDLE_MS, 0, NULL);
    return 0;
}
