/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/machine/pc.h: a machine on a host of arrays, and a driver's hands.
 *
 * RAM is PC_RAM_SIZE bytes from address 0.  Disks are arrays; a request is done
 * at once, or when the test says so (pc.defer).  One pc at a time.
 */
#ifndef TESTS_MACHINE_PC_H
#define TESTS_MACHINE_PC_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "machine/machine.h"

#define PC_RAM_SIZE  (4u << 20)
#define PC_DISKS     4u
#define PC_SECTORS   4096u
#define PC_QUEUE_MAX 1024u

struct pc {
    struct machine *machine;
    uint8_t ram[PC_RAM_SIZE];
    uint8_t disks[PC_DISKS][PC_SECTORS * MACHINE_SECTOR];
    bool line[MACHINE_IRQ_COUNT];
    bool defer;  /* requests wait for pc_finish */
    bool clings; /* the host cannot abandon a request */
    bool slow;   /* what the machine does later waits for pc_run */
    bool run_wanted;
    unsigned abandoned;
    int fail_status;     /* what the next request ends with, once, if not 0 */
    uint64_t bad_sector; /* of all disks, if not 0: requests of it fail */
    uint64_t time_ns;    /* since 1970 */
    unsigned power_off_count, reset_count, flush_count, log_count;
    char log[256]; /* the last line */
    struct machine_block_request *queue[PC_QUEUE_MAX];
    unsigned queue_length;
    unsigned dma_count; /* reads, writes and checks of RAM */
    uint32_t dma_slots; /* functions that made them */
    /* RAM that no function may reach, and that none may write. */
    struct machine_extent forbidden, constant;
    bool read_only[PC_DISKS];
    unsigned allocations;
    unsigned alloc_fail_after; /* the so-many'th allocation fails; 0: none */
};

extern struct pc pc;

/* Starts with these controllers; PC is zeroed before. */
void pc_start(const struct machine_controller *controllers, unsigned count);
void pc_stop(void);
/* An AHCI controller with the disks FIRST.. . */
struct machine_controller pc_ahci(unsigned first, unsigned disk_count);
struct machine_controller pc_virtio(unsigned disk, bool read_only);
struct machine_host pc_host(void);

/* Does the INDEX'th of the waiting requests. */
void pc_finish(unsigned index);
void pc_finish_all(void);

/* What the machine wanted to do later. */
void pc_run(void);

uint32_t pc_config_read(unsigned slot, unsigned reg, unsigned size);
void pc_config_write(unsigned slot, unsigned reg, unsigned size,
                     uint32_t value);
uint32_t pc_read32(uint64_t phys);
void pc_write32(uint64_t phys, uint32_t value);
void pc_write(uint64_t phys, unsigned size, uint64_t value);
uint8_t pc_in8(uint16_t port);
void pc_out8(uint16_t port, uint8_t value);

static inline void ram_put32(uint64_t phys, uint32_t value)
{
    memcpy(&pc.ram[phys], &value, sizeof value);
}

static inline uint32_t ram_get32(uint64_t phys)
{
    uint32_t value;

    memcpy(&value, &pc.ram[phys], sizeof value);
    return value;
}

#define TEST(name) static void name(void **state)

#endif
