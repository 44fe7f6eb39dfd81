/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/machine.h: the PC that drivers see.
 *
 * A machine is a PCI host with its configuration registers at ports
 * 0xcf8/0xcfc, some disk controllers, ACPI tables and a clock chip.  It knows
 * neither the kernel above nor the host below: whoever makes one hands it
 * memory, interrupt lines, disks and a clock as a struct machine_host, and
 * tells it of every access to a port or to device memory.
 *
 * Physical addresses are those of the system's RAM; the machine decodes the
 * hole MACHINE_HOLE_BASE.. and nothing else.  Nothing here blocks: an access
 * returns at once, and the host may be called back from within it.  What a
 * driver writes is never trusted: every address it gives is checked by the
 * host before it is followed, and no input ends, hangs or corrupts the machine.
 * The host is told which function asks, by its slot on the bus, so that it can
 * be what an IOMMU is to a PC.
 */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What of the first MiB is firmware's: no RAM.  The upper half of it holds the
 * image that machine_firmware gives. */
#define MACHINE_LEGACY_BASE 0xa0000u
#define MACHINE_BIOS_BASE   0xe0000u
#define MACHINE_BIOS_END    0x100000u
/* Device memory: configuration space (ECAM, one bus), then the devices' BARs,
 * up to 4 GiB. */
#define MACHINE_HOLE_BASE 0xe0000000ull
#define MACHINE_HOLE_END  0x100000000ull
#define MACHINE_ECAM_BASE 0xe0000000ull
#define MACHINE_ECAM_SIZE 0x100000ull
#define MACHINE_BAR_BASE  0xf0000000ull

/* Places of the bus, one function in each. */
#define MACHINE_SLOTS 32u

/* The interrupt lines: 0..23 of one I/O APIC, those of PCI level triggered and
 * the same numbers as in the functions' interrupt line register. */
#define MACHINE_IRQ_COUNT 24

#define MACHINE_SECTOR          512u
#define MACHINE_CONTROLLERS_MAX 16u
#define MACHINE_DISKS_MAX       32u /* ports of a controller */
#define MACHINE_SERIAL_SIZE     20u

struct machine;

struct machine_extent {
    uint64_t phys;
    uint64_t size_bytes;
};

enum machine_block_op {
    MACHINE_BLOCK_READ,
    MACHINE_BLOCK_WRITE,
    MACHINE_BLOCK_FLUSH
};

/* A transfer between a disk and RAM.  The machine's, and unchanged, until the
 * host calls DONE, once; EXTENTS were all found valid when it was submitted.
 * There are up to MACHINE_EXTENTS_MAX of them (none for a flush), each of any
 * size, not only of whole sectors; together they are sectors, 32 MiB at most:
 * as many pages, the first one cut. */
#define MACHINE_EXTENTS_MAX 8193u
struct machine_block_request {
    enum machine_block_op op;
    unsigned slot; /* of the function that moves the data */
    unsigned disk; /* the host's number, as in machine_disk */
    uint64_t offset_bytes;
    const struct machine_extent *extents;
    unsigned extent_count;
    /* STATUS is 0, or negative if the medium failed.  May be called from within
     * block_submit. */
    void (*done)(struct machine_block_request *request, int status);
};

/* What the machine stands on; its own first argument is CONTEXT. */
struct machine_host {
    void *context;
    /* Zeroed memory; NULL if there is none.  FREE takes NULL. */
    void *(*alloc)(size_t size_bytes);
    void (*free)(void *memory);
    /* Whether all of the range is RAM that the function in SLOT may read now, or
     * with WRITE, write. */
    bool (*dma_valid)(void *context, unsigned slot, uint64_t phys,
                      uint64_t size_bytes, bool write);
    /* Copy from and to RAM; false, and nothing done, if the function may not
     * reach all of it. */
    bool (*dma_read)(void *context, unsigned slot, uint64_t phys, void *to,
                     size_t size);
    bool (*dma_write)(void *context, unsigned slot, uint64_t phys,
                      const void *from, size_t size);
    /* The level of an interrupt line; called only when it changes. */
    void (*irq)(void *context, unsigned line, bool level);
    void (*block_submit)(void *context, struct machine_block_request *request);
    /* Nobody waits for REQUEST any more, which was submitted and is not done.
     * True: RAM is not touched for it from now on, DONE will not be called, and
     * the request is forgotten; false: its end will be told as ever.  May be
     * NULL, which says false. */
    bool (*block_abandon)(void *context, struct machine_block_request *request);
    /* The machine has to do what must not happen within an access: machine_run
     * is to be called soon, from outside of any.  May be NULL: then it is done
     * at once. */
    void (*later)(void *context);
    uint64_t (*realtime_ns)(void *context); /* since 1970 */
    /* Software asked for the power to go (S5), or for a reset. */
    void (*power)(void *context, bool reset);
    /* One line, without its end, for people: a mistake of the driver of the
     * function in SLOT. */
    void (*log)(void *context, unsigned slot, const char *text);
};

enum machine_controller_kind { MACHINE_AHCI, MACHINE_VIRTIO_BLK };

struct machine_disk {
    unsigned number; /* what requests carry */
    uint64_t sector_count;
    bool read_only;
    char serial[MACHINE_SERIAL_SIZE + 1];
};

/* One PCI function.  A virtio-blk controller has exactly one disk. */
struct machine_controller {
    enum machine_controller_kind kind;
    unsigned disk_count;
    struct machine_disk disks[MACHINE_DISKS_MAX];
};

struct machine_config {
    unsigned controller_count;
    const struct machine_controller *controllers; /* copied */
    uint64_t memory_size_bytes;
};

/* HOST is copied.  NULL if memory is short. */
struct machine *machine_create(const struct machine_host *host,
                               const struct machine_config *config);
/* Requests that are under way are forgotten: the host must not call their DONE
 * any more. */
void machine_destroy(struct machine *machine);

/* Port I/O; SIZE is 1, 2 or 4.  A port nobody decodes reads as all ones. */
uint32_t machine_port_read(struct machine *machine, uint16_t port,
                           unsigned size);
void machine_port_write(struct machine *machine, uint16_t port, unsigned size,
                        uint32_t value);

/* Device memory, at a physical address in the hole; SIZE is 1, 2, 4 or 8, and
 * an access that is not aligned to it is taken apart.  Where no device is
 * reads as all ones. */
uint64_t machine_memory_read(struct machine *machine, uint64_t phys,
                             unsigned size);
void machine_memory_write(struct machine *machine, uint64_t phys, unsigned size,
                          uint64_t value);

/* After the host was asked for it by LATER. */
void machine_run(struct machine *machine);

/* What stands at MACHINE_BIOS_BASE..MACHINE_BIOS_END: the ACPI tables among
 * it.  The machine's own, constant. */
const void *machine_firmware(const struct machine *machine);

/* The slot of the function whose registers firmware put at physical address
 * PHYS, wherever they are now; -1 if there is none. */
int machine_slot_at(const struct machine *machine, uint64_t phys);
/* The driver of the function in SLOT is gone: what is under way for it is
 * forgotten and nothing more begins, as behind a reset of the function.  Its
 * configuration space stays as it is.  From outside of any access. */
void machine_function_reset(struct machine *machine, unsigned slot);

/* The disk is pulled out: what is under way on it fails, its port reports the
 * loss.  NUMBER is the host's.  Nothing if there is no such disk. */
void machine_disk_unplug(struct machine *machine, unsigned number);

#endif
