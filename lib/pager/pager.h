/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pager/pager.h: memory objects whose pages a server provides.
 *
 * A pager is a port object (lib/ports) that answers the kernel's external pager
 * protocol with functions of its owner's, which get the owner's COOKIE, may be
 * called by several threads at once, and may wait for anything but this pager's
 * own pages.  The kernel may keep pages and
 * the object as long as it has memory; pager_forget makes it let go.
 *
 * There are two places where contents can be: the kernel's pages, and what is
 * behind the pager.  The rule by which they agree:
 *
 * - Of a page that the kernel was asked to let be written (a first store asks,
 *   with data_request or data_unlock), the kernel has the truth, until it has
 *   returned it: whoever reads behind the pager calls pager_sync_some first.
 * - Who changes what is behind the pager (a write by a call, a truncation)
 *   holds the range meanwhile: pager_hold makes the kernel return what was
 *   changed in it and forget its pages, and what it asks for in that range
 *   waits for pager_release.  So no store is lost, and none is seen before its
 *   time.  Ranges that are held are enlarged to whole pages; a pager's holders
 *   come one after the other.
 * - A store beyond the end (the size function) fails where it is made, and so
 *   does one that has no room on the medium (the reserve function): an access
 *   that fails so is EXC_BAD_ACCESS with KERN_MEMORY_ERROR, Unix's SIGBUS.
 * - What the write function cannot write is an error of the next
 *   pager_sync_some.
 *
 * Whoever may map a pager's memory has a send right to its port and can send it
 * what the kernel sends.  He is not believed: an init counts only if the kernel
 * itself says (mach_port_kernel_object) that both its ports and the pager's are
 * of one memory object, everything else only if it comes with the control port
 * of the last init, which nobody but the kernel can send a right to.  What is
 * wrong is dropped.  So nobody can write behind the pager without the kernel's
 * checks, keep pager_sync_some waiting, or end it too soon.
 *
 * Nobody who holds a lock that the owner's functions take may call
 * pager_sync_some, pager_hold or pager_release.
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
    /* The size of what is behind it: there are no pages beyond. */
    vm_size_t (*size)(void *cookie);
    /* The page at OFFSET is going to be written: makes sure that write can put
     * it somewhere.  *SIZE, which is how much would be useful (whole pages), is
     * lessened to what from OFFSET on has its place now.  May be null. */
    error_t (*reserve)(void *cookie, vm_offset_t offset, vm_size_t *size);
    /* Whether the range could be read (if READ) and written without waiting for
     * the medium.  What could not another thread sees to.  May be
     * null: it always can. */
    boolean_t (*at_hand)(void *cookie, vm_offset_t offset, vm_size_t size,
                         boolean_t read);
    /* The last user and the kernel are gone. */
    void (*gone)(void *cookie, struct pager *pager);
};

/* Pages that the kernel may have written: lib/pager/granted.c's. */
struct pager_granted {
    unsigned char **pieces;
    size_t count;
    boolean_t all; /* there was no memory to say which */
};

struct pager {
    struct port_info pi;
    const struct pager_ops *ops;
    void *cookie;
    pthread_mutex_t lock;
    mach_port_t control; /* send right, while the kernel has the object */
    mach_port_t name;    /* likewise */
    boolean_t written;   /* somebody was given write access */
    struct pager_granted granted;
    /* The owner's, before the port is given away: the kernel does not keep what
     * is not mapped any more. */
    boolean_t fleeting;
    unsigned syncs_asked, syncs_done; /* lock requests, and their answers */
    error_t error; /* the first of write's that nobody was told yet */
    /* The range that is held, and what the kernel asked of it meanwhile; how
     * often one was held, or pages came back, so far. */
    vm_offset_t held, held_end;
    unsigned changes;
    struct pager_request *waiting;
    unsigned waiting_count;
    pthread_cond_t changed; /* SYNCS_DONE, CONTROL or HELD_END */
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

/* The kernel writes back what was changed in the range; returns when that has
 * been handed to the write function, with its error if there was any. */
error_t pager_sync_some(pager_t pager, vm_offset_t offset, vm_size_t size);
/* What the kernel has in the range it returns and forgets; it gets nothing of
 * it before pager_release, which must follow.  SIZE is not 0. */
void pager_hold(pager_t pager, vm_offset_t offset, vm_size_t size);
void pager_release(pager_t pager);
/* The kernel shall not keep the object once it is not mapped.  May be called
 * under any lock, until the owner's function for the end has returned. */
void pager_forget(pager_t pager);

#endif
