/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/acpi/pins.c: ACPI's tables route pins, and only PCI knows which pin a
 * function has. */

#include <pciaccess/pciaccess.h>

#include "acpi/acpi.h"

#define INTERRUPT_PIN 0x3d

static struct {
    uint8_t bus, dev, func, pin;
} pins[256];
static unsigned pin_count;

error_t pins_read(mach_port_t device_master)
{
    struct pci_device *device;
    error_t err = pci_system_init_device(device_master);
    boolean_t direct = err == D_NO_SUCH_DEVICE;

    if (direct)
        err = pci_system_init_direct(device_master);
    for (unsigned i = 0; !err && (device = pci_device_get(i)) &&
                         pin_count < sizeof pins / sizeof *pins;
         i++) {
        uint8_t pin = 0;
        err = pci_device_cfg_read(device, &pin, INTERRUPT_PIN, 1);
        pins[pin_count].bus = device->bus;
        pins[pin_count].dev = device->dev;
        pins[pin_count].func = device->func;
        pins[pin_count++].pin = pin;
    }
    /* The arbiter comes after this server, and wants them. */
    if (direct)
        pci_system_release();
    return err;
}

int pins_find(unsigned bus, unsigned dev, unsigned func)
{
    for (unsigned i = 0; i < pin_count; i++)
        if (pins[i].bus == bus && pins[i].dev == dev && pins[i].func == func)
            return pins[i].pin;
    return -1;
}
