/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/object.h: memory objects: pages that a pager provides.
 *
 * Anonymous memory has no object (vm/anon.h).  An object stands for a pager's
 * port: it keeps the pages that are resident and the requests under way.  It is
 * reference counted by what maps it; without references it is kept, if its
 * pager allows caching, until memory is wanted or the pager says otherwise.
 * A device object's pages are fixed physical ones and have no pager.
 *
 * Rights: the object owns a send right to the pager and the receive rights of
 * the control and name ports, which memory_object_terminate passes on.
 */
#ifndef VM_OBJECT_H
#define VM_OBJECT_H

#include "core/core.h"
#include "core/list.h"
#include "core/radix.h"
#include "vm/fault.h"

struct ipc_port;
struct vm_map_copy;
struct vm_page;

struct vm_object {
    unsigned references;
    uint64_t id; /* never that of another one */
    struct list all_link;
    struct radix pages;      /* of struct vm_page, by page number */
    struct list page_list;   /* the same, in order of arrival or last look */
    struct list ending_link; /* being emptied: nobody refers to it */
    struct radix requests;   /* of struct vm_request, by page number */
    struct list snapshots;   /* of struct vm_amap.snapshot_link */
    struct list ready_wait;  /* of struct vm_fault_wait */

    struct ipc_port *pager;   /* send right; NULL: none, or dead */
    struct ipc_port *control; /* receive right */
    struct ipc_port *name;    /* receive right */
    bool ready;               /* the pager has answered init */
    bool may_cache;
    bool device;     /* fixed pages, not owned */
    bool paging;     /* an area of the default pager's: vm/slot.h */
    bool takes_many; /* it may be asked for several pages in one request */
    unsigned
        ahead; /* pages after the next one asked for, to be asked with it */
    bool registers; /* no pages: device memory at physical FIRST_REGISTER */
    uint64_t first_register;
    bool dead; /* destroyed, or its pager died: what is not here fails */
    int copy_strategy;
    kern_return_t dead_reason;
};

/* A page asked of the pager: its contents, or more access to it. */
struct vm_request {
    uint64_t index;
    vm_prot_t access;
    struct list waiters; /* of struct vm_fault_wait */
};

void vm_object_module_init(void);
/* Pages of pagers' that are resident, and objects that nobody maps. */
uint64_t vm_object_resident_count(void);
uint64_t vm_object_cached_count(void);

/* The object of a pager's port: found, or made and introduced to its pager
 * (memory_object_init).  PAGER is only looked at.  One reference; NULL if
 * memory is short. */
struct vm_object *vm_object_for_pager(struct ipc_port *pager);
/* A new object of SIZE bytes at MANAGER's, the default pager (memory_object_create;
 * MANAGER is only looked at). */
struct vm_object *vm_object_for_manager(struct ipc_port *manager,
                                        vm_size_t size);
/* An object whose page 0.. are the COUNT frames from PHYS on, which stay the
 * caller's. */
struct vm_object *vm_object_for_frames(uint64_t phys, uint64_t count);
/* An object that stands for the device memory from PHYS on: it has no pages,
 * and each access is done by the device. */
struct vm_object *vm_object_for_registers(uint64_t phys);

/* Its id, for those who know it by a port only. */
uint64_t vm_object_id(const struct vm_object *object);
void vm_object_reference(struct vm_object *object);
void vm_object_release(struct vm_object *object);

static inline struct vm_page *vm_object_page(const struct vm_object *object,
                                             uint64_t index)
{
    return radix_get(&object->pages, index);
}

/* PAGE becomes the object's.  False: no memory. */
bool vm_object_insert(struct vm_object *object, uint64_t index,
                      struct vm_page *page);
/* Takes PAGE out of its object and every pmap; it is the caller's. */
void vm_object_remove(struct vm_page *page);
/* The same of a page that may be asked for again at once: who waits for more
 * access to it begins anew.  Clean and without locks afterwards. */
void vm_object_evict(struct vm_page *page);

/* Whether page INDEX was asked for, and the answer has not come. */
bool vm_object_asked(const struct vm_object *object, uint64_t index);
/* Whether somebody waits for it. */
bool vm_object_waited(const struct vm_object *object, uint64_t index);
/* Frees page INDEX, which nobody maps, if it is resident; its pager may have it. */
void vm_object_forget(struct vm_object *object, uint64_t index);

/* Makes page INDEX resident for ACCESS.  KERN_WAITING queues WAIT. */
kern_return_t vm_object_get(struct vm_object *object, uint64_t index,
                            vm_prot_t access, struct vm_fault_wait *wait,
                            struct vm_page **page_out);

/* Must be called before a page is written: what snapshots the object has get
 * their copies.  Marks it dirty.  KERN_WAITING queues WAIT: there are many. */
kern_return_t vm_object_write_page(struct vm_object *object, uint64_t index,
                                   struct vm_fault_wait *wait);

/* Wakes those who wait for the page, and forgets the request. */
void vm_object_answer(struct vm_object *object, uint64_t index,
                      kern_return_t result);
void vm_object_answer_range(struct vm_object *object, uint64_t first,
                            uint64_t count, kern_return_t result);
/* The first page from *INDEX on, and before END, that somebody waits for. */
bool vm_object_awaited(const struct vm_object *object, uint64_t *index,
                       uint64_t end);
void vm_object_answer_all(struct vm_object *object, kern_return_t result);

/* Everything not resident fails from now on. */
void vm_object_kill(struct vm_object *object, kern_return_t reason);

/* Frees clean pages nobody needs until WANTED frames are free, and starts
 * returning dirty ones to their pagers. */
void vm_object_reclaim(uint64_t wanted);

/* --- vm/pager.c: the messages to pagers ----------------------------------- */

void vm_pager_init(struct vm_object *object);
/* The same for a new port that becomes MANAGER's. */
void vm_pager_create(struct vm_object *object, struct ipc_port *manager,
                     vm_size_t size);
void vm_pager_request(struct vm_object *object, uint64_t index, uint64_t count,
                      vm_prot_t access);
void vm_pager_unlock(struct vm_object *object, uint64_t index,
                     vm_prot_t access);
/* Sends COUNT resident pages from INDEX on to the pager.  With FLUSH they leave
 * the object, if they are not wired, else they are clean afterwards.  False: no
 * memory for that; those not sent are as they were. */
bool vm_pager_return(struct vm_object *object, uint64_t index, uint64_t count,
                     bool flush);
/* What memory_object_lock_request does, from page *INDEX on; false: the rest is
 * for another entry (core/work.h). */
bool vm_object_lock_range(struct vm_object *object, uint64_t *index,
                          uint64_t end, int should_return, bool flush,
                          vm_prot_t lock);
/* Hands control and name port to the pager; the object has no pager then. */
void vm_pager_terminate(struct vm_object *object);

#endif
