/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/acpi/questions.c: what the names of definition blocks say. */

#include <acpi/private.h>
#include <string.h>

/* EISA ids of PCI host bridges, as EisaId writes them. */
#define PNP0A03 0x030ad041u
#define PNP0A08 0x080ad041u

static const struct aml_name *find(const struct aml *aml, const char *path)
{
    for (unsigned i = 0; i < aml->count; i++)
        if (!strcmp(aml->names[i].path, path))
            return &aml->names[i];
    return NULL;
}

/* NAME of the device that PATH (an object of its) belongs to. */
static const struct aml_name *sibling(const struct aml *aml, const char *path,
                                      const char *name)
{
    char other[AML_DEPTH_MAX * 4 + 1];

    strcpy(other, path);
    strcpy(other + strlen(other) - 4, name);
    return find(aml, other);
}

static enum aml_result integer_of(const struct aml_name *name, uint64_t *value)
{
    if (!name)
        return AML_NONE;
    struct cursor c = {name->data, name->end};
    return name->data && aml_take_integer(&c, value) ? AML_FOUND : AML_UNKNOWN;
}

static bool is_host_bridge(const struct aml *aml, const char *path)
{
    static const char *const ids[] = {"_HID", "_CID"};
    uint64_t id;

    for (int i = 0; i < 2; i++)
        if (integer_of(sibling(aml, path, ids[i]), &id) == AML_FOUND &&
            (id == PNP0A03 || id == PNP0A08))
            return true;
    return false;
}

/* The package at C: what is in it, and how many elements it says it has. */
static bool enter_package(struct cursor *c, struct cursor *inside,
                          uint8_t *count)
{
    uint8_t opcode;

    return aml_take_byte(c, &opcode) && opcode == AML_PACKAGE &&
           aml_take_package(c, inside) && aml_take_byte(inside, count);
}

/* One mapping (6.2.13): address, pin, source, source index. */
static enum aml_result read_mapping(struct cursor entry, unsigned dev,
                                    unsigned pin, unsigned *irq)
{
    uint64_t address, its_pin, source, index;

    if (!aml_take_integer(&entry, &address) ||
        !aml_take_integer(&entry, &its_pin))
        return AML_UNKNOWN;
    if (address >> 16 != dev || its_pin != pin)
        return AML_NONE;
    /* The name of a link device: its setting is behind methods. */
    if (!aml_take_integer(&entry, &source) || source != 0 ||
        !aml_take_integer(&entry, &index))
        return AML_UNKNOWN;
    *irq = index;
    return AML_FOUND;
}

static enum aml_result route_in(const struct aml_name *table, unsigned dev,
                                unsigned pin, unsigned *irq)
{
    struct cursor c = {table->data, table->end}, list, entry;
    uint8_t count, inner;

    if (!table->data || !enter_package(&c, &list, &count))
        return AML_UNKNOWN;
    while (count--) {
        if (!enter_package(&list, &entry, &inner))
            return AML_UNKNOWN;
        enum aml_result result = read_mapping(entry, dev, pin, irq);
        if (result != AML_NONE)
            return result;
    }
    return AML_NONE;
}

static bool ends_with(const char *path, const char *name)
{
    size_t length = strlen(path);

    return length >= 4 && !strcmp(path + length - 4, name);
}

enum aml_result aml_pci_route(const struct aml *aml, unsigned bus, unsigned dev,
                              unsigned pin, unsigned *irq)
{
    for (unsigned i = 0; i < aml->count; i++) {
        const struct aml_name *table = &aml->names[i];
        uint64_t its_bus = 0;
        if (!ends_with(table->path, "_PRT") ||
            !is_host_bridge(aml, table->path))
            continue;
        if (integer_of(sibling(aml, table->path, "_BBN"), &its_bus) ==
            AML_UNKNOWN)
            return AML_UNKNOWN;
        if (its_bus == bus)
            return route_in(table, dev, pin, irq);
    }
    return aml->incomplete ? AML_UNKNOWN : AML_NONE;
}

enum aml_result aml_sleep_types(const struct aml *aml, unsigned state,
                                unsigned *type_a, unsigned *type_b)
{
    char path[] = "_S0_";
    struct cursor inside;
    uint64_t a, b;
    uint8_t count;

    path[2] = (char)('0' + state);
    const struct aml_name *name = find(aml, path);
    if (!name)
        return aml->incomplete ? AML_UNKNOWN : AML_NONE;
    struct cursor c = {name->data, name->end};
    if (!name->data || !enter_package(&c, &inside, &count) || count < 2 ||
        !aml_take_integer(&inside, &a) || !aml_take_integer(&inside, &b))
        return AML_UNKNOWN;
    *type_a = a & 7;
    *type_b = b & 7;
    return AML_FOUND;
}
