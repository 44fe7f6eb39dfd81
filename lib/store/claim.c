/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/store/claim.c: keeping others from a store.
 *
 * Sectors are claimed of the kernel, which knows all the names of a disk, by
 * way of the device master that the store was opened with (a server before the
 * kernel says which disk of the kernel's its own is).  A file is locked.
 */

#include <device/device.h>
#include <hurd/fcntl.h>
#include <hurd/fs.h>
#include <hurd/libhurd.h>
#include <stdio.h>
#include <store/private.h>
#include <string.h>

#define CLAIM_SECTOR 512u
#define DISK_SERVER  "/dev/rumpdisk"

void store_set_name(struct store *store, const char *device, mach_port_t master)
{
    const char *last = strrchr(device, ':'); /* of "part:1:device:wd0" */

    device = last ? last + 1 : device;
    if (strlen(device) >= sizeof store->name)
        return;
    strcpy(store->name, device);
    mach_port_drop(store->master);
    store->master = master;
    if (master && mach_port_ref_send(master, 1))
        store->master = MACH_PORT_NULL;
}

static error_t claim_of(mach_port_t master, const struct store *store,
                        enum store_use use, mach_port_t *claim)
{
    static const char how[STORE_CLAIMS] = {'r', 'w', 'm'};
    uint64_t scale = store->sector_size / CLAIM_SECTOR;
    uint64_t first = store->first_sector * scale;
    uint64_t count = store->sector_count * scale;
    dev_name_t name;

    if (snprintf(name, sizeof name, "claim:%s:%lu:%lu:%c", store->name, first,
                 count, how[use]) >= (int)sizeof name)
        return HURD_ENAMETOOLONG;
    return device_open(master, D_READ, name, claim);
}

static error_t claim_device(struct store *store, enum store_use use)
{
    mach_port_t *claim = &store->claims[use], server;
    error_t err = D_NO_SUCH_DEVICE;

    if (*claim)
        return 0;
    if (store->master)
        err = claim_of(store->master, store, use, claim);
    /* Whose device is somebody else's gave it away: it is that one's. */
    if (err && err != D_ALREADY_OPEN &&
        !hurd_lookup(DISK_SERVER, HO_READ, 0, &server)) {
        err = claim_of(server, store, use, claim);
        mach_port_drop(server);
    }
    if (err)
        *claim = MACH_PORT_NULL;
    return err == D_ALREADY_OPEN ? HURD_EBUSY : 0;
}

error_t store_claim(struct store *store, enum store_use use)
{
    if (store->file) {
        error_t err =
            use != STORE_READ ? file_lock(store->file, HLOCK_EX | HLOCK_NB) : 0;
        return err == HURD_EAGAIN || err == HURD_EWOULDBLOCK ? HURD_EBUSY : 0;
    }
    return *store->name ? claim_device(store, use) : 0;
}

void store_unclaim_use(struct store *store, enum store_use use)
{
    mach_port_drop(store->claims[use]);
    store->claims[use] = MACH_PORT_NULL;
}

void store_unclaim(struct store *store)
{
    for (int use = 0; use < STORE_CLAIMS; use++)
        store_unclaim_use(store, use);
    if (store->file)
        file_lock(store->file, HLOCK_UN);
}
