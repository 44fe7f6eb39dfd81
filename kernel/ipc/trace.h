/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/trace.h: one line per message, for people who watch.
 *
 * To be called, if platform_trace_enabled(), when a message has been accepted
 * for sending and before it is queued or served:
 *     SECONDS SENDER -> RECEIVER RPC[ reply] SIZE @PORT[ ^REPLY-PORT]
 *         [ task:NAME][ ITEM]...[ = RESULT]
 * Ports have numbers that are never used anew; task: names what a kernel port
 * stands for.  An item is a right (+send@PORT), several (+send*COUNT), memory
 * (+memory:BYTES) or a "string"; numbers are left out.
 */
#ifndef IPC_TRACE_H
#define IPC_TRACE_H

struct ipc_kmsg;

/* SENDER is the name of the sending task. */
void ipc_trace_message(struct ipc_kmsg *kmsg, const char *sender);

/* The RPC whose request has ID, or NULL. */
const char *ipc_request_name(int id);

struct ipc_rpc_name {
    int id;
    const char *name;
};
/* Sorted by id; made at build time from the interface definitions. */
extern const struct ipc_rpc_name ipc_rpc_names[];
extern const unsigned ipc_rpc_name_count;

#endif
