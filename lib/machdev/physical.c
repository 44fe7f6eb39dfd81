/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/machdev/physical.c: device memory and I/O ports (HURD-FACTS 1.15). */

#include <device/device.h>
#include <machdev/machdev.h>
#include <mach/mach_i386.h>

/* The kernel's object begins at BASE, and allows no more than PROT. */
error_t machdev_physical_object(mach_port_t master, uint64_t base,
                                uint64_t size, vm_prot_t prot,
                                mach_port_t *object)
{
    dev_name_t name = "mem";
    mach_port_t mem;
    dev_mode_t mode = D_READ | (prot & VM_PROT_WRITE ? D_WRITE : 0);
    error_t err = device_open(master, mode, name, &mem);

    if (err)
        return err;
    err = device_map(mem, prot, base, size, object, 0);
    mach_port_drop(mem);
    return err;
}

error_t machdev_map_physical(mach_port_t master, uint64_t base, uint64_t size,
                             const void **address)
{
    uint64_t first = MACH_PAGE_TRUNC(base);
    uint64_t length = MACH_PAGE_ROUND(base + size) - first;
    vm_address_t where = 0;
    mach_port_t object;
    error_t err =
        machdev_physical_object(master, first, length, VM_PROT_READ, &object);

    if (err)
        return err;
    err = vm_map(mach_task_self(), &where, length, 0, TRUE, object, 0, FALSE,
                 VM_PROT_READ, VM_PROT_READ, VM_INHERIT_NONE);
    mach_port_drop(object);
    *address = (const void *)(where + (base - first));
    return err;
}

error_t machdev_take_io_ports(mach_port_t master, unsigned from, unsigned to,
                              mach_port_t *ports)
{
    error_t err = i386_io_perm_create(master, from, to, ports);

    if (err)
        return err;
    err = i386_io_perm_modify(mach_task_self(), *ports, TRUE);
    if (err)
        mach_port_drop(*ports);
    return err;
}

void machdev_drop_io_ports(mach_port_t ports)
{
    i386_io_perm_modify(mach_task_self(), ports, FALSE);
    mach_port_drop(ports);
}
