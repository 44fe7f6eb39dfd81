/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiled with the kernel's types. */
#include "checker.h"
#include "ipc/entry.h"
#include "ipc/kmsg.h"
#include "task/task.h"
#include "task/thread.h"
#include "vm/age.h"
#include "vm/entry.h"
#include "vm/page.h"
#include "vm/slot.h"

static const char *complaint;

#define MUST(condition)                                                        \
    do {                                                                       \
        if (!(condition) && !complaint) {                                      \
            complaint = #condition;                                            \
        }                                                                      \
    } while (0)

/* --- ports ---------------------------------------------------------------------- */

static bool first_is_later(struct ipc_port *port)
{
    return list_first_entry(&port->queue.messages, struct ipc_kmsg, port_link)
        ->later;
}

static void check_queue(struct ipc_port *port)
{
    struct ipc_kmsg *kmsg;
    uint64_t last = 0;
    unsigned count = 0;

    list_for_each(&port->queue.messages, kmsg, port_link)
    {
        MUST(KMSG_REMOTE(kmsg) == port);
        MUST(count == 0 || kmsg->arrival > last);
        last = kmsg->arrival;
        count++;
    }
    MUST(port->message_count == count);
    MUST(heap_linked(&port->ready_node) == (port->pset != NULL && count != 0));
    MUST(!heap_linked(&port->ready_node) ||
         port->ready_in ==
             (first_is_later(port) ? &port->pset->later : &port->pset->ready));
    MUST(count == 0 || port->active);
    MUST(count == 0 || list_empty(&port->queue.receivers));
}

static void check_port(struct ipc_port *port)
{
    struct ipc_request *request;

    MUST(port->references >= port->send_rights + port->send_once_rights);
    MUST(port->references > 0);
    MUST(!port->destination || !port->receiver);
    MUST(!port->pset || port->receiver);
    list_for_each(&port->requests, request, link)
    {
        struct ipc_entry *entry =
            ipc_entry_lookup(request->space, request->name);
        MUST(entry && entry->request == request);
    }
    check_queue(port);
}

static void check_set(const struct ipc_pset *pset)
{
    struct ipc_port *port;

    list_for_each(&pset->members, port, pset_link)
    {
        MUST(port->pset == pset);
    }
    MUST((!pset->ready.first && !pset->later.first) ||
         list_empty(&pset->queue.receivers));
}

static void check_entry(struct ipc_space *space, mach_port_name_t name,
                        struct ipc_entry *entry)
{
    mach_port_name_t known = 0;
    struct ipc_port *port = entry->object;

    if (entry->type & MACH_PORT_TYPE_PORT_SET) {
        check_set(entry->object);
        return;
    }
    MUST((entry->type & MACH_PORT_TYPE_DEAD_NAME) == 0 || !port);
    MUST(entry->type == MACH_PORT_TYPE_RECEIVE || entry->user_refs > 0);
    if (!port) {
        return;
    }
    check_port(port);
    if (entry->type & MACH_PORT_TYPE_RECEIVE) {
        MUST(port->receiver == space && port->receiver_name == name);
        MUST(port->active);
    }
    if (entry->type & MACH_PORT_TYPE_SEND) {
        MUST(ipc_hash_lookup(space, port, &known) == entry && known == name);
        MUST(port->send_rights > 0);
    }
    if (entry->type & MACH_PORT_TYPE_SEND_ONCE) {
        MUST(port->send_once_rights > 0);
    }
}

static void check_space(struct ipc_space *space)
{
    mach_port_name_t name = 0;
    struct ipc_entry *entry;
    unsigned count = 0;

    for (; (entry = ipc_entry_next(space, &name)) != NULL; name++, count++) {
        check_entry(space, name, entry);
    }
    MUST(count == space->used_count);
}

/* --- memory --------------------------------------------------------------------- */

/* The page that stands behind ADDRESS, if it is there. */
static struct vm_page *page_behind(const struct vm_map_entry *entry,
                                   uint64_t index, bool *may_write)
{
    uint64_t slot = entry->amap_first + index;
    const struct vm_anon *anon = vm_amap_get(entry->amap, slot);

    *may_write = false;
    if (anon) {
        *may_write = vm_amap_exclusive(entry->amap, slot) && !entry->needs_copy;
        return anon->page;
    }
    if (!entry->object) {
        return NULL;
    }
    struct vm_page *page =
        vm_object_page(entry->object, entry->object_first + index);
    *may_write =
        page && !entry->private && (page->dirty || entry->object->device);
    return page;
}

/* What a task sees is what its map says, and it can write only what is its own,
 * or everybody's. */
static void check_mapping(const struct vm_map *map,
                          const struct pmap_entry *mapping)
{
    const struct vm_map_entry *entry = vm_map_entry_at(map, mapping->address);
    bool may_write;

    MUST(entry);
    if (!entry) {
        return;
    }
    MUST(mapping->page ==
         page_behind(entry,
                     (mapping->address - entry->start) >> PAGE_SHIFT_BITS,
                     &may_write));
    MUST(!(mapping->prot & ~entry->prot));
    MUST(may_write || !(mapping->prot & VM_PROT_WRITE));
}

static void check_pmap(const struct vm_map *map)
{
    const struct pmap_entry *mapping;
    uint64_t joints = 0;

    for (uint64_t index = 0; (mapping = radix_next(&map->pmap.entries, &index));
         index++) {
        MUST(mapping->pmap == &map->pmap);
        MUST(mapping->address == index << PAGE_SHIFT_BITS);
        MUST(*mapping->link == mapping);
        MUST(mapping->page->used && !mapping->page->orphan);
        check_mapping(map, mapping);
        joints += pmap_joints_at(&map->pmap, index);
    }
    MUST(joints == 2 * map->pmap.joints);
}

/* What is at the default pager is nowhere else. */
static void check_anons(const struct vm_map_entry *entry)
{
    uint64_t at = entry->amap_first;
    uint64_t end = at + vm_entry_pages(entry);
    const struct vm_anon *anon;

    for (; entry->amap && (anon = radix_next(&entry->amap->anons, &at)) &&
           at < end;
         at++) {
        MUST(anon->references > 0);
        MUST(!anon->page != !anon->slot);
        MUST(!anon->slot || vm_slot_is_used(anon->slot));
    }
}

static void check_map(const struct vm_map *map)
{
    vm_offset_t last = map->min;
    vm_size_t size = 0;

    for (unsigned i = 0; i < map->count; i++) {
        const struct vm_map_entry *entry = map->entries[i];

        MUST(entry->start >= last && entry->end > entry->start);
        MUST(entry->end <= map->max);
        MUST(!(entry->prot & ~entry->max_prot));
        MUST(!entry->amap || entry->amap->references > 0);
        MUST(!entry->private || entry->object);
        check_anons(entry);
        last = entry->end;
        size += entry->end - entry->start;
    }
    MUST(size == map->size);
    check_pmap(map);
}

static void check_frames(void)
{
    uint64_t free_frames = 0, rows = 0, inactive = 0, pinned = 0;

    for (uint64_t n = 0; n < vm_page_total_count(); n++) {
        const struct vm_page *page = vm_page_at(n << PAGE_SHIFT_BITS);

        free_frames += page->free ? 1ul << page->order : 0;
        MUST(!page->free || !page->used);
        MUST(page->used || (!page->mappings && !page->anon && !page->object));
        MUST(!page->anon || page->anon->page == page);
        MUST(!page->anon || list_linked(&page->link) != page->pinned);
        MUST(page->anon || (!page->inactive && !page->pinned));
        rows += page->anon && !page->pinned;
        inactive += page->inactive;
        pinned += page->pinned;
        MUST(!page->object ||
             vm_object_page(page->object, page->offset >> PAGE_SHIFT_BITS) ==
                 page);
        for (const struct pmap_entry *m = page->mappings; m; m = m->next) {
            MUST(m->page == page);
            MUST(radix_get(&m->pmap->entries, m->address >> PAGE_SHIFT_BITS) ==
                 m);
        }
    }
    MUST(free_frames == vm_page_unused_count());
    MUST(rows == vm_age_active_count() + vm_age_inactive_count());
    MUST(inactive == vm_age_inactive_count());
    MUST(pinned == vm_age_pinned_count());
    MUST(vm_slot_is_sound());
}

const char *check_kernel(void)
{
    struct thread *thread;
    struct task *task;

    complaint = NULL;
    list_for_each(&all_tasks, task, link)
    {
        unsigned threads = 0;

        list_for_each(&task->threads, thread, task_link)
        {
            MUST(thread->task == task && thread->state != THREAD_DEAD);
            MUST(thread->state != THREAD_KERNEL);
            threads++;
        }
        MUST(threads == task->thread_count);
        check_space(task->space);
        check_map(task->map);
    }
    check_frames();
    return complaint;
}
