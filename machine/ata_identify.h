/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/ata_identify.h: the page that tells what a disk is. */
#ifndef MACHINE_ATA_IDENTIFY_H
#define MACHINE_ATA_IDENTIFY_H

#include "machine/ata.h"

#define ATA_QUEUE_DEPTH 32u

/* DATA is zeroed. */
void ata_identify(const struct ata *ata, uint8_t data[MACHINE_SECTOR]);

#endif
