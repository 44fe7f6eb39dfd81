/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/rumpdisk/mutations.h: MIG hands the device calls an open disk. */

#define DEVICE_INTRAN         disk_t disk_begin_using(mach_port_t)
#define DEVICE_INTRAN_PAYLOAD disk_t disk_begin_using_payload
#define DEVICE_DESTRUCTOR     disk_end_using(disk_t)
#define DEVICE_IMPORTS        import <rumpdisk/disk.h>;

/* device.defs has no place for such things but its prefix; lib/machdev has
 * stubs of these calls as well. */
#define ds_                                                                    \
    S_;                                                                        \
    serverdemux disk_device_server
