/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw disks (hd0, hd1, ...): whole sectors to and from fresh pages, which
 * become the out-of-line data of the reply. */
#include "device/device.h"
#include "device/private.h"
#include "vm/copy.h"
#include "vm/page.h"

/* What one request moves at most; a reader gets less, as at the end. */
#define TRANSFER_MAX (4u << 20)

struct disk_job {
    struct disk_transfer transfer;
    struct device_io *io;
    uint64_t page_count;
    struct vm_page **pages;
    struct platform_extent *extents;
};

static unsigned in_flight; /* requests of the platform's disks */

void disk_submit(unsigned disk, enum platform_disk_op op, uint64_t offset_bytes,
                 const struct platform_extent *extents, unsigned extent_count,
                 void *cookie)
{
    in_flight++;
    platform_disk_submit(disk, op, offset_bytes, extents, extent_count, cookie);
}

bool disk_abandon(void *cookie)
{
    if (!platform_disk_abandon(cookie)) {
        return false;
    }
    in_flight--;
    return true;
}

bool device_is_busy(void)
{
    return in_flight != 0;
}

void device_disk_done(void *cookie, int status)
{
    in_flight--;
    struct disk_transfer *transfer = cookie;

    transfer->done(transfer, status);
}

void disk_read(unsigned disk, uint64_t first_sector, uint32_t sector_count,
               uint64_t phys, struct disk_transfer *transfer)
{
    struct platform_extent extent = {phys,
                                     (uint64_t)sector_count * DEVICE_SECTOR};

    disk_submit(disk, PLATFORM_DISK_READ, first_sector * DEVICE_SECTOR, &extent,
                1, transfer);
}

/* --- jobs --------------------------------------------------------------------- */

static void end_job(struct disk_job *job)
{
    for (uint64_t i = 0; job->pages != NULL && i < job->page_count; i++) {
        if (job->pages[i] != NULL) {
            vm_page_free(job->pages[i]);
        }
    }
    kfree(job->pages);
    kfree(job->extents);
    kfree(job);
}

static struct disk_job *new_job(struct device_io *io)
{
    struct disk_job *job = kalloc(sizeof *job);
    uint64_t count = (io->size_bytes + PAGE_SIZE - 1) / PAGE_SIZE;

    if (job == NULL) {
        return NULL;
    }
    job->io = io;
    job->page_count = count;
    job->pages = kalloc(count * sizeof *job->pages);
    job->extents = kalloc(count * sizeof *job->extents);
    for (uint64_t i = 0; job->pages != NULL && job->extents != NULL; i++) {
        if (i == count) {
            return job;
        }
        /* The rest of the last page must not show what was there. */
        job->pages[i] =
            vm_page_alloc(io->size_bytes % PAGE_SIZE != 0 && i == count - 1);
        if (job->pages[i] == NULL) {
            break;
        }
    }
    end_job(job);
    return NULL;
}

static void submit(struct disk_job *job, enum platform_disk_op op)
{
    const struct device_io *io = job->io;
    uint64_t left = io->size_bytes;
    unsigned n = 0;

    for (uint64_t i = 0; i < job->page_count; i++) {
        uint64_t phys = vm_page_phys(job->pages[i]);
        uint64_t size = min_of(left, PAGE_SIZE);

        if (n != 0 &&
            job->extents[n - 1].phys + job->extents[n - 1].size_bytes == phys) {
            job->extents[n - 1].size_bytes += size;
        } else {
            job->extents[n++] = (struct platform_extent){phys, size};
        }
        left -= size;
    }
    disk_submit(io->device->disk, op,
                (io->device->first_sector + io->recnum) * DEVICE_SECTOR,
                job->extents, n, &job->transfer);
}

/* Checks where and how much; cuts off what is beyond the end. */
static kern_return_t check(const struct device *device, struct device_io *io)
{
    uint64_t room;

    if (io->size_bytes == 0 || io->size_bytes % DEVICE_SECTOR != 0) {
        return D_INVALID_SIZE;
    }
    if (io->recnum >= device->sector_count) {
        return D_INVALID_RECNUM;
    }
    room = (device->sector_count - io->recnum) * DEVICE_SECTOR;
    if (io->size_bytes > room) {
        io->size_bytes = room;
    }
    io->size_bytes = min_of(io->size_bytes, TRANSFER_MAX);
    return D_SUCCESS;
}

/* --- reading -------------------------------------------------------------------- */

static void read_done(struct disk_transfer *transfer, int status)
{
    struct disk_job *job = (struct disk_job *)transfer;
    struct device_io *io = job->io;
    struct vm_map_copy *copy = NULL;

    if (status < 0) {
        device_io_fail(io, D_IO_ERROR);
    } else if ((copy = vm_copy_from_pages(job->pages, job->page_count)) ==
               NULL) {
        device_io_fail(io, D_NO_MEMORY);
    } else {
        copy->size = io->size_bytes;
        device_io_read_copy(io, copy, io->size_bytes);
        job->page_count = 0; /* the copy has them */
    }
    end_job(job);
}

static kern_return_t disk_dev_read(struct device *device, struct device_io *io)
{
    kern_return_t kr = io->inband ? D_INVALID_SIZE : check(device, io);
    struct disk_job *job;

    if (kr != D_SUCCESS) {
        return kr;
    }
    job = new_job(io);
    if (job == NULL) {
        return D_NO_MEMORY;
    }
    job->transfer.done = read_done;
    submit(job, PLATFORM_DISK_READ);
    return D_SUCCESS;
}

/* --- writing -------------------------------------------------------------------- */

static void write_done(struct disk_transfer *transfer, int status)
{
    struct disk_job *job = (struct disk_job *)transfer;

    if (status < 0) {
        device_io_fail(job->io, D_IO_ERROR);
    } else {
        device_io_written(job->io, job->io->size_bytes);
    }
    end_job(job);
}

static kern_return_t fill_pages(struct disk_job *job);

/* A page of the data has come, or will not. */
static void write_wait_done(struct vm_fault_wait *wait, kern_return_t result)
{
    struct device_io *io = list_entry(wait, struct device_io, wait);
    struct disk_job *job = io->job;
    kern_return_t kr = result == KERN_SUCCESS ? fill_pages(job) : result;

    if (kr != KERN_SUCCESS && kr != KERN_WAITING) {
        end_job(job);
        device_io_fail(io, D_IO_ERROR);
    }
}

static kern_return_t fill_pages(struct disk_job *job)
{
    struct device_io *io = job->io;
    uint64_t left = io->size_bytes;
    kern_return_t kr;

    for (uint64_t i = 0; i < job->page_count; i++) {
        uint64_t size = min_of(left, PAGE_SIZE);

        io->job = job;
        io->wait.done = write_wait_done;
        kr = vm_map_copy_read(io->data, i * PAGE_SIZE,
                              vm_page_data(job->pages[i]), size, &io->wait);
        if (kr != KERN_SUCCESS) {
            return kr;
        }
        left -= size;
    }
    job->transfer.done = write_done;
    submit(job, PLATFORM_DISK_WRITE);
    return KERN_SUCCESS;
}

static kern_return_t disk_dev_write(struct device *device, struct device_io *io)
{
    kern_return_t kr = io->inband ? D_INVALID_SIZE : check(device, io);
    struct disk_job *job;

    if (kr != D_SUCCESS) {
        return kr;
    }
    if (platform_disk_read_only(device->disk)) {
        return D_READ_ONLY;
    }
    job = new_job(io);
    if (job == NULL) {
        return D_NO_MEMORY;
    }
    kr = fill_pages(job);
    if (kr != KERN_SUCCESS && kr != KERN_WAITING) {
        end_job(job);
        return D_IO_ERROR;
    }
    return D_SUCCESS;
}

/* --- the rest -------------------------------------------------------------------- */

static kern_return_t disk_open(struct device *device, dev_mode_t mode)
{
    return (mode & D_WRITE) && platform_disk_read_only(device->disk)
               ? D_READ_ONLY
               : D_SUCCESS;
}

static kern_return_t disk_get_status(struct device *device, dev_flavor_t flavor,
                                     int *status, mach_msg_type_number_t *count)
{
    uint64_t size = device->sector_count * DEVICE_SECTOR;

    if (*count < DEV_GET_SIZE_COUNT) {
        return D_INVALID_OPERATION;
    }
    if (flavor == DEV_GET_RECORDS) {
        size = device->sector_count;
    } else if (flavor != DEV_GET_SIZE) {
        return D_INVALID_OPERATION;
    }
    if (size > INT32_MAX) {
        return D_INVALID_SIZE; /* not with this flavor */
    }
    status[0] = size;
    status[1] = DEVICE_SECTOR;
    *count = DEV_GET_SIZE_COUNT;
    return D_SUCCESS;
}

/* A flush under way. */
struct disk_flush {
    struct disk_transfer transfer;
    struct ipc_reply_to reply;
};

static void flush_done(struct disk_transfer *transfer, int status)
{
    struct disk_flush *flush = (struct disk_flush *)transfer;

    ipc_reply_simple(flush->reply.port, flush->reply.disposition,
                     flush->reply.id, status < 0 ? D_IO_ERROR : D_SUCCESS);
    kfree(flush);
}

static kern_return_t start_flush(struct device *device)
{
    struct disk_flush *flush = kalloc(sizeof *flush);

    if (flush == NULL) {
        return D_NO_MEMORY;
    }
    flush->transfer.done = flush_done;
    ipc_take_reply(&flush->reply);
    disk_submit(device->disk, PLATFORM_DISK_FLUSH, 0, NULL, 0,
                &flush->transfer);
    return MIG_NO_REPLY;
}

/* The flavors that rumpdisk has: write caches are flushed; partitions are read
 * anew at each open, so there is nothing to do about those. */
static kern_return_t disk_set_status(struct device *device, dev_flavor_t flavor,
                                     const int *status,
                                     mach_msg_type_number_t count)
{
    switch (flavor) {
    case DEVICE_FLUSH_CACHE:
        return start_flush(device);
    case DEVICE_REREAD_PARTITIONS:
        return D_SUCCESS;
    default:
        return D_INVALID_OPERATION;
    }
}

const struct device_ops disk_ops = {
    .open = disk_open,
    .read = disk_dev_read,
    .write = disk_dev_write,
    .get_status = disk_get_status,
    .set_status = disk_set_status,
};

void disk_init(void)
{
    char name[DEVICE_NAME_SIZE];
    struct device *device;

    in_flight = 0;
    for (unsigned i = 0; i < platform_disk_count(); i++) {
        ksnprintf(name, sizeof name, "hd%u", i);
        device = device_add(name, &disk_ops);
        if (device != NULL) {
            device->disk = i;
            device->sector_count = platform_disk_size(i) / DEVICE_SECTOR;
        }
    }
}
