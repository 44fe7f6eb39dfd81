/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/host/pci.c: the machine's PCI functions, as drivers see them. */

#include "drivers/host/private.h"

#define CONFIG_ADDRESS 0xcf8u
#define CONFIG_DATA    0xcfcu
#define CONFIG_ENABLE  0x80000000u
#define FUNCTIONS_MAX  64u
#define SLOTS          32u
#define BARS           6u
#define BAR_IO         1u
#define BAR_64         4u

enum config_register {
    REG_ID = 0x00,
    REG_CLASS = 0x08,
    REG_HEADER = 0x0e,
    REG_BARS = 0x10,
    REG_IRQ_LINE = 0x3c
};

struct hyp_regs {
    uint64_t phys;
};

struct hyp_pci {
    struct hyp_pci_id id;
    bool claimed;
    struct hyp_regs regs[BARS];
    void (*handler)(void *);
    void *arg;
};

static struct {
    struct hyp_pci functions[FUNCTIONS_MAX];
    unsigned count;
} found;

/* --- configuration space -------------------------------------------------- */

static uint32_t address(const struct hyp_pci *pci, unsigned reg)
{
    return CONFIG_ENABLE | (uint32_t)pci->id.bus << 16 |
           (uint32_t)pci->id.slot << 11 | (uint32_t)pci->id.function << 8 |
           (reg & 0xfc);
}

uint32_t hyp_pci_read(struct hyp_pci *pci, unsigned reg, unsigned size)
{
    uint32_t value;

    host_machine_lock();
    machine_port_write(host_world.machine, CONFIG_ADDRESS, 4,
                       address(pci, reg));
    value = machine_port_read(host_world.machine,
                              (uint16_t)(CONFIG_DATA + reg % 4), size);
    host_machine_unlock();
    return value;
}

void hyp_pci_write(struct hyp_pci *pci, unsigned reg, unsigned size,
                   uint32_t value)
{
    host_machine_lock();
    machine_port_write(host_world.machine, CONFIG_ADDRESS, 4,
                       address(pci, reg));
    machine_port_write(host_world.machine, (uint16_t)(CONFIG_DATA + reg % 4),
                       size, value);
    host_machine_unlock();
}

/* --- functions ------------------------------------------------------------ */

static void look_at(unsigned slot, unsigned function)
{
    struct hyp_pci pci = {
        .id = {.slot = (uint8_t)slot, .function = (uint8_t)function}};
    uint32_t id = hyp_pci_read(&pci, REG_ID, 4);

    if ((id & 0xffff) == 0xffff || found.count == FUNCTIONS_MAX) {
        return;
    }
    pci.id.vendor = (uint16_t)id;
    pci.id.device = (uint16_t)(id >> 16);
    pci.id.class_code = hyp_pci_read(&pci, REG_CLASS, 4) >> 8;
    found.functions[found.count++] = pci;
}

enum driver_error hyp_pci_init(void)
{
    if (host_world.machine == NULL) {
        return DRIVER_ENXIO;
    }
    found.count = 0;
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        for (unsigned function = 0; function < 8; function++) {
            look_at(slot, function);
        }
    }
    return DRIVER_OK;
}

void host_pci_stop(void)
{
    found.count = 0;
}

struct hyp_pci *hyp_pci_get(unsigned index, struct hyp_pci_id *id_out)
{
    if (index >= found.count) {
        return NULL;
    }
    *id_out = found.functions[index].id;
    return &found.functions[index];
}

enum driver_error hyp_pci_claim(struct hyp_pci *pci)
{
    if (pci->claimed) {
        return DRIVER_EBUSY;
    }
    pci->claimed = true;
    return DRIVER_OK;
}

void hyp_pci_release(struct hyp_pci *pci)
{
    hyp_pci_interrupt_end(pci);
    pci->claimed = false;
}

enum driver_error hyp_pci_interrupt(struct hyp_pci *pci,
                                    void (*handler)(void *), void *arg)
{
    unsigned line = hyp_pci_read(pci, REG_IRQ_LINE, 1);

    if (line >= MACHINE_IRQ_COUNT || !host_irq_add(line, handler, arg)) {
        return DRIVER_ENXIO;
    }
    pci->handler = handler;
    pci->arg = arg;
    return DRIVER_OK;
}

void hyp_pci_interrupt_end(struct hyp_pci *pci)
{
    if (pci->handler != NULL) {
        host_irq_remove(pci->handler, pci->arg);
        pci->handler = NULL;
    }
}

/* --- registers ------------------------------------------------------------ */

/* Its size is what stays zero when all ones are written to it. */
struct hyp_regs *hyp_pci_map(struct hyp_pci *pci, unsigned bar,
                             size_t *size_out)
{
    unsigned reg = REG_BARS + 4 * bar;
    uint32_t low = hyp_pci_read(pci, reg, 4), high = 0, mask;

    if (bar >= BARS || (low & BAR_IO) != 0) {
        return NULL;
    }
    if ((low & BAR_64) != 0 && bar + 1 < BARS) {
        high = hyp_pci_read(pci, reg + 4, 4);
    }
    hyp_pci_write(pci, reg, 4, ~0u);
    mask = hyp_pci_read(pci, reg, 4) & ~0xfu;
    hyp_pci_write(pci, reg, 4, low);
    if (mask == 0) {
        return NULL;
    }
    *size_out = ~mask + 1;
    pci->regs[bar].phys = (low & ~0xfu) | (uint64_t)high << 32;
    return &pci->regs[bar];
}

static uint64_t read_register(struct hyp_regs *regs, size_t offset,
                              unsigned size)
{
    uint64_t value;

    host_machine_lock();
    host_world.counts.register_reads++;
    value = machine_memory_read(host_world.machine, regs->phys + offset, size);
    host_machine_unlock();
    return value;
}

static void write_register(struct hyp_regs *regs, size_t offset, unsigned size,
                           uint64_t value)
{
    host_machine_lock();
    host_world.counts.register_writes++;
    machine_memory_write(host_world.machine, regs->phys + offset, size, value);
    host_machine_unlock();
}

uint8_t hyp_read8(struct hyp_regs *regs, size_t offset)
{
    return (uint8_t)read_register(regs, offset, 1);
}

uint16_t hyp_read16(struct hyp_regs *regs, size_t offset)
{
    return (uint16_t)read_register(regs, offset, 2);
}

uint32_t hyp_read32(struct hyp_regs *regs, size_t offset)
{
    return (uint32_t)read_register(regs, offset, 4);
}

void hyp_write8(struct hyp_regs *regs, size_t offset, uint8_t value)
{
    write_register(regs, offset, 1, value);
}

void hyp_write16(struct hyp_regs *regs, size_t offset, uint16_t value)
{
    write_register(regs, offset, 2, value);
}

void hyp_write32(struct hyp_regs *regs, size_t offset, uint32_t value)
{
    write_register(regs, offset, 4, value);
}
