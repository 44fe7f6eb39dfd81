/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine stands on: the kernel's memory, the platform's disks. */
#include "device/pc.h"
#include "core/account.h"
#include "core/kernel.h"
#include "device/device.h"
#include "device/driver.h"
#include "device/private.h"
#include "vm/page.h"

/* A block request of the machine's, at the platform. */
struct pc_transfer {
    struct disk_transfer transfer;
    struct list link;
    struct machine_block_request *request;
    struct platform_extent extents[];
};

static struct {
    struct machine *machine;
    struct list transfers;
    bool run_wanted;
} pc;

struct machine *pc_machine(void)
{
    return pc.machine;
}

/* --- DMA ---------------------------------------------------------------------- */

static bool dma_valid(void *context, unsigned slot, uint64_t phys,
                      uint64_t size_bytes, bool write)
{
    return driver_reaches(slot, phys, size_bytes, write);
}

static void clean_pages(uint64_t phys, uint64_t size_bytes)
{
    for (uint64_t at = phys & ~(PAGE_SIZE - 1); at < phys + size_bytes;
         at += PAGE_SIZE) {
        vm_page_clean(vm_page_at(at));
    }
}

static bool dma_read(void *context, unsigned slot, uint64_t phys, void *to,
                     size_t size)
{
    if (!driver_reaches(slot, phys, size, false)) {
        return false;
    }
    clean_pages(phys, size);
    memcpy(to, (char *)platform_memory_base() + phys, size);
    return true;
}

static bool dma_write(void *context, unsigned slot, uint64_t phys,
                      const void *from, size_t size)
{
    if (!driver_reaches(slot, phys, size, true)) {
        return false;
    }
    clean_pages(phys, size);
    memcpy((char *)platform_memory_base() + phys, from, size);
    return true;
}

/* --- disks -------------------------------------------------------------------- */

/* Drops the first PAGES holds of the transfer's extents.  FILLED: a device has
 * written all of the pages that were left as they were for it. */
static void release_pages(const struct pc_transfer *transfer, uint64_t pages,
                          bool filled)
{
    const struct machine_block_request *request = transfer->request;

    for (unsigned i = 0; i < request->extent_count && pages != 0; i++) {
        uint64_t at = transfer->extents[i].phys & ~(PAGE_SIZE - 1);
        uint64_t end =
            transfer->extents[i].phys + transfer->extents[i].size_bytes;

        for (; at < end && pages != 0; at += PAGE_SIZE, pages--) {
            if (filled) {
                vm_page_at(at)->stale = false;
            }
            vm_page_unhold(at);
        }
    }
}

/* A page that the transfer does not write all of must not keep what was in the
 * rest of it. */
static void clean_edges(const struct machine_block_request *request,
                        const struct platform_extent *extent)
{
    uint64_t end = extent->phys + extent->size_bytes;

    if (request->op != MACHINE_BLOCK_READ) {
        clean_pages(extent->phys, extent->size_bytes);
        return;
    }
    if (extent->phys % PAGE_SIZE != 0) {
        clean_pages(extent->phys, 1);
    }
    if (end % PAGE_SIZE != 0) {
        clean_pages(end, 1);
    }
}

/* No frame of the transfer shall be used anew while it lasts. */
static bool hold_pages(const struct pc_transfer *transfer)
{
    const struct machine_block_request *request = transfer->request;
    uint64_t held = 0;

    for (unsigned i = 0; i < request->extent_count; i++) {
        uint64_t at = transfer->extents[i].phys & ~(PAGE_SIZE - 1);
        uint64_t end =
            transfer->extents[i].phys + transfer->extents[i].size_bytes;

        for (; at < end; at += PAGE_SIZE, held++) {
            if (!vm_page_hold(at)) {
                release_pages(transfer, held, false);
                return false;
            }
        }
        clean_edges(request, &transfer->extents[i]);
    }
    return true;
}

/* It was looked at when the driver gave it, but this may be a second attempt. */
static bool is_in_reach(const struct machine_block_request *request)
{
    for (unsigned i = 0; i < request->extent_count; i++) {
        if (!driver_reaches(request->slot, request->extents[i].phys,
                            request->extents[i].size_bytes,
                            request->op == MACHINE_BLOCK_READ)) {
            return false;
        }
    }
    return true;
}

static void transfer_done(struct disk_transfer *finished, int status)
{
    struct pc_transfer *transfer = (struct pc_transfer *)finished;
    struct machine_block_request *request = transfer->request;

    release_pages(transfer, UINT64_MAX,
                  request->op == MACHINE_BLOCK_READ && status >= 0);
    list_remove(&transfer->link);
    kfree(transfer);
    request->done(request, status);
}

static const enum platform_disk_op platform_ops[] = {
    [MACHINE_BLOCK_READ] = PLATFORM_DISK_READ,
    [MACHINE_BLOCK_WRITE] = PLATFORM_DISK_WRITE,
    [MACHINE_BLOCK_FLUSH] = PLATFORM_DISK_FLUSH,
};

/* For commands under way, of which there are so many slots: a disk that fails for
 * want of memory would keep memory from coming back. */
static void *pc_alloc(size_t size_bytes)
{
    void *memory;

    account_insists++;
    memory = kalloc(size_bytes);
    account_insists--;
    return memory;
}

static void block_submit(void *context, struct machine_block_request *request)
{
    struct pc_transfer *transfer = pc_alloc(
        sizeof *transfer + request->extent_count * sizeof transfer->extents[0]);

    transfer->transfer.done = transfer_done;
    transfer->request = request;
    for (unsigned i = 0; i < request->extent_count; i++) {
        transfer->extents[i] = (struct platform_extent){
            request->extents[i].phys, request->extents[i].size_bytes};
    }
    if (!is_in_reach(request) || !hold_pages(transfer)) {
        kfree(transfer);
        request->done(request, -1);
        return;
    }
    list_append(&pc.transfers, &transfer->link);
    disk_submit(request->disk, platform_ops[request->op], request->offset_bytes,
                transfer->extents, request->extent_count, &transfer->transfer);
}

static bool block_abandon(void *context, struct machine_block_request *request)
{
    struct pc_transfer *transfer;

    list_for_each(&pc.transfers, transfer, link)
    {
        if (transfer->request != request) {
            continue;
        }
        if (!disk_abandon(&transfer->transfer)) {
            return false;
        }
        release_pages(transfer, UINT64_MAX, false);
        list_remove(&transfer->link);
        kfree(transfer);
        return true;
    }
    return false;
}

static void later(void *context)
{
    pc.run_wanted = true;
}

bool pc_run_later(void)
{
    if (!pc.run_wanted) {
        return false;
    }
    pc.run_wanted = false;
    machine_run(pc.machine);
    return true;
}

void device_disk_gone(unsigned disk)
{
    if (pc.machine != NULL) {
        machine_disk_unplug(pc.machine, disk);
    }
}

/* --- the rest ------------------------------------------------------------------- */

static void line_changed(void *context, unsigned line, bool level)
{
    irq_line_set(line, level);
}

static uint64_t realtime_ns(void *context)
{
    return platform_time_realtime();
}

static void power(void *context, bool reset)
{
    if (reset)
        kernel_reboot("reset");
    else
        kernel_halt(0, "power off");
}

static void log_line(void *context, unsigned slot, const char *text)
{
    kprintf("pc: %s (driven by %s)\n", text, driver_name(slot));
}

static const struct machine_host host = {
    .alloc = pc_alloc,
    .free = kfree,
    .dma_valid = dma_valid,
    .dma_read = dma_read,
    .dma_write = dma_write,
    .irq = line_changed,
    .block_submit = block_submit,
    .block_abandon = block_abandon,
    .later = later,
    .realtime_ns = realtime_ns,
    .power = power,
    .log = log_line,
};

/* The controller that disk I belongs to: that of the same kind and group. */
static struct machine_controller *
find_controller(struct machine_controller *controllers, unsigned *groups,
                unsigned *count, unsigned disk)
{
    unsigned group;
    enum machine_controller_kind kind =
        platform_disk_bus(disk, &group) == PLATFORM_BUS_AHCI
            ? MACHINE_AHCI
            : MACHINE_VIRTIO_BLK;

    for (unsigned i = 0; kind == MACHINE_AHCI && i < *count; i++) {
        if (controllers[i].kind == kind && groups[i] == group &&
            controllers[i].disk_count < MACHINE_DISKS_MAX) {
            return &controllers[i];
        }
    }
    if (*count == MACHINE_CONTROLLERS_MAX) {
        return NULL;
    }
    controllers[*count].kind = kind;
    groups[*count] = group;
    return &controllers[(*count)++];
}

static void add_disk(struct machine_controller *controller, unsigned number)
{
    struct machine_disk *disk = &controller->disks[controller->disk_count++];

    disk->number = number;
    disk->sector_count = platform_disk_size(number) / DEVICE_SECTOR;
    disk->read_only = platform_disk_read_only(number);
    ksnprintf(disk->serial, sizeof disk->serial, "HELL%04u", number);
}

/* Firmware's own memory: the tables are found there as on any PC. */
static void place_firmware(void)
{
    if (platform_memory_size() >= MACHINE_BIOS_END) {
        memcpy((char *)platform_memory_base() + MACHINE_BIOS_BASE,
               machine_firmware(pc.machine),
               MACHINE_BIOS_END - MACHINE_BIOS_BASE);
    }
}

void pc_init(void)
{
    struct machine_config config = {.memory_size_bytes =
                                        platform_memory_size()};
    struct machine_controller *controllers =
        kalloc(MACHINE_CONTROLLERS_MAX * sizeof *controllers);
    unsigned groups[MACHINE_CONTROLLERS_MAX];

    memset(&pc, 0, sizeof pc);
    list_init(&pc.transfers);
    driver_init();
    irq_init();
    mem_init();
    for (unsigned i = 0; controllers != NULL && i < platform_disk_count();
         i++) {
        struct machine_controller *controller =
            find_controller(controllers, groups, &config.controller_count, i);

        if (controller != NULL) {
            add_disk(controller, i);
        } else {
            kprintf("pc: no room for a controller of disk %u\n", i);
        }
    }
    config.controllers = controllers;
    if (controllers != NULL) {
        pc.machine = machine_create(&host, &config);
    }
    kfree(controllers);
    if (pc.machine != NULL) {
        place_firmware();
    }
}

void pc_fini(void)
{
    struct list *first;

    if (pc.machine != NULL) {
        machine_destroy(pc.machine);
        pc.machine = NULL;
        driver_init();
    }
    while ((first = list_first(&pc.transfers)) != NULL) {
        list_remove(first);
        kfree(list_entry(first, struct pc_transfer, link));
    }
    irq_fini();
}
