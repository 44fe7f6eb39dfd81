/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device/private.h: what the devices share; for device/ only.
 *
 * A device is known by its name from the start (or, a partition, from when it
 * was first opened) to the kernel's end; it has a port while somebody holds
 * send rights for it.  Reads and writes are answered late, through device_io.
 */
#ifndef DEVICE_PRIVATE_H
#define DEVICE_PRIVATE_H

#include "core/core.h"
#include "core/list.h"
#include "mig/kobject.h"
#include "mig/types.h"
#include "vm/fault.h"

#include <device/device_types.h>

#define DEVICE_NAME_SIZE 32
#define DEVICE_SECTOR    512u
/* Status flavors of disks that device_status.h does not have. */
#define DEVICE_FLUSH_CACHE       2
#define DEVICE_REREAD_PARTITIONS 0x125f

struct vm_map_copy;

/* A read or write under way.  Whoever has it answers it, once. */
struct device_io {
    struct list link; /* of its owner's queue */
    struct ipc_reply_to reply;
    struct device *device;
    bool write, inband;
    dev_mode_t mode;
    recnum_t recnum;
    uint32_t size_bytes;      /* wanted, or in DATA */
    struct vm_map_copy *data; /* to be written, owned; NULL for inband */
    char bytes[IO_INBAND_MAX];
    struct vm_fault_wait wait; /* for pages of DATA */
    void *job;                 /* its device's own */
};

struct device_ops {
    /* Each may be NULL: D_INVALID_OPERATION, or nothing to do. */
    kern_return_t (*open)(struct device *device, dev_mode_t mode);
    /* Take IO over if they succeed; else the caller answers the error. */
    kern_return_t (*read)(struct device *device, struct device_io *io);
    kern_return_t (*write)(struct device *device, struct device_io *io);
    kern_return_t (*get_status)(struct device *device, dev_flavor_t flavor,
                                int *status, mach_msg_type_number_t *count);
    kern_return_t (*set_status)(struct device *device, dev_flavor_t flavor,
                                const int *status,
                                mach_msg_type_number_t count);
    /* Gives a send right for a memory object. */
    kern_return_t (*map)(struct device *device, vm_prot_t prot,
                         vm_offset_t offset, vm_size_t size,
                         struct ipc_port **pager_out);
};

struct device {
    struct list link;
    char name[DEVICE_NAME_SIZE];
    const struct device_ops *ops;
    struct ipc_port *port; /* kernel port, owned; NULL while unused */

    /* Disks and partitions. */
    unsigned disk;
    uint64_t first_sector, sector_count;
};

/* Makes DEVICE known; NAME is copied.  NULL if memory is short. */
struct device *device_add(const char *name, const struct device_ops *ops);
struct device *device_find(const char *name);

/* Answers and ends IO. */
void device_io_fail(struct device_io *io, kern_return_t code);
void device_io_read_done(struct device_io *io, const char *data,
                         uint32_t size_bytes);
/* The same with out-of-line data, consumed. */
void device_io_read_copy(struct device_io *io, struct vm_map_copy *copy,
                         uint32_t size_bytes);
void device_io_written(struct device_io *io, uint32_t size_bytes);

void console_init(void);
void console_fini(void);
void kmsg_init(void);
void power_init(void);
void power_fini(void);
void kmsg_fini(void);
void clock_init(void);
void clock_fini(void);
bool console_has_readers(void);

/* platform_disk_submit and _abandon, counted. */
void disk_submit(unsigned disk, enum platform_disk_op op, uint64_t offset_bytes,
                 const struct platform_extent *extents, unsigned extent_count,
                 void *cookie);
bool disk_abandon(void *cookie);
void disk_init(void);

/* claim.c: a claim is a device that is there as long as its port. */
void claim_init(void);
void claim_fini(void);
bool claim_is_name(const char *name);
kern_return_t claim_open(const char *name, struct device **device_out);
/* DEVICE's port is gone; it too, if it was a claim. */
void claim_no_senders(struct device *device);

/* The last send right of an io_perm is gone. */
void device_io_perm_no_senders(void *kobject);

/* Opens partition NAME ("hd0s1") when its disk's table has been read, and
 * answers REPLY.  D_NO_SUCH_DEVICE if the name is none. */
kern_return_t partition_open(const char *name, dev_mode_t mode,
                             const struct ipc_reply_to *reply);
extern const struct device_ops disk_ops;

/* Calls DONE when SECTOR_COUNT sectors of a disk have been read to PHYS. */
struct disk_transfer {
    void (*done)(struct disk_transfer *transfer, int status);
};
void disk_read(unsigned disk, uint64_t first_sector, uint32_t sector_count,
               uint64_t phys, struct disk_transfer *transfer);

#endif
