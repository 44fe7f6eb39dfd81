/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/object.h"
#include "core/account.h"
#include "core/work.h"
#include "ipc/port.h"
#include "vm/anon.h"
#include "vm/count.h"
#include "vm/page.h"
#include "vm/pmap.h"
#include "vm/short.h"
#include "vm/swap.h"

#include <mach/memory_object.h>

/* Pages that memory's being short may cost one entry: looked at, and sent. */
#define SCANNED_MAX 65536u
/* ... while enough is on its way to its pagers. */
#define SCANNED_CALM 2048u
#define SENT_MAX     256u
/* Neighbours that go back with a page. */
#define SENT_TOGETHER 16u
/* Pages that may be waited for in one object: they are all answered at once. */
#define REQUESTS_MAX 16384u

/* What is left in memory of pagers' objects in any case. */
#define OBJECT_PAGES_PART 32
/* The same while anonymous memory can make room, too. */
#define OBJECT_PAGES_SWAP_PART 8

static struct list all_objects;
static uint64_t last_id;
static struct list ending; /* of struct vm_object.ending_link */
static struct work ending_work;

static void vm_object_run_ending(struct work *work);
static uint64_t resident; /* pages of pagers' */
static uint64_t cached;   /* objects that are kept without being mapped */

void vm_object_module_init(void)
{
    resident = cached = 0;
    list_init(&all_objects);
    list_init(&ending);
    ending_work = (struct work){.run = vm_object_run_ending};
}

static struct vm_object *vm_object_create(void)
{
    struct vm_object *object = kalloc(sizeof *object);

    if (!object)
        return NULL;
    object->references = 1;
    object->id = ++last_id;
    list_init(&object->page_list);
    list_init(&object->snapshots);
    list_init(&object->ready_wait);
    list_append(&all_objects, &object->all_link);
    object->copy_strategy = MEMORY_OBJECT_COPY_DELAY;
    return object;
}

static void vm_object_free(struct vm_object *object)
{
    list_remove(&object->all_link);
    if (list_linked(&object->ending_link))
        list_remove(&object->ending_link);
    radix_clear(&object->pages);
    radix_clear(&object->requests);
    kfree(object);
}

static struct vm_object *vm_object_for_port(struct ipc_port *pager)
{
    struct vm_object *object = vm_object_create();

    if (!object)
        return NULL;
    object->control = ipc_port_alloc_kernel(IKOT_PAGING_REQUEST, object);
    object->name = ipc_port_alloc_kernel(IKOT_PAGING_NAME, object);
    if (!object->control || !object->name) {
        if (object->control)
            ipc_port_dealloc_kernel(object->control);
        vm_object_free(object);
        return NULL;
    }
    object->pager = ipc_port_make_send(pager);
    ipc_kobject_set(pager, IKOT_PAGER, object);
    return object;
}

struct vm_object *vm_object_for_manager(struct ipc_port *manager,
                                        vm_size_t size)
{
    struct ipc_port *pager = ipc_port_alloc_kernel(IKOT_NONE, NULL);
    struct vm_object *object = pager ? vm_object_for_port(pager) : NULL;

    if (object) {
        object->paging = true;
        object->ready = true; /* as on GNU Mach: no answer is awaited */
        vm_pager_create(object, manager, size);
    } else if (pager) {
        ipc_port_dealloc_kernel(pager);
    }
    return object;
}

struct vm_object *vm_object_for_pager(struct ipc_port *pager)
{
    struct vm_object *object = ipc_kobject_get(pager, IKOT_PAGER);
    struct account *before = account_current;

    vm_count(VM_LOOKUPS, 1);
    vm_count(VM_HITS, object != NULL);
    if (object) {
        vm_object_reference(object);
        return object;
    }
    if (ipc_kobject_type_of(pager) != IKOT_NONE)
        return NULL;
    /* It may outlive who maps it first: its pager pays. */
    account_current = ipc_port_account(pager);
    object = vm_object_for_port(pager);
    if (object)
        vm_pager_init(object);
    account_note_pager(account_current);
    account_current = before;
    return object;
}

struct vm_object *vm_object_for_frames(uint64_t phys, uint64_t count)
{
    struct vm_object *object = vm_object_create();

    if (!object)
        return NULL;
    object->device = true;
    object->ready = true;
    object->may_cache = false;
    object->copy_strategy = MEMORY_OBJECT_COPY_NONE;
    for (uint64_t i = 0; i < count; i++) {
        struct vm_page *page = vm_page_at(phys + i * PAGE_SIZE);
        if (!page || !radix_set(&object->pages, i, page)) {
            vm_object_free(object);
            return NULL;
        }
    }
    return object;
}

struct vm_object *vm_object_for_registers(uint64_t phys)
{
    struct vm_object *object = vm_object_for_frames(0, 0);

    if (object) {
        object->registers = true;
        object->first_register = phys;
    }
    return object;
}

uint64_t vm_object_id(const struct vm_object *object)
{
    return object->id;
}

uint64_t vm_object_resident_count(void)
{
    return resident;
}

uint64_t vm_object_cached_count(void)
{
    return cached;
}

void vm_object_reference(struct vm_object *object)
{
    cached -= !object->references;
    object->references++;
}

bool vm_object_insert(struct vm_object *object, uint64_t index,
                      struct vm_page *page)
{
    if (!radix_set(&object->pages, index, page))
        return false;
    vm_short_keep(page);
    page->object = object;
    page->offset = index << PAGE_SHIFT_BITS;
    list_append(&object->page_list, &page->link);
    resident++;
    return true;
}

void vm_object_remove(struct vm_page *page)
{
    struct vm_object *object = page->object;

    pmap_page_protect(page, VM_PROT_NONE);
    pmap_settle();
    radix_set(&object->pages, page->offset >> PAGE_SHIFT_BITS, NULL);
    list_remove(&page->link);
    page->object = NULL;
    resident--;
}

void vm_object_evict(struct vm_page *page)
{
    struct vm_object *object = page->object;
    uint64_t index = page->offset >> PAGE_SHIFT_BITS;

    vm_object_remove(page);
    page->dirty = page->precious = false;
    page->lock = 0;
    vm_object_answer(object, index, KERN_SUCCESS);
}

/* Every dirty page goes back, neighbours together. */
static void vm_object_return_dirty(struct vm_object *object)
{
    struct vm_page *page;
    uint64_t index = 0;

    while ((page = radix_next(&object->pages, &index))) {
        uint64_t count = 0;
        while (page && (page->dirty || page->precious) && count < 64)
            page = vm_object_page(object, index + ++count);
        if (count)
            vm_pager_return(object, index, count, true);
        index += count ? count : 1;
    }
}

static void vm_object_free_pages(struct vm_object *object)
{
    struct vm_page *page;

    while (
        (page = list_first_entry(&object->page_list, struct vm_page, link))) {
        vm_object_remove(page);
        page->wire_count = 0;
        page->outdated = false;
        vm_page_free(page);
    }
}

/* The end of an object that nothing refers to. */
static void vm_object_terminate(struct vm_object *object)
{
    vm_object_reference(object); /* nobody may find it at zero again */
    if (object->pager)
        vm_object_return_dirty(object);
    vm_object_free_pages(object);
    vm_object_answer_all(object, KERN_MEMORY_FAILURE);
    if (object->pager)
        vm_pager_terminate(object);
    if (object->control)
        ipc_port_dealloc_kernel(object->control);
    if (object->name)
        ipc_port_dealloc_kernel(object->name);
    vm_object_free(object);
}

/* Sends a page of OBJECT back to its pager, with its neighbours, or frees it;
 * false if it has none. */
static bool vm_object_shed(struct vm_object *object)
{
    struct vm_page *page =
        list_first_entry(&object->page_list, struct vm_page, link);
    uint64_t index = page ? page->offset >> PAGE_SHIFT_BITS : 0, count = 0;

    if (!page)
        return false;
    for (struct vm_page *next = page;
         object->pager && next && (next->dirty || next->precious) && count < 64;
         next = vm_object_page(object, index + ++count))
        continue;
    if (count && vm_pager_return(object, index, count, true))
        return true;
    page->wire_count = 0;
    page->outdated = false;
    vm_object_evict(page);
    vm_page_free(page);
    return true;
}

/* OBJECT, that nobody refers to, is emptied and ended, in later entries if it is
 * large.  Somebody may map it anew meanwhile: then it lives on.  What it takes
 * to return its pages is nobody's: its last user may have no more. */
static void vm_object_end(struct vm_object *object)
{
    struct account *before = account_current;
    bool more = true;

    account_current = NULL;
    while (more && !work_spent())
        more = vm_object_shed(object);
    if (!more)
        vm_object_terminate(object);
    account_current = before;
    if (!more)
        return;
    if (!list_linked(&object->ending_link))
        list_append(&ending, &object->ending_link);
    work_later(&ending_work);
}

static void vm_object_run_ending(struct work *work)
{
    struct vm_object *object =
        list_first_entry(&ending, struct vm_object, ending_link);

    if (!object)
        return;
    list_remove(&object->ending_link);
    if (!object->references)
        vm_object_end(object);
    if (!list_empty(&ending))
        work_later(work);
}

void vm_object_release(struct vm_object *object)
{
    if (--object->references)
        return;
    cached++;
    /* One that has not answered init yet is ended when it does. */
    if (object->pager && (object->may_cache || !object->ready))
        return;
    vm_object_end(object);
}

/* A request for page INDEX, for which there is none; NULL: no memory, or too
 * many. */
static struct vm_request *vm_request_make(struct vm_object *object,
                                          uint64_t index)
{
    struct vm_request *request = NULL;

    if (object->requests.count < REQUESTS_MAX)
        request = kalloc(sizeof *request);
    if (!request || !radix_set(&object->requests, index, request)) {
        kfree(request);
        return NULL;
    }
    request->index = index;
    list_init(&request->waiters);
    return request;
}

/* Requests for the pages after INDEX that nobody waits for yet; how many. */
static uint64_t vm_request_ahead(struct vm_object *object, uint64_t index)
{
    uint64_t count = 0;
    struct vm_request *request;

    while (count < object->ahead &&
           (request = vm_request_make(object, index + 1 + count))) {
        request->access = VM_PROT_READ;
        count++;
    }
    return count;
}

/* Queues WAIT on the page; says whether the pager must be asked (again). */
static kern_return_t vm_request_join(struct vm_object *object, uint64_t index,
                                     vm_prot_t access,
                                     struct vm_fault_wait *wait, bool *ask)
{
    struct vm_request *request = radix_get(&object->requests, index);

    *ask = !request || access & ~request->access;
    if (!request)
        request = vm_request_make(object, index);
    if (!request)
        return KERN_RESOURCE_SHORTAGE;
    request->access |= access;
    list_append(&request->waiters, &wait->link);
    return KERN_WAITING;
}

static void vm_wait_list_wake(struct list *waiters, kern_return_t result)
{
    struct list *link;

    while ((link = list_first(waiters)))
        vm_fault_wait_wake(list_entry(link, struct vm_fault_wait, link),
                           result);
}

static void vm_request_end(struct vm_object *object, struct vm_request *request,
                           kern_return_t result)
{
    vm_wait_list_wake(&request->waiters, result);
    radix_set(&object->requests, request->index, NULL);
    kfree(request);
}

void vm_object_answer(struct vm_object *object, uint64_t index,
                      kern_return_t result)
{
    struct vm_request *request = radix_get(&object->requests, index);

    if (request)
        vm_request_end(object, request, result);
}

void vm_object_answer_range(struct vm_object *object, uint64_t first,
                            uint64_t count, kern_return_t result)
{
    struct vm_request *request;

    for (uint64_t i = first;
         (request = radix_next(&object->requests, &i)) && i - first < count;)
        vm_request_end(object, request, result);
}

bool vm_object_awaited(const struct vm_object *object, uint64_t *index,
                       uint64_t end)
{
    return radix_next(&object->requests, index) && *index < end;
}

void vm_object_answer_all(struct vm_object *object, kern_return_t result)
{
    vm_object_answer_range(object, 0, UINT64_MAX, result);
    vm_wait_list_wake(&object->ready_wait, result);
}

static void vm_object_ask(struct vm_object *object, uint64_t index,
                          uint64_t count, vm_prot_t access)
{
    uint64_t each = object->takes_many ? count : 1;

    for (; count; count -= each, index += each)
        vm_pager_request(object, index, each, access);
}

bool vm_object_asked(const struct vm_object *object, uint64_t index)
{
    return radix_get(&object->requests, index) != NULL;
}

bool vm_object_waited(const struct vm_object *object, uint64_t index)
{
    const struct vm_request *request = radix_get(&object->requests, index);

    return request && !list_empty(&request->waiters);
}

void vm_object_forget(struct vm_object *object, uint64_t index)
{
    struct vm_page *page = vm_object_page(object, index);

    if (page) {
        vm_object_evict(page);
        vm_page_free(page);
    }
}

kern_return_t vm_object_get(struct vm_object *object, uint64_t index,
                            vm_prot_t access, struct vm_fault_wait *wait,
                            struct vm_page **page_out)
{
    struct vm_page *page = vm_object_page(object, index);
    bool ask;

    if (page && !page->outdated && !(page->lock & access)) {
        *page_out = page;
        return KERN_SUCCESS;
    }
    if (object->dead)
        return object->dead_reason;
    if (object->device)
        return KERN_MEMORY_FAILURE;
    if (!object->ready) {
        list_append(&object->ready_wait, &wait->link);
        return KERN_WAITING;
    }
    kern_return_t kr = vm_request_join(object, index, access, wait, &ask);
    if (kr == KERN_WAITING && ask) {
        if (page && !page->outdated)
            vm_pager_unlock(object, index, access);
        else
            vm_object_ask(object, index, 1 + vm_request_ahead(object, index),
                          access);
        vm_count(VM_PAGEINS, !page || page->outdated);
    }
    return kr;
}

static kern_return_t vm_snapshot_push(struct vm_amap *amap, uint64_t index,
                                      struct vm_page *page)
{
    struct vm_page *copy = vm_page_alloc(false);
    struct vm_anon *anon = copy ? vm_anon_create(copy) : NULL;

    if (!anon) {
        if (copy)
            vm_page_free(copy);
        return KERN_RESOURCE_SHORTAGE;
    }
    memcpy(vm_page_data(copy), vm_page_data(page), PAGE_SIZE);
    if (!vm_amap_set(amap, index, anon)) {
        vm_anon_release(anon);
        return KERN_RESOURCE_SHORTAGE;
    }
    return KERN_SUCCESS;
}

kern_return_t vm_object_write_page(struct vm_object *object, uint64_t index,
                                   struct vm_fault_wait *wait)
{
    struct vm_page *page = vm_object_page(object, index);
    struct vm_amap *amap;

    list_for_each(&object->snapshots, amap, snapshot_link)
    {
        uint64_t slot = index - amap->under_first;
        if (slot < amap->under_from || slot >= amap->under_to ||
            vm_amap_get(amap, slot))
            continue;
        kern_return_t kr = vm_snapshot_push(amap, slot, page);
        if (kr != KERN_SUCCESS)
            return kr;
        /* Who saw the object's page through the snapshot must see the copy;
         * other mappings of it just fault again. */
        pmap_page_protect(page, VM_PROT_NONE);
        if (work_spent())
            return vm_fault_wait_later(wait);
    }
    if (!object->device)
        page->dirty = true;
    return KERN_SUCCESS;
}

void vm_object_kill(struct vm_object *object, kern_return_t reason)
{
    object->dead = true;
    object->dead_reason = reason;
    object->may_cache = false;
    if (object->pager) {
        ipc_kobject_set(object->pager, IKOT_NONE, NULL);
        ipc_port_release_send(object->pager);
        object->pager = NULL;
    }
    vm_object_answer_all(object, reason);
    if (!object->references)
        vm_object_end(object);
}

/* --- when memory is short -------------------------------------------------- */

/* Whoever wants pages gets none of the last that pagers' objects have: those are
 * the programs that run. */
struct vm_reclaim {
    uint64_t wanted;
    uint64_t part; /* of memory, that is left to them */
    unsigned scanned, sent;
};

static bool vm_reclaim_over(const struct vm_reclaim *reclaim)
{
    return vm_page_free_count() >= reclaim->wanted ||
           resident <= vm_page_total_count() / reclaim->part ||
           reclaim->scanned >= (vm_short_enough(reclaim->wanted)
                                    ? SCANNED_CALM
                                    : SCANNED_MAX) ||
           reclaim->sent >= SENT_MAX;
}

/* Sends PAGE, which is dirty, with the neighbours that are, too, if not enough is
 * under way.  False: it stays. */
static bool vm_reclaim_send(struct vm_object *object, struct vm_page *page,
                            struct vm_reclaim *reclaim)
{
    uint64_t index = page->offset >> PAGE_SHIFT_BITS, count = 1;

    if (vm_short_enough(reclaim->wanted))
        return false;
    while (count < SENT_TOGETHER &&
           (page = vm_object_page(object, index + count)) && page->dirty &&
           !page->wire_count && !page->precious && !page->outdated)
        count++;
    reclaim->sent += (unsigned)count;
    vm_pager_return(object, index, count, true);
    return !vm_object_page(object, index);
}

/* Pages that have to stay go to the end: others are looked at next time. */
static void vm_object_shrink(struct vm_object *object,
                             struct vm_reclaim *reclaim)
{
    struct list kept = {&kept, &kept};
    struct vm_page *page;

    while (
        (page = list_first_entry(&object->page_list, struct vm_page, link)) &&
        !vm_reclaim_over(reclaim)) {
        bool stays = page->wire_count || page->precious ||
                     (object->paging && !page->passed);
        page->passed = object->paging; /* who asked for it comes soon */
        reclaim->scanned++;
        if (!stays && page->dirty) {
            stays = !vm_reclaim_send(object, page, reclaim);
        } else if (!stays) {
            vm_object_evict(page);
            vm_page_free(page);
        }
        if (stays) {
            list_remove(&page->link);
            list_append(&kept, &page->link);
        }
    }
    list_splice(&object->page_list, &kept);
}

/* What nobody maps goes first, and with its last page the object. */
static void vm_reclaim_pass(struct vm_reclaim *reclaim, bool mapped)
{
    struct vm_object *object, *next;

    list_for_each_safe(&all_objects, object, next, all_link)
    {
        if (vm_reclaim_over(reclaim)) {
            /* The search goes on from here the next time. */
            list_remove(&all_objects);
            list_insert_before(&object->all_link, &all_objects);
            return;
        }
        reclaim->scanned++;
        if (!object->pager || !object->ready || (!mapped && object->references))
            continue;
        vm_object_shrink(object, reclaim);
        if (!object->references && list_empty(&object->page_list))
            vm_object_terminate(object);
    }
}

void vm_object_reclaim(uint64_t wanted)
{
    struct vm_reclaim reclaim = {
        .wanted = wanted,
        .part = vm_swap_is_on() ? OBJECT_PAGES_SWAP_PART : OBJECT_PAGES_PART};
    struct account *before = account_current;

    /* What it takes to return pages is nobody's who happens to want some. */
    account_current = NULL;
    vm_reclaim_pass(&reclaim, false);
    vm_reclaim_pass(&reclaim, true);
    account_current = before;
}
