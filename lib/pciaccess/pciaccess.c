/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pciaccess/pciaccess.c: the arbiter's tree, read once, and its files
 * (HURD-FACTS 6.1 and 6.2); or the ports, where there is no arbiter. */

#include <device/device.h>
#include <hurd/fs.h>
#include <hurd/io.h>
#include <hurd/pci.h>
#include <machdev/machdev.h>
#include <pciaccess/private.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES_MAX 256

static struct {
    struct pci_device *devices[DEVICES_MAX];
    unsigned count;
    /* If the ports are ours: the device master, and the right to them. */
    mach_port_t master, ports;
} pci;

struct pci_device *pci_add_device(unsigned domain, unsigned bus, unsigned dev,
                                  unsigned func)
{
    struct pci_device *device =
        pci.count < DEVICES_MAX ? calloc(1, sizeof *device) : NULL;

    if (!device)
        return NULL;
    device->domain = domain;
    device->bus = bus;
    device->dev = dev;
    device->func = func;
    return pci.devices[pci.count++] = device;
}

error_t pci_system_init_direct(mach_port_t device_master)
{
    error_t err = conf1_take_ports(device_master, &pci.ports);

    if (err)
        return err;
    mach_port_ref_send(device_master, 1);
    pci.master = device_master;
    return pci_scan_buses();
}

error_t pci_system_init_device(mach_port_t device_master)
{
    dev_name_t name = "pci";
    file_t opened, root;
    error_t err = device_open(device_master, D_READ, name, &opened);

    if (err)
        return err;
    /* What the device master opens by this name is a file's port, which is good
     * for lookups alone: to be read it is opened once more. */
    err = hurd_lookup_under(opened, ".", HO_READ, 0, &root);
    mach_port_drop(opened);
    return err ? err : pci_walk_tree(root);
}

error_t pci_system_init(mach_port_t device_master)
{
    file_t root;
    error_t err = D_NO_SUCH_DEVICE;

    if (device_master)
        err = pci_system_init_device(device_master);
    if (err != D_NO_SUCH_DEVICE)
        return err;
    err = hurd_lookup("/servers/bus/pci", HO_READ, 0, &root);
    if (!err)
        return pci_walk_tree(root);
    return device_master ? pci_system_init_direct(device_master) : err;
}

void pci_system_release(void)
{
    machdev_drop_io_ports(pci.ports);
    mach_port_drop(pci.master);
    pci.ports = pci.master = MACH_PORT_NULL;
    while (pci.count)
        free(pci.devices[--pci.count]);
}

struct pci_device *pci_device_get(unsigned index)
{
    return index < pci.count ? pci.devices[index] : NULL;
}

/* --- configuration space ------------------------------------------------------ */

/* The arbiter answers with what one access reads: 1, 2 or 4 bytes that are
 * aligned to their number. */
static unsigned unit_of(unsigned offset, unsigned size)
{
    if (offset % 4 == 0 && size >= 4)
        return 4;
    return offset % 2 == 0 && size >= 2 ? 2 : 1;
}

static error_t read_unit(struct pci_device *d, void *data, unsigned offset,
                         unsigned unit)
{
    char room[8], *got = room;
    mach_msg_type_number_t count = sizeof room;

    if (!d->dir) {
        uint32_t value = conf1_read(d->bus, d->dev, d->func, offset, unit);
        memcpy(data, &value, unit);
        return 0;
    }
    error_t err = pci_conf_read(d->config, offset, &got, &count, unit);
    if (err)
        return err;
    if (count >= unit)
        memcpy(data, got, unit);
    if (got != room)
        vm_deallocate(mach_task_self(), (vm_address_t)got, count);
    return count < unit ? HURD_EIO : 0;
}

static error_t write_unit(struct pci_device *d, const void *data,
                          unsigned offset, unsigned unit)
{
    vm_size_t written = 0;

    if (!d->dir) {
        uint32_t value = 0;
        memcpy(&value, data, unit);
        conf1_write(d->bus, d->dev, d->func, offset, unit, value);
        return 0;
    }
    error_t err = pci_conf_write(d->config, offset, data, unit, &written);
    return !err && written != unit ? HURD_EIO : err;
}

error_t pci_device_cfg_read(struct pci_device *device, void *data,
                            unsigned offset, unsigned size)
{
    if (offset > PCI_CONFIG_SIZE || size > PCI_CONFIG_SIZE - offset)
        return HURD_EINVAL;
    while (size) {
        unsigned unit = unit_of(offset, size);
        error_t err = read_unit(device, data, offset, unit);
        if (err)
            return err;
        data = (char *)data + unit;
        offset += unit;
        size -= unit;
    }
    return 0;
}

error_t pci_device_cfg_write(struct pci_device *device, const void *data,
                             unsigned offset, unsigned size)
{
    if (offset > PCI_CONFIG_SIZE || size > PCI_CONFIG_SIZE - offset)
        return HURD_EINVAL;
    while (size) {
        unsigned unit = unit_of(offset, size);
        error_t err = write_unit(device, data, offset, unit);
        if (err)
            return err;
        data = (const char *)data + unit;
        offset += unit;
        size -= unit;
    }
    return 0;
}

/* --- regions ------------------------------------------------------------------- */

static error_t open_region(struct pci_device *device, unsigned region,
                           bool writable)
{
    char name[16];

    if (device->files[region])
        return 0;
    snprintf(name, sizeof name, "region%u", region);
    return hurd_lookup_under(device->dir, name,
                             HO_READ | (writable ? HO_WRITE : 0), 0,
                             &device->files[region]);
}

static error_t physical_object(const struct pci_region *region, bool writable,
                               mach_port_t *object)
{
    uint64_t first = MACH_PAGE_TRUNC(region->base_addr);
    uint64_t end = MACH_PAGE_ROUND(region->base_addr + region->size);

    return machdev_physical_object(
        pci.master, first, end - first,
        VM_PROT_READ | (writable ? VM_PROT_WRITE : 0), object);
}

error_t pci_device_region_object(struct pci_device *device, unsigned region,
                                 bool writable, mach_port_t *object)
{
    mach_port_t to_read = MACH_PORT_NULL, to_write = MACH_PORT_NULL;

    if (region >= PCI_REGIONS || !device->regions[region].size ||
        device->regions[region].is_io)
        return HURD_EINVAL;
    if (!device->dir)
        return physical_object(&device->regions[region], writable, object);
    error_t err = open_region(device, region, writable);
    if (!err)
        err = io_map(device->files[region], &to_read, &to_write);
    if (err)
        return err;
    *object = writable ? to_write : to_read;
    mach_port_drop(writable ? to_read : to_write);
    return *object ? 0 : HURD_EACCES;
}

error_t pci_device_map_region(struct pci_device *device, unsigned region,
                              bool writable, void **address_out)
{
    vm_prot_t prot = VM_PROT_READ | (writable ? VM_PROT_WRITE : 0);
    vm_address_t address = 0;
    mach_port_t object;
    error_t err = pci_device_region_object(device, region, writable, &object);

    if (err)
        return err;
    /* The object begins with the page that the region begins in. */
    unsigned skip = device->regions[region].base_addr & (vm_page_size - 1);
    err = vm_map(mach_task_self(), &address,
                 MACH_PAGE_ROUND(skip + device->regions[region].size), 0, TRUE,
                 object, 0, FALSE, prot, prot, VM_INHERIT_SHARE);
    mach_port_drop(object);
    *address_out = (void *)(address + skip);
    return err;
}

/* --- for one alone --------------------------------------------------------------- */

static error_t lock(file_t file)
{
    error_t err = file_lock(file, HLOCK_EX | HLOCK_NB);

    return err == HURD_EAGAIN ? HURD_EBUSY : err;
}

/* The arbiter lets nobody write a file that another open has locked; the lock
 * goes with the last right to the open, and so with the task. */
error_t pci_device_claim(struct pci_device *device)
{
    /* Who has the ports has everything. */
    if (!device->dir)
        return 0;
    error_t err = device->claimed ? 0 : lock(device->config);

    for (unsigned i = 0; !err && !device->claimed && i < PCI_REGIONS; i++) {
        if (!device->regions[i].size || device->regions[i].is_io)
            continue;
        err = open_region(device, i, true);
        if (!err)
            err = lock(device->files[i]);
    }
    if (err)
        file_lock(device->config, HLOCK_UN);
    device->claimed |= !err;
    return err;
}
