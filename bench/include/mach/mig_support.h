/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench/include/mach/mig_support.h: what MIG's user stubs expect of a C
 * library, for freestanding Mach programs; each of them defines it itself. */
#ifndef MACH_MIG_SUPPORT_H
#define MACH_MIG_SUPPORT_H

#include <mach/message.h>
#include <mach/mach_types.h>
#include <stddef.h>

mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option,
                           mach_msg_size_t send_size,
                           mach_msg_size_t receive_size,
                           mach_port_t receive_name,
                           mach_msg_timeout_t timeout_ms, mach_port_t notify);
mach_msg_return_t mach_msg_send(mach_msg_header_t *msg);
mach_port_t mig_get_reply_port(void);
void mig_put_reply_port(mach_port_t port);
void mig_dealloc_reply_port(mach_port_t port);
vm_size_t mig_strncpy(char *to, const char *from, vm_size_t size);
void *memcpy(void *to, const void *from, size_t size);

#endif
