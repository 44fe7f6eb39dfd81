/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/chain/pci.c: a client of pci-arbiter, run inside.
 *
 *   pci list          every function, in one line each
 *   pci map INDEX N   the first word of region N
 *   pci claim INDEX   takes the function for two seconds, as a bus master
 *   pci write INDEX   writes the command register's own value to it
 */

#include <hurd/libhurd.h>
#include <pciaccess/pciaccess.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COMMAND 4
#define MASTER  4

static void say(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    mach_port_t out = hurd_get_fd(1);
    hurd_write(out, text, n);
    mach_port_drop(out);
}

static int failed(const char *what, error_t err)
{
    if (err)
        say("%s: %s\n", what, mach_error_string(err));
    return err ? 1 : 0;
}

static int list(void)
{
    struct pci_device *d;

    for (unsigned i = 0; (d = pci_device_get(i)); i++) {
        say("%u: %04x:%02x:%02x.%u %04x:%04x class %06x irq %u", i, d->domain,
            d->bus, d->dev, d->func, d->vendor_id, d->device_id,
            d->device_class, d->irq);
        for (unsigned r = 0; r < PCI_REGIONS; r++)
            if (d->regions[r].size)
                say(" region%u %llx+%llx%s", r,
                    (unsigned long long)d->regions[r].base_addr,
                    (unsigned long long)d->regions[r].size,
                    d->regions[r].is_io ? " io" : "");
        say("\n");
    }
    return 0;
}

static int map(struct pci_device *d, unsigned region)
{
    void *address;
    error_t err = pci_device_map_region(d, region, true, &address);

    if (!err)
        say("first word %08x\n", *(volatile uint32_t *)address);
    return failed("map", err);
}

static int claim(struct pci_device *d)
{
    struct timespec second = {1, 0};

    uint16_t command = 0;

    if (failed("claim", pci_device_claim(d)))
        return 1;
    pci_device_cfg_read(d, &command, COMMAND, sizeof command);
    command |= MASTER;
    if (failed("write",
               pci_device_cfg_write(d, &command, COMMAND, sizeof command)))
        return 1;
    say("claimed\n");
    nanosleep(&second, NULL);
    nanosleep(&second, NULL);
    return failed("second claim", pci_device_claim(d));
}

static int write_command(struct pci_device *d)
{
    uint16_t command;
    error_t err = pci_device_cfg_read(d, &command, COMMAND, sizeof command);

    if (!err)
        err = pci_device_cfg_write(d, &command, COMMAND, sizeof command);
    if (!err)
        say("written\n");
    return failed("write", err);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "list";
    mach_port_t master = MACH_PORT_NULL;

    get_privileged_ports(NULL, &master);
    if (failed("pci_system_init", pci_system_init(master)))
        return 1;
    if (!strcmp(what, "list"))
        return list();
    struct pci_device *d = pci_device_get(argc > 2 ? atoi(argv[2]) : 0);
    if (!d)
        return failed("device", HURD_ENODEV);
    if (!strcmp(what, "map"))
        return map(d, argc > 3 ? atoi(argv[3]) : 0);
    return !strcmp(what, "claim") ? claim(d) : write_command(d);
}
