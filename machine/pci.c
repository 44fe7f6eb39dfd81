/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PCI bus: configuration space by either way, BARs, INTA, DMA. */
#include "machine/private.h"

/* Lines in the log by one function, in so long a time; a hostile driver would
 * write no end. */
#define MISTAKES_MAX       32u
#define MISTAKES_PERIOD_NS (60 * 1000000000ull)

#define ADDRESS_ENABLE 0x80000000u

static const struct pci_identity host_bridge = {
    .vendor = 0x8086, .device = 0x29c0, .class_code = 0x060000};
static const struct pci_identity isa_bridge = {
    .vendor = 0x8086, .device = 0x2918, .class_code = 0x060100};

/* --- functions ---------------------------------------------------------------- */

void pci_function_add(struct machine *machine, struct pci_function *function,
                      unsigned slot, const struct pci_identity *identity)
{
    uint8_t *config = function->config;

    function->machine = machine;
    function->slot = slot;
    put16(config + PCI_VENDOR, identity->vendor);
    put16(config + PCI_DEVICE, identity->device);
    config[PCI_REVISION] = identity->revision;
    config[PCI_CLASS] = (uint8_t)identity->class_code;
    put16(config + PCI_CLASS + 1, (uint16_t)(identity->class_code >> 8));
    put16(config + PCI_SUBSYS_VENDOR, identity->subsystem_vendor);
    put16(config + PCI_SUBSYS, identity->subsystem);
    if (function->ops != NULL) {
        config[PCI_LINE_REG] = PCI_LINE(slot);
        config[PCI_PIN_REG] = 1;
        function->writable[PCI_LINE_REG] = 0xff;
        put16(function->writable + PCI_COMMAND,
              PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF);
    }
    machine->pci.functions[slot] = function;
}

/* Where firmware puts the registers of the function in SLOT. */
static uint64_t bar_place(unsigned slot)
{
    return MACHINE_BAR_BASE + slot * PCI_BAR_DISTANCE;
}

void pci_function_set_bar(struct pci_function *function, unsigned bar,
                          uint32_t size)
{
    uint64_t base = bar_place(function->slot);

    function->bar = bar;
    function->bar_size = size;
    put32(function->config + PCI_BAR(bar), (uint32_t)base);
    put32(function->writable + PCI_BAR(bar), ~(size - 1));
    put16(function->config + PCI_COMMAND,
          PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void pci_function_add_power(struct pci_function *function, unsigned last)
{
    uint8_t *config = function->config;

    config[last != 0 ? last + 1 : PCI_CAPABILITIES] = PCI_PM;
    put16(config + PCI_STATUS,
          get16(config + PCI_STATUS) | (uint16_t)PCI_STATUS_CAPS);
    config[PCI_PM] = PCI_PM_ID;
    put16(config + PCI_PM_PMC, PCI_PM_VERSION);
    put16(config + PCI_PM_PMCSR, PCI_PM_SOFT_RESET);
    function->writable[PCI_PM_PMCSR] = PCI_PM_STATE;
}

void pci_create(struct machine *machine)
{
    struct pci *pci = &machine->pci;

    pci->host_bridge.kind = "host bridge";
    pci->isa_bridge.kind = "ISA bridge";
    pci_function_add(machine, &pci->host_bridge, 0, &host_bridge);
    pci_function_add(machine, &pci->isa_bridge, PCI_SLOT_ISA, &isa_bridge);
}

void pci_destroy(struct machine *machine)
{
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        struct pci_function *function = machine->pci.functions[slot];

        if (function != NULL && function->ops != NULL) {
            function->ops->destroy(function);
        }
    }
}

void pci_unplug(struct machine *machine, unsigned disk)
{
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        struct pci_function *function = machine->pci.functions[slot];

        if (function != NULL && function->ops != NULL) {
            function->ops->unplug(function, disk);
        }
    }
}

/* --- interrupts ----------------------------------------------------------------- */

static bool is_asleep(const struct pci_function *function)
{
    return (function->config[PCI_PM_PMCSR] & PCI_PM_STATE) == PCI_PM_D3HOT;
}

static bool commanded(const struct pci_function *function, uint16_t bit)
{
    return (get16(function->config + PCI_COMMAND) & bit) != 0;
}

/* Whether it may use the bus for itself or answer on it, as BIT says. */
static bool is_able(const struct pci_function *function, uint16_t bit)
{
    return commanded(function, bit) && !is_asleep(function);
}

static void update_line(struct pci_function *function)
{
    bool up = function->level && !commanded(function, PCI_COMMAND_INTX_OFF) &&
              !is_asleep(function);

    if (up != function->line_up) {
        function->line_up = up;
        machine_line_set(function->machine, PCI_LINE(function->slot), up);
    }
}

void pci_function_set_level(struct pci_function *function, bool level)
{
    uint8_t *status = function->config + PCI_STATUS;

    if (level == function->level) {
        return;
    }
    function->level = level;
    put16(status, (uint16_t)((get16(status) & ~PCI_STATUS_INTERRUPT) |
                             (level ? PCI_STATUS_INTERRUPT : 0)));
    update_line(function);
}

/* --- DMA -------------------------------------------------------------------------- */

bool pci_dma_valid(const struct pci_function *function, uint64_t phys,
                   uint64_t size, bool write)
{
    const struct machine_host *host = &function->machine->host;

    return is_able(function, PCI_COMMAND_MASTER) &&
           host->dma_valid(host->context, function->slot, phys, size, write);
}

bool pci_dma_read(struct pci_function *function, uint64_t phys, void *to,
                  size_t size)
{
    const struct machine_host *host = &function->machine->host;

    return is_able(function, PCI_COMMAND_MASTER) &&
           host->dma_read(host->context, function->slot, phys, to, size);
}

bool pci_dma_write(struct pci_function *function, uint64_t phys,
                   const void *from, size_t size)
{
    const struct machine_host *host = &function->machine->host;

    return is_able(function, PCI_COMMAND_MASTER) &&
           host->dma_write(host->context, function->slot, phys, from, size);
}

/* Whether one more may be told; the count begins anew with each period. */
static bool may_tell(struct pci_function *function)
{
    const struct machine_host *host = &function->machine->host;
    uint64_t now_ns = host->realtime_ns(host->context);

    if (now_ns - function->mistakes_ns >= MISTAKES_PERIOD_NS) {
        function->mistakes_ns = now_ns;
        function->mistakes = 0;
    }
    if (function->mistakes == MISTAKES_MAX) {
        return false;
    }
    function->mistakes++;
    return true;
}

void pci_mistake(struct pci_function *function, const char *unit,
                 unsigned unit_number, const char *what, uint64_t number)
{
    const struct machine_host *host = &function->machine->host;
    struct text text = {.length = 0};

    if (!may_tell(function)) {
        return;
    }
    text_add(&text, function->kind);
    text_add(&text, " 0:");
    text_add_number(&text, function->slot);
    text_add(&text, ".0 ");
    text_add(&text, unit);
    text_add(&text, " ");
    text_add_number(&text, unit_number);
    text_add(&text, ": ");
    text_add(&text, what);
    text_add(&text, " ");
    text_add_hex(&text, number);
    if (!commanded(function, PCI_COMMAND_MASTER)) {
        text_add(&text, " (bus mastering is off)");
    }
    if (function->mistakes == MISTAKES_MAX) {
        text_add(&text, " (no more of these for a minute)");
    }
    host->log(host->context, function->slot, text.line);
}

/* --- configuration space ------------------------------------------------------------ */

static uint32_t config_read(struct pci_function *function, unsigned reg,
                            unsigned size)
{
    if (function->ops != NULL && function->ops->config_reading != NULL) {
        function->ops->config_reading(function, reg, size);
    }
    return get_size(&function->config[reg], size);
}

/* States that the function does not have are not entered. */
static void keep_power_state(struct pci_function *function, uint8_t before)
{
    uint8_t *state = &function->config[PCI_PM_PMCSR];

    if ((*state & PCI_PM_STATE) != 0 && !is_asleep(function)) {
        *state = before;
    }
}

static void config_write(struct pci_function *function, unsigned reg,
                         unsigned size, uint32_t value)
{
    uint8_t power = function->config[PCI_PM_PMCSR];

    for (unsigned i = 0; i < size; i++, value >>= 8) {
        uint8_t mask = function->writable[reg + i];
        uint8_t *byte = &function->config[reg + i];

        *byte = (uint8_t)((*byte & ~mask) | (value & mask));
    }
    keep_power_state(function, power);
    update_line(function);
    if (function->ops != NULL && function->ops->config_written != NULL) {
        function->ops->config_written(function, reg, size);
    }
}

/* Bus 0 alone has functions, and they have one function each. */
static struct pci_function *at_address(struct machine *machine)
{
    uint32_t address = machine->pci.address;

    if (!(address & ADDRESS_ENABLE) || (address & 0x00ff0700u) != 0) {
        return NULL;
    }
    return machine->pci.functions[address >> 11 & 0x1f];
}

uint32_t pci_port_read(struct machine *machine, uint16_t port, unsigned size)
{
    struct pci_function *function = at_address(machine);

    if (port == 0xcf8 && size == 4) {
        return machine->pci.address;
    }
    if (port < 0xcfc || function == NULL) {
        return all_ones(size);
    }
    return config_read(function, (machine->pci.address & 0xfc) | (port & 3),
                       size);
}

void pci_port_write(struct machine *machine, uint16_t port, unsigned size,
                    uint32_t value)
{
    struct pci_function *function = at_address(machine);

    if (port == 0xcf8 && size == 4) {
        machine->pci.address = value & (ADDRESS_ENABLE | 0x00fffffcu);
    } else if (port >= 0xcfc && function != NULL) {
        config_write(function, (machine->pci.address & 0xfc) | (port & 3), size,
                     value);
    }
}

static struct pci_function *at_ecam(struct machine *machine, uint64_t phys)
{
    uint64_t offset = phys - MACHINE_ECAM_BASE;

    return (offset & 0x7000) != 0 ? NULL
                                  : machine->pci.functions[offset >> 15 & 0x1f];
}

/* --- device memory ---------------------------------------------------------------- */

int pci_slot_at(const struct machine *machine, uint64_t phys)
{
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        const struct pci_function *function = machine->pci.functions[slot];

        if (function != NULL && phys >= bar_place(slot) &&
            phys - bar_place(slot) < function->bar_size) {
            return (int)slot;
        }
    }
    return -1;
}

/* The function whose BAR the address is in, and where in it. */
static struct pci_function *at_bar(struct machine *machine, uint64_t phys,
                                   uint32_t *offset_out)
{
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        struct pci_function *function = machine->pci.functions[slot];
        uint64_t base;

        if (function == NULL || function->bar_size == 0 ||
            !is_able(function, PCI_COMMAND_MEMORY)) {
            continue;
        }
        base = get32(function->config + PCI_BAR(function->bar));
        if (phys >= base && phys - base < function->bar_size) {
            *offset_out = (uint32_t)(phys - base);
            return function;
        }
    }
    return NULL;
}

uint32_t pci_memory_read(struct machine *machine, uint64_t phys, unsigned size)
{
    struct pci_function *function;
    uint32_t offset;

    if (phys - MACHINE_ECAM_BASE < MACHINE_ECAM_SIZE) {
        function = at_ecam(machine, phys);
        offset = phys & 0xfff;
        if (function == NULL) {
            return all_ones(size);
        }
        return offset < PCI_CONFIG_SIZE ? config_read(function, offset, size)
                                        : 0;
    }
    function = at_bar(machine, phys, &offset);
    return function != NULL ? function->ops->read(function, offset, size)
                            : all_ones(size);
}

void pci_memory_write(struct machine *machine, uint64_t phys, unsigned size,
                      uint32_t value)
{
    struct pci_function *function;
    uint32_t offset;

    if (phys - MACHINE_ECAM_BASE < MACHINE_ECAM_SIZE) {
        function = at_ecam(machine, phys);
        if (function != NULL && (phys & 0xfff) < PCI_CONFIG_SIZE) {
            config_write(function, phys & 0xfff, size, value);
        }
        return;
    }
    function = at_bar(machine, phys, &offset);
    if (function != NULL) {
        function->ops->write(function, offset, size, value);
    }
}
