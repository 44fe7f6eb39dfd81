/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device/driver.h"
#include "device/device.h"
#include "device/pc.h"
#include "task/task.h"
#include "vm/dma.h"
#include "vm/fault.h"
#include "vm/map.h"
#include "vm/page.h"

/* By slot.  TASK is not counted: it tells when it ends. */
static struct driver {
    struct task *task;   /* NULL: none */
    vm_offset_t address; /* where it has registers of the function */
} drivers[MACHINE_SLOTS];

void driver_init(void)
{
    memset(drivers, 0, sizeof drivers);
}

/* Who drives the function in SLOT; he may have unmapped its registers since this
 * was asked last. */
static struct task *driver_of(unsigned slot)
{
    struct driver *driver = &drivers[slot];
    uint64_t phys;

    if (driver->task != NULL &&
        (vm_device_address(driver->task->map, driver->address, 1, VM_PROT_WRITE,
                           &phys) != KERN_SUCCESS ||
         machine_slot_at(pc_machine(), phys) != (int)slot)) {
        driver->task = NULL;
    }
    return driver->task;
}

void driver_writes(struct task *task, vm_offset_t address, uint64_t phys)
{
    int slot = machine_slot_at(pc_machine(), phys);

    if (slot >= 0 && driver_of((unsigned)slot) == NULL) {
        drivers[slot] = (struct driver){task, address};
    }
}

bool driver_reaches(unsigned slot, uint64_t phys, uint64_t size_bytes,
                    bool write)
{
    const struct task *task = driver_of(slot);
    uint64_t end = phys + size_bytes;

    if (task == NULL || end < phys || end > platform_memory_size()) {
        return false;
    }
    for (uint64_t at = trunc_page(phys); at < end; at += PAGE_SIZE) {
        if (!vm_dma_allows(task->map, at, write)) {
            return false;
        }
    }
    return true;
}

const char *driver_name(unsigned slot)
{
    const struct task *task = driver_of(slot);

    return task != NULL ? task->name : "nobody";
}

/* Its frames are not freed yet. */
void device_task_ends(struct task *task)
{
    for (unsigned slot = 0; slot < MACHINE_SLOTS; slot++) {
        if (drivers[slot].task == task) {
            drivers[slot].task = NULL;
            machine_function_reset(pc_machine(), slot);
        }
    }
}
