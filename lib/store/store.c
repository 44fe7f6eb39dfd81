/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/store/store.c: stores of devices and of their partitions. */

#include <device/device.h>
#include <hurd/fcntl.h>
#include <hurd/fs.h>
#include <hurd/libhurd.h>
#include <stdlib.h>
#include <store/partition.h>
#include <store/private.h>
#include <string.h>

#define FLUSH_CACHE 2 /* HURD-FACTS 6.5 */

/* What a device's error means to who uses a file (HURD-FACTS 6.5). */
static error_t io_error(error_t err)
{
    switch (err) {
    case D_WOULD_BLOCK:
        return HURD_EAGAIN;
    case D_NO_SUCH_DEVICE:
        return HURD_ENXIO;
    case D_ALREADY_OPEN:
        return HURD_EBUSY;
    case D_INVALID_OPERATION:
        return HURD_EBADF;
    case D_NO_MEMORY:
    case KERN_RESOURCE_SHORTAGE: /* of the kernel, or of the message */
    case MACH_SEND_NO_BUFFER:
    case MACH_RCV_BODY_ERROR | MACH_MSG_VM_KERNEL:
    case MACH_RCV_BODY_ERROR | MACH_MSG_VM_SPACE:
        return HURD_ENOMEM;
    case D_READ_ONLY:
        return HURD_EROFS;
    default:
        return err ? HURD_EIO : 0;
    }
}

/* --- opening ---------------------------------------------------------------- */

error_t store_check_sectors(struct store *store)
{
    if (store->sector_size >= 512 && store->sector_size <= vm_page_size &&
        vm_page_size % store->sector_size == 0)
        return 0;
    store_release(store);
    return HURD_EINVAL;
}

static error_t measure(struct store *store)
{
    int status[DEV_GET_SIZE_COUNT + 2];
    mach_msg_type_number_t count = DEV_GET_RECORDS_COUNT;
    error_t err =
        device_get_status(store->device, DEV_GET_RECORDS, status, &count);

    if (err == D_INVALID_OPERATION) { /* it has no sectors, and no claims */
        store->name[0] = '\0';
        return 0;
    }
    if (err) {
        store_release(store);
        return err;
    }
    store->sector_size = status[DEV_GET_RECORDS_RECORD_SIZE];
    store->sector_count = (unsigned)status[DEV_GET_RECORDS_DEVICE_RECORDS];
    return store_check_sectors(store);
}

static error_t open_on(mach_port_t master, const char *name,
                       struct store *store)
{
    dev_name_t device;
    error_t err;

    if (strlen(name) >= sizeof device)
        return HURD_ENAMETOOLONG;
    mig_strncpy(device, name, sizeof device);
    *store = (struct store){.writable = TRUE};
    err = device_open(master, D_READ | D_WRITE, device, &store->device);
    if (err == D_READ_ONLY) {
        store->writable = FALSE;
        err = device_open(master, D_READ, device, &store->device);
    }
    store->opened = !err;
    if (!err)
        store_set_name(store, name, master);
    return err ? err : measure(store);
}

/* "@FILE:DEVICE" */
static error_t open_by_file(const char *name, struct store *store)
{
    const char *device = strrchr(name, ':');
    mach_port_t master;

    if (!device || device == name + 1)
        return HURD_EINVAL;
    char *file = strndup(name + 1, device - name - 1);
    if (!file)
        return HURD_ENOMEM;
    error_t err = hurd_lookup(file, HO_READ | HO_WRITE, 0, &master);
    free(file);
    if (err)
        return err;
    err = open_on(master, device + 1, store);
    mach_port_drop(master);
    /* The file is there, its server is not. */
    return err == HURD_EOPNOTSUPP || err == MIG_BAD_ID ? D_NO_SUCH_DEVICE : err;
}

error_t store_open_any_device(const char *name, mach_port_t master,
                              struct store *store)
{
    error_t err = name[0] == '@' ? open_by_file(name, store) : D_NO_SUCH_DEVICE;

    if (err && master) {
        error_t second = open_on(master, name, store);
        /* What went wrong with the file says more. */
        if (!second || name[0] != '@')
            err = second;
    }
    return err;
}

error_t store_open_device(const char *name, mach_port_t master,
                          struct store *store)
{
    error_t err = store_open_any_device(name, master, store);

    return err ? err : store_check_sectors(store);
}

/* --- partitions ------------------------------------------------------------- */

static bool read_table(void *context, uint64_t sector, void *buffer)
{
    const struct store *store = context;
    uint32_t got;
    char *data;

    if (store_fetch(store, sector * store->sector_size, store->sector_size,
                    &data, &got))
        return false;
    bool whole = got >= store->sector_size;
    if (whole)
        memcpy(buffer, data, store->sector_size);
    vm_deallocate(mach_task_self(), (vm_address_t)data, got);
    return whole;
}

/* Narrows STORE to its partition NUMBER. */
static error_t narrow(struct store *store, unsigned number)
{
    struct partition_disk disk = {read_table, store, store->sector_size,
                                  store->sector_count};
    struct partition found;

    switch (partition_find(&disk, number, &found)) {
    case PARTITION_FOUND:
        store->first_sector += found.first;
        store->sector_count = found.count;
        return 0;
    case PARTITION_IO_ERROR:
        return HURD_EIO;
    default:
        return HURD_ENXIO;
    }
}

/* "N:CLASS:NAME" */
static error_t open_partition(const char *name, mach_port_t master,
                              struct store *store, const char **wrong)
{
    char *end;
    unsigned long number = strtoul(name, &end, 10);

    if (end == name || *end != ':' || !number || number > 0xffff) {
        *wrong = name;
        return HURD_EINVAL;
    }
    error_t err = store_open_typed(end + 1, master, store, wrong);
    if (err)
        return err;
    err = narrow(store, number);
    if (err) {
        *wrong = name - strlen("part:");
        store_release(store);
    }
    return err;
}

error_t store_open_typed(const char *name, mach_port_t master,
                         struct store *store, const char **wrong)
{
    *wrong = name;
    if (!strncmp(name, "part:", 5))
        return open_partition(name + 5, master, store, wrong);
    if (name[0] == '/')
        return store_open_file(name, master, store);
    if (!strncmp(name, "file:", 5)) {
        *wrong = name + 5;
        return store_open_file(name + 5, master, store);
    }
    if (strncmp(name, "device:", 7))
        return HURD_EOPNOTSUPP;
    *wrong = name + 7;
    return store_open_device(name + 7, master, store);
}

void store_release(struct store *store)
{
    store_unclaim(store);
    mach_port_drop(store->master);
    store->master = MACH_PORT_NULL;
    if (store->opened)
        device_close(store->device);
    mach_port_drop(store->device);
    mach_port_drop(store->file);
    store->device = store->file = MACH_PORT_NULL;
}

/* --- data ------------------------------------------------------------------- */

/* Whole sectors within the store; *SIZE is cut off at the end. */
static error_t check(const struct store *store, uint64_t offset, uint32_t *size)
{
    uint64_t bytes = store_bytes(store);

    if (offset % store->sector_size || *size % store->sector_size)
        return HURD_EINVAL;
    if (offset >= bytes)
        return HURD_EIO;
    if (*size > bytes - offset)
        *size = bytes - offset;
    return 0;
}

error_t store_fetch(const struct store *store, uint64_t offset, uint32_t size,
                    char **data, uint32_t *got)
{
    mach_msg_type_number_t count = 0;
    error_t err = check(store, offset, &size);

    if (err)
        return err;
    offset += store->first_sector * store->sector_size;
    if (store->file)
        return store_file_fetch(store, offset, size, data, got);
    err = device_read(store->device, 0, offset / store->sector_size, size, data,
                      &count);
    *got = count;
    return io_error(err);
}

error_t store_put(const struct store *store, uint64_t offset, const char *data,
                  uint32_t size, uint32_t *written)
{
    int count = 0;
    error_t err = check(store, offset, &size);

    if (err)
        return err;
    offset += store->first_sector * store->sector_size;
    if (store->file)
        return store_file_put(store, offset, data, size, written);
    err = device_write(store->device, 0, offset / store->sector_size,
                       (char *)data, size, &count);
    *written = count > 0 ? count : 0;
    return io_error(err);
}

error_t store_map(const struct store *store, vm_prot_t prot,
                  mach_port_t *object)
{
    if (store->file || store->sector_size)
        return HURD_EOPNOTSUPP;
    error_t err =
        device_map(store->device, prot, 0, vm_page_size, object, FALSE);
    return err == D_INVALID_OPERATION ? HURD_EOPNOTSUPP : io_error(err);
}

error_t store_flush(const struct store *store)
{
    int unused = 0;

    if (store->file)
        return file_sync(store->file, TRUE, FALSE);
    error_t err = device_set_status(store->device, FLUSH_CACHE, &unused, 0);

    /* Who keeps nothing back does not know the word. */
    return err == D_INVALID_OPERATION || err == MIG_BAD_ID ? 0 : io_error(err);
}
