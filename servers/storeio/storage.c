/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/storeio/storage.c: the device itself, for a file system that stands on
 * the node (HURD-FACTS 5.8). */

#include <string.h>
#include <trivfs/fs_S.h>

#include "storeio/storeio.h"

enum { TYPE, FLAGS, BLOCK_SIZE, RUNS, NAME_LENGTH, MISC_LENGTH, INTS };

/* The port is that of the whole device, even if the store is a partition: it is
 * for root alone. */
kern_return_t trivfs_S_file_get_storage_info(
    trivfs_protid_t cred, mach_port_t reply, mach_msg_type_name_t reply_type,
    portarray_t *ports, mach_msg_type_name_t *ports_type,
    mach_msg_type_number_t *port_count, intarray_t *ints,
    mach_msg_type_number_t *int_count, off_array_t *offsets,
    mach_msg_type_number_t *offset_count, data_t *data,
    mach_msg_type_number_t *data_size)
{
    const struct store *store;
    const char *name = device_name();
    mach_msg_type_number_t length = strlen(name) + 1;

    *ports_type = MACH_MSG_TYPE_COPY_SEND;
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!cred->isroot)
        return HURD_EPERM;
    error_t err = device_get(&store);
    if (err)
        return err;
    if (*port_count < 1 || *int_count < INTS || *offset_count < 2 ||
        *data_size < length)
        return HURD_ENOMEM;
    (*ports)[0] = store->device;
    *port_count = 1;
    memset(*ints, 0, INTS * sizeof **ints);
    (*ints)[TYPE] = STORAGE_DEVICE;
    (*ints)[BLOCK_SIZE] = store->sector_size;
    (*ints)[RUNS] = 1;
    (*ints)[NAME_LENGTH] = length;
    *int_count = INTS;
    (*offsets)[0] = store->first_sector;
    (*offsets)[1] = store->sector_count;
    *offset_count = 2;
    memcpy(*data, name, length);
    *data_size = length;
    return 0;
}
