/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/private.h"
#include "machine/virtio_blk.h"

bool virtio_blk_create(struct machine *machine, unsigned slot,
                       const struct machine_controller *controller)
{
    return false;
}
