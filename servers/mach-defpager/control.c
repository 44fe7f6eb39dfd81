/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/mach-defpager/control.c: what others than the kernel ask for. */

#include <string.h>

#include "mach-defpager/default_pager_S.h"
#include "mach-defpager/defpager.h"
#include "mach-defpager/memory_object_S.h"
#include "mach-defpager/memory_object_default_S.h"

kern_return_t S_default_pager_info(mach_port_t pager,
                                   default_pager_info_t *info)
{
    if (pager != defpager_port)
        return KERN_INVALID_ARGUMENT;
    info->dpi_total_space = storage_pages() * vm_page_size;
    info->dpi_free_space = storage_free_pages() * vm_page_size;
    info->dpi_page_size = vm_page_size;
    return KERN_SUCCESS;
}

kern_return_t S_default_pager_paging_storage_new(
    mach_port_t pager, mach_port_t device, const recnum_t *runs,
    mach_msg_type_number_t count, const_default_pager_filename_t name,
    boolean_t add)
{
    if (pager != defpager_port)
        return KERN_INVALID_ARGUMENT;
    if (add)
        return storage_add(device, runs, count, name);
    error_t err = storage_remove(name);
    if (!err)
        mach_port_drop(device);
    return err;
}

/* A reply's memory: pages of its own. */
static error_t reply_room(size_t size, vm_address_t *memory)
{
    *memory = 0;
    return vm_allocate(mach_task_self(), memory, size ? size : 1, TRUE);
}

kern_return_t S_default_pager_storage_info(mach_port_t pager,
                                           vm_size_array_t *sizes,
                                           mach_msg_type_number_t *size_count,
                                           vm_size_array_t *frees,
                                           mach_msg_type_number_t *free_count,
                                           data_t *names,
                                           mach_msg_type_number_t *name_size)
{
    struct storage_view view;
    vm_address_t memory[3];
    size_t text = 0;
    unsigned n = 0;

    if (pager != defpager_port)
        return KERN_INVALID_ARGUMENT;
    for (; storage_view(n, &view); n++)
        text += strlen(view.name) + 1;
    if (reply_room(n * sizeof(vm_size_t), &memory[0]) ||
        reply_room(n * sizeof(vm_size_t), &memory[1]) ||
        reply_room(text, &memory[2]))
        return KERN_RESOURCE_SHORTAGE;
    *sizes = (vm_size_t *)memory[0];
    *frees = (vm_size_t *)memory[1];
    *names = (char *)memory[2];
    char *name = *names;
    for (n = 0; storage_view(n, &view); n++) {
        (*sizes)[n] = view.pages * vm_page_size;
        (*frees)[n] = view.free_pages * vm_page_size;
        name = stpcpy(name, view.name) + 1;
    }
    *size_count = *free_count = n;
    *name_size = (mach_msg_type_number_t)text;
    return KERN_SUCCESS;
}

/* --- objects of others ------------------------------------------------------- */

kern_return_t S_default_pager_object_create(mach_port_t pager,
                                            mach_port_t *port, vm_size_t size)
{
    mach_port_t before = MACH_PORT_NULL;

    if (pager != defpager_port)
        return KERN_INVALID_ARGUMENT;
    *port = mach_reply_port();
    if (!MACH_PORT_VALID(*port))
        return KERN_RESOURCE_SHORTAGE;
    if (!object_create(*port, MACH_PAGE_ROUND(size) / vm_page_size)) {
        mach_port_destroy_receive(*port);
        return KERN_RESOURCE_SHORTAGE;
    }
    return mach_port_request_notification(
        mach_task_self(), *port, MACH_NOTIFY_NO_SENDERS, 1, *port,
        MACH_MSG_TYPE_MAKE_SEND_ONCE, &before);
}

kern_return_t S_default_pager_object_set_size(mach_port_t port,
                                              mach_port_seqno_t seqno,
                                              vm_size_t size)
{
    struct object *object = object_find(port);
    uint64_t limit = MACH_PAGE_ROUND(size) / vm_page_size;

    if (!object || object->kernels)
        return KERN_INVALID_ARGUMENT;
    if (limit < object->limit) {
        if (object->control != MACH_PORT_NULL)
            memory_object_lock_request(object->control, limit * vm_page_size,
                                       (object->limit - limit) * vm_page_size,
                                       MEMORY_OBJECT_RETURN_NONE, TRUE,
                                       VM_PROT_NO_CHANGE, MACH_PORT_NULL);
        object_cut(object, limit);
    }
    object->limit = limit;
    return KERN_SUCCESS;
}

/* Nobody has the port any more, the kernel neither. */
static boolean_t no_senders(const mach_msg_header_t *in)
{
    struct object *object = object_find(in->msgh_local_port);

    if (in->msgh_id != MACH_NOTIFY_NO_SENDERS || !mach_msg_is_kernels(in))
        return FALSE;
    if (object && !object->kernels)
        object_destroy(object);
    return TRUE;
}

boolean_t defpager_demuxer(mach_msg_header_t *in, mach_msg_header_t *out)
{
    mig_routine_t routine = memory_object_server_routine(in);

    if (!routine)
        routine = memory_object_default_server_routine(in);
    if (!routine)
        routine = default_pager_server_routine(in);
    if (routine) {
        routine(in, out);
        return TRUE;
    }
    if (!no_senders(in))
        return FALSE;
    ((mig_reply_header_t *)out)->RetCode = MIG_NO_REPLY;
    return TRUE;
}
