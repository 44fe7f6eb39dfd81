/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mach/mig_support.h: what MIG's stubs call.
 *
 * A thread keeps one reply port for all its calls; it goes with the thread.
 */

#ifndef LIB_MACH_MIG_SUPPORT_H
#define LIB_MACH_MIG_SUPPORT_H

#include <mach/message.h>
#include <mach/mach_types.h>
#include <string.h>

void mig_init(void *first);
mach_port_t mig_get_reply_port(void);
/* Destroys the thread's reply port: a late answer must not be taken for that
 * of the next call. */
void mig_dealloc_reply_port(mach_port_t port);
void mig_put_reply_port(mach_port_t port);
void mig_allocate(vm_address_t *address, vm_size_t size);
void mig_deallocate(vm_address_t address, vm_size_t size);
/* Copies at most SIZE bytes, always ends with NUL; returns the length. */
vm_size_t mig_strncpy(char *to, const char *from, vm_size_t size);
/* Makes REPLY the error answer to REQUEST (MIG_BAD_ID until changed). */
void mig_reply_setup(const mach_msg_header_t *request,
                     mach_msg_header_t *reply);

mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option,
                           mach_msg_size_t send_size,
                           mach_msg_size_t receive_size,
                           mach_port_t receive_name,
                           mach_msg_timeout_t timeout_ms, mach_port_t notify);

#endif
