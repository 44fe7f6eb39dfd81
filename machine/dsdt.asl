/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ACPI calls the machine's devices: one PCI host, the clock, how to turn
 * it off.  Lines of slots are those of PCI_LINE in pci.h, the power's type is
 * ACPI_S5_TYPE in acpi.h; a test looks whether they agree. */
DefinitionBlock ("", "DSDT", 2, "HELL", "HELLDSDT", 1)
{
    Scope (\_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, EisaId ("PNP0A03"))
            Name (_UID, 0)
            Name (_SEG, 0)
            Name (_BBN, 0)

            /* INTA of each controller's slot, directly to a line. */
            Name (_PRT, Package ()
            {
                Package () { 0x0002FFFF, 0, 0, 10 },
                Package () { 0x0003FFFF, 0, 0, 11 },
                Package () { 0x0004FFFF, 0, 0, 10 },
                Package () { 0x0005FFFF, 0, 0, 11 },
                Package () { 0x0006FFFF, 0, 0, 10 },
                Package () { 0x0007FFFF, 0, 0, 11 },
                Package () { 0x0008FFFF, 0, 0, 10 },
                Package () { 0x0009FFFF, 0, 0, 11 },
                Package () { 0x000AFFFF, 0, 0, 10 },
                Package () { 0x000BFFFF, 0, 0, 11 },
                Package () { 0x000CFFFF, 0, 0, 10 },
                Package () { 0x000DFFFF, 0, 0, 11 },
                Package () { 0x000EFFFF, 0, 0, 10 },
                Package () { 0x000FFFFF, 0, 0, 11 },
                Package () { 0x0010FFFF, 0, 0, 10 },
                Package () { 0x0011FFFF, 0, 0, 11 }
            })

            Name (_CRS, ResourceTemplate ()
            {
                WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
                    0, 0, 0, 0, 1)
                IO (Decode16, 0x0CF8, 0x0CF8, 1, 8)
                DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed,
                    NonCacheable, ReadWrite,
                    0, 0xF0000000, 0xFEBFFFFF, 0, 0x0EC00000)
            })

            Device (ISA)
            {
                Name (_ADR, 0x001F0000)

                Device (RTC)
                {
                    Name (_HID, EisaId ("PNP0B00"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0070, 0x0070, 1, 2)
                    })
                }
            }
        }

        /* Configuration space in memory. */
        Device (ECAM)
        {
            Name (_HID, EisaId ("PNP0C02"))
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadWrite, 0xE0000000, 0x00100000)
            })
        }
    }

    Name (\_S5, Package () { 7, 7, 0, 0 })
}
