/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/rumpdisk/requests.c: what can be asked of an open disk.
 *
 * A transfer is begun, and answered when it is done; one that cannot be is
 * waited for in a thread of the bucket's.
 */

#include <drivers/hypercall.h>
#include <drivers/mach/mach.h>
#include <drivers/rump.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "rumpdisk/disk.h"
#include <rumpdisk/device_S.h>

/* What one request moves at most; a reader gets less, as at the end. */
#define TRANSFER_MAX (16u << 20)

/* Reads of this size have memory made ready for the next. */
#define SPARE_MIN (256u << 10)
#define SPARE_MAX (4u << 20)

/* Flavors of device_set_status beside Mach's own. */
#define FLAVOR_REREAD_PARTITIONS 0x125f /* BLKRRPART */
#define FLAVOR_FLUSH_CACHE       2      /* DEV_FLUSH_CACHE */

boolean_t disk_demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine = disk_device_server_routine(in);

    if (!routine)
        return FALSE;
    routine(in, out);
    return TRUE;
}

/* --- reading ---------------------------------------------------------------- */

/* Cuts off what is behind the end. */
static error_t check_range(const struct disk *disk, recnum_t record,
                           uint64_t *size)
{
    uint64_t left;

    if (*size == 0 || *size % disk->record_size)
        return D_INVALID_SIZE;
    if (record >= disk->record_count)
        return D_INVALID_RECNUM;
    left = disk->record_count - record;
    if (*size / disk->record_size > left)
        *size = left * disk->record_size;
    if (*size > TRANSFER_MAX)
        *size = TRANSFER_MAX;
    return 0;
}

/* Memory for the next large read, made while the device is busy with this one:
 * who reads on asks for as much again. */
static struct {
    pthread_mutex_t lock;
    void *room;
    uint64_t size;
} spare = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *take_spare(uint64_t size)
{
    void *room = NULL;

    pthread_mutex_lock(&spare.lock);
    if (spare.room && spare.size == size) {
        room = spare.room;
        spare.room = NULL;
    }
    pthread_mutex_unlock(&spare.lock);
    return room;
}

static void make_spare(uint64_t size)
{
    uint64_t phys;
    void *room, *old;

    if (size < SPARE_MIN || size > SPARE_MAX)
        return;
    pthread_mutex_lock(&spare.lock);
    boolean_t there = spare.room && spare.size == size;
    pthread_mutex_unlock(&spare.lock);
    room = there ? NULL : hyp_dma_alloc(size, &phys);
    if (!room)
        return;
    pthread_mutex_lock(&spare.lock);
    old = spare.room;
    uint64_t old_size = spare.size;
    spare.room = room;
    spare.size = size;
    pthread_mutex_unlock(&spare.lock);
    if (old)
        hyp_dma_free(old, old_size);
}

/* The device writes into memory that then becomes the message's.  If there is
 * none in one piece, any will do, at the price of a copy. */
static void *make_room(uint64_t size)
{
    vm_address_t address = 0;
    uint64_t phys;
    void *room = take_spare(size);

    if (!room)
        room = hyp_dma_alloc(size, &phys);
    if (!room && !vm_allocate(mach_task_self(), &address, size, TRUE))
        room = (void *)address;
    return room;
}

static error_t read_records(struct disk *disk, recnum_t record, void *room,
                            uint64_t size)
{
    ssize_t got = rump_sys_pread(disk->fd, room, size,
                                 (off_t)(record * disk->record_size));

    if (got < 0)
        return disk_error();
    return (uint64_t)got == size ? 0 : D_IO_ERROR;
}

kern_return_t S_device_read(disk_t disk, mach_port_t reply,
                            mach_msg_type_name_t reply_type, dev_mode_t mode,
                            recnum_t record, int wanted, io_buf_ptr_t *data,
                            mach_msg_type_number_t *data_count)
{
    uint64_t size = wanted > 0 ? (uint64_t)wanted : 0;
    error_t err = disk ? check_range(disk, record, &size) : D_NO_SUCH_DEVICE;
    void *room;

    if (err)
        return err;
    room = make_room(size);
    if (!room)
        return D_NO_MEMORY;
    err = disk_start(disk, FALSE, record, room, size, reply, reply_type);
    if (!err) {
        make_spare(size);
        return MIG_NO_REPLY;
    }
    err = read_records(disk, record, room, size);
    hyp_mach_dma_forget(room);
    if (err) {
        vm_deallocate(mach_task_self(), (vm_address_t)room,
                      MACH_PAGE_ROUND(size));
        return err;
    }
    *data = room;
    *data_count = (mach_msg_type_number_t)size;
    return 0;
}

/* The beginning of a record: no more has room in such a message. */
kern_return_t S_device_read_inband(disk_t disk, mach_port_t reply,
                                   mach_msg_type_name_t reply_type,
                                   dev_mode_t mode, recnum_t record, int wanted,
                                   io_buf_ptr_inband_t data,
                                   mach_msg_type_number_t *data_count)
{
    uint64_t size = disk ? disk->record_size : 0;
    char sector[4096];
    error_t err;

    if (!disk)
        return D_NO_SUCH_DEVICE;
    if (wanted <= 0 || size > sizeof sector)
        return D_INVALID_SIZE;
    err = check_range(disk, record, &size);
    if (!err)
        err = read_records(disk, record, sector, size);
    if (err)
        return err;
    *data_count = wanted < IO_INBAND_MAX ? wanted : IO_INBAND_MAX;
    memcpy(data, sector, *data_count);
    return 0;
}

/* --- writing ---------------------------------------------------------------- */

static error_t write_records(struct disk *disk, recnum_t record,
                             const void *data, uint64_t size, int *written)
{
    error_t err = check_range(disk, record, &size);
    ssize_t put;

    if (err)
        return err;
    if (disk->read_only)
        return D_READ_ONLY;
    put = rump_sys_pwrite(disk->fd, data, size,
                          (off_t)(record * disk->record_size));
    if (put < 0) {
        err = disk_error();
        disk->read_only |= err == D_READ_ONLY;
        return err;
    }
    *written = (int)put;
    return 0;
}

kern_return_t S_device_write(disk_t disk, mach_port_t reply,
                             mach_msg_type_name_t reply_type, dev_mode_t mode,
                             recnum_t record, io_buf_ptr_t data,
                             mach_msg_type_number_t data_count, int *written)
{
    uint64_t size = data_count;
    error_t err = disk ? check_range(disk, record, &size) : D_NO_SUCH_DEVICE;

    if (err)
        return err;
    if (!disk->read_only && size == data_count &&
        !disk_start(disk, TRUE, record, data, size, reply, reply_type))
        return MIG_NO_REPLY;
    err = write_records(disk, record, data, data_count, written);
    if (!err)
        vm_deallocate(mach_task_self(), (vm_address_t)data, data_count);
    return err;
}

/* Fewer bytes than a record never fit. */
kern_return_t S_device_write_inband(disk_t disk, mach_port_t reply,
                                    mach_msg_type_name_t reply_type,
                                    dev_mode_t mode, recnum_t record,
                                    const io_buf_ptr_inband_t data,
                                    mach_msg_type_number_t data_count,
                                    int *written)
{
    return disk ? write_records(disk, record, data, data_count, written)
                : D_NO_SUCH_DEVICE;
}

/* --- the rest --------------------------------------------------------------- */

kern_return_t S_device_close(disk_t disk)
{
    if (!disk)
        return D_NO_SUCH_DEVICE;
    disk_close(disk);
    return 0;
}

static error_t flush(struct disk *disk)
{
    return rump_sys_fsync(disk->fd) ? disk_error() : 0;
}

kern_return_t S_device_set_status(disk_t disk, dev_flavor_t flavor,
                                  dev_status_t status,
                                  mach_msg_type_number_t count)
{
    if (!disk)
        return D_NO_SUCH_DEVICE;
    switch (flavor) {
    case FLAVOR_REREAD_PARTITIONS:
        return 0; /* there are none here */
    case FLAVOR_FLUSH_CACHE:
        return flush(disk);
    default:
        return D_INVALID_OPERATION;
    }
}

kern_return_t S_device_get_status(disk_t disk, dev_flavor_t flavor,
                                  dev_status_t status,
                                  mach_msg_type_number_t *count)
{
    uint64_t size;

    if (!disk)
        return D_NO_SUCH_DEVICE;
    if (flavor == DEV_GET_RECORDS)
        size = disk->record_count;
    else if (flavor == DEV_GET_SIZE)
        size = disk->record_count * disk->record_size;
    else
        return D_INVALID_OPERATION;
    if (*count < 2)
        return D_INVALID_OPERATION;
    if (size > INT_MAX)
        return D_INVALID_SIZE; /* not with this flavor */
    status[0] = (int)size;
    status[1] = (int)disk->record_size;
    *count = 2;
    return 0;
}
