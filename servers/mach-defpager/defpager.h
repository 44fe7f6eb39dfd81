/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/mach-defpager/defpager.h: the default pager: where anonymous memory is
 * when the kernel has no room for it.
 *
 * One thread, which serves messages in order, so that what is asked for after it
 * was sent is there.  Its memory is never paged out (the kernel keeps that of its
 * default pager).
 *
 * storage.c   areas of devices, and the blocks in them, of a page each
 * object.c    objects, and which block each page of one is in
 * pager.c     the kernel's messages about objects
 * control.c   default_pager.defs
 */

#ifndef MACH_DEFPAGER_DEFPAGER_H
#define MACH_DEFPAGER_DEFPAGER_H

#include <hurd/default_pager_types.h>
#include <hurd/libhurd.h>
#include <mach/mach.h>
#include <stdint.h>

/* --- storage.c ------------------------------------------------------------ */

#define AREAS_MAX  64u
#define BLOCK_NONE 0u

typedef uint32_t block_t; /* an area and a page in it */

/* Takes over DEVICE, a send right.  HURD_EINVAL: the runs are not such, or not on
 * the device; HURD_EEXIST: there is an area of that name. */
error_t storage_add(mach_port_t device, const recnum_t *runs, unsigned count,
                    const char *name);
/* HURD_ENOSPC: what is in it has no room elsewhere. */
error_t storage_remove(const char *name);

/* Up to *COUNT blocks in a row, the first of which is returned; BLOCK_NONE if
 * there is none. */
block_t storage_take(unsigned *count);
void storage_free(block_t block);
/* COUNT pages from or to blocks in a row; one at least is read.  *DATA is memory of
 * its own pages. */
error_t storage_read(block_t block, unsigned *count, vm_address_t *data);
error_t storage_write(block_t block, unsigned count, vm_address_t data);

/* Whether BLOCK is in the area that is being removed. */
boolean_t storage_leaves(block_t block);

uint64_t storage_pages(void);
uint64_t storage_free_pages(void);
struct storage_view {
    const char *name;
    uint64_t pages, free_pages;
};
/* Area NUMBER, counted without gaps; false if there are no more. */
boolean_t storage_view(unsigned number, struct storage_view *view);

/* --- object.c ------------------------------------------------------------- */

/* Where a page is: in a block; in memory, because it could not be written; or
 * nowhere, so that it reads as zeros. */
struct place {
    block_t block;
    vm_address_t held; /* a page, owned */
};

struct object {
    mach_port_t port;          /* receive right */
    mach_port_t control, name; /* send rights, or null */
    boolean_t kernels;     /* made by the kernel: it ends when that says so */
    uint64_t limit;        /* pages that it can have */
    struct place **chunks; /* of CHUNK_PAGES, or NULL */
    uint64_t chunk_count;
    struct object *next;
};

extern mach_port_t defpager_set; /* the port set that is served */

/* An object of PORT (a receive right, taken over) of at most LIMIT pages; NULL: no
 * memory. */
struct object *object_create(mach_port_t port, uint64_t limit);
struct object *object_find(mach_port_t port);
/* With all that it has. */
void object_destroy(struct object *object);

/* The place of page INDEX; NULL: there is none, or with MAKE no memory for it. */
struct place *object_place(struct object *object, uint64_t index,
                           boolean_t make);
void place_clear(struct place *place);
/* Frees the pages from INDEX on. */
void object_cut(struct object *object, uint64_t index);
/* Calls VISIT for each place of each object until it returns an error. */
error_t objects_visit(error_t (*visit)(struct place *place));

/* --- pager.c -------------------------------------------------------------- */

/* Puts the page at DATA, which stays the caller's, into PLACE: writes it, or
 * keeps a copy of it. */
error_t page_store(struct place *place, vm_address_t data);
/* A page of its own with what is in PLACE. */
error_t page_fetch(const struct place *place, vm_address_t *data);

boolean_t defpager_demuxer(mach_msg_header_t *in, mach_msg_header_t *out);
extern mach_port_t defpager_port; /* receive right: the default pager's own */

#endif
