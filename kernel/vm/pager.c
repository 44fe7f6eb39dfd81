/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/pager.c: the external pager protocol, both directions.
 *
 * The kernel's calls to pagers are MIG's KernelUser stubs and never block; the
 * pagers' calls to the kernel are the rpc_memory_object_ routines (mach.defs).
 */
#include "core/account.h"
#include "core/work.h"
#include "ipc/object.h"
#include "ipc/port.h"
#include "mig/kobject.h"
#include "vm/anon.h"
#include "vm/copy.h"
#include "vm/count.h"
#include "vm/object.h"
#include "vm/page.h"
#include "vm/pmap.h"
#include "vm/rpc.h"
#include "vm/short.h"

#include <mach/memory_object.h>
#include <mach/message.h>

#include "memory_object_default_user.h"
#include "memory_object_user.h"

#define PAGES_PER_RETURN 64
#define LAST_WORDS_MAX   1024

/* --- to the pager --------------------------------------------------------- */

void vm_pager_init(struct vm_object *object)
{
    memory_object_init(object->pager, object->control, object->name, PAGE_SIZE);
}

void vm_pager_create(struct vm_object *object, struct ipc_port *manager,
                     vm_size_t size)
{
    /* The receive right is the message's: from here on it is an ordinary port. */
    memory_object_create(ipc_port_copy_send(manager), object->pager, size,
                         object->control, object->name, PAGE_SIZE);
}

void vm_pager_request(struct vm_object *object, uint64_t index, uint64_t count,
                      vm_prot_t access)
{
    memory_object_data_request(object->pager, object->control,
                               index << PAGE_SHIFT_BITS,
                               count << PAGE_SHIFT_BITS, access);
}

void vm_pager_unlock(struct vm_object *object, uint64_t index, vm_prot_t access)
{
    memory_object_data_unlock(object->pager, object->control,
                              index << PAGE_SHIFT_BITS, PAGE_SIZE, access);
}

void vm_pager_terminate(struct vm_object *object)
{
    struct ipc_port *pager = object->pager;

    ipc_kobject_set(pager, IKOT_NONE, NULL);
    ipc_kobject_set(object->control, IKOT_NONE, NULL);
    ipc_kobject_set(object->name, IKOT_NONE, NULL);
    /* What the pager tells them before it hears of this must not keep it from
     * hearing. */
    ipc_port_set_qlimit(object->control, LAST_WORDS_MAX);
    ipc_port_set_qlimit(object->name, LAST_WORDS_MAX);
    memory_object_terminate(pager, object->control, object->name);
    object->pager = object->control = object->name = NULL;
}

/* Puts the page at INDEX into the copy: itself, taken out of the object, or a
 * duplicate. */
static bool vm_return_page(struct vm_object *object, struct vm_page *page,
                           bool flush, struct vm_map_copy *copy, uint64_t n)
{
    struct vm_page *duplicate = NULL;

    if (!flush || page->wire_count) {
        /* From here on a write must be noticed again. */
        pmap_page_protect(page, VM_PROT_ALL & ~VM_PROT_WRITE);
        pmap_settle();
        duplicate = vm_page_duplicate(page);
    }
    if (duplicate) {
        page->dirty = page->precious = false;
        vm_copy_fill(copy, n, duplicate);
        return true;
    }
    if (page->wire_count)
        return false;
    /* To be forgotten; or there is no memory, and it can be asked for again. */
    vm_object_evict(page);
    vm_short_send(page, ipc_port_account(object->pager));
    vm_copy_fill(copy, n, page);
    return true;
}

static uint64_t vm_return_collect(struct vm_object *object, uint64_t index,
                                  uint64_t count, bool flush,
                                  struct vm_map_copy *copy)
{
    for (uint64_t n = 0; n < count; n++) {
        struct vm_page *page = vm_object_page(object, index + n);
        if (!page || page->outdated ||
            !vm_return_page(object, page, flush, copy, n))
            return n;
    }
    return count;
}

bool vm_pager_return(struct vm_object *object, uint64_t index, uint64_t count,
                     bool flush)
{
    while (count) {
        struct vm_page *first = vm_object_page(object, index);
        bool dirty = first && first->dirty;
        uint64_t n = min_of(count, (uint64_t)PAGES_PER_RETURN);
        account_insists += flush; /* it makes room */
        struct vm_map_copy *copy = vm_copy_empty(n);
        account_insists -= flush;
        if (copy) {
            n = vm_return_collect(object, index, n, flush, copy);
            vm_copy_cut(copy, n);
            vm_count(VM_PAGEOUTS, n);
        }
        if (!copy || !n) {
            vm_map_copy_discard(copy);
            kprintf("vm: no memory to return pages to a pager\n");
            return false;
        }
        memory_object_data_return(object->pager, object->control,
                                  index << PAGE_SHIFT_BITS, (vm_offset_t)copy,
                                  (mach_msg_type_number_t)(n * PAGE_SIZE),
                                  dirty, !flush);
        index += n;
        count -= n;
    }
    return true;
}

/* --- from the pager ------------------------------------------------------- */

kern_return_t rpc_memory_object_ready(vm_object_t object, boolean_t may_cache,
                                      memory_object_copy_strategy_t strategy)
{
    if (!object)
        return KERN_INVALID_ARGUMENT;
    object->may_cache = may_cache;
    object->copy_strategy = strategy;
    object->ready = true;
    /* The Hurd's default pager, of which single pages must be asked, does not say
     * this of an object that the kernel made. */
    object->takes_many = object->paging;
    while (!list_empty(&object->ready_wait)) {
        struct vm_fault_wait *wait =
            list_entry(object->ready_wait.next, struct vm_fault_wait, link);
        vm_fault_wait_wake(wait, KERN_SUCCESS);
    }
    /* It may have lost its last user while we waited for this. */
    vm_object_reference(object);
    vm_object_release(object);
    return KERN_SUCCESS;
}

kern_return_t
rpc_memory_object_change_attributes(vm_object_t object, boolean_t may_cache,
                                    memory_object_copy_strategy_t strategy,
                                    ipc_port_t reply_to,
                                    mach_msg_type_name_t reply_type)
{
    if (!object)
        return KERN_INVALID_ARGUMENT;
    object->may_cache = may_cache;
    object->copy_strategy = strategy;
    if (IP_VALID(reply_to))
        memory_object_change_completed(reply_to, reply_type, may_cache,
                                       strategy);
    vm_object_reference(object);
    vm_object_release(object);
    return KERN_SUCCESS;
}

kern_return_t
rpc_memory_object_get_attributes(vm_object_t object, boolean_t *ready,
                                 boolean_t *may_cache,
                                 memory_object_copy_strategy_t *strategy)
{
    if (!object)
        return KERN_INVALID_ARGUMENT;
    *ready = object->ready;
    *may_cache = object->may_cache;
    *strategy = object->copy_strategy;
    return KERN_SUCCESS;
}

/* A data_supply under way: its data may themselves have to be paged in. */
struct vm_supply {
    struct vm_fault_wait wait;
    struct vm_object *object; /* a reference */
    struct vm_map_copy *copy; /* owned */
    struct ipc_port *reply;   /* right of type REPLY_TYPE, or null */
    mach_msg_type_name_t reply_type;
    uint64_t first, next, count; /* pages; NEXT counts from 0 */
    vm_prot_t lock;
    bool precious;
};

static void vm_supply_finish(struct vm_supply *supply, kern_return_t result)
{
    vm_offset_t offset = supply->first << PAGE_SHIFT_BITS;

    if (IP_VALID(supply->reply))
        memory_object_supply_completed(
            supply->reply, supply->reply_type, supply->object->control, offset,
            supply->count << PAGE_SHIFT_BITS, result,
            result == KERN_SUCCESS
                ? 0
                : offset + (supply->next << PAGE_SHIFT_BITS));
    if (result != KERN_SUCCESS)
        vm_object_answer_range(supply->object, supply->first + supply->next,
                               supply->count - supply->next, KERN_MEMORY_ERROR);
    vm_object_release(supply->object);
    vm_map_copy_discard(supply->copy);
    kfree(supply);
}

/* A wired page gets the contents of PAGE, which is consumed. */
static void vm_supply_renew(const struct vm_supply *supply,
                            struct vm_page *there, struct vm_page *page)
{
    if (there->outdated) {
        memcpy(vm_page_data(there), vm_page_data(page), PAGE_SIZE);
        there->outdated = false;
        there->lock = (uint8_t)supply->lock;
        there->precious = supply->precious;
    }
    vm_page_free(page);
}

static kern_return_t vm_supply_page(struct vm_supply *supply)
{
    struct vm_object *object = supply->object;
    uint64_t index = supply->first + supply->next;
    struct vm_page *page;

    struct vm_page *there = vm_object_page(object, index);
    if (there && !there->outdated)
        return KERN_SUCCESS; /* what is resident is newer */
    if (!radix_get(&object->requests, index) && vm_pages_are_short())
        return KERN_SUCCESS; /* nobody asked for it */
    kern_return_t kr =
        vm_copy_take_page(supply->copy, supply->next, &supply->wait, &page);
    if (kr != KERN_SUCCESS)
        return kr;
    there = vm_object_page(object, index);
    if (there) {
        vm_supply_renew(supply, there, page);
        vm_object_answer(object, index, KERN_SUCCESS);
        return KERN_SUCCESS;
    }
    page->lock = (uint8_t)supply->lock;
    page->precious = supply->precious;
    page->wanted = vm_object_waited(object, index);
    if (object->dead || !vm_object_insert(object, index, page)) {
        vm_page_free(page);
        return KERN_RESOURCE_SHORTAGE;
    }
    vm_object_answer(object, index, KERN_SUCCESS);
    return KERN_SUCCESS;
}

static void vm_supply_run(struct vm_fault_wait *wait, kern_return_t result)
{
    struct vm_supply *supply = (struct vm_supply *)wait;
    struct account *before = account_current;

    account_current = kalloc_account(supply);
    while (result == KERN_SUCCESS && supply->next < supply->count) {
        result = vm_supply_page(supply);
        if (result == KERN_RESOURCE_SHORTAGE)
            result = vm_short_wait(wait);
        if (result == KERN_SUCCESS)
            supply->next++;
        if (result == KERN_SUCCESS && supply->next < supply->count &&
            work_spent())
            result = vm_fault_wait_later(wait);
    }
    account_current = before;
    if (result != KERN_WAITING)
        vm_supply_finish(supply, result);
}

kern_return_t rpc_memory_object_data_supply(
    vm_object_t object, vm_offset_t offset, vm_offset_t data,
    mach_msg_type_number_t size, vm_prot_t lock_value, boolean_t precious,
    ipc_port_t reply_to, mach_msg_type_name_t reply_type)
{
    struct vm_map_copy *copy = (struct vm_map_copy *)data;
    struct vm_supply *supply;

    if (!object)
        return KERN_INVALID_ARGUMENT;
    if (!copy || offset & (PAGE_SIZE - 1) || copy->offset)
        return KERN_INVALID_ARGUMENT;
    supply = kalloc(sizeof *supply);
    if (!supply)
        return KERN_RESOURCE_SHORTAGE;
    vm_object_reference(object);
    *supply = (struct vm_supply){.object = object,
                                 .copy = copy,
                                 .reply = reply_to,
                                 .reply_type = reply_type,
                                 .first = offset >> PAGE_SHIFT_BITS,
                                 .count = round_page(size) >> PAGE_SHIFT_BITS,
                                 .lock = lock_value & VM_PROT_ALL,
                                 .precious = precious};
    supply->wait.done = vm_supply_run;
    vm_supply_run(&supply->wait, KERN_SUCCESS);
    return KERN_SUCCESS;
}

static uint64_t page_count(vm_size_t size)
{
    return (size >> PAGE_SHIFT_BITS) + (size % PAGE_SIZE != 0);
}

kern_return_t rpc_memory_object_data_error(vm_object_t object,
                                           vm_offset_t offset, vm_size_t size,
                                           kern_return_t error)
{
    if (!object || offset & (PAGE_SIZE - 1))
        return KERN_INVALID_ARGUMENT;
    /* The reason is the pager's own: who waits is told what Mach says. */
    if (object->paging)
        kprintf("vm: the default pager cannot bring a page back: error %d\n",
                error);
    vm_object_answer_range(object, offset >> PAGE_SHIFT_BITS, page_count(size),
                           KERN_MEMORY_ERROR);
    return KERN_SUCCESS;
}

/* A page that somebody waits for reads as zeros. */
static void vm_object_zero(struct vm_object *object, uint64_t index)
{
    struct vm_page *page = vm_object_page(object, index);

    if (page && page->outdated) {
        memset(vm_page_data(page), 0, PAGE_SIZE);
        page->outdated = false;
    } else if (!page) {
        page = vm_page_alloc(true);
        if (page && !vm_object_insert(object, index, page)) {
            vm_page_free(page);
            page = NULL;
        }
    }
    vm_object_answer(object, index,
                     page ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE);
}

kern_return_t rpc_memory_object_data_unavailable(vm_object_t object,
                                                 vm_offset_t offset,
                                                 vm_size_t size)
{
    if (!object || offset & (PAGE_SIZE - 1))
        return KERN_INVALID_ARGUMENT;
    uint64_t index = offset >> PAGE_SHIFT_BITS;
    uint64_t end = index + page_count(size);
    for (; vm_object_awaited(object, &index, end); index++) {
        if (work_spent())
            return KERN_LATER;
        vm_object_zero(object, index);
    }
    return KERN_SUCCESS;
}

kern_return_t rpc_memory_object_destroy(vm_object_t object,
                                        kern_return_t reason)
{
    if (!object)
        return KERN_INVALID_ARGUMENT;
    vm_object_kill(object, reason ? reason : KERN_MEMORY_FAILURE);
    return KERN_SUCCESS;
}

/* --- lock_request --------------------------------------------------------- */

static bool vm_lock_returns(const struct vm_page *page,
                            memory_object_return_t should_return)
{
    if (should_return == MEMORY_OBJECT_RETURN_ALL)
        return page->dirty || page->precious;
    return should_return == MEMORY_OBJECT_RETURN_DIRTY && page->dirty;
}

/* Applies the request to the page at INDEX, which needs no return (any more). */
static void vm_lock_page(struct vm_object *object, uint64_t index, bool flush,
                         vm_prot_t lock)
{
    struct vm_page *page = vm_object_page(object, index);

    if (!page || page->outdated)
        return;
    if (flush && !page->wire_count) {
        vm_object_evict(page);
        vm_page_free(page);
        return;
    }
    if (flush) {
        page->outdated = true;
        page->dirty = page->precious = false;
        page->lock = 0;
        pmap_page_protect(page, VM_PROT_NONE);
        return;
    }
    if (lock == VM_PROT_NO_CHANGE)
        return;
    bool opened = page->lock & ~lock;
    page->lock = (uint8_t)(lock & VM_PROT_ALL);
    pmap_page_protect(page, VM_PROT_ALL & ~lock);
    if (opened)
        vm_object_answer(object, index, KERN_SUCCESS);
}

/* Pages from INDEX on that all have to be returned. */
static uint64_t vm_lock_run(struct vm_object *object, uint64_t index,
                            uint64_t end, memory_object_return_t should_return)
{
    uint64_t run = 0;
    struct vm_page *page;

    while (index + run < end && run < PAGES_PER_RETURN &&
           (page = vm_object_page(object, index + run)) && !page->outdated &&
           vm_lock_returns(page, should_return))
        run++;
    return run;
}

bool vm_object_lock_range(struct vm_object *object, uint64_t *index,
                          uint64_t end, int should_return, bool flush,
                          vm_prot_t lock)
{
    while (radix_next(&object->pages, index) && *index < end) {
        if (work_spent())
            return false;
        uint64_t run =
            object->pager ? vm_lock_run(object, *index, end, should_return) : 0;
        /* What could not be sent is not forgotten. */
        bool sent = !run || vm_pager_return(object, *index, run, flush);
        uint64_t last = *index + max_of(run, 1ul);
        for (; *index < last; ++*index)
            vm_lock_page(object, *index, flush && sent, lock);
    }
    return true;
}

kern_return_t rpc_memory_object_lock_request(
    vm_object_t object, vm_offset_t offset, vm_size_t size,
    memory_object_return_t should_return, boolean_t should_flush,
    vm_prot_t lock_value, ipc_port_t reply_to, mach_msg_type_name_t reply_type)
{
    if (!object)
        return KERN_INVALID_ARGUMENT;
    if (lock_value & ~VM_PROT_ALL && lock_value != VM_PROT_NO_CHANGE)
        return KERN_INVALID_ARGUMENT;
    uint64_t *cursor = ipc_request_cursor();
    uint64_t index = *cursor ? *cursor - 1 : offset >> PAGE_SHIFT_BITS;
    uint64_t end = offset + size < offset
                       ? UINT64_MAX >> PAGE_SHIFT_BITS
                       : round_page(offset + size) >> PAGE_SHIFT_BITS;

    if (!vm_object_lock_range(object, &index, end, should_return, should_flush,
                              lock_value)) {
        *cursor = index + 1;
        return KERN_LATER;
    }
    if (IP_VALID(reply_to))
        memory_object_lock_completed(reply_to, reply_type, object->control,
                                     offset, size);
    return KERN_SUCCESS;
}
