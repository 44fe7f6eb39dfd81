/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "device/access.h"
#include "device/driver.h"
#include "device/pc.h"
#include "task/thread.h"
#include "vm/fault.h"

/* As much of the instruction as can be read: it may end with its page. */
static kern_return_t read_code(struct thread *thread, uint64_t address,
                               uint8_t code[PLATFORM_CODE_MAX], size_t *size,
                               struct vm_fault_wait *wait)
{
    size_t first =
        min_of(PLATFORM_CODE_MAX, PAGE_SIZE - (address & (PAGE_SIZE - 1)));
    kern_return_t kr = copyin(thread->task->map, address, code, first, wait);

    *size = first;
    if (kr != KERN_SUCCESS || first == PLATFORM_CODE_MAX) {
        return kr;
    }
    kr = copyin(thread->task->map, address + first, code + first,
                PLATFORM_CODE_MAX - first, wait);
    if (kr == KERN_WAITING) {
        return kr;
    }
    if (kr == KERN_SUCCESS) {
        *size = PLATFORM_CODE_MAX;
    }
    return KERN_SUCCESS;
}

static kern_return_t access_port(struct thread *thread,
                                 const struct platform_access *access,
                                 uint64_t *value)
{
    if (!io_ports_allowed(thread->task, access->address, access->size_bytes)) {
        return KERN_PROTECTION_FAILURE;
    }
    if (access->kind == PLATFORM_PORT_READ) {
        *value = machine_port_read(pc_machine(), (uint16_t)access->address,
                                   access->size_bytes);
    } else {
        machine_port_write(pc_machine(), (uint16_t)access->address,
                           access->size_bytes, (uint32_t)access->value);
    }
    return KERN_SUCCESS;
}

static kern_return_t access_memory(struct thread *thread,
                                   const struct platform_access *access,
                                   uint64_t *value)
{
    bool reads = access->kind != PLATFORM_MEMORY_WRITE;
    bool writes = access->kind != PLATFORM_MEMORY_READ;
    vm_prot_t needed =
        (reads ? VM_PROT_READ : 0) | (writes ? VM_PROT_WRITE : 0);
    uint64_t phys;
    kern_return_t kr = vm_device_address(thread->task->map, access->address,
                                         access->size_bytes, needed, &phys);

    if (kr != KERN_SUCCESS) {
        return kr;
    }
    if (writes) {
        driver_writes(thread->task, access->address, phys);
    }
    if (reads) {
        *value = machine_memory_read(pc_machine(), phys, access->size_bytes);
    }
    if (writes) {
        machine_memory_write(pc_machine(), phys, access->size_bytes,
                             access->kind == PLATFORM_MEMORY_MODIFY
                                 ? platform_access_combine(access, *value)
                                 : access->value);
    }
    return KERN_SUCCESS;
}

kern_return_t device_access(struct thread *thread, struct vm_fault_wait *wait)
{
    struct platform_access access;
    struct platform_regs regs;
    uint8_t code[PLATFORM_CODE_MAX];
    uint64_t value = 0;
    size_t size;
    kern_return_t kr;

    if (pc_machine() == NULL) {
        return KERN_INVALID_ADDRESS;
    }
    platform_thread_get_regs(thread->platform, &regs);
    kr = read_code(thread, regs.rip, code, &size, wait);
    if (kr != KERN_SUCCESS) {
        return kr;
    }
    if (platform_access_decode(&regs, code, size, &access) < 0) {
        return KERN_INVALID_ARGUMENT;
    }
    if (access.kind == PLATFORM_PORT_READ ||
        access.kind == PLATFORM_PORT_WRITE) {
        kr = access_port(thread, &access, &value);
    } else {
        kr = access_memory(thread, &access, &value);
    }
    if (kr == KERN_SUCCESS) {
        platform_access_finish(&access, value, &regs);
        platform_thread_set_regs(thread->platform, &regs);
    }
    return kr;
}
