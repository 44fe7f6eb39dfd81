/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/rpc.c: the vm_ routines of mach.defs and gnumach.defs. */
#include "vm/rpc.h"
#include "core/account.h"
#include "mig/kobject.h"
#include "task/task.h"
#include "vm/copy.h"
#include "vm/entry.h"
#include "vm/fault.h"
#include "vm/page.h"
#include "vm/swap.h"

#include <mach/mach_types.h>

kern_return_t rpc_vm_allocate(vm_map_t map, vm_address_t *address,
                              vm_size_t size, boolean_t anywhere)
{
    return map ? vm_map_allocate(map, address, size, anywhere)
               : KERN_INVALID_ARGUMENT;
}

kern_return_t rpc_vm_deallocate(vm_map_t map, vm_address_t address,
                                vm_size_t size)
{
    if (!map)
        return KERN_INVALID_ARGUMENT;
    if (!size)
        return KERN_SUCCESS;
    uint64_t *cursor = ipc_request_cursor();
    vm_offset_t start = *cursor ? *cursor - 1 : trunc_page(address);
    kern_return_t kr =
        vm_map_remove_part(map, &start, round_page(address + size));
    *cursor = start + 1;
    return kr;
}

kern_return_t rpc_vm_protect(vm_map_t map, vm_address_t address, vm_size_t size,
                             boolean_t set_maximum, vm_prot_t protection)
{
    if (!map || protection & ~(VM_PROT_ALL | VM_PROT_NOTIFY))
        return KERN_INVALID_ARGUMENT;
    if (!size)
        return KERN_SUCCESS;
    vm_offset_t start = trunc_page(address), end = round_page(address + size);
    if (!vm_map_calm(map, start, end))
        return KERN_LATER;
    return vm_map_protect(map, start, end, protection, set_maximum);
}

kern_return_t rpc_vm_inherit(vm_map_t map, vm_address_t address, vm_size_t size,
                             vm_inherit_t inheritance)
{
    if (!map)
        return KERN_INVALID_ARGUMENT;
    return vm_map_inherit(map, trunc_page(address), round_page(address + size),
                          inheritance);
}

/* Who looks into another task must not be left waiting, now or when it looks at
 * what it got, by whatever pager that task has found itself. */
static kern_return_t vm_read_foreign(struct vm_map *map, vm_offset_t address,
                                     vm_size_t size, struct vm_map_copy **copy)
{
    struct vm_fault_wait *wait = ipc_request_wait();
    struct vm_copyin_bound bound;

    if (!wait)
        return KERN_RESOURCE_SHORTAGE;
    vm_copyin_bound_init(&bound);
    kern_return_t kr = ipc_request_waited();
    if (kr == KERN_SUCCESS)
        kr = vm_map_copyin_fetch(map, address, size, &bound, wait);
    return kr == KERN_SUCCESS
               ? vm_map_copyin_take(map, address, size, false, &bound, copy)
               : kr;
}

kern_return_t rpc_vm_read(vm_map_t map, vm_address_t address, vm_size_t size,
                          vm_offset_t *data, mach_msg_type_number_t *count)
{
    struct vm_map_copy *copy = NULL;

    /* A message counts no more bytes than that. */
    if (!map || size > UINT32_MAX)
        return KERN_INVALID_ARGUMENT;
    if (!vm_map_calm(map, trunc_page(address), round_page(address + size)))
        return KERN_LATER;
    const struct task *reader = ipc_request_task();
    kern_return_t kr = reader && reader->map == map
                           ? vm_map_copyin(map, address, size, false, &copy)
                           : vm_read_foreign(map, address, size, &copy);
    if (kr == KERN_SUCCESS) {
        *data = (vm_offset_t)copy;
        *count = (mach_msg_type_number_t)size;
    }
    return kr;
}

/* A copy into a map whose data have to be paged in first. */
struct vm_overwrite {
    struct vm_fault_wait wait;
    struct vm_map *map;       /* a reference */
    struct vm_map_copy *copy; /* owned */
    struct ipc_reply_to reply;
    vm_offset_t address;
    vm_size_t done;
};

static void vm_overwrite_run(struct vm_fault_wait *wait, kern_return_t result)
{
    struct vm_overwrite *job = (struct vm_overwrite *)wait;
    struct account *before = account_current;

    account_current = kalloc_account(job);
    if (result == KERN_SUCCESS)
        result = vm_map_copy_overwrite(job->map, job->address, job->copy,
                                       &job->done, wait);
    if (result != KERN_WAITING)
        ipc_reply_simple(job->reply.port, job->reply.disposition, job->reply.id,
                         result);
    account_current = before;
    if (result == KERN_WAITING)
        return;
    if (result != KERN_SUCCESS)
        vm_map_copy_discard(job->copy);
    vm_map_deallocate(job->map);
    kfree(job);
}

/* Consumes COPY in any case; answers the current request, now or later. */
static kern_return_t vm_overwrite_start(struct vm_map *map, vm_offset_t address,
                                        struct vm_map_copy *copy)
{
    struct vm_overwrite *job = kalloc(sizeof *job);

    if (!job) {
        vm_map_copy_discard(copy);
        return KERN_RESOURCE_SHORTAGE;
    }
    *job = (struct vm_overwrite){.map = map, .copy = copy, .address = address};
    job->wait.done = vm_overwrite_run;
    kern_return_t kr =
        vm_map_copy_overwrite(map, address, copy, &job->done, &job->wait);
    if (kr == KERN_WAITING) {
        vm_map_reference(map);
        ipc_take_reply(&job->reply);
        return MIG_NO_REPLY;
    }
    kfree(job);
    if (kr != KERN_SUCCESS)
        vm_map_copy_discard(copy);
    return kr;
}

kern_return_t rpc_vm_write(vm_map_t map, vm_address_t address, vm_offset_t data,
                           mach_msg_type_number_t count)
{
    struct vm_map_copy *copy = (struct vm_map_copy *)data;
    struct vm_map_copy *mine = NULL;

    if (!map || !copy)
        return KERN_INVALID_ARGUMENT;
    /* A request that fails is destroyed with its memory: work on our own. */
    kern_return_t kr = vm_copy_split(copy, &mine);
    if (kr == KERN_SUCCESS)
        kr = vm_overwrite_start(map, address, mine);
    if (kr == KERN_SUCCESS || kr == MIG_NO_REPLY)
        vm_map_copy_discard(copy);
    return kr;
}

kern_return_t rpc_vm_copy(vm_map_t map, vm_address_t source, vm_size_t size,
                          vm_address_t dest)
{
    struct vm_map_copy *copy;

    if (!map)
        return KERN_INVALID_ARGUMENT;
    if (!vm_map_calm(map, trunc_page(source), round_page(source + size)))
        return KERN_LATER;
    kern_return_t kr = vm_map_copyin(map, source, size, false, &copy);
    return kr == KERN_SUCCESS ? vm_overwrite_start(map, dest, copy) : kr;
}

kern_return_t rpc_vm_region(vm_map_t map, vm_address_t *address,
                            vm_size_t *size, vm_prot_t *protection,
                            vm_prot_t *max_protection,
                            vm_inherit_t *inheritance, boolean_t *is_shared,
                            ipc_port_t *object_name, vm_offset_t *offset)
{
    if (!map)
        return KERN_INVALID_ARGUMENT;
    unsigned i = vm_map_index(map, *address);
    if (i >= map->count)
        return KERN_NO_SPACE;
    const struct vm_map_entry *entry = map->entries[i];
    *address = entry->start;
    *size = entry->end - entry->start;
    *protection = entry->prot;
    *max_protection = entry->max_prot;
    *inheritance = entry->inheritance;
    *is_shared = (entry->amap && entry->amap->shared) ||
                 (entry->object && !entry->private);
    *object_name = entry->object && entry->object->name
                       ? ipc_port_make_send(entry->object->name)
                       : IP_NULL;
    *offset = entry->object ? entry->object_first << PAGE_SHIFT_BITS : 0;
    return KERN_SUCCESS;
}

/* What a vm_map call names: the object (a reference) and the window on it. */
static kern_return_t vm_map_source(struct ipc_port *port, vm_offset_t *offset,
                                   vm_size_t size, vm_prot_t *max_prot,
                                   struct vm_object **object_out)
{
    struct vm_proxy *proxy = ipc_kobject_get(port, IKOT_PAGER_PROXY);
    struct vm_object *named = ipc_kobject_get(port, IKOT_PAGING_NAME);

    if (proxy) {
        if (*offset > proxy->size || size > proxy->size - *offset)
            return KERN_INVALID_ARGUMENT;
        *offset += proxy->start;
        *max_prot &= proxy->max_prot;
        vm_object_reference(proxy->object);
        *object_out = proxy->object;
        return KERN_SUCCESS;
    }
    if (named || !IP_VALID(port) || !ipc_port_active(port))
        return KERN_INVALID_ARGUMENT;
    *object_out = vm_object_for_pager(port);
    return *object_out ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

kern_return_t rpc_vm_map(vm_map_t map, vm_address_t *address, vm_size_t size,
                         vm_address_t mask, boolean_t anywhere, ipc_port_t port,
                         vm_offset_t offset, boolean_t copy,
                         vm_prot_t protection, vm_prot_t max_protection,
                         vm_inherit_t inheritance)
{
    struct vm_object *object = NULL;
    vm_prot_t asked = protection, asked_max = max_protection;

    if (!map || !size || offset & (PAGE_SIZE - 1) ||
        (protection | max_protection) & ~VM_PROT_ALL ||
        (inheritance != VM_INHERIT_SHARE && inheritance != VM_INHERIT_COPY &&
         inheritance != VM_INHERIT_NONE))
        return KERN_INVALID_ARGUMENT;
    if (port == IP_DEAD)
        return KERN_INVALID_ARGUMENT;
    kern_return_t kr = KERN_SUCCESS;
    if (port != IP_NULL)
        kr = vm_map_source(port, &offset, size, &max_protection, &object);
    if (kr != KERN_SUCCESS)
        return kr;
    if (copy)
        max_protection = asked_max; /* a private copy may be written */
    if (asked & ~max_protection)
        kr = KERN_PROTECTION_FAILURE;
    if (kr == KERN_SUCCESS)
        kr = vm_map_enter(map, address, size, mask, anywhere, object, offset,
                          copy, protection, max_protection, inheritance);
    if (kr != KERN_SUCCESS && object)
        vm_object_release(object);
    return kr; /* the stub drops the right */
}

kern_return_t rpc_vm_machine_attribute(vm_map_t map, vm_address_t address,
                                       vm_size_t size,
                                       vm_machine_attribute_t attribute,
                                       vm_machine_attribute_val_t *value)
{
    return KERN_INVALID_ARGUMENT; /* no attribute is settable here */
}

kern_return_t rpc_vm_object_sync(vm_object_t object, vm_offset_t offset,
                                 vm_size_t size, boolean_t should_flush,
                                 boolean_t should_return,
                                 boolean_t should_iosync)
{
    if (!object)
        return KERN_INVALID_ARGUMENT;
    return rpc_memory_object_lock_request(
        object, offset, size,
        should_return ? MEMORY_OBJECT_RETURN_ALL : MEMORY_OBJECT_RETURN_NONE,
        should_flush, VM_PROT_NO_CHANGE, IP_NULL, 0);
}

/* Returns to the pager what of [*START, END) is in ENTRY; false: *START has been
 * moved on, the rest is for another entry of the kernel's. */
static bool vm_entry_sync(struct vm_map_entry *entry, vm_offset_t *start,
                          vm_offset_t end, bool flush)
{
    struct vm_object *object = entry->object;
    uint64_t index = entry->object_first, last = index;

    if (!object || entry->private || !object->pager)
        return true;
    index += (*start - entry->start) >> PAGE_SHIFT_BITS;
    last += (min_of(end, entry->end) - entry->start) >> PAGE_SHIFT_BITS;
    bool done =
        vm_object_lock_range(object, &index, last, MEMORY_OBJECT_RETURN_ALL,
                             flush, VM_PROT_NO_CHANGE);
    if (!done)
        *start =
            entry->start + ((index - entry->object_first) << PAGE_SHIFT_BITS);
    return done;
}

kern_return_t rpc_vm_msync(vm_map_t map, vm_address_t address, vm_size_t size,
                           vm_sync_t flags)
{
    uint64_t *cursor = ipc_request_cursor();
    vm_offset_t start = *cursor ? *cursor - 1 : trunc_page(address);
    vm_offset_t end = round_page(address + size);

    if (!map || (flags & VM_SYNC_SYNCHRONOUS && flags & VM_SYNC_ASYNCHRONOUS))
        return KERN_INVALID_ARGUMENT;
    for (unsigned i = vm_map_index(map, start);
         i < map->count && map->entries[i]->start < end; i++) {
        start = max_of(start, map->entries[i]->start);
        if (!vm_entry_sync(map->entries[i], &start, end,
                           (flags & VM_SYNC_INVALIDATE) != 0)) {
            *cursor = start + 1;
            return KERN_LATER;
        }
    }
    return KERN_SUCCESS;
}

/* --- the rest ------------------------------------------------------------- */

kern_return_t rpc_vm_set_default_memory_manager(host_t host_priv,
                                                ipc_port_t *manager)
{
    if (!host_priv)
        return KERN_INVALID_HOST;
    vm_swap_set_manager(manager);
    return KERN_SUCCESS;
}

/* --- proxies -------------------------------------------------------------- */

void vm_proxy_destroy(struct vm_proxy *proxy)
{
    vm_object_release(proxy->object);
    ipc_port_dealloc_kernel(proxy->port);
    kfree(proxy);
}

kern_return_t vm_proxy_create(struct vm_object *object, vm_offset_t start,
                              vm_size_t size, vm_prot_t max_prot,
                              ipc_port_t *port_out)
{
    struct vm_proxy *proxy = kalloc(sizeof *proxy);

    if (proxy)
        proxy->port = ipc_port_alloc_kernel(IKOT_PAGER_PROXY, proxy);
    if (!proxy || !proxy->port) {
        kfree(proxy);
        vm_object_release(object);
        return KERN_RESOURCE_SHORTAGE;
    }
    proxy->object = object;
    proxy->start = start;
    proxy->size = size;
    proxy->max_prot = max_prot;
    *port_out = ipc_port_make_send(proxy->port);
    return KERN_SUCCESS;
}

kern_return_t rpc_memory_object_create_proxy(
    ipc_space_t space, vm_prot_t max_protection,
    const memory_object_array_t object, mach_msg_type_number_t object_count,
    const rpc_vm_offset_array_t offset, mach_msg_type_number_t offset_count,
    const rpc_vm_offset_array_t start, mach_msg_type_number_t start_count,
    const rpc_vm_size_array_t len, mach_msg_type_number_t len_count,
    ipc_port_t *proxy)
{
    struct ipc_port *const *ports = (struct ipc_port *const *)object;
    struct vm_object *under;

    if (!space || object_count != 1 || offset_count != 1 || start_count != 1 ||
        len_count != 1 || offset[0] != 0 || start[0] & (PAGE_SIZE - 1) ||
        !IP_VALID(ports[0]))
        return KERN_INVALID_ARGUMENT;
    vm_offset_t from = start[0];
    kern_return_t kr =
        vm_map_source(ports[0], &from, len[0], &max_protection, &under);
    if (kr == KERN_SUCCESS)
        kr = vm_proxy_create(under, from, len[0], max_protection, proxy);
    if (kr == KERN_SUCCESS)
        ipc_port_release_send(ports[0]);
    return kr;
}

kern_return_t rpc_vm_region_create_proxy(task_t task, vm_address_t address,
                                         vm_prot_t max_protection,
                                         vm_size_t len, ipc_port_t *proxy)
{
    if (!task)
        return KERN_INVALID_ARGUMENT;
    struct vm_map_entry *entry = vm_map_entry_at(task->map, address);
    if (!entry)
        return KERN_INVALID_ADDRESS;
    /* Anonymous memory has no object that could be mapped elsewhere. */
    if (!entry->object || entry->private)
        return KERN_INVALID_ARGUMENT;
    if (len > entry->end - address)
        return KERN_NO_SPACE;
    vm_object_reference(entry->object);
    return vm_proxy_create(entry->object,
                           (entry->object_first << PAGE_SHIFT_BITS) +
                               (address - entry->start),
                           len, max_protection & entry->max_prot, proxy);
}
