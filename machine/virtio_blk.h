/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/virtio_blk.h: a disk as a virtio device (1.0 or newer, by PCI). */
#ifndef MACHINE_VIRTIO_BLK_H
#define MACHINE_VIRTIO_BLK_H

#include "machine/pci.h"

/* One disk: that of DISKS[0].  False if there is none, or no memory. */
bool virtio_blk_create(struct machine *machine, unsigned slot,
                       const struct machine_controller *controller);

#endif
