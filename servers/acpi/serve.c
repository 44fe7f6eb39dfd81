/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/acpi/serve.c: the calls of acpi.defs. */

#include <acpi/acpi_S.h>
#include <machdev/machdev.h>
#include <sys/io.h>
#include <time.h>

#include "acpi/acpi.h"

#define SCI_ENABLED    0x0001u
#define SLEEP_TYPE(t)  ((t) << 10)
#define SLEEP_TYPES    SLEEP_TYPE(7u)
#define SLEEP_ENABLE   0x2000u
#define ENABLE_TRIES   300
#define ENABLE_WAIT_NS 10000000

mig_routine_t serve_routine(const mach_msg_header_t *request)
{
    return acpi_server_routine(request);
}

static error_t result_error(enum aml_result result)
{
    switch (result) {
    case AML_FOUND:
        return 0;
    case AML_NONE:
        return HURD_ENODEV;
    default:
        return HURD_EOPNOTSUPP; /* it would have to be executed */
    }
}

kern_return_t S_acpi_get_pci_irq(protid_t cred, int bus, int dev, int func,
                                 int *irq)
{
    unsigned found = 0;

    if (!cred)
        return HURD_EOPNOTSUPP;
    int pin = pins_find(bus, dev, func);
    if (pin <= 0 || pin > 4)
        return HURD_ENODEV;
    error_t err = result_error(aml_pci_route(&aml, bus, dev, pin - 1, &found));
    *irq = found;
    return err;
}

/* --- sleep ------------------------------------------------------------------------- */

/* For good: there is nothing after it. */
static error_t take_port(uint16_t port, unsigned bytes)
{
    mach_port_t right;

    return port ? machdev_take_io_ports(machdev_device_master(), port,
                                        port + bytes - 1, &right)
                : 0;
}

/* Firmware may have left the machine in the mode without ACPI. */
static error_t enable(const struct acpi_power *power)
{
    struct timespec wait = {0, ENABLE_WAIT_NS};

    if (inw(power->pm1a_control) & SCI_ENABLED || !power->smi_command)
        return 0;
    error_t err = take_port(power->smi_command, 1);
    if (err)
        return err;
    outb(power->acpi_enable, power->smi_command);
    for (int i = 0; i < ENABLE_TRIES; i++) {
        if (inw(power->pm1a_control) & SCI_ENABLED)
            return 0;
        nanosleep(&wait, NULL);
    }
    return HURD_EIO;
}

static void enter(uint16_t port, unsigned type)
{
    unsigned control = inw(port) & ~(SLEEP_TYPES | SLEEP_ENABLE);

    outw(control | SLEEP_TYPE(type), port);
    outw(control | SLEEP_TYPE(type) | SLEEP_ENABLE, port);
}

static error_t power_off(void)
{
    struct acpi_power power;
    unsigned type_a, type_b;

    if (!acpi_tables_power(&tables, &power))
        return HURD_ENODEV;
    error_t err = result_error(aml_sleep_types(&aml, 5, &type_a, &type_b));
    if (!err)
        err = take_port(power.pm1a_control, 2);
    if (!err)
        err = take_port(power.pm1b_control, 2);
    if (!err)
        err = enable(&power);
    if (err)
        return err;
    enter(power.pm1a_control, type_a);
    if (power.pm1b_control)
        enter(power.pm1b_control, type_b);
    return HURD_EIO; /* we are still here */
}

kern_return_t S_acpi_sleep(protid_t cred, int state)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    if (!idvec_contains(cred->user->uids, 0))
        return HURD_EPERM;
    if (state == 3)
        return HURD_EOPNOTSUPP; /* nothing here could wake up again */
    return state == 5 ? power_off() : HURD_EINVAL;
}
