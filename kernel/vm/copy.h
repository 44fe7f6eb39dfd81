/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/copy.h: the inside of memory on its way between maps.
 *
 * A copy is a row of pieces, each some pages of an amap, of an object, of an
 * amap over an object, or of nothing (zeros).  Pieces hold references.
 */
#ifndef VM_COPY_H
#define VM_COPY_H

#include "vm/anon.h"
#include "vm/map.h"
#include "vm/object.h"

struct vm_piece {
    struct vm_amap *amap;     /* a reference, or NULL */
    uint64_t amap_first;      /* its page that is this piece's first */
    struct vm_object *object; /* a reference, or NULL */
    uint64_t object_first;
    uint64_t count; /* pages */
};

struct vm_map_copy {
    vm_offset_t offset; /* of the data in the first page */
    vm_size_t size;     /* bytes of data */
    unsigned piece_count, piece_max;
    struct vm_piece *pieces;
    bool hidden; /* not to be shown before it is touched */
    /* The piece that was looked for last, and its first page in the copy: the
     * next one wanted is near. */
    unsigned last_piece;
    uint64_t last_first;
};

/* An empty copy of SIZE bytes that start OFFSET bytes into a page. */
struct vm_map_copy *vm_copy_create(vm_offset_t offset, vm_size_t size);
/* Appends a piece; its references are consumed on success. */
bool vm_copy_append(struct vm_map_copy *copy, const struct vm_piece *piece);
/* Moves what FROM holds into a copy of its own; FROM is left empty, to be
 * discarded by whoever owns it. */
kern_return_t vm_copy_split(struct vm_map_copy *from,
                            struct vm_map_copy **copy_out);
/* A copy with room for COUNT pages, which vm_copy_fill, that cannot fail, puts
 * there from 0 on; vm_copy_cut leaves it with the first COUNT.  NULL: no
 * memory. */
struct vm_map_copy *vm_copy_empty(uint64_t count);
void vm_copy_fill(struct vm_map_copy *copy, uint64_t index,
                  struct vm_page *page);
void vm_copy_cut(struct vm_map_copy *copy, uint64_t count);
/* A copy whose data are the PAGES, which it takes over.  NULL: no memory, and
 * the pages remain the caller's. */
struct vm_map_copy *vm_copy_from_pages(struct vm_page *const *pages,
                                       uint64_t count);

/* The page at INDEX for reading; *PAGE_OUT is NULL where it reads as zeros. */
kern_return_t vm_piece_page(const struct vm_piece *piece, uint64_t index,
                            struct vm_fault_wait *wait,
                            struct vm_page **page_out);
kern_return_t vm_copy_page(struct vm_map_copy *copy, uint64_t index,
                           struct vm_fault_wait *wait,
                           struct vm_page **page_out);

/* Whether nothing stands at INDEX: it reads as zeros, and costs nothing. */
bool vm_copy_is_empty(struct vm_map_copy *copy, uint64_t index);

/* Page INDEX as a page of the caller's own: taken out of the copy if nobody
 * else has it, else a duplicate.  KERN_WAITING as vm_copy_page. */
kern_return_t vm_copy_take_page(struct vm_map_copy *copy, uint64_t index,
                                struct vm_fault_wait *wait,
                                struct vm_page **page_out);

/* Duplicates of the anons of a range, from slot 0 on.  NULL: no memory. */
struct vm_amap *vm_amap_duplicate(const struct vm_amap *of, uint64_t first,
                                  uint64_t count);
/* A page with the contents of PAGE, or zeros for NULL; NULL: no memory. */
struct vm_page *vm_page_duplicate(const struct vm_page *page);

#endif
