/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/storeio/io.c: bytes of a store that has sectors only. */

#include <stdlib.h>
#include <string.h>
#include <trivfs/fs_S.h>
#include <trivfs/io_S.h>
#include <unistd.h>

#include "storeio/storeio.h"

#define TRANSFER_MAX (1u << 20)

#define TRIVFS_ON                                                              \
    trivfs_protid_t cred, mach_port_t reply, mach_msg_type_name_t reply_type

/* Guards the file pointers, and a sector that is written in part. */
static pthread_mutex_t io_lock = PTHREAD_MUTEX_INITIALIZER;

/* The open's file pointer is all that its hook is for. */
static int64_t pointer(const struct trivfs_protid *cred)
{
    return (int64_t)(intptr_t)cred->po->hook;
}

static void set_pointer(struct trivfs_protid *cred, int64_t to)
{
    cred->po->hook = (void *)(intptr_t)to;
}

/* Sectors around a range of bytes: SKIP bytes of them come before it. */
static char *fetch_around(const struct store *store, uint64_t offset,
                          uint32_t size, uint32_t *skip, uint32_t *got,
                          error_t *err)
{
    uint32_t mask = store->sector_size - 1;
    char *data = NULL;

    *skip = offset & mask;
    *err = store_fetch(store, offset - *skip, (*skip + size + mask) & ~mask,
                       &data, got);
    return *err ? NULL : data;
}

static error_t read_bytes(const struct store *store, uint64_t offset,
                          uint32_t size, char *to, uint32_t *done)
{
    uint32_t skip, got;
    error_t err;
    char *data = fetch_around(store, offset, size, &skip, &got, &err);

    if (!data)
        return err;
    *done = got > skip ? got - skip : 0;
    if (*done > size)
        *done = size;
    memcpy(to, data + skip, *done);
    vm_deallocate(mach_task_self(), (vm_address_t)data, got);
    return 0;
}

static error_t write_bytes(const struct store *store, uint64_t offset,
                           uint32_t size, const char *from, uint32_t *done)
{
    uint32_t mask = store->sector_size - 1, skip, got, written = 0;
    error_t err;

    if (!((offset | size) & mask))
        return store_put(store, offset, from, size, done);
    char *data = fetch_around(store, offset, size, &skip, &got, &err);
    if (!data)
        return err;
    if (got < skip + size)
        err = HURD_EIO;
    if (!err) {
        memcpy(data + skip, from, size);
        err = store_put(store, offset - skip, data, got, &written);
    }
    if (!err && written < got)
        err = HURD_EIO;
    vm_deallocate(mach_task_self(), (vm_address_t)data, got);
    *done = err ? 0 : size;
    return err;
}

/* What is left of *AMOUNT from OFFSET on; an open in which -1 was given as the
 * offset goes on where it was. */
static error_t place(struct trivfs_protid *cred, const struct store *store,
                     loff_t *offset, vm_size_t *amount)
{
    uint64_t bytes = store_bytes(store);

    if (*offset == -1)
        *offset = pointer(cred);
    if (*offset < 0)
        return HURD_EINVAL;
    if (*amount > TRANSFER_MAX)
        *amount = TRANSFER_MAX;
    if ((uint64_t)*offset >= bytes)
        *amount = 0;
    else if (*amount > bytes - *offset)
        *amount = bytes - *offset;
    return 0;
}

kern_return_t trivfs_S_io_read(TRIVFS_ON, data_t *data,
                               mach_msg_type_number_t *data_len, loff_t offset,
                               vm_size_t amount)
{
    const struct store *store;
    boolean_t at_pointer = offset == -1;
    vm_address_t room = 0;
    uint32_t done = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!(cred->po->openmodes & HO_READ))
        return HURD_EBADF;
    error_t err = device_get(&store);
    if (err)
        return err;
    pthread_mutex_lock(&io_lock);
    err = place(cred, store, &offset, &amount);
    if (!err && amount > *data_len) {
        err = vm_allocate(mach_task_self(), &room, amount, TRUE);
        *data = (data_t)room;
    }
    if (!err && amount)
        err = read_bytes(store, offset, amount, *data, &done);
    if (!err && at_pointer)
        set_pointer(cred, offset + done);
    pthread_mutex_unlock(&io_lock);
    if (err && room)
        vm_deallocate(mach_task_self(), room, amount);
    *data_len = done;
    return err;
}

kern_return_t trivfs_S_io_write(TRIVFS_ON, const_data_t data,
                                mach_msg_type_number_t data_len, loff_t offset,
                                vm_size_t *amount)
{
    const struct store *store;
    boolean_t at_pointer = offset == -1;
    uint32_t done = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!(cred->po->openmodes & HO_WRITE))
        return HURD_EBADF;
    error_t err = device_get(&store);
    if (!err)
        err = device_claim(TRUE);
    if (err)
        return err;
    pthread_mutex_lock(&io_lock);
    *amount = data_len;
    err = place(cred, store, &offset, amount);
    if (!err && data_len && !*amount)
        err = HURD_ENOSPC;
    if (!err && *amount)
        err = write_bytes(store, offset, *amount, data, &done);
    if (!err && at_pointer)
        set_pointer(cred, offset + done);
    pthread_mutex_unlock(&io_lock);
    *amount = done;
    return err;
}

kern_return_t trivfs_S_io_map(TRIVFS_ON, mach_port_t *read,
                              mach_msg_type_name_t *read_type,
                              mach_port_t *write,
                              mach_msg_type_name_t *write_type)
{
    const struct store *store;
    vm_prot_t prot = 0;
    mach_port_t object;

    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!(cred->po->openmodes & (HO_READ | HO_WRITE)))
        return HURD_EBADF;
    prot |= cred->po->openmodes & HO_READ ? VM_PROT_READ : 0;
    prot |= cred->po->openmodes & HO_WRITE ? VM_PROT_WRITE : 0;
    error_t err = device_get(&store);
    if (!err)
        err = store_map(store, prot, &object);
    if (err)
        return err;
    *read = prot & VM_PROT_READ ? object : MACH_PORT_NULL;
    *write = prot & VM_PROT_WRITE ? object : MACH_PORT_NULL;
    if (*read && *write)
        mach_port_ref_send(object, 1);
    *read_type = *write_type = MACH_MSG_TYPE_MOVE_SEND;
    return 0;
}

kern_return_t trivfs_S_io_seek(TRIVFS_ON, loff_t offset, int whence,
                               loff_t *new_offset)
{
    const struct store *store;
    int64_t base = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    error_t err = device_get(&store);
    if (err)
        return err;
    pthread_mutex_lock(&io_lock);
    if (whence == SEEK_CUR)
        base = pointer(cred);
    else if (whence == SEEK_END)
        base = store_bytes(store);
    else if (whence != SEEK_SET)
        err = HURD_EINVAL;
    if (!err && (offset < -base || offset > INT64_MAX - base))
        err = HURD_EINVAL;
    if (!err) {
        *new_offset = base + offset;
        set_pointer(cred, *new_offset);
    }
    pthread_mutex_unlock(&io_lock);
    return err;
}

kern_return_t trivfs_S_io_readable(TRIVFS_ON, vm_size_t *amount)
{
    const struct store *store;

    if (!cred)
        return HURD_EOPNOTSUPP;
    error_t err = device_get(&store);
    if (err)
        return err;
    uint64_t bytes = store_bytes(store), at = pointer(cred);
    *amount = at < bytes ? bytes - at : 0;
    return 0;
}

kern_return_t trivfs_S_file_sync(TRIVFS_ON, int wait, int omit_metadata)
{
    const struct store *store;

    if (!cred)
        return HURD_EOPNOTSUPP;
    error_t err = device_get(&store);
    return err ? err : store_flush(store);
}

kern_return_t trivfs_S_file_syncfs(TRIVFS_ON, int wait, int do_children)
{
    return trivfs_S_file_sync(cred, reply, reply_type, wait, 0);
}

/* There is no other size than that of the device. */
kern_return_t trivfs_S_file_set_size(TRIVFS_ON, loff_t size)
{
    return cred ? HURD_EINVAL : HURD_EOPNOTSUPP;
}
