/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/rumpdisk/disk.c: opening and closing disks. */

#include <device/device.h>
#include <drivers/rump.h>
#include <stdio.h>
#include <string.h>

#include "rumpdisk/disk.h"

static struct {
    pthread_mutex_t lock;
    struct port_class *class;
    struct disk *open; /* each holds a reference */
} disks = {.lock = PTHREAD_MUTEX_INITIALIZER};

error_t disk_error(void)
{
    return disk_error_of(rump_errno);
}

error_t disk_error_of(int error_number)
{
    switch (error_number) {
    case 0:
        return 0;
    case RUMP_ENOENT:
    case RUMP_ENXIO:
        return D_NO_SUCH_DEVICE;
    case RUMP_ENOMEM:
        return D_NO_MEMORY;
    case RUMP_EBUSY:
        return D_ALREADY_OPEN;
    case RUMP_EINVAL:
        return D_INVALID_RECNUM;
    case RUMP_EROFS:
        return D_READ_ONLY;
    default:
        return D_IO_ERROR;
    }
}

static void disk_clean(void *object)
{
    struct disk *disk = object;

    rump_sys_close(disk->fd);
}

error_t disk_init(void)
{
    disks.class = ports_create_class(disk_clean, NULL);
    return disks.class ? 0 : HURD_ENOMEM;
}

/* --- for MIG ---------------------------------------------------------------- */

disk_t disk_begin_using(mach_port_t port)
{
    return ports_lookup_port(machdev_bucket, port, disks.class);
}

disk_t disk_begin_using_payload(uint64_t payload)
{
    return ports_lookup_payload(machdev_bucket, payload, disks.class);
}

void disk_end_using(disk_t disk)
{
    if (disk)
        ports_port_deref(disk);
}

/* --- opening ---------------------------------------------------------------- */

/* wd or ld and a number without zeroes ahead: one name for each disk. */
static boolean_t is_name(const char *name)
{
    size_t digits = strlen(name) > 2 ? strspn(name + 2, "0123456789") : 0;

    return (!strncmp(name, "wd", 2) || !strncmp(name, "ld", 2)) && digits > 0 &&
           digits <= 2 && name[2 + digits] == '\0' &&
           (digits == 1 || name[2] != '0');
}

static struct disk **find(const char *name)
{
    struct disk **slot = &disks.open;

    while (*slot && strcmp((*slot)->name, name))
        slot = &(*slot)->next;
    return slot;
}

/* For writing too, if the medium allows it: who opens the disk later may. */
static error_t open_fd(const char *name, int *fd, boolean_t *read_only)
{
    char path[sizeof "/dev/rXXXXXXXXd"];

    snprintf(path, sizeof path, "/dev/r%.7sd", name);
    *read_only = FALSE;
    *fd = rump_sys_open(path, RUMP_O_RDWR);
    if (*fd < 0 && rump_errno == RUMP_EROFS) {
        *read_only = TRUE;
        *fd = rump_sys_open(path, RUMP_O_RDONLY);
    }
    return *fd < 0 ? disk_error() : 0;
}

static error_t measure(int fd, uint32_t *record_size, uint64_t *record_count)
{
    uint64_t size;
    unsigned sector;

    if (rump_sys_ioctl(fd, RUMP_DIOCGMEDIASIZE, &size) ||
        rump_sys_ioctl(fd, RUMP_DIOCGSECTORSIZE, &sector))
        return disk_error();
    *record_size = sector;
    *record_count = size / sector;
    return 0;
}

static error_t make(const char *name, struct disk **result)
{
    uint32_t record_size = 0;
    uint64_t record_count = 0;
    boolean_t read_only;
    struct disk *disk;
    int fd;
    error_t err = open_fd(name, &fd, &read_only);

    if (err)
        return err;
    err = measure(fd, &record_size, &record_count);
    if (!err)
        err =
            ports_create_port(disks.class, machdev_bucket, sizeof *disk, &disk);
    if (err) {
        rump_sys_close(fd);
        return err;
    }
    snprintf(disk->name, sizeof disk->name, "%s", name);
    disk->fd = fd;
    disk->record_size = record_size;
    disk->record_count = record_count;
    disk->read_only = read_only;
    disk->next = disks.open;
    disks.open = disk;
    *result = disk;
    return 0;
}

/* Under the lock. */
static void forget(struct disk *disk)
{
    *find(disk->name) = disk->next;
    ports_destroy_right(disk);
    ports_port_deref(disk);
}

/* Under the lock. */
static error_t open_locked(const char *name, dev_mode_t mode,
                           mach_port_t *device)
{
    struct disk *disk = *find(name);
    boolean_t made = !disk;
    error_t err = disk ? 0 : make(name, &disk);

    if (err)
        return err;
    if (mode & D_WRITE && disk->read_only) {
        if (made)
            forget(disk);
        return D_READ_ONLY;
    }
    if (!(disk->pi.flags & PORT_HAS_SENDRIGHTS))
        disk->opens = 0; /* they went without closing */
    disk->opens++;
    *device = ports_get_send_right(disk);
    return 0;
}

/* --- claims ------------------------------------------------------------------ */

#define CLAIM "claim:"

/* The kernel's number of its disk that is NAME here, by the serial number that
 * the kernel gives it; false for a disk that is not the kernel's. */
static boolean_t kernel_disk(const char *name, unsigned *number)
{
    char serial[RUMP_SERIAL_SIZE + 1] = "", rest;
    boolean_t read_only;
    int fd;

    if (open_fd(name, &fd, &read_only))
        return FALSE;
    int failed = rump_sys_ioctl(fd, RUMP_GET_SERIAL, serial);
    rump_sys_close(fd);
    return !failed && sscanf(serial, "HELL%4u%c", number, &rest) == 1;
}

/* "claim:wd0:FIRST:COUNT:w" is the kernel's "claim:hd0:FIRST:COUNT:wb": it
 * knows who else uses the disk. */
static error_t claim_open(const char *name, mach_port_t *claim)
{
    const char *after = strchr(name, ':');
    size_t length = after ? (size_t)(after - name) : 0;
    char disk[DISK_NAME_MAX] = "";
    unsigned number;
    dev_name_t theirs;

    if (!length || length >= sizeof disk)
        return D_NO_SUCH_DEVICE;
    memcpy(disk, name, length);
    if (!is_name(disk) || !kernel_disk(disk, &number))
        return D_NO_SUCH_DEVICE;
    snprintf(theirs, sizeof theirs, CLAIM "hd%u%sb", number, after);
    return device_open(machdev_device_master(), D_READ, theirs, claim);
}

error_t disk_open(const char *name, dev_mode_t mode, mach_port_t *device)
{
    error_t err;

    if (!strncmp(name, CLAIM, sizeof CLAIM - 1))
        return claim_open(name + sizeof CLAIM - 1, device);
    if (!is_name(name))
        return D_NO_SUCH_DEVICE;
    pthread_mutex_lock(&disks.lock);
    err = open_locked(name, mode, device);
    pthread_mutex_unlock(&disks.lock);
    return err;
}

void disk_close(struct disk *disk)
{
    pthread_mutex_lock(&disks.lock);
    if (disk->opens > 0 && --disk->opens == 0)
        forget(disk);
    pthread_mutex_unlock(&disks.lock);
}
