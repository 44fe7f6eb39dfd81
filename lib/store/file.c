/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/store/file.c: stores that are files: of block devices the device itself,
 * if the file's server gives it away; of others what is in them. */

#include <hurd/fs.h>
#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <hurd/stat.h>
#include <store/private.h>
#include <string.h>

#define FILE_SECTOR 512u

/* The ints of file_get_storage_info (HURD-FACTS 5.8). */
enum { TYPE, FLAGS, BLOCK_SIZE, RUNS, INTS = 6 };

static void drop_array(void *data, const void *room, size_t size)
{
    if (data != room)
        vm_deallocate(mach_task_self(), (vm_address_t)data, size);
}

/* ENOTSUP if the file is no simple run of a device that we may have. */
static error_t take_device(file_t file, mach_port_t master, struct store *store)
{
    mach_port_t port_room[4], *ports = port_room;
    int int_room[16], *ints = int_room;
    int64_t offset_room[16], *offsets = offset_room;
    char data_room[256], *data = data_room;
    mach_msg_type_number_t port_count = 4, int_count = 16, offset_count = 16,
                           data_size = sizeof data_room;
    error_t err =
        file_get_storage_info(file, &ports, &port_count, &ints, &int_count,
                              &offsets, &offset_count, &data, &data_size);

    if (err)
        return HURD_ENOTSUP;
    if (int_count >= INTS && ints[TYPE] == STORAGE_DEVICE && ints[RUNS] == 1 &&
        port_count == 1 && offset_count == 2) {
        store->device = ports[0];
        store->first_sector = offsets[0];
        store->sector_count = offsets[1];
        store->sector_size = ints[BLOCK_SIZE];
        if (data_size && !data[data_size - 1]) /* a store's name */
            store_set_name(store, data, master);
        port_count = 0;
    } else {
        err = HURD_ENOTSUP;
    }
    for (unsigned i = 0; i < port_count; i++)
        mach_port_drop(ports[i]);
    drop_array(ports, port_room, port_count * sizeof *ports);
    drop_array(ints, int_room, int_count * sizeof *ints);
    drop_array(offsets, offset_room, offset_count * sizeof *offsets);
    drop_array(data, data_room, data_size);
    return err;
}

/* Consumes FILE if it succeeds. */
static error_t take_contents(file_t file, struct store *store)
{
    io_statbuf_t st;
    error_t err = io_stat(file, &st);

    if (err)
        return err;
    if (!HS_ISREG(st.st_mode) && !HS_ISBLK(st.st_mode))
        return HURD_ENOTBLK;
    store->file = file;
    store->first_sector = 0;
    store->sector_size = FILE_SECTOR;
    store->sector_count = (uint64_t)st.st_size / FILE_SECTOR;
    return 0;
}

error_t store_open_file(const char *name, mach_port_t master,
                        struct store *store)
{
    file_t file;
    error_t err = hurd_lookup(name, HO_READ | HO_WRITE, 0, &file);

    *store = (struct store){.writable = !err};
    if (err == HURD_EROFS || err == HURD_EACCES)
        err = hurd_lookup(name, HO_READ, 0, &file);
    if (err)
        return err;
    err = store->writable ? take_device(file, master, store) : HURD_ENOTSUP;
    if (!err) {
        mach_port_drop(file);
        return store_check_sectors(store);
    }
    err = take_contents(file, store);
    if (err)
        mach_port_drop(file);
    return err;
}

error_t store_file_fetch(const struct store *store, uint64_t offset,
                         uint32_t size, char **data, uint32_t *got)
{
    vm_address_t room = 0;
    error_t err = vm_allocate(mach_task_self(), &room, size, TRUE);

    *data = (char *)room;
    for (*got = 0; !err && *got < size;) {
        char *part = *data + *got;
        mach_msg_type_number_t count = size - *got;
        err = io_read(store->file, &part, &count, offset + *got, size - *got);
        if (err || !count)
            break;
        if (part != *data + *got) {
            memcpy(*data + *got, part, count);
            vm_deallocate(mach_task_self(), (vm_address_t)part, count);
        }
        *got += count;
    }
    if (err && room)
        vm_deallocate(mach_task_self(), room, size);
    return err;
}

error_t store_file_put(const struct store *store, uint64_t offset,
                       const char *data, uint32_t size, uint32_t *written)
{
    error_t err = 0;

    for (*written = 0; !err && *written < size;) {
        vm_size_t count = 0;
        err = io_write(store->file, data + *written, size - *written,
                       offset + *written, &count);
        if (!count)
            break;
        *written += count;
    }
    return err;
}
