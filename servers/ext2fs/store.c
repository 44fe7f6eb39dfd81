/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/store.c: the device. */

#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <store/store.h>

#include "ext2fs/pieces.h"
#include "ext2fs/private.h"

static struct {
    struct store disk;
    uint64_t size;       /* bytes, whole sectors */
    boolean_t unflushed; /* the device may keep writes in a cache of its own */
} store;

uint64_t store_size(void)
{
    return store.size;
}

uint32_t store_sector_size(void)
{
    return store.disk.sector_size;
}

boolean_t store_writable(void)
{
    return store.disk.writable;
}

/* A sector that cannot be read or written is the sector's fault, no memory is
 * nobody's, and everything else the whole disk's. */
static errcode_t store_error(error_t err)
{
    switch (err) {
    case HURD_EIO:
        return EIO;
    case HURD_ENOMEM:
        return ENOMEM;
    default:
        return ENXIO;
    }
}

errcode_t store_read(uint64_t offset, uint32_t size, char **data)
{
    uint32_t got = 0;
    error_t err = store_fetch(&store.disk, offset, size, data, &got);

    if (err)
        return store_error(err);
    if (got >= size)
        return 0;
    vm_deallocate(mach_task_self(), (vm_address_t)*data, got);
    return EIO;
}

errcode_t store_write(uint64_t offset, const char *data, uint32_t size)
{
    uint32_t written = 0;
    error_t err = store_put(&store.disk, offset, data, size, &written);

    store.unflushed = TRUE;
    if (err)
        return store_error(err);
    return written < size ? EIO : 0;
}

boolean_t store_begin_flush(void)
{
    boolean_t needed = store.unflushed;

    store.unflushed = FALSE;
    return needed;
}

errcode_t store_flush_now(void)
{
    return store_flush(&store.disk) ? EIO : 0;
}

errcode_t store_end_flush(errcode_t err)
{
    if (err)
        store.unflushed = TRUE;
    return err;
}

/* --- opening -------------------------------------------------------------------- */

error_t store_take_writing(void)
{
    return store_claim(&store.disk, STORE_WRITE);
}

void store_let_writing_go(void)
{
    if (!store.disk.file)
        store_unclaim_use(&store.disk, STORE_WRITE);
}

error_t store_open(const char *type, const char *name, mach_port_t master,
                   boolean_t *writable)
{
    const char *wrong = name;
    error_t err = HURD_EOPNOTSUPP;

    /* For writing even if it is not written now: that may change. */
    if (!strcmp(type, "typed"))
        err = store_open_typed(name, master, &store.disk, &wrong);
    else if (!strcmp(type, "device"))
        err = store_open_device(name, master, &store.disk);
    else
        wrong = type;
    /* Also if it will only be read: that may change. */
    if (!err) {
        err = store_claim(&store.disk, STORE_MOUNT);
        wrong = name;
    }
    if (!err)
        err = store_claim(&store.disk, STORE_WRITE);
    if (err == HURD_EBUSY)
        mach_complain(0,
                      "%s: in use: it is mounted or open for writing, by "
                      "this or another name",
                      wrong);
    else if (err == HURD_EOPNOTSUPP)
        mach_complain(err, "%s: kind of store", wrong);
    else if (err)
        mach_complain(err, "%s", wrong);
    if (err)
        return err;
    *writable &= store.disk.writable;
    store.size = store_bytes(&store.disk);
    pieces_init();
    return 0;
}
