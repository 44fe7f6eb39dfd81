/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/mach-defpager/pager.c: what the kernel says of objects. */

#include <stdlib.h>
#include <string.h>

#include "mach-defpager/defpager.h"
#include "mach-defpager/memory_object_S.h"
#include "mach-defpager/memory_object_default_S.h"

/* --- pages ------------------------------------------------------------------ */

static boolean_t full_told;

static error_t page_keep(struct place *place, vm_address_t data)
{
    vm_address_t copy = 0;
    error_t err = vm_allocate(mach_task_self(), &copy, vm_page_size, TRUE);

    if (err)
        return err;
    memcpy((void *)copy, (const void *)data, vm_page_size);
    place_clear(place);
    place->held = copy;
    return 0;
}

error_t page_store(struct place *place, vm_address_t data)
{
    unsigned one = 1;
    block_t block = place->block;

    if (block == BLOCK_NONE)
        block = storage_take(&one);
    if (block == BLOCK_NONE && !full_told)
        mach_complain(0, "there is no room left to page to");
    full_told = block == BLOCK_NONE;
    if (block == BLOCK_NONE || storage_write(block, 1, data)) {
        if (block != BLOCK_NONE && block != place->block)
            storage_free(block);
        return page_keep(place, data);
    }
    if (block != place->block)
        place_clear(place);
    place->block = block;
    return 0;
}

error_t page_fetch(const struct place *place, vm_address_t *data)
{
    unsigned one = 1;

    if (place->block != BLOCK_NONE)
        return storage_read(place->block, &one, data);
    *data = 0;
    error_t err = vm_allocate(mach_task_self(), data, vm_page_size, TRUE);
    if (!err && place->held)
        memcpy((void *)*data, (const void *)place->held, vm_page_size);
    return err;
}

/* How many of COUNT places in a row have no block yet, or blocks in a row. */
static unsigned run_of(struct object *object, uint64_t index, unsigned count)
{
    const struct place *first = object_place(object, index, TRUE);
    unsigned n = 1;

    while (n < count) {
        const struct place *next = object_place(object, index + n, TRUE);
        if (!first || !next ||
            (first->block == BLOCK_NONE) != (next->block == BLOCK_NONE) ||
            first->held || next->held ||
            (first->block != BLOCK_NONE && next->block != first->block + n))
            break;
        n++;
    }
    return first ? n : 0;
}

/* Stores some of COUNT pages together; how many: 0 if one by one is better. */
static unsigned store_together(struct object *object, uint64_t index,
                               unsigned count, vm_address_t data)
{
    unsigned n = run_of(object, index, count);
    block_t block = n ? object_place(object, index, TRUE)->block : BLOCK_NONE;
    boolean_t fresh = block == BLOCK_NONE;

    if (n && fresh)
        block = storage_take(&n);
    if (!n || block == BLOCK_NONE)
        return 0;
    error_t err = storage_write(block, n, data);
    for (unsigned i = 0; i < n && fresh; i++) {
        if (err)
            storage_free(block + i);
        else
            object_place(object, index + i, TRUE)->block = block + i;
    }
    return err ? 0 : n;
}

/* Pages that are there already are kept if ONLY_NEW. */
static void store_pages(struct object *object, uint64_t index, unsigned count,
                        vm_address_t data, boolean_t only_new)
{
    for (unsigned done = 0; done < count;) {
        vm_address_t at = data + done * vm_page_size;
        unsigned n =
            only_new ? 0
                     : store_together(object, index + done, count - done, at);
        if (!n) {
            struct place *place = object_place(object, index + done, TRUE);
            if (place && !(only_new && (place->block || place->held)) &&
                page_store(place, at))
                mach_complain(0, "a page is lost: there is no memory");
            n = 1;
        }
        done += n;
    }
}

/* --- the kernel's messages ---------------------------------------------------- */

/* The kernel waits for this answer, or takes it to mean that it may ask for several
 * pages at once. */
static void object_begin(struct object *object, mach_port_t control,
                         mach_port_t name)
{
    mach_port_drop(object->control);
    mach_port_drop(object->name);
    object->control = control;
    object->name = name;
    memory_object_ready(control, FALSE, MEMORY_OBJECT_COPY_DELAY);
}

kern_return_t memory_object_create(mach_port_t manager, mach_port_t port,
                                   vm_size_t size, mach_port_t control,
                                   mach_port_t name, vm_size_t page_size)
{
    if (manager != defpager_port || page_size != vm_page_size)
        return KERN_INVALID_ARGUMENT;
    struct object *object = object_create(port, size / vm_page_size);
    if (!object)
        return KERN_RESOURCE_SHORTAGE;
    object->kernels = TRUE;
    object_begin(object, control, name);
    return KERN_SUCCESS;
}

kern_return_t S_memory_object_init(mach_port_t port, mach_port_t control,
                                   mach_port_t name, vm_size_t page_size)
{
    struct object *object = object_find(port);

    if (!object || page_size != vm_page_size)
        return KERN_INVALID_ARGUMENT;
    object_begin(object, control, name);
    return KERN_SUCCESS;
}

/* The kernel has let go of it.  An object of others' keeps what it has, until its
 * port is nobody's. */
kern_return_t S_memory_object_terminate(mach_port_t port, mach_port_t control,
                                        mach_port_t name)
{
    struct object *object = object_find(port);

    mach_port_destroy_receive(control);
    mach_port_destroy_receive(name);
    if (!object)
        return KERN_INVALID_ARGUMENT;
    mach_port_drop(object->control);
    mach_port_drop(object->name);
    object->control = object->name = MACH_PORT_NULL;
    if (object->kernels)
        object_destroy(object);
    return KERN_SUCCESS;
}

/* Pages from INDEX on that are in blocks in a row are brought together; how
 * many: 0 if one by one is better. */
static unsigned bring_together(struct object *object, mach_port_t control,
                               uint64_t index, unsigned count)
{
    const struct place *first = object_place(object, index, FALSE);
    vm_address_t data;
    unsigned n = 1;

    if (!first || first->block == BLOCK_NONE)
        return 0;
    while (n < count) {
        const struct place *next = object_place(object, index + n, FALSE);
        if (!next || next->block != first->block + n)
            break;
        n++;
    }
    if (n == 1 || storage_read(first->block, &n, &data))
        return 0;
    memory_object_data_supply(control, index * vm_page_size, data,
                              (mach_msg_type_number_t)(n * vm_page_size), TRUE,
                              VM_PROT_NONE, FALSE, MACH_PORT_NULL);
    return n;
}

static void bring(struct object *object, mach_port_t control, uint64_t index)
{
    const struct place *place = object_place(object, index, FALSE);
    vm_offset_t offset = index * vm_page_size;
    vm_address_t data;

    if (index >= object->limit) {
        memory_object_data_error(control, offset, vm_page_size, HURD_EINVAL);
    } else if (!place || (place->block == BLOCK_NONE && !place->held)) {
        memory_object_data_unavailable(control, offset, vm_page_size);
    } else if (page_fetch(place, &data)) {
        memory_object_data_error(control, offset, vm_page_size, HURD_EIO);
    } else {
        memory_object_data_supply(control, offset, data,
                                  (mach_msg_type_number_t)vm_page_size, TRUE,
                                  VM_PROT_NONE, FALSE, MACH_PORT_NULL);
    }
}

kern_return_t S_memory_object_data_request(mach_port_t port,
                                           mach_port_t control,
                                           vm_offset_t offset, vm_size_t length,
                                           vm_prot_t access)
{
    struct object *object = object_find(port);

    if (!object || control != object->control)
        return KERN_INVALID_ARGUMENT;
    uint64_t index = offset / vm_page_size;
    for (uint64_t left = length / vm_page_size; left;) {
        unsigned n = bring_together(object, control, index, (unsigned)left);
        if (!n) {
            bring(object, control, index);
            n = 1;
        }
        index += n;
        left -= n;
    }
    mach_port_drop(control);
    return KERN_SUCCESS;
}

static kern_return_t take_pages(mach_port_t port, mach_port_t control,
                                vm_offset_t offset, vm_address_t data,
                                mach_msg_type_number_t size, boolean_t only_new)
{
    struct object *object = object_find(port);

    if (!object || control != object->control)
        return KERN_INVALID_ARGUMENT;
    store_pages(object, offset / vm_page_size, (unsigned)(size / vm_page_size),
                data, only_new);
    vm_deallocate(mach_task_self(), data, size);
    mach_port_drop(control);
    return KERN_SUCCESS;
}

kern_return_t S_memory_object_data_return(mach_port_t port, mach_port_t control,
                                          vm_offset_t offset, vm_offset_t data,
                                          mach_msg_type_number_t size,
                                          boolean_t dirty, boolean_t kept)
{
    return take_pages(port, control, offset, data, size, FALSE);
}

kern_return_t memory_object_data_initialize(mach_port_t port,
                                            mach_port_t control,
                                            vm_offset_t offset,
                                            vm_offset_t data,
                                            mach_msg_type_number_t size)
{
    return take_pages(port, control, offset, data, size, TRUE);
}
