/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drivers/hypercall.h: all that a driver asks of the world.
 *
 * Two worlds offer it: Mach (drivers/mach: PCI through pci-arbiter, interrupts
 * through the kernel's irq device) and a host program with a machine of its own
 * (drivers/host).  A driver includes this and freestanding headers only, and
 * the same object file is linked into both.
 *
 * Errors are 0 or one of DRIVER_E...: never the numbers of a host.
 */
#ifndef DRIVERS_HYPERCALL_H
#define DRIVERS_HYPERCALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum driver_error {
    DRIVER_OK,
    DRIVER_EIO,   /* the device says no */
    DRIVER_ENXIO, /* it is gone, or never was */
    DRIVER_ENOMEM,
    DRIVER_EBUSY, /* somebody else has it */
    DRIVER_EINVAL,
    DRIVER_EROFS,
    DRIVER_ETIMEDOUT
};

/* --- PCI ------------------------------------------------------------------ */

struct hyp_pci; /* a function; the host's, never freed */

struct hyp_pci_id {
    uint16_t vendor, device;
    uint32_t class_code; /* 24 bits: class, subclass, interface */
    uint8_t bus, slot, function;
};

/* Looks for functions and makes the interrupts work.  Once, before the rest. */
enum driver_error hyp_pci_init(void);
/* The INDEX'th function, NULL behind the last. */
struct hyp_pci *hyp_pci_get(unsigned index, struct hyp_pci_id *id_out);
/* Takes the function for this program alone: DRIVER_EBUSY if another one has. */
enum driver_error hyp_pci_claim(struct hyp_pci *pci);
/* Gives a claimed function back, its handler ended, its registers unmapped. */
void hyp_pci_release(struct hyp_pci *pci);
/* Configuration space; SIZE is 1, 2 or 4, REG aligned to it. */
uint32_t hyp_pci_read(struct hyp_pci *pci, unsigned reg, unsigned size);
void hyp_pci_write(struct hyp_pci *pci, unsigned reg, unsigned size,
                   uint32_t value);

/* A memory BAR's registers, until the function is released; NULL if it has no
 * such BAR.  Each access may cost a trap.  The device sees what the driver
 * wrote to registers and to memory in the order in which it did. */
struct hyp_regs;
struct hyp_regs *hyp_pci_map(struct hyp_pci *pci, unsigned bar,
                             size_t *size_out);
uint8_t hyp_read8(struct hyp_regs *regs, size_t offset);
uint16_t hyp_read16(struct hyp_regs *regs, size_t offset);
uint32_t hyp_read32(struct hyp_regs *regs, size_t offset);
void hyp_write8(struct hyp_regs *regs, size_t offset, uint8_t value);
void hyp_write16(struct hyp_regs *regs, size_t offset, uint16_t value);
void hyp_write32(struct hyp_regs *regs, size_t offset, uint32_t value);

/* HANDLER is called in a thread of the host's while the line is masked, for
 * every interrupt of the function's line; it may be somebody else's.  One for a
 * function. */
enum driver_error hyp_pci_interrupt(struct hyp_pci *pci,
                                    void (*handler)(void *arg), void *arg);
/* The handler is not called any more, and does not run when this returns; not
 * from within it. */
void hyp_pci_interrupt_end(struct hyp_pci *pci);

/* --- memory --------------------------------------------------------------- */

/* Zeroed, physically contiguous, below 4 GiB, aligned to a page; NULL if there
 * is none. */
void *hyp_dma_alloc(size_t size_bytes, uint64_t *phys_out);
void hyp_dma_free(void *memory, size_t size_bytes);
/* The physical address of memory that lies within one block that hyp_dma_alloc
 * gave; false if it is other memory. */
bool hyp_dma_translate(const void *memory, size_t size_bytes,
                       uint64_t *phys_out);

/* A piece of physical memory, aligned to four bytes, and as many. */
struct hyp_segment {
    uint64_t phys;
    uint32_t size_bytes;
};

/* Where any memory of the caller's stands, for a device to read from or write
 * to while the caller keeps it: at most MAX pieces.  Returns their number; 0 if
 * that cannot be told, or is more, and the data must be copied.  Of memory that
 * others have a copy of (it was sent, or inherited) a device may only read; to
 * write to it is an error of the request's. */
unsigned hyp_dma_segments(const void *memory, size_t size_bytes,
                          struct hyp_segment *segments, unsigned max);

void *hyp_alloc(size_t size_bytes); /* ordinary memory, zeroed */
void hyp_free(void *memory);

/* --- threads and time ------------------------------------------------------ */

struct hyp_lock;
struct hyp_lock *hyp_lock_create(void);
void hyp_lock_destroy(struct hyp_lock *lock);
void hyp_lock_acquire(struct hyp_lock *lock);
void hyp_lock_release(struct hyp_lock *lock);

struct hyp_cond;
struct hyp_cond *hyp_cond_create(void);
void hyp_cond_destroy(struct hyp_cond *cond);
/* False if TIMEOUT_MS passed first; 0: no limit. */
bool hyp_cond_wait(struct hyp_cond *cond, struct hyp_lock *lock,
                   unsigned timeout_ms);
void hyp_cond_broadcast(struct hyp_cond *cond);

uint64_t hyp_time_ns(void); /* monotonic */
void hyp_sleep_us(unsigned us);

/* One line for people, without its end. */
void hyp_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
