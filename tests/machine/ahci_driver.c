/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ahci_driver.h"

static uint64_t base;

void ahci_drive(unsigned slot)
{
    base = pc_config_read(slot, PCI_BAR(AHCI_BAR), 4);
    pc_config_write(slot, PCI_COMMAND, 2,
                    PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    ahci_set(AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_IE);
}

uint32_t ahci_get(uint32_t reg)
{
    return pc_read32(base + reg);
}

void ahci_set(uint32_t reg, uint32_t value)
{
    pc_write32(base + reg, value);
}

uint32_t port_get(unsigned port, uint32_t reg)
{
    return ahci_get(AHCI_PORT(port) + reg);
}

void port_set(unsigned port, uint32_t reg, uint32_t value)
{
    ahci_set(AHCI_PORT(port) + reg, value);
}

void port_start(unsigned port)
{
    port_set(port, AHCI_PxCLB, AT_LIST(port));
    port_set(port, AHCI_PxCLBU, 0);
    port_set(port, AHCI_PxFB, AT_FIS(port));
    port_set(port, AHCI_PxFBU, 0);
    port_set(port, AHCI_PxSERR, ~0u);
    port_set(port, AHCI_PxIS, ~0u);
    port_set(port, AHCI_PxIE, ~0u);
    port_set(port, AHCI_PxCMD, AHCI_CMD_FRE);
    port_set(port, AHCI_PxCMD, AHCI_CMD_FRE | AHCI_CMD_ST);
}

bool port_stop(unsigned port)
{
    port_set(port, AHCI_PxCMD, AHCI_CMD_FRE);
    return !(port_get(port, AHCI_PxCMD) & AHCI_CMD_CR);
}

void port_comreset(unsigned port)
{
    port_set(port, AHCI_PxSCTL, 1);
    port_set(port, AHCI_PxSCTL, 0);
}

void port_prd(unsigned port, unsigned slot, unsigned index, uint64_t phys,
              uint32_t size_bytes)
{
    uint64_t at = AT_TABLE(port, slot) + 0x80 + (uint64_t)index * 16;

    ram_put32(at, (uint32_t)phys);
    ram_put32(at + 4, (uint32_t)(phys >> 32));
    ram_put32(at + 12, size_bytes - 1);
}

void port_prd_count(unsigned port, unsigned slot, unsigned count)
{
    uint64_t at = AT_LIST(port) + slot * 32;

    ram_put32(at, (ram_get32(at) & 0xffff) | count << 16);
}

static void put_fis(uint8_t *fis, unsigned slot,
                    const struct ata_request *request)
{
    memset(fis, 0, 64);
    fis[0] = ATA_FIS_H2D;
    fis[1] = request->command != 0 ? 0x80 : 0;
    fis[2] = request->command;
    fis[3] = request->features;
    fis[7] = 0x40 | request->device;
    for (unsigned i = 0; i < 3; i++) {
        fis[4 + i] = (uint8_t)(request->lba >> i * 8);
        fis[8 + i] = (uint8_t)(request->lba >> (i + 3) * 8);
    }
    fis[12] = (uint8_t)request->count;
    fis[13] = (uint8_t)(request->count >> 8);
    fis[15] = request->control;
    if (request->queued) {
        fis[3] = fis[12];
        fis[11] = fis[13];
        fis[12] = (uint8_t)(slot << 3);
        fis[13] = 0;
    }
}

void port_prepare(unsigned port, unsigned slot, struct ata_request request)
{
    uint64_t header = AT_LIST(port) + slot * 32;

    put_fis(&pc.ram[AT_TABLE(port, slot)], slot, &request);
    ram_put32(header, 5);
    ram_put32(header + 4, 0);
    ram_put32(header + 8, AT_TABLE(port, slot));
    ram_put32(header + 12, 0);
    if (request.size_bytes != 0) {
        port_prd(port, slot, 0, request.data != 0 ? request.data : AT_DATA,
                 request.size_bytes);
        port_prd_count(port, slot, 1);
    }
}

void port_issue(unsigned port, unsigned slot, struct ata_request request)
{
    port_prepare(port, slot, request);
    if (request.queued) {
        port_set(port, AHCI_PxSACT, 1u << slot);
    }
    port_set(port, AHCI_PxCI, 1u << slot);
}
