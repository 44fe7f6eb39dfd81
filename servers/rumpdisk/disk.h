/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/rumpdisk/disk.h: disks that clients have open.
 *
 * A disk that is opened again is the same port, and counts; it goes when it was
 * closed as often, or was opened anew after all its senders had gone.
 */
#ifndef RUMPDISK_DISK_H
#define RUMPDISK_DISK_H

#include <device/device_types.h>
#include <machdev/machdev.h>
#include <stdint.h>

#define DISK_NAME_MAX 8

struct disk {
    struct port_info pi;
    struct disk *next;        /* of those that can be found by name */
    char name[DISK_NAME_MAX]; /* "wd0" */
    unsigned opens;
    int fd; /* rump's, for as long as there is a reference */
    uint32_t record_size;
    uint64_t record_count;
    boolean_t read_only;
};
typedef struct disk *disk_t;

error_t disk_init(void);
/* What machdev's open wants: wdN and ldN. */
error_t disk_open(const char *name, dev_mode_t mode, mach_port_t *device);
void disk_close(struct disk *disk);

/* The device's word for what rump_errno says, and for ERROR_NUMBER. */
error_t disk_error(void);
error_t disk_error_of(int error_number);

/* --- async.c: transfers whose answer comes later -------------------------- */

/* Moves SIZE bytes at RECORD between the disk and DATA, and answers REPLY, of
 * whatever request it was.  DATA are consumed, as is REPLY; a read's become the
 * answer's.  D_WOULD_BLOCK, and nothing consumed: it can only be waited for. */
error_t disk_start(struct disk *disk, boolean_t write, recnum_t record,
                   void *data, uint64_t size, mach_port_t reply,
                   mach_msg_type_name_t reply_type);
error_t disk_async_init(void);

/* Requests on open disks; others are not known. */
boolean_t disk_demuxer(mach_msg_header_t *in, mach_msg_header_t *out);

/* For MIG. */
disk_t disk_begin_using(mach_port_t port);
disk_t disk_begin_using_payload(uint64_t payload);
void disk_end_using(disk_t disk);

#endif
