/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ports that ACPI's tables name. */
#include "machine/private.h"

#define SCI_ENABLED         0x0001u
#define SLEEP_ENABLE        0x2000u
#define SLEEP_TYPE(control) ((control) >> 10 & 7u)
#define PM1_STORED          0x1c07u /* of the control register */
#define RESET_CPU           0x04u
#define TIMER_HZ            3579545u
#define NS_IN_SECOND        1000000000ull

bool acpi_create(struct machine *machine)
{
    struct acpi *acpi = &machine->acpi;

    acpi->firmware = machine->host.alloc(MACHINE_BIOS_END - MACHINE_BIOS_BASE);
    if (acpi->firmware == NULL) {
        return false;
    }
    acpi_tables_build(acpi->firmware);
    acpi->pm1_control = SCI_ENABLED;
    return true;
}

void acpi_destroy(struct machine *machine)
{
    machine->host.free(machine->acpi.firmware);
}

/* Counts at its rate, in 32 bits. */
static uint32_t timer(struct machine *machine)
{
    uint64_t ns = machine->host.realtime_ns(machine->host.context);

    return (uint32_t)(ns / NS_IN_SECOND * TIMER_HZ +
                      ns % NS_IN_SECOND * TIMER_HZ / NS_IN_SECOND);
}

/* No event of PM1's ever happens: its status is 0. */
uint8_t acpi_read(struct machine *machine, uint16_t port)
{
    const struct acpi *acpi = &machine->acpi;
    uint8_t image[ACPI_PM_SIZE] = {0};

    if (port == ACPI_RESET_PORT) {
        return acpi->reset_control;
    }
    put16(image + 2, acpi->pm1_enable);
    put16(image + 4, acpi->pm1_control);
    put32(image + 8, timer(machine));
    return image[port - ACPI_PM_BASE];
}

static void control_write(struct machine *machine, unsigned byte, uint8_t value)
{
    struct acpi *acpi = &machine->acpi;
    uint16_t mask = (uint16_t)(0xff << byte * 8);
    uint16_t control =
        (uint16_t)((acpi->pm1_control & ~mask) | value << byte * 8);

    acpi->pm1_control = (control & PM1_STORED) | SCI_ENABLED;
    if ((control & SLEEP_ENABLE) && SLEEP_TYPE(control) == ACPI_S5_TYPE) {
        machine->host.power(machine->host.context, false);
    }
}

static void reset_write(struct machine *machine, uint8_t value)
{
    struct acpi *acpi = &machine->acpi;
    bool rises = (value & RESET_CPU) && !(acpi->reset_control & RESET_CPU);

    acpi->reset_control = value & ACPI_RESET_VALUE;
    if (rises) {
        machine->host.power(machine->host.context, true);
    }
}

void acpi_write(struct machine *machine, uint16_t port, uint8_t value)
{
    struct acpi *acpi = &machine->acpi;
    unsigned at = port - ACPI_PM_BASE;

    if (port == ACPI_RESET_PORT) {
        reset_write(machine, value);
    } else if (at == 2 || at == 3) {
        unsigned shift = (at - 2) * 8;

        acpi->pm1_enable =
            (uint16_t)((acpi->pm1_enable & ~(0xff << shift)) | value << shift);
    } else if (at == 4 || at == 5) {
        control_write(machine, at - 4, value);
    }
}
