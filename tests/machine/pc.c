/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host of arrays: see pc.h. */
#include "pc.h"

struct pc pc;

/* --- the host ------------------------------------------------------------------------ */

static void *host_alloc(size_t size_bytes)
{
    if (pc.alloc_fail_after != 0 && --pc.alloc_fail_after == 0) {
        return NULL;
    }
    pc.allocations++;
    return calloc(1, size_bytes);
}

static void host_free(void *memory)
{
    if (memory != NULL) {
        pc.allocations--;
    }
    free(memory);
}

static bool meets(const struct machine_extent *range, uint64_t phys,
                  uint64_t size_bytes)
{
    return phys < range->phys + range->size_bytes &&
           range->phys < phys + size_bytes;
}

static bool dma_valid(void *context, unsigned slot, uint64_t phys,
                      uint64_t size_bytes, bool write)
{
    pc.dma_count++;
    assert_true(slot < MACHINE_SLOTS);
    pc.dma_slots |= 1u << slot;
    return phys <= PC_RAM_SIZE && size_bytes <= PC_RAM_SIZE - phys &&
           !meets(&pc.forbidden, phys, size_bytes) &&
           !(write && meets(&pc.constant, phys, size_bytes));
}

static bool dma_read(void *context, unsigned slot, uint64_t phys, void *to,
                     size_t size)
{
    if (!dma_valid(context, slot, phys, size, false)) {
        return false;
    }
    memcpy(to, &pc.ram[phys], size);
    return true;
}

static bool dma_write(void *context, unsigned slot, uint64_t phys,
                      const void *from, size_t size)
{
    if (!dma_valid(context, slot, phys, size, true)) {
        return false;
    }
    memcpy(&pc.ram[phys], from, size);
    return true;
}

static void irq(void *context, unsigned line, bool level)
{
    assert_true(line < MACHINE_IRQ_COUNT);
    assert_int_not_equal(pc.line[line], level);
    pc.line[line] = level;
}

static uint64_t realtime_ns(void *context)
{
    return pc.time_ns;
}

static void power(void *context, bool reset)
{
    if (reset) {
        pc.reset_count++;
    } else {
        pc.power_off_count++;
    }
}

static void log_line(void *context, unsigned slot, const char *text)
{
    assert_true(slot < MACHINE_SLOTS);
    pc.log_count++;
    snprintf(pc.log, sizeof pc.log, "%s", text);
}

/* --- disks ----------------------------------------------------------------------------- */

static void move(const struct machine_block_request *request)
{
    uint64_t at = request->offset_bytes;

    for (unsigned i = 0; i < request->extent_count; i++) {
        const struct machine_extent *extent = &request->extents[i];
        uint8_t *memory = &pc.ram[extent->phys];
        uint8_t *medium = &pc.disks[request->disk][at];

        assert_true(dma_valid(NULL, request->slot, extent->phys,
                              extent->size_bytes,
                              request->op == MACHINE_BLOCK_READ));
        assert_true(at + extent->size_bytes <= sizeof pc.disks[0]);
        if (request->op == MACHINE_BLOCK_READ) {
            memcpy(memory, medium, extent->size_bytes);
        } else {
            memcpy(medium, memory, extent->size_bytes);
        }
        at += extent->size_bytes;
    }
    assert_int_equal(at % MACHINE_SECTOR, 0);
}

static bool is_bad(const struct machine_block_request *request)
{
    uint64_t first = request->offset_bytes / MACHINE_SECTOR, size = 0;

    for (unsigned i = 0; i < request->extent_count; i++) {
        size += request->extents[i].size_bytes;
    }
    return pc.bad_sector >= first &&
           pc.bad_sector < first + size / MACHINE_SECTOR;
}

static void complete(struct machine_block_request *request)
{
    int status = pc.bad_sector != 0 && is_bad(request) ? -5 : pc.fail_status;

    assert_true(request->disk < PC_DISKS);
    assert_false(pc.read_only[request->disk] &&
                 request->op == MACHINE_BLOCK_WRITE);
    pc.fail_status = 0;
    if (request->op == MACHINE_BLOCK_FLUSH) {
        pc.flush_count++;
    } else if (status == 0) {
        move(request);
    }
    request->done(request, status);
}

static void block_submit(void *context, struct machine_block_request *request)
{
    if (!pc.defer) {
        complete(request);
        return;
    }
    assert_true(pc.queue_length < PC_QUEUE_MAX);
    pc.queue[pc.queue_length++] = request;
}

static void drop(unsigned index)
{
    pc.queue_length--;
    memmove(&pc.queue[index], &pc.queue[index + 1],
            (pc.queue_length - index) * sizeof pc.queue[0]);
}

static bool block_abandon(void *context, struct machine_block_request *request)
{
    for (unsigned i = 0; !pc.clings && i < pc.queue_length; i++) {
        if (pc.queue[i] == request) {
            drop(i);
            pc.abandoned++;
            return true;
        }
    }
    return false;
}

void pc_finish(unsigned index)
{
    struct machine_block_request *request = pc.queue[index];

    assert_true(index < pc.queue_length);
    drop(index);
    complete(request);
}

void pc_finish_all(void)
{
    while (pc.queue_length != 0) {
        pc_finish(0);
    }
}

static void later(void *context)
{
    assert_false(pc.run_wanted);
    pc.run_wanted = true;
}

void pc_run(void)
{
    pc.run_wanted = false;
    machine_run(pc.machine);
}

/* An access is over. */
static void settle(void)
{
    if (pc.run_wanted && !pc.slow) {
        pc_run();
    }
}

/* --- making ------------------------------------------------------------------------------ */

static struct machine_disk disk_of(unsigned number)
{
    struct machine_disk disk = {.number = number, .sector_count = PC_SECTORS};

    snprintf(disk.serial, sizeof disk.serial, "SERIAL-%u", number);
    return disk;
}

struct machine_controller pc_ahci(unsigned first, unsigned disk_count)
{
    struct machine_controller controller = {.kind = MACHINE_AHCI,
                                            .disk_count = disk_count};

    for (unsigned i = 0; i < disk_count; i++) {
        controller.disks[i] = disk_of(first + i);
    }
    return controller;
}

struct machine_controller pc_virtio(unsigned disk, bool read_only)
{
    struct machine_controller controller = {
        .kind = MACHINE_VIRTIO_BLK, .disk_count = 1, .disks = {disk_of(disk)}};

    controller.disks[0].read_only = read_only;
    return controller;
}

struct machine_host pc_host(void)
{
    return (struct machine_host){.alloc = host_alloc,
                                 .free = host_free,
                                 .dma_valid = dma_valid,
                                 .dma_read = dma_read,
                                 .dma_write = dma_write,
                                 .irq = irq,
                                 .block_submit = block_submit,
                                 .block_abandon = block_abandon,
                                 .later = later,
                                 .realtime_ns = realtime_ns,
                                 .power = power,
                                 .log = log_line};
}

void pc_start(const struct machine_controller *controllers, unsigned count)
{
    struct machine_host host = pc_host();
    struct machine_config config = {.controller_count = count,
                                    .controllers = controllers,
                                    .memory_size_bytes = PC_RAM_SIZE};

    memset(&pc, 0, sizeof pc);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < controllers[i].disk_count; k++) {
            const struct machine_disk *disk = &controllers[i].disks[k];

            pc.read_only[disk->number] = disk->read_only;
        }
    }
    pc.machine = machine_create(&host, &config);
    assert_non_null(pc.machine);
}

void pc_stop(void)
{
    machine_destroy(pc.machine);
    pc.machine = NULL;
    pc.queue_length = 0;
    assert_int_equal(pc.allocations, 0);
}

/* --- hands --------------------------------------------------------------------------------- */

static void select_config(unsigned slot, unsigned reg)
{
    machine_port_write(pc.machine, 0xcf8, 4,
                       0x80000000u | slot << 11 | (reg & 0xfc));
}

uint32_t pc_config_read(unsigned slot, unsigned reg, unsigned size)
{
    select_config(slot, reg);
    return machine_port_read(pc.machine, (uint16_t)(0xcfc + (reg & 3)), size);
}

void pc_config_write(unsigned slot, unsigned reg, unsigned size, uint32_t value)
{
    select_config(slot, reg);
    machine_port_write(pc.machine, (uint16_t)(0xcfc + (reg & 3)), size, value);
    settle();
}

uint32_t pc_read32(uint64_t phys)
{
    return (uint32_t)machine_memory_read(pc.machine, phys, 4);
}

void pc_write(uint64_t phys, unsigned size, uint64_t value)
{
    machine_memory_write(pc.machine, phys, size, value);
    settle();
}

void pc_write32(uint64_t phys, uint32_t value)
{
    pc_write(phys, 4, value);
}

uint8_t pc_in8(uint16_t port)
{
    return (uint8_t)machine_port_read(pc.machine, port, 1);
}

void pc_out8(uint16_t port, uint8_t value)
{
    machine_port_write(pc.machine, port, 1, value);
}
