/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pciaccess/tree.c: the arbiter's tree, DOMAIN/BUS/SLOT/FUNCTION
 * (HURD-FACTS 6.1). */

#include <hurd/fs.h>
#include <hurd/pci.h>
#include <hurd/stat.h>
#include <pciaccess/private.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS      4 /* domain, bus, device, function */
#define LISTING_MAX 65536u

static uint32_t field(const uint8_t *config, unsigned at, unsigned size)
{
    uint32_t value = 0;

    memcpy(&value, config + at, size);
    return value;
}

static error_t open_config(struct pci_device *device)
{
    error_t err = 0;

    if (device->config)
        return 0;
    err = hurd_lookup_under(device->dir, "config", HO_READ | HO_WRITE, 0,
                            &device->config);
    if (err == HURD_EACCES)
        err = hurd_lookup_under(device->dir, "config", HO_READ, 0,
                                &device->config);
    return err;
}

static error_t read_regions(struct pci_device *device)
{
    struct pci_bar room[PCI_REGIONS];
    char *data = (char *)room;
    mach_msg_type_number_t size = sizeof room;
    error_t err = pci_get_dev_regions(device->config, &data, &size);

    if (err)
        return err;
    const struct pci_bar *bars = (const struct pci_bar *)data;
    for (unsigned i = 0; i < PCI_REGIONS && (i + 1) * sizeof *bars <= size; i++)
        device->regions[i] = (struct pci_region){
            .base_addr = bars[i].base_addr,
            .size = bars[i].size,
            .is_io = (bars[i].flags & PCI_BAR_IO) != 0,
            .is_64 = (bars[i].flags & PCI_BAR_64) != 0,
            .is_prefetchable = (bars[i].flags & PCI_BAR_PREFETCHABLE) != 0,
        };
    if (data != (char *)room)
        vm_deallocate(mach_task_self(), (vm_address_t)data, size);
    return 0;
}

error_t pci_read_header(struct pci_device *device)
{
    uint8_t config[64] = {0};
    error_t err = pci_device_cfg_read(device, config, 0, sizeof config);

    if (err)
        return err;
    device->vendor_id = field(config, PCI_VENDOR, 2);
    device->device_id = field(config, PCI_VENDOR + 2, 2);
    device->revision = config[PCI_REVISION];
    device->device_class = field(config, PCI_REVISION, 4) >> 8;
    device->irq = config[PCI_IRQ_LINE] == 0xff ? 0 : config[PCI_IRQ_LINE];
    if ((config[PCI_HEADER_TYPE] & 0x7f) == 0) {
        device->subvendor_id = field(config, PCI_SUBVENDOR, 2);
        device->subdevice_id = field(config, PCI_SUBVENDOR + 2, 2);
    }
    return 0;
}

/* Consumes DIR. */
static error_t add_function(file_t dir, const unsigned place[LEVELS])
{
    struct pci_device *device =
        pci_add_device(place[0], place[1], place[2], place[3]);

    if (!device) {
        mach_port_drop(dir);
        return HURD_ENOMEM;
    }
    device->dir = dir;
    error_t err = open_config(device);
    if (!err)
        err = pci_read_header(device);
    return err ? err : read_regions(device);
}

static error_t walk(file_t dir, unsigned level, unsigned place[LEVELS]);

/* An entry of DIR, a directory of LEVEL; what is no number is not ours. */
static error_t walk_entry(file_t dir, const char *name, unsigned level,
                          unsigned place[LEVELS])
{
    char *end;
    file_t below;

    place[level] = strtoul(name, &end, 16);
    if (*end || end == name)
        return 0;
    error_t err = hurd_lookup_under(dir, name, HO_READ, 0, &below);
    if (err)
        return err;
    if (level + 1 < LEVELS) {
        err = walk(below, level + 1, place);
        mach_port_drop(below);
        return err;
    }
    return add_function(below, place);
}

static error_t walk(file_t dir, unsigned level, unsigned place[LEVELS])
{
    char *data = NULL;
    mach_msg_type_number_t size = 0;
    int amount = 0;
    error_t err = dir_readdir(dir, &data, &size, 0, -1, LISTING_MAX, &amount);

    for (mach_msg_type_number_t at = 0; !err && at + 12 < size;) {
        const struct hurd_dirent *entry = (const void *)(data + at);
        if (entry->d_reclen < 13 || entry->d_reclen > size - at)
            break;
        err = walk_entry(dir, entry->d_name, level, place);
        at += entry->d_reclen;
    }
    if (size)
        vm_deallocate(mach_task_self(), (vm_address_t)data, size);
    return err;
}

error_t pci_walk_tree(file_t root)
{
    unsigned place[LEVELS];
    error_t err = walk(root, 0, place);

    mach_port_drop(root);
    return err;
}
