/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/store/store.h: what a file system stands on, by name (HURD-FACTS 6.5).
 *
 *   device:wd0                   a device of the device master
 *   device:@/dev/rumpdisk:wd0    of the server of that file; if there is none,
 *                                of the device master, by the whole name
 *   part:2:device:wd0            a partition of another store
 *   file:/dev/wd0s1              a file; of a block device the device behind it
 *   /dev/wd0s1                   the same
 *
 * Offsets and sizes are bytes, multiples of the sector's.  Calls may be made by
 * several threads.
 */

#ifndef LIB_STORE_STORE_H
#define LIB_STORE_STORE_H

#include <hurd/hurd_types.h>
#include <mach/mach.h>

/* What a store is claimed for. */
enum store_use {
    STORE_READ,
    STORE_WRITE,
    STORE_MOUNT, /* a file system's, which may write later */
    STORE_CLAIMS
};

struct store {
    /* One of these, send rights. */
    mach_port_t device;
    file_t file;
    uint64_t first_sector, sector_count;
    uint32_t sector_size;
    boolean_t writable;
    boolean_t opened; /* the device: to be closed, too */
    /* By which name the device is claimed, or "", and where (send right or
     * null); the claims that are held (send rights or null). */
    char name[64];
    mach_port_t master;
    mach_port_t claims[STORE_CLAIMS];
};

/* Opens the typed name NAME; MASTER (borrowed) may be null.  A device that
 * cannot be written is opened all the same.  On failure *WRONG is the part of
 * NAME that the error is about. */
error_t store_open_typed(const char *name, mach_port_t master,
                         struct store *store, const char **wrong);
/* The same for the name of a device alone. */
error_t store_open_device(const char *name, mach_port_t master,
                          struct store *store);
/* The same for one that may be without sectors, then SECTOR_SIZE is 0: nothing of
 * it can be read or written, but it can be mapped. */
error_t store_open_any_device(const char *name, mach_port_t master,
                              struct store *store);
/* The same for a file. */
error_t store_open_file(const char *name, mach_port_t master,
                        struct store *store);
void store_release(struct store *store);

/* Keeps others who claim the same sectors, by this or another name, from them:
 * who reads from writing by another way, who writes from all but reading by
 * the same, a file system from other file systems and from all by another way.
 * EBUSY if somebody claims them already, 0 where nobody can say.  It lasts until
 * store_unclaim (of all uses, or of one), store_release or the task's end. */
error_t store_claim(struct store *store, enum store_use use);
void store_unclaim_use(struct store *store, enum store_use use);
void store_unclaim(struct store *store);

static inline uint64_t store_bytes(const struct store *store)
{
    return store->sector_count * store->sector_size;
}

/* *DATA is memory of its own pages, the caller's; less than SIZE at the end, or
 * at the device's pleasure. */
error_t store_fetch(const struct store *store, uint64_t offset, uint32_t size,
                    char **data, uint32_t *got);
error_t store_put(const struct store *store, uint64_t offset, const char *data,
                  uint32_t size, uint32_t *written);
/* The memory object that a device without sectors is, a send right; EOPNOTSUPP
 * for all other stores. */
error_t store_map(const struct store *store, vm_prot_t prot,
                  mach_port_t *object);
/* What was written is on the medium afterwards. */
error_t store_flush(const struct store *store);

#endif
