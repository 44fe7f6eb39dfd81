/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/machine/ahci_driver.h: the least that a driver does with an AHCI. */
#ifndef TESTS_MACHINE_AHCI_DRIVER_H
#define TESTS_MACHINE_AHCI_DRIVER_H

#include "pc.h"
#include "machine/ahci.h"

/* Where the tests' driver has its memory, by port and slot. */
#define AT_LIST(port)        (0x10000u + (port)*0x400u)
#define AT_FIS(port)         (0x18000u + (port)*0x100u)
#define AT_TABLE(port, slot) (0x20000u + ((port)*32u + (slot)) * 0x200u)
#define AT_DATA              0x100000u

/* The controller at SLOT: bus mastering on, interrupts on. */
void ahci_drive(unsigned slot);
uint32_t ahci_get(uint32_t reg);
void ahci_set(uint32_t reg, uint32_t value);
uint32_t port_get(unsigned port, uint32_t reg);
void port_set(unsigned port, uint32_t reg, uint32_t value);

/* FRE, the signature awaited, ST, all interrupts enabled. */
void port_start(unsigned port);
/* ST cleared; whether CR is gone already. */
bool port_stop(unsigned port);
void port_comreset(unsigned port);

struct ata_request {
    uint8_t command, features, device, control;
    uint64_t lba;
    uint16_t count;
    uint64_t data; /* AT_DATA if 0 */
    uint32_t size_bytes;
    bool queued;
};

/* Puts the command into the slot's memory: one PRD. */
void port_prepare(unsigned port, unsigned slot, struct ata_request request);
void port_prd(unsigned port, unsigned slot, unsigned index, uint64_t phys,
              uint32_t size_bytes);
void port_prd_count(unsigned port, unsigned slot, unsigned count);
/* Prepares and issues. */
void port_issue(unsigned port, unsigned slot, struct ata_request request);

#endif
