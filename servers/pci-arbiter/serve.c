/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pci-arbiter/serve.c: the calls of pci.defs, with the rules of
 * HURD-FACTS 6.1: all but pci_get_ndevs on "config" only. */

#include <pci-arbiter/pci_S.h>
#include <string.h>

#include "pci-arbiter/arbiter.h"

mig_routine_t serve_routine(const mach_msg_header_t *request)
{
    return pci_server_routine(request);
}

/* The function whose config CRED has open for MODE. */
static error_t target(protid_t cred, int mode, struct pci_device **f)
{
    unsigned file;

    if (!cred)
        return HURD_EOPNOTSUPP;
    *f = tree_function(cred->po->np, &file);
    if (!*f || file != FILE_CONFIG)
        return HURD_EINVAL;
    return cred->po->openstat & mode ? 0 : HURD_EBADF;
}

/* As much as the client has room for, in its answer. */
kern_return_t S_pci_conf_read(protid_t cred, int reg, data_t *data,
                              mach_msg_type_number_t *data_len,
                              vm_size_t amount)
{
    struct pci_device *f;
    error_t err = target(cred, HO_READ, &f);

    if (!err && reg < 0)
        err = HURD_EINVAL;
    if (amount > *data_len)
        amount = *data_len;
    if (amount > PCI_CONFIG_SIZE)
        err = HURD_EINVAL;
    if (!err)
        err = pci_device_cfg_read(f, *data, reg, amount);
    *data_len = err ? 0 : amount;
    return err;
}

kern_return_t S_pci_conf_write(protid_t cred, int reg, const_data_t data,
                               mach_msg_type_number_t data_len,
                               vm_size_t *amount)
{
    struct pci_device *f;
    error_t err = target(cred, HO_WRITE, &f);

    if (!err && (reg < 0 || data_len > PCI_CONFIG_SIZE))
        err = HURD_EINVAL;
    if (err)
        return err;
    pthread_mutex_lock(&diskfs_lock);
    err = diskfs_check_lock(cred->po);
    if (!err)
        err = pci_device_cfg_write(f, data, reg, data_len);
    pthread_mutex_unlock(&diskfs_lock);
    *amount = err ? 0 : data_len;
    return err;
}

kern_return_t S_pci_get_ndevs(protid_t cred, mach_msg_type_number_t *count)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (cred->po->np->ino != tree_format.root)
        return HURD_EINVAL;
    *count = 0;
    while (pci_device_get(*count))
        ++*count;
    return 0;
}

kern_return_t S_pci_get_dev_regions(protid_t cred, data_t *data,
                                    mach_msg_type_number_t *data_len)
{
    struct pci_device *f;
    error_t err = target(cred, HO_READ | HO_WRITE, &f);
    struct pci_bar bars[PCI_REGIONS] = {0};

    if (!err && *data_len < sizeof bars)
        err = HURD_EINVAL;
    if (err)
        return err;
    for (unsigned i = 0; i < PCI_REGIONS; i++) {
        const struct pci_region *region = &f->regions[i];
        bars[i].base_addr = region->base_addr;
        bars[i].size = region->size;
        bars[i].flags = (region->is_io ? PCI_BAR_IO : 0) |
                        (region->is_prefetchable ? PCI_BAR_PREFETCHABLE : 0) |
                        (region->is_64 ? PCI_BAR_64 : 0);
    }
    memcpy(*data, bars, sizeof bars);
    *data_len = sizeof bars;
    return 0;
}

/* No ROM is shown: size 0. */
kern_return_t S_pci_get_dev_rom(protid_t cred, data_t *data,
                                mach_msg_type_number_t *data_len)
{
    struct pci_device *f;
    error_t err = target(cred, HO_READ | HO_WRITE, &f);
    struct pci_xrom_bar rom = {0};

    if (!err && *data_len < sizeof rom)
        err = HURD_EINVAL;
    if (err)
        return err;
    memcpy(*data, &rom, sizeof rom);
    *data_len = sizeof rom;
    return 0;
}
