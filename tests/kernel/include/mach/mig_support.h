/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What MIG's user stubs need of a C library; see ../../world.c. */
#ifndef TESTS_MIG_SUPPORT_H
#define TESTS_MIG_SUPPORT_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <string.h>

mach_port_t mig_get_reply_port(void);
void mig_dealloc_reply_port(mach_port_t port);
void mig_put_reply_port(mach_port_t port);
void mig_allocate(vm_address_t *address, vm_size_t size);
void mig_deallocate(vm_address_t address, vm_size_t size);

static inline vm_size_t mig_strncpy(char *to, const char *from, vm_size_t size)
{
    strncpy(to, from, size);
    to[size - 1] = '\0';
    return strlen(to);
}

#endif
