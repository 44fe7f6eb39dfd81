/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pager/pager.h: memory objects whose pages a server provides.
 *
 * A pager is a port object (lib/ports) that answers the kernel's external pager
 * protocol with two functions of its owner's, which get the owner's COOKIE and
 * may wait for anything but this pager's own pages.  Serve its bucket with
 * pager_demuxer.  The kernel may keep pages and the object as long as it has
 * memory; pager_forget makes it let go.
 */

#ifndef LIB_PAGER_PAGER_H
#define LIB_PAGER_PAGER_H

#include <hurd/hurd_types.h>
#include <mach/mach.h>
#include <ports/ports.h>

struct pager;

struct pager_ops {
    /* Fills BUFFER with SIZE bytes (whole pages) at OFFSET; zeros beyond the
     * end. */
    error_t (*read)(void *cookie, vm_offset_t offset, char *buffer,
                    vm_size_t size);
    /* What the owner does not want beyond the end it drops. */
    error_t (*write)(void *cookie, vm_offset_t offset, const char *buffer,
                     vm_size_t size);
    /* The size of what is behind it, for reading ahead. */
    vm_size_t (*size)(void *cookie);
    /* The last user and the kernel are gone. */
    void (*gone)(void *cookie, struct pager *pager);
};

struct pager {
    struct port_info pi;
    const struct pager_ops *ops;
    void *cookie;
    pthread_mutex_t lock;
    mach_port_t control; /* send right, while the kernel has the object */
    mach_port_t name;    /* likewise */
    boolean_t written;   /* somebody was given write access */
    /* The owner's, before the port is given away: the kernel does not keep what
     * is not mapped any more. */
    boolean_t fleeting;
    unsigned flushes;                 /* by pager_flush_some */
    unsigned syncs_asked, syncs_done; /* by pager_sync_some */
    pthread_cond_t synced;
};
typedef struct pager *pager_t;

struct pager_bucket {
    struct port_bucket *bucket;
    struct port_class *class;
};

/* A bucket for pagers, with a thread that serves it. */
error_t pager_start_bucket(struct pager_bucket *bucket);

/* A new pager: one reference, the caller's. */
error_t pager_create(struct pager_bucket *bucket, const struct pager_ops *ops,
                     void *cookie, pager_t *pager);

/* A send right for vm_map; the caller owns it. */
mach_port_t pager_get_port(pager_t pager);

/* The kernel drops its copy of the range, changed or not: what is behind the
 * pager has just been changed. */
void pager_flush_some(pager_t pager, vm_offset_t offset, vm_size_t size);
/* The kernel writes back what was changed in the range; returns when that has
 * been handed to the write function. */
void pager_sync_some(pager_t pager, vm_offset_t offset, vm_size_t size);
/* The kernel shall not keep the object once it is not mapped. */
void pager_forget(pager_t pager);

#endif
