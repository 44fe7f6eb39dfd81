/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/mach/pci.c: PCI functions through pci-arbiter, their registers and
 * their interrupts, for drivers in a task. */

#include "drivers/hypercall.h"

#include <hurd/libhurd.h>
#include <irqhelp/irqhelp.h>
#include <pciaccess/pciaccess.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#define FUNCTIONS_MAX 64u
#define LOG_MAX       256

struct hyp_regs {
    volatile char *base; /* NULL: not mapped yet */
};

struct hyp_pci {
    struct pci_device *device;
    struct hyp_regs regs[PCI_REGIONS];
    struct irq *irq;
};

static struct hyp_pci functions[FUNCTIONS_MAX];

void hyp_log(const char *format, ...)
{
    char text[LOG_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    mach_printf("%s\n", text);
}

/* --- functions -------------------------------------------------------------- */

enum driver_error hyp_pci_init(void)
{
    mach_port_t master = MACH_PORT_NULL;
    error_t err = get_privileged_ports(NULL, &master);

    if (!err) {
        err = pci_system_init(master);
        mach_port_drop(master);
    }
    if (err) {
        mach_complain(err, "PCI");
        return DRIVER_ENXIO;
    }
    return DRIVER_OK;
}

struct hyp_pci *hyp_pci_get(unsigned index, struct hyp_pci_id *id_out)
{
    struct pci_device *device =
        index < FUNCTIONS_MAX ? pci_device_get(index) : NULL;

    if (!device)
        return NULL;
    functions[index].device = device;
    *id_out = (struct hyp_pci_id){
        .vendor = device->vendor_id,
        .device = device->device_id,
        .class_code = device->device_class,
        .bus = (uint8_t)device->bus,
        .slot = (uint8_t)device->dev,
        .function = (uint8_t)device->func,
    };
    return &functions[index];
}

enum driver_error hyp_pci_claim(struct hyp_pci *pci)
{
    switch (pci_device_claim(pci->device)) {
    case 0:
        return DRIVER_OK;
    case HURD_EBUSY:
        return DRIVER_EBUSY;
    default:
        return DRIVER_ENXIO;
    }
}

/* The arbiter takes the function back, and the kernel the mappings, when the
 * task ends. */
void hyp_pci_release(struct hyp_pci *pci)
{
    hyp_pci_interrupt_end(pci);
}

uint32_t hyp_pci_read(struct hyp_pci *pci, unsigned reg, unsigned size)
{
    uint32_t value = 0;

    if (pci_device_cfg_read(pci->device, &value, reg, size))
        return ~0u >> (32 - 8 * size); /* as if nothing were there */
    return value;
}

void hyp_pci_write(struct hyp_pci *pci, unsigned reg, unsigned size,
                   uint32_t value)
{
    error_t err = pci_device_cfg_write(pci->device, &value, reg, size);

    if (err)
        mach_complain(err, "writing a PCI register");
}

/* --- interrupts ------------------------------------------------------------- */

enum driver_error hyp_pci_interrupt(struct hyp_pci *pci,
                                    void (*handler)(void *arg), void *arg)
{
    struct pci_device *device = pci->device;
    int gsi =
        irqhelp_pci_gsi((int)device->bus, (int)device->dev, (int)device->func);
    pthread_t thread;

    if (gsi < 0)
        gsi = device->irq ? (int)device->irq : -1;
    pci->irq = irqhelp_install_interrupt_handler(
        gsi, (int)device->bus, (int)device->dev, (int)device->func, handler,
        arg);
    if (!pci->irq)
        return DRIVER_ENXIO;
    if (pthread_create(&thread, NULL, irqhelp_server_loop, pci->irq)) {
        irqhelp_remove_interrupt_handler(pci->irq);
        irqhelp_server_loop(pci->irq); /* ends at once */
        pci->irq = NULL;
        return DRIVER_ENOMEM;
    }
    pthread_detach(thread);
    return DRIVER_OK;
}

void hyp_pci_interrupt_end(struct hyp_pci *pci)
{
    if (pci->irq)
        irqhelp_remove_interrupt_handler(pci->irq);
    pci->irq = NULL;
}

/* --- registers -------------------------------------------------------------- */

struct hyp_regs *hyp_pci_map(struct hyp_pci *pci, unsigned bar,
                             size_t *size_out)
{
    void *address;
    error_t err;

    if (bar >= PCI_REGIONS || pci->device->regions[bar].size == 0 ||
        pci->device->regions[bar].is_io)
        return NULL;
    if (!pci->regs[bar].base) {
        err = pci_device_map_region(pci->device, bar, true, &address);
        if (err) {
            mach_complain(err, "mapping the registers of %02x:%02x.%u",
                          pci->device->bus, pci->device->dev,
                          pci->device->func);
            return NULL;
        }
        pci->regs[bar].base = address;
    }
    *size_out = pci->device->regions[bar].size;
    return &pci->regs[bar];
}

/* The kernel executes what touches the registers: the plainest instructions,
 * one for each access, are the fastest for it. */
uint8_t hyp_read8(struct hyp_regs *regs, size_t offset)
{
    uint8_t value;

    __asm__ volatile("movb %1, %0"
                     : "=q"(value)
                     : "m"(regs->base[offset])
                     : "memory");
    return value;
}

uint16_t hyp_read16(struct hyp_regs *regs, size_t offset)
{
    volatile uint16_t *at = (volatile uint16_t *)(regs->base + offset);
    uint16_t value;

    __asm__ volatile("movw %1, %0" : "=r"(value) : "m"(*at) : "memory");
    return value;
}

uint32_t hyp_read32(struct hyp_regs *regs, size_t offset)
{
    volatile uint32_t *at = (volatile uint32_t *)(regs->base + offset);
    uint32_t value;

    __asm__ volatile("movl %1, %0" : "=r"(value) : "m"(*at) : "memory");
    return value;
}

void hyp_write8(struct hyp_regs *regs, size_t offset, uint8_t value)
{
    __asm__ volatile("movb %1, %0"
                     : "=m"(regs->base[offset])
                     : "q"(value)
                     : "memory");
}

void hyp_write16(struct hyp_regs *regs, size_t offset, uint16_t value)
{
    volatile uint16_t *at = (volatile uint16_t *)(regs->base + offset);

    __asm__ volatile("movw %1, %0" : "=m"(*at) : "r"(value) : "memory");
}

void hyp_write32(struct hyp_regs *regs, size_t offset, uint32_t value)
{
    volatile uint32_t *at = (volatile uint32_t *)(regs->base + offset);

    __asm__ volatile("movl %1, %0" : "=m"(*at) : "r"(value) : "memory");
}
