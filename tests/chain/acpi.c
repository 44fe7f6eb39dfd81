/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/chain/acpi.c: a client of the acpi server, run inside.
 *
 *   acpi irq BUS DEV FUNC
 *   acpi sleep STATE
 */

#include <hurd/acpi.h>
#include <hurd/libhurd.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    mach_port_t out = hurd_get_fd(1), acpi;
    int irq = 0;
    error_t err = hurd_lookup("/servers/acpi", HO_READ, 0, &acpi);

    if (!err && argc == 5 && !strcmp(argv[1], "irq")) {
        err = acpi_get_pci_irq(acpi, atoi(argv[2]), atoi(argv[3]),
                               atoi(argv[4]), &irq);
        if (!err)
            hurd_printf(out, "irq %d\n", irq);
    } else if (!err && argc == 3) {
        err = acpi_sleep(acpi, atoi(argv[2]));
    }
    if (err)
        hurd_printf(out, "acpi: %s\n", mach_error_string(err));
    return err ? 1 : 0;
}
