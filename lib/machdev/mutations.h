/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/machdev/mutations.h: MIG gives the stage's demuxers names of their own,
 * as a server may have those of lib/trivfs or lib/diskfs beside them. */

#define SERVERPREFIX machdev_S_

#define FSYS_IMPORTS           serverdemux machdev_fsys_server;
#define STARTUP_NOTIFY_IMPORTS serverdemux machdev_notify_server;

/* device.defs has no place for such things but its prefix. */
#define ds_                                                                    \
    machdev_S_;                                                                \
    serverdemux machdev_device_server
