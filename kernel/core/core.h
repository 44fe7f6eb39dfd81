/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/core.h: what every part of the kernel may use.
 *
 * Allocation, assertions and the kernel's own log.  The kernel runs in one
 * host thread; nothing here blocks.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>
#include <mach/port.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#include "platform/platform.h"

#define PAGE_SIZE       4096ul
#define PAGE_SHIFT_BITS 12
#define trunc_page(x)   ((vm_offset_t)(x) & ~(PAGE_SIZE - 1))
#define round_page(x)   (((vm_offset_t)(x) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1))

#define min_of(a, b) ((a) < (b) ? (a) : (b))
#define max_of(a, b) ((a) > (b) ? (a) : (b))

/* Never returned to a user: the operation has parked its caller on something
 * and is to be tried again when that is there. */
#define KERN_WAITING ((kern_return_t)0x7ff00001)
/* Nor this: a routine of MIG's has had its share of the processor; it is called
 * again with the same request (mig/kobject.h). */
#define KERN_LATER ((kern_return_t)0x7ff00003)
/* Nor is this: the address is device memory, each access is its device's. */
#define KERN_DEVICE ((kern_return_t)0x7ff00002)

/* Zeroed memory, charged to whom the kernel is working for (core/account.h);
 * NULL if that one may have no more, or memory is short. */
void *kalloc(size_t size_bytes);
/* The same for what must not fail: beyond every limit, and never NULL.  How
 * much of it there can be, something else has to bound. */
void *kalloc_sure(size_t size_bytes);
void kfree(void *memory);

/* Prints to the console and the kernel message log.  Knows %s %d %u %x %lx %lu
 * %ld %c %p %%, with a width and a leading zero. */
void kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int ksnprintf(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int kvsnprintf(char *buffer, size_t size, const char *format, va_list args);

_Noreturn void kpanic(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#define kassert(condition)                                                     \
    do {                                                                       \
        if (!(condition))                                                      \
            kpanic("%s:%d: %s", __FILE__, __LINE__, #condition);               \
    } while (0)

#endif
