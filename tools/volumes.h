/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/volumes.h: the file systems on a machine's disks, as a boot loader knows
 * them: hd0 is the first disk, (hd0,1), (hd0,msdos1) or (hd0,gpt1) its first
 * partition.  Each is opened when it is first asked for. */
#ifndef TOOLS_VOLUMES_H
#define TOOLS_VOLUMES_H

#include "tools/grub.h"
#include "tools/settings.h"

/* Partitions of a disk that are looked at when something is searched. */
#define VOLUMES_PARTITIONS 16

struct volumes;
struct image;

/* NULL after a complaint.  SETTINGS must outlive it. */
struct volumes *volumes_new(const struct settings *settings);

/* Partition PARTITION of disk DISK, or the whole disk if it is 0; NULL with
 * *ERROR_OUT, a constant string, if there is no file system.  It stays the
 * volumes'. */
struct image *volumes_open(struct volumes *volumes, unsigned disk,
                           unsigned partition, const char **error_out);

/* The file system of a DEVICE in GRUB's notation; NULL if there is none. */
struct image *volumes_device(struct volumes *volumes, const char *device);

/* The first one with that file, UUID or label. */
bool volumes_search(struct volumes *volumes, enum grub_search what,
                    const char *value, char device[GRUB_DEVICE_SIZE]);

/* Closes them all. */
void volumes_free(struct volumes *volumes);

#endif /* TOOLS_VOLUMES_H */
