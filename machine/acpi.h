/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/acpi.h: the tables that firmware would leave, and the few ports that
 * they name. */
#ifndef MACHINE_ACPI_H
#define MACHINE_ACPI_H

#include "machine/machine.h"

/* Power management ports: event block, control block, timer. */
#define ACPI_PM_BASE     0x600u
#define ACPI_PM_SIZE     12u
#define ACPI_PM1_EVENT   (ACPI_PM_BASE + 0)
#define ACPI_PM1_CONTROL (ACPI_PM_BASE + 4)
#define ACPI_PM_TIMER    (ACPI_PM_BASE + 8)
/* What \_S5 in dsdt.asl has. */
#define ACPI_S5_TYPE 7u
#define ACPI_SCI     9u
/* The reset register, and what resets. */
#define ACPI_RESET_PORT  0xcf9u
#define ACPI_RESET_VALUE 0x06u

struct acpi {
    uint8_t *firmware; /* MACHINE_BIOS_BASE..MACHINE_BIOS_END */
    uint16_t pm1_enable;
    uint16_t pm1_control;
    uint8_t reset_control;
};

/* False if memory is short. */
bool acpi_create(struct machine *machine);
void acpi_destroy(struct machine *machine);

/* acpi_tables.c: puts them into the zeroed image. */
void acpi_tables_build(uint8_t *firmware);

/* A byte of the ports above. */
uint8_t acpi_read(struct machine *machine, uint16_t port);
void acpi_write(struct machine *machine, uint16_t port, uint8_t value);

#endif
