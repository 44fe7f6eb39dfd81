/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables (ACPI 3.0), as firmware would leave them below 1 MiB. */
#include "machine/private.h"
#include "dsdt.h" /* made of dsdt.asl */

#define RSDP_AT         0xf0000u
#define TABLE_ALIGN     64u /* the FACS' */
#define HEADER_SIZE     36u
#define FACS_SIZE       64u
#define LOCAL_APIC_BASE 0xfee00000u
#define IO_APIC_BASE    0xfec00000u
#define IO_APIC_ID      1u

#define MADT_LEVEL_HIGH 0x000du

/* No VGA, no MSI. */
#define FADT_BOOT_ARCH 0x000cu
/* WBINVD and C1 work; no fixed buttons, no RTC alarm; a timer of 32 bits; the
 * reset register. */
#define FADT_FLAGS 0x00000575u

#define GAS_PORT 1u

struct image {
    uint8_t *bytes; /* of MACHINE_BIOS_BASE */
    uint32_t next;  /* physical */
};

static uint8_t *bytes_at(const struct image *image, uint32_t phys)
{
    return image->bytes + (phys - MACHINE_BIOS_BASE);
}

/* Characters without an end. */
static void put_text(uint8_t *to, const char *text)
{
    while (*text != '\0') {
        *to++ = (uint8_t)*text++;
    }
}

static uint8_t checksum_of(const uint8_t *bytes, size_t size)
{
    uint8_t sum = 0;

    while (size-- != 0) {
        sum = (uint8_t)(sum + *bytes++);
    }
    return (uint8_t)-sum;
}

static uint32_t reserve(struct image *image, uint32_t size)
{
    uint32_t phys = image->next;

    image->next = (phys + size + TABLE_ALIGN - 1) & ~(TABLE_ALIGN - 1);
    return phys;
}

/* Room for a table, with its header but for the checksum. */
static uint32_t begin(struct image *image, const char *signature,
                      uint8_t revision, uint32_t size)
{
    uint32_t phys = reserve(image, size);
    uint8_t *table = bytes_at(image, phys);

    put_text(table, signature);
    put32(table + 4, size);
    table[8] = revision;
    put_text(table + 10, "HELL  ");
    put_text(table + 16, "HELLPC  ");
    put32(table + 24, 1);
    put_text(table + 28, "HELL");
    put32(table + 32, 1);
    return phys;
}

static void end(struct image *image, uint32_t phys)
{
    uint8_t *table = bytes_at(image, phys);

    table[9] = checksum_of(table, get32(table + 4));
}

/* --- the tables ---------------------------------------------------------------------- */

static uint32_t add_dsdt(struct image *image)
{
    uint32_t phys = reserve(image, sizeof dsdt_aml);

    memcpy(bytes_at(image, phys), dsdt_aml, sizeof dsdt_aml);
    return phys;
}

static uint32_t add_facs(struct image *image)
{
    uint32_t phys = reserve(image, FACS_SIZE);
    uint8_t *facs = bytes_at(image, phys);

    put_text(facs, "FACS");
    put32(facs + 4, FACS_SIZE);
    facs[32] = 1;
    return phys;
}

/* A generic address: a port of so many bits, accessed in so many bytes. */
static void put_port(uint8_t *gas, uint16_t port, uint8_t bits, uint8_t access)
{
    gas[0] = GAS_PORT;
    gas[1] = bits;
    gas[3] = access;
    put64(gas + 4, port);
}

static void put_pm_blocks(uint8_t *fadt)
{
    put32(fadt + 56, ACPI_PM1_EVENT);
    put32(fadt + 64, ACPI_PM1_CONTROL);
    put32(fadt + 76, ACPI_PM_TIMER);
    fadt[88] = 4;
    fadt[89] = 2;
    fadt[91] = 4;
    put_port(fadt + 148, ACPI_PM1_EVENT, 32, 2);
    put_port(fadt + 172, ACPI_PM1_CONTROL, 16, 2);
    put_port(fadt + 208, ACPI_PM_TIMER, 32, 3);
}

/* No SMI command: the machine is in ACPI mode from the beginning. */
static uint32_t add_fadt(struct image *image)
{
    uint32_t dsdt = add_dsdt(image), facs = add_facs(image);
    uint32_t phys = begin(image, "FACP", 3, 244);
    uint8_t *fadt = bytes_at(image, phys);

    put32(fadt + 36, facs);
    put32(fadt + 40, dsdt);
    fadt[45] = 1; /* a desktop */
    put16(fadt + 46, ACPI_SCI);
    put_pm_blocks(fadt);
    put16(fadt + 96, 101);  /* longer than any C2 */
    put16(fadt + 98, 1001); /* or C3 */
    fadt[108] = RTC_CENTURY;
    put16(fadt + 109, FADT_BOOT_ARCH);
    put32(fadt + 112, FADT_FLAGS);
    put_port(fadt + 116, ACPI_RESET_PORT, 8, 1);
    fadt[128] = ACPI_RESET_VALUE;
    put64(fadt + 140, dsdt);
    end(image, phys);
    return phys;
}

static void put_override(uint8_t *entry, uint8_t line)
{
    entry[0] = 2;
    entry[1] = 10;
    entry[3] = line; /* of the ISA bus */
    put32(entry + 4, line);
    put16(entry + 8, MADT_LEVEL_HIGH);
}

/* One processor, one I/O APIC; the lines that are not edge triggered. */
static uint32_t add_madt(struct image *image)
{
    static const uint8_t level[] = {ACPI_SCI, PCI_LINE_FIRST,
                                    PCI_LINE_FIRST + 1};
    uint32_t phys = begin(image, "APIC", 2, 44 + 8 + 12 + 10 * sizeof level);
    uint8_t *madt = bytes_at(image, phys);

    put32(madt + 36, LOCAL_APIC_BASE);
    madt[44 + 1] = 8;
    madt[44 + 4] = 1; /* enabled */
    madt[52] = 1;
    madt[52 + 1] = 12;
    madt[52 + 2] = IO_APIC_ID;
    put32(madt + 52 + 4, IO_APIC_BASE);
    for (unsigned i = 0; i < sizeof level; i++) {
        put_override(madt + 64 + (size_t)i * 10, level[i]);
    }
    end(image, phys);
    return phys;
}

static uint32_t add_mcfg(struct image *image)
{
    uint32_t phys = begin(image, "MCFG", 1, 60);

    put64(bytes_at(image, phys) + 44, MACHINE_ECAM_BASE); /* bus 0 to 0 */
    end(image, phys);
    return phys;
}

/* --- finding them ---------------------------------------------------------------------- */

static uint32_t add_directory(struct image *image, const char *signature,
                              unsigned entry_size, const uint32_t *tables,
                              unsigned count)
{
    uint32_t phys =
        begin(image, signature, 1, HEADER_SIZE + count * entry_size);
    uint8_t *entry = bytes_at(image, phys) + HEADER_SIZE;

    for (unsigned i = 0; i < count; i++, entry += entry_size) {
        put32(entry, tables[i]); /* the upper half is zero */
    }
    end(image, phys);
    return phys;
}

void acpi_tables_build(uint8_t *firmware)
{
    struct image image = {firmware, RSDP_AT + TABLE_ALIGN};
    uint32_t tables[] = {add_fadt(&image), add_madt(&image), add_mcfg(&image)};
    unsigned count = sizeof tables / sizeof tables[0];
    uint8_t *rsdp = bytes_at(&image, RSDP_AT);

    put_text(rsdp, "RSD PTR ");
    put_text(rsdp + 9, "HELL  ");
    rsdp[15] = 2;
    put32(rsdp + 16, add_directory(&image, "RSDT", 4, tables, count));
    put32(rsdp + 20, 36);
    put64(rsdp + 24, add_directory(&image, "XSDT", 8, tables, count));
    rsdp[8] = checksum_of(rsdp, 20);
    rsdp[32] = checksum_of(rsdp, 36);
}
