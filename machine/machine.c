/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine as a whole: its making, and who answers to which address. */
#include "machine/private.h"
#include "machine/ahci.h"
#include "machine/virtio_blk.h"

/* --- making and ending ------------------------------------------------------------ */

static bool add_controllers(struct machine *machine,
                            const struct machine_config *config)
{
    for (unsigned i = 0; i < config->controller_count; i++) {
        const struct machine_controller *controller = &config->controllers[i];
        unsigned slot = PCI_SLOT_FIRST + i;
        bool made = false;

        if (i == MACHINE_CONTROLLERS_MAX) {
            break;
        }
        switch (controller->kind) {
        case MACHINE_AHCI:
            made = ahci_create(machine, slot, controller);
            break;
        case MACHINE_VIRTIO_BLK:
            made = virtio_blk_create(machine, slot, controller);
            break;
        }
        if (!made) {
            return false;
        }
    }
    return true;
}

struct machine *machine_create(const struct machine_host *host,
                               const struct machine_config *config)
{
    struct machine *machine = host->alloc(sizeof *machine);

    if (machine == NULL) {
        return NULL;
    }
    machine->host = *host;
    pci_create(machine);
    rtc_create(machine, config->memory_size_bytes);
    if (!acpi_create(machine) || !add_controllers(machine, config)) {
        machine_destroy(machine);
        return NULL;
    }
    return machine;
}

void machine_destroy(struct machine *machine)
{
    transfer_forget_all(machine);
    pci_destroy(machine);
    acpi_destroy(machine);
    machine->host.free(machine);
}

const void *machine_firmware(const struct machine *machine)
{
    return machine->acpi.firmware;
}

void machine_disk_unplug(struct machine *machine, unsigned number)
{
    pci_unplug(machine, number);
}

int machine_slot_at(const struct machine *machine, uint64_t phys)
{
    return pci_slot_at(machine, phys);
}

void machine_function_reset(struct machine *machine, unsigned slot)
{
    struct pci_function *function =
        slot < PCI_SLOTS ? machine->pci.functions[slot] : NULL;

    if (function != NULL && function->ops != NULL) {
        function->ops->reset(function);
    }
}

void machine_later(struct machine *machine)
{
    if (machine->run_wanted) {
        return;
    }
    machine->run_wanted = true;
    if (machine->host.later != NULL) {
        machine->host.later(machine->host.context);
    } else {
        machine_run(machine);
    }
}

void machine_run(struct machine *machine)
{
    if (!machine->run_wanted) {
        return;
    }
    machine->run_wanted = false;
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        struct pci_function *function = machine->pci.functions[slot];

        if (function != NULL && function->ops != NULL) {
            function->ops->run(function);
        }
    }
}

void machine_line_set(struct machine *machine, unsigned line, bool level)
{
    unsigned before = machine->line_users[line];

    machine->line_users[line] = level ? before + 1 : before - 1;
    if ((before != 0) != (machine->line_users[line] != 0)) {
        machine->host.irq(machine->host.context, line, level);
    }
}

/* --- ports -------------------------------------------------------------------------- */

static bool is_acpi(uint16_t port)
{
    return port == ACPI_RESET_PORT ||
           (port >= ACPI_PM_BASE && port < ACPI_PM_BASE + ACPI_PM_SIZE);
}

static bool is_pci(uint16_t port, unsigned size)
{
    return port >= 0xcf8 && port <= 0xcff && !(size == 1 && is_acpi(port));
}

static bool is_rtc(uint16_t port)
{
    return port == RTC_PORT_INDEX || port == RTC_PORT_DATA;
}

static uint8_t byte_read(struct machine *machine, uint16_t port)
{
    if (is_acpi(port)) {
        return acpi_read(machine, port);
    }
    return is_rtc(port) ? rtc_read(machine, port) : 0xff;
}

uint32_t machine_port_read(struct machine *machine, uint16_t port,
                           unsigned size)
{
    uint32_t value = 0;

    if (is_pci(port, size) && port % size == 0) {
        return pci_port_read(machine, port, size);
    }
    if (size == 1) {
        return byte_read(machine, port);
    }
    for (unsigned i = 0; i < size; i++) {
        value |= machine_port_read(machine, (uint16_t)(port + i), 1) << i * 8;
    }
    return value;
}

void machine_port_write(struct machine *machine, uint16_t port, unsigned size,
                        uint32_t value)
{
    if (is_pci(port, size) && port % size == 0) {
        pci_port_write(machine, port, size, value);
    } else if (size != 1) {
        for (unsigned i = 0; i < size; i++) {
            machine_port_write(machine, (uint16_t)(port + i), 1,
                               value >> i * 8 & 0xff);
        }
    } else if (is_acpi(port)) {
        acpi_write(machine, port, (uint8_t)value);
    } else if (is_rtc(port)) {
        rtc_write(machine, port, (uint8_t)value);
    }
}

/* --- device memory ------------------------------------------------------------------ */

/* The largest piece that an access is taken apart to. */
static unsigned piece_of(uint64_t phys, unsigned size)
{
    unsigned piece = size < 4 ? size : 4;

    return phys % piece == 0 ? piece : phys % 2 == 0 && piece == 4 ? 2 : 1;
}

uint64_t machine_memory_read(struct machine *machine, uint64_t phys,
                             unsigned size)
{
    unsigned piece = piece_of(phys, size);
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i += piece) {
        value |= (uint64_t)pci_memory_read(machine, phys + i, piece) << i * 8;
    }
    return value;
}

void machine_memory_write(struct machine *machine, uint64_t phys, unsigned size,
                          uint64_t value)
{
    unsigned piece = piece_of(phys, size);

    for (unsigned i = 0; i < size; i += piece) {
        pci_memory_write(machine, phys + i, piece,
                         (uint32_t)(value >> i * 8) & all_ones(piece));
    }
}
