/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/mach.h: Mach as the personality uses it.
 *
 * The stubs are MIG's; mach_msg here restarts what a signal interrupted only
 * if the call says so (see signal.h).
 */
#ifndef PERSONALITY_MACH_H
#define PERSONALITY_MACH_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <mach/port.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "device/device.h"
#include "mach/gnumach.h"
#include "mach/mach_host.h"
#include "mach/mach_interface.h"
#include "mach/mach_port.h"

extern uint64_t mach_fast_entry; /* 0: only `syscall' */
extern mach_port_t task_self_port;

mach_msg_return_t
mach_msg_trap(mach_msg_header_t *message, mach_msg_option_t option,
              mach_msg_size_t send_size, mach_msg_size_t receive_size,
              mach_port_t receive_name, mach_msg_timeout_t timeout_ms,
              mach_port_t notify);
mach_port_t mach_reply_port(void);
mach_port_t mach_thread_self(void);
mach_port_t mach_task_self_trap(void);
mach_port_t mach_host_self(void);
void mach_print(const char *text);
boolean_t swtch(void);

#define mach_task_self() task_self_port

/* Once, before any stub is called; again in a forked child. */
void mach_start(void);

/* Receives on PORT, at most for TIMEOUT_MS (negative: for ever).
 * MACH_RCV_INTERRUPTED if a signal came first. */
mach_msg_return_t mach_receive(mach_msg_header_t *message, mach_msg_size_t size,
                               mach_port_t port, int64_t timeout_ms);

/* Fresh zeroed pages anywhere, or NULL. */
void *pages_allocate(size_t size_bytes);
void pages_free(void *address, size_t size_bytes);
void port_deallocate(mach_port_t port); /* null and dead pass */
void port_destroy_receive(mach_port_t port);

/* Ends the task with a line that says why: the personality is broken. */
_Noreturn void personality_panic(const char *why);
void debug_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
