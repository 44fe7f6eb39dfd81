/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/acpi/main.c: ACPI's tables, and what they say: a stage of the boot, or
 * the translator of /servers/acpi. */

#include <machdev/machdev.h>
#include <string.h>

#include "acpi/acpi.h"

#define HEADER_SIZE 36u

struct acpi_tables tables;
struct aml aml;

static bool read_physical(void *context, uint64_t phys, void *to, uint32_t size)
{
    const void *from;

    if (machdev_map_physical(machdev_device_master(), phys, size, &from))
        return false;
    memcpy(to, from, size);
    vm_address_t start = MACH_PAGE_TRUNC(from);
    vm_deallocate(mach_task_self(), start,
                  MACH_PAGE_ROUND((vm_address_t)from + size) - start);
    return true;
}

static const char *what_is_wrong(enum acpi_result result)
{
    switch (result) {
    case ACPI_OK:
        return NULL;
    case ACPI_NO_RSDP:
        return "no RSDP at 0xe0000-0xfffff: this machine has no ACPI";
    default:
        return "RSDT and XSDT cannot be read";
    }
}

/* SSDTs add to what the DSDT says. */
static void read_definitions(void)
{
    for (unsigned i = 0; i < tables.count; i++) {
        const struct acpi_table *table = &tables.tables[i];
        if (!memcmp(table->data, "DSDT", 4) || !memcmp(table->data, "SSDT", 4))
            aml_read(&aml, table->data + HEADER_SIZE,
                     table->size - HEADER_SIZE);
    }
}

static error_t start(void)
{
    const char *wrong =
        what_is_wrong(acpi_tables_read(&tables, read_physical, NULL));

    if (wrong) {
        mach_complain(0, "%s", wrong);
        return MACHDEV_TOLD;
    }
    read_definitions();
    error_t err = pins_read(machdev_device_master());
    /* The tables are of use without; and who has the ports may keep them. */
    if (err && err != KERN_PROTECTION_FAILURE)
        mach_complain(err, "PCI functions");
    diskfs_format = &tree_format;
    diskfs_readonly = TRUE;
    diskfs_serve();
    return 0;
}

static error_t open_root(const char *name, dev_mode_t mode, mach_port_t *port)
{
    return strcmp(name, "acpi") ? D_NO_SUCH_DEVICE
                                : diskfs_open_root_device(mode, port);
}

int main(int argc, char **argv)
{
    static const char *const nodes[] = {"/servers/acpi", NULL};
    static const struct machdev_ops ops = {
        .name = "acpi",
        .nodes = nodes,
        .init = start,
        .open = open_root,
        .control = diskfs_control_for,
        .translate = diskfs_translate,
    };
    static const struct argp_child children[] = {{&machdev_argp, 0, NULL, 0},
                                                 {0}};
    static const struct argp argp = {.doc = "Shows the machine's ACPI tables",
                                     .children = children};

    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    machdev_run(&ops);
}
