/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/mach/mach.h: all of Mach that a task needs.
 *
 * Traps, the message primitive, the stubs of the kernel's interfaces, and the
 * loop of a simple server.  Names and contracts are Mach's.  Everything is
 * safe to call from any thread.
 */

#ifndef LIB_MACH_MACH_H
#define LIB_MACH_MACH_H

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/message.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <mach/port.h>
#include <mach/mach_types.h>
#include <mach/task_special_ports.h>
#include <mach/vm_param.h>
#include <mach/mig_support.h>
#include <mach/mach_interface.h>
#include <mach/mach_port.h>
#include <mach/mach_host.h>
#include <mach/gnumach.h>
#include <mach/mach4.h>

#define vm_page_size       ((vm_size_t)4096)
#define MACH_PAGE_ROUND(x) (((vm_offset_t)(x) + 4095) & ~(vm_offset_t)4095)
#define MACH_PAGE_TRUNC(x) ((vm_offset_t)(x) & ~(vm_offset_t)4095)

/* --- traps ---------------------------------------------------------------- */

mach_msg_return_t
mach_msg_trap(mach_msg_header_t *msg, mach_msg_option_t option,
              mach_msg_size_t send_size, mach_msg_size_t receive_size,
              mach_port_t receive_name, mach_msg_timeout_t timeout_ms,
              mach_port_t notify);
/* A new receive right; the caller owns it. */
mach_port_t mach_reply_port(void);
/* Send rights; each call adds a user reference. */
mach_port_t mach_thread_self(void);
mach_port_t mach_host_self(void);
mach_port_t mach_task_self_trap(void);
kern_return_t mach_print(const char *text);
boolean_t swtch(void);
boolean_t swtch_pri(int priority);
kern_return_t thread_switch(mach_port_t thread, int option,
                            mach_msg_timeout_t ms);

/* This task's port, asked for once; the right is never dropped. */
mach_port_t mach_task_self(void);

/* --- messages ------------------------------------------------------------- */

/* Sends, receives, or both, as Mach's manual says.  An interrupted call starts
 * again unless MACH_SEND_INTERRUPT or MACH_RCV_INTERRUPT is given, or
 * mach_msg_cancel was called for this thread. */
mach_msg_return_t mach_msg(mach_msg_header_t *msg, mach_msg_option_t option,
                           mach_msg_size_t send_size,
                           mach_msg_size_t receive_size,
                           mach_port_t receive_name,
                           mach_msg_timeout_t timeout_ms, mach_port_t notify);

/* Set while the thread shall not start interrupted messages again. */
extern __thread volatile int mach_msg_cancelled;

/* Set while the thread shall wait for nobody: what cannot be sent at once, or is
 * not answered at once, has timed out.  The kernel answers within the send, so
 * that this also tells its objects from ports that somebody calls tasks. */
extern __thread boolean_t mach_msg_impatient;

/* Asked now and then, at last every MACH_MSG_MOMENTS_MS, while the thread waits for
 * the answer to a request without a timeout of its own: TRUE ends the waiting, with
 * MACH_RCV_INTERRUPTED.  The request itself has timed out if its port has no room
 * for MACH_MSG_ROOM_MS.  Null: it waits as long as it takes. */
extern __thread boolean_t (*mach_msg_give_up)(void);
#define MACH_MSG_MOMENTS_MS 8000
#define MACH_MSG_ROOM_MS    20000

/* Drops every right and all memory that MSG, as received, carries. */
void mach_msg_destroy(mach_msg_header_t *msg);

typedef boolean_t (*mach_msg_demuxer_t)(mach_msg_header_t *request,
                                        mach_msg_header_t *reply);

/* Serves the port or port set NAME until a receive fails, and returns that
 * error (MACH_RCV_TIMED_OUT if OPTION has MACH_RCV_TIMEOUT and nothing came
 * for TIMEOUT_MS).  MAX_SIZE is a first guess of the largest request; larger
 * ones are received all the same. */
mach_msg_return_t mach_msg_server_timeout(mach_msg_demuxer_t demuxer,
                                          mach_msg_size_t max_size,
                                          mach_port_t name,
                                          mach_msg_option_t option,
                                          mach_msg_timeout_t timeout_ms);
mach_msg_return_t mach_msg_server(mach_msg_demuxer_t demuxer,
                                  mach_msg_size_t max_size, mach_port_t name);

/* Whether the received MSG came by a send-once right.  Nobody but the kernel has
 * such a right to a port on which notifications, or answers of its devices, were
 * asked for; so only this tells them from what anybody can send.  The serving
 * functions do without: a forged notification gets MIG_BAD_ID. */
boolean_t mach_msg_is_kernels(const mach_msg_header_t *msg);

/* Room for any reply that MIG makes. */
#define MACH_MSG_REPLY_MAX 32768u

/* Handles the REQUEST just received: runs DEMUXER and readies REPLY (of
 * MACH_MSG_REPLY_MAX bytes) or destroys the request as MIG's rules say.
 * Returns whether REPLY is to be sent, with mach_msg_reply_option's options. */
boolean_t mach_msg_serve_one(mach_msg_demuxer_t demuxer,
                             mach_msg_header_t *request,
                             mach_msg_header_t *reply);
mach_msg_option_t mach_msg_reply_option(const mach_msg_header_t *reply);

/* --- conveniences --------------------------------------------------------- */

/* The text of a Mach, MIG, device or Hurd error; static. */
const char *mach_error_string(kern_return_t err);

/* Where mach_printf writes: a device port (send right, borrowed for ever) or
 * null for the kernel's own output. */
void mach_set_console(mach_port_t device);

/* printf for the console; at most some 500 bytes a call. */
int mach_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "NAME: text: error\n"; NAME is the program's. */
void mach_complain(kern_return_t err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same, then ends the task. */
void mach_die(kern_return_t err, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

/* Adds DELTA user references to the send right NAME. */
kern_return_t mach_port_ref_send(mach_port_t name, int delta);
/* Drops one user reference of a send, send-once or dead name; null is fine. */
void mach_port_drop(mach_port_t name);
/* A new receive right of a port that is only to be known again: no message of who
 * has a send right waits there, as nobody would ever take it out.  The caller owns
 * it. */
mach_port_t mach_port_make_token(void);
/* Destroys the receive right NAME (and not what else it names). */
void mach_port_destroy_receive(mach_port_t name);

#endif
