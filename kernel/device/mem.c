/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mem: physical memory that is nobody's RAM, to map: the firmware's, where the
 * ACPI tables are, and the devices' registers.  RAM is refused: it belongs to
 * those it was given to. */
#include "device/pc.h"
#include "device/private.h"
#include "vm/object.h"
#include "vm/rpc.h"

static bool is_within(vm_offset_t offset, vm_size_t size, uint64_t start,
                      uint64_t end)
{
    return offset >= start && offset < end && size <= end - offset;
}

static kern_return_t mem_map(struct device *device, vm_prot_t prot,
                             vm_offset_t offset, vm_size_t size,
                             struct ipc_port **pager_out)
{
    struct vm_object *object;

    if (size == 0 || offset & (PAGE_SIZE - 1)) {
        return D_INVALID_SIZE;
    }
    size = round_page(size);
    if (is_within(offset, size, MACHINE_LEGACY_BASE, MACHINE_BIOS_END)) {
        /* Firmware is read-only memory. */
        prot &= ~VM_PROT_WRITE;
        object = vm_object_for_frames(offset, size >> PAGE_SHIFT_BITS);
    } else if (is_within(offset, size, MACHINE_HOLE_BASE, MACHINE_HOLE_END)) {
        object = vm_object_for_registers(offset);
    } else {
        return D_INVALID_OPERATION;
    }
    if (object == NULL) {
        return D_NO_MEMORY;
    }
    return vm_proxy_create(object, 0, size, prot & VM_PROT_ALL, pager_out) ==
                   KERN_SUCCESS
               ? D_SUCCESS
               : D_NO_MEMORY;
}

static const struct device_ops mem_ops = {
    .map = mem_map,
};

void mem_init(void)
{
    device_add("mem", &mem_ops);
}
