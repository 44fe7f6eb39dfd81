/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/map.h: address maps.
 *
 * A map is a sorted list of entries, each a range of addresses backed by a
 * range of one object.  Reference counted; destroyed with the last reference.
 * A task's map carries the pmap that shows it to the host.  Nothing here
 * blocks: memory that is not there yet comes at the fault (vm/fault.h).
 */
#ifndef VM_MAP_H
#define VM_MAP_H

#include "core/core.h"
#include "core/list.h"

struct vm_object;
struct vm_map;
struct vm_map_copy;
struct platform_task;

/* PLATFORM may be NULL: a map nobody runs in.  One reference. */
struct vm_map *vm_map_create(struct platform_task *platform, vm_offset_t min,
                             vm_offset_t max);
void vm_map_reference(struct vm_map *map);
void vm_map_deallocate(struct vm_map *map);
/* Removes everything and detaches the map from its host address space, which
 * is about to be destroyed; later operations fail. */
void vm_map_terminate(struct vm_map *map);

/* A new map for a child: each entry shared, copied or left out by its
 * inheritance. NULL if memory is short.  The map should be calm. */
struct vm_map *vm_map_fork(struct vm_map *map, struct platform_task *platform);

kern_return_t vm_map_allocate(struct vm_map *map, vm_offset_t *address,
                              vm_size_t size, bool anywhere);
kern_return_t vm_map_remove(struct vm_map *map, vm_offset_t start,
                            vm_offset_t end);
/* The same bit by bit: KERN_LATER if there is more to do in another entry
 * (core/work.h), from *START on, which has been moved on. */
kern_return_t vm_map_remove_part(struct vm_map *map, vm_offset_t *start,
                                 vm_offset_t end);
/* True if the range shows so few pages that an operation on all of it ends soon.
 * Otherwise some of them are hidden (whoever touches them next faults), and this
 * is to be asked again in another entry. */
bool vm_map_calm(struct vm_map *map, vm_offset_t start, vm_offset_t end);
kern_return_t vm_map_protect(struct vm_map *map, vm_offset_t start,
                             vm_offset_t end, vm_prot_t protection,
                             bool set_maximum);
kern_return_t vm_map_inherit(struct vm_map *map, vm_offset_t start,
                             vm_offset_t end, vm_inherit_t inheritance);

/* Enters OBJECT (its reference is consumed on success; NULL: zero-filled
 * memory made on demand) at *ADDRESS or, with ANYWHERE, at the first hole from
 * there on whose address has no bit of MASK.  With COPY the mapping is a
 * private copy. */
kern_return_t vm_map_enter(struct vm_map *map, vm_offset_t *address,
                           vm_size_t size, vm_offset_t mask, bool anywhere,
                           struct vm_object *object, vm_offset_t offset,
                           bool copy, vm_prot_t protection, vm_prot_t maximum,
                           vm_inherit_t inheritance);

/* --- memory on its way between maps: out-of-line data in messages ----------
 *
 * A copy is a snapshot of a range, taken copy-on-write; it is owned by whoever
 * holds the pointer and ends in exactly one of copyout, overwrite, discard.
 * COPYIN with DESTROY removes the range from the map. */
kern_return_t vm_map_copyin(struct vm_map *map, vm_offset_t address,
                            vm_size_t size, bool destroy,
                            struct vm_map_copy **copy_out);
/* For messages, whose receivers shall not wait for a pager that the sender
 * chose, nor meet its errors: FETCH makes resident what the range shows of
 * pagers' objects (KERN_WAITING as usual; KERN_RESOURCE_SHORTAGE if that is more
 * than one message may hold), and TAKE, at once afterwards, is a copyin that
 * duplicates it.  BOUND is what the parts of one message may still cost. */
struct vm_fault_wait;
struct vm_copyin_bound {
    uint64_t taken;  /* pages of pagers' objects */
    uint64_t copied; /* pages copied at once, as that is cheaper */
    uint64_t pieces; /* regions of the map */
};
void vm_copyin_bound_init(struct vm_copyin_bound *bound);
kern_return_t vm_map_copyin_fetch(struct vm_map *map, vm_offset_t address,
                                  vm_size_t size, struct vm_copyin_bound *bound,
                                  struct vm_fault_wait *wait);
kern_return_t vm_map_copyin_take(struct vm_map *map, vm_offset_t address,
                                 vm_size_t size, bool destroy,
                                 struct vm_copyin_bound *bound,
                                 struct vm_map_copy **copy_out);
/* A copy of kernel memory (the bytes are copied). */
kern_return_t vm_map_copy_from_kernel(const void *data, vm_size_t size,
                                      struct vm_map_copy **copy_out);
/* Puts it at a new place in MAP; the data starts at *ADDRESS, at the offset in
 * its page that it had.  On failure the copy remains. */
kern_return_t vm_map_copyout(struct vm_map *map, vm_offset_t *address,
                             struct vm_map_copy *copy);
/* Replaces [address, address + size) of MAP, which must be mapped and writable
 * all along, page aligned as COPY.  *DONE is 0 at first; after KERN_WAITING the
 * call is to be made again with what it has become.  The copy is consumed on
 * success; on failure it remains, and part of it may have been written. */
kern_return_t vm_map_copy_overwrite(struct vm_map *map, vm_offset_t address,
                                    struct vm_map_copy *copy, vm_size_t *done,
                                    struct vm_fault_wait *wait);
void vm_map_copy_discard(struct vm_map_copy *copy);
vm_size_t vm_map_copy_size(const struct vm_map_copy *copy);
/* It is not to be shown to its receiver before that touches it. */
void vm_map_copy_hide(struct vm_map_copy *copy);

/* Reads SIZE bytes at OFFSET of the copied data; may return KERN_WAITING. */
kern_return_t vm_map_copy_read(struct vm_map_copy *copy, vm_offset_t offset,
                               void *to, vm_size_t size,
                               struct vm_fault_wait *wait);

#endif
