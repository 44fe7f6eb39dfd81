/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/kmsg.h: messages inside the kernel; for ipc/ and mig/ only.
 *
 * A kernel message looks like the user's, but
 *   - port fields hold pointers; each counts as the right its type names, of
 *     the kinds that can be received (MACH_MSG_TYPE_PORT_*);
 *   - out-of-line memory is a struct vm_map_copy pointer;
 *   - an out-of-line port array is a kalloc'd array of pointers, its size
 *     field is 64.
 * msgh_remote_port is the destination, msgh_local_port the reply port.
 */
#ifndef IPC_KMSG_H
#define IPC_KMSG_H

#include "ipc/entry.h"
#include <mach/message.h>

struct vm_fault_wait;
struct vm_map;

/* A message is taken and given in one piece each.  Larger ones are refused
 * (MACH_SEND_NO_BUFFER): what is big goes out of line, what is many goes in
 * several messages. */
#define IPC_KMSG_SIZE_MAX (4u << 20)
#define IPC_PORTS_MAX     16384u /* rights in the body */
#define IPC_OOL_ITEMS_MAX 1024u
/* So many items of memory at most are shown to the receiver at once. */
#define IPC_SHOWN_ITEMS_MAX 16u
#define IPC_KMSG_SMALL_SIZE 1024u
#define IPC_KMSG_TINY_SIZE  128u

/* A sender that forced its message into a full queue is told, by the
 * send-once right NOTIFY, when it was taken out. */
struct ipc_marequest {
    struct ipc_space *space; /* a reference */
    mach_port_name_t name;   /* 0: the name went away meanwhile */
    struct ipc_port *notify;
};

struct ipc_kmsg {
    struct list port_link; /* port's queue, or a list of the ipc module's */
    uint64_t arrival;      /* its number among all that were queued */
    bool later;            /* a user's: see ipc_mqueue_first */
    struct ipc_marequest *marequest;
    struct task *owner;   /* a reference: whose request waits (mig/kobject.h) */
    uint64_t cursor;      /* how far that has got */
    void *partial;        /* what it has so far, or NULL; owned */
    kern_return_t waited; /* what came of its wait for a page */
    uint32_t notices;  /* how many left its set before; see ipc_mqueue_number */
    uint32_t capacity; /* bytes from header on */
    mach_msg_header_t header;
};

#define KMSG_REMOTE(kmsg) ((struct ipc_port *)(kmsg)->header.msgh_remote_port)
#define KMSG_LOCAL(kmsg)  ((struct ipc_port *)(kmsg)->header.msgh_local_port)

/* Not zeroed but for the part before the header; NULL if memory is short, or
 * account_current may have no more. */
struct ipc_kmsg *ipc_kmsg_alloc(uint32_t size_bytes);
/* The same for what must not fail (kalloc_sure). */
struct ipc_kmsg *ipc_kmsg_alloc_sure(uint32_t size_bytes);
/* The same for a message of the kernel's own to DEST (null or dead, too): what
 * is done in nobody's name is paid by DEST's receiver. */
struct ipc_kmsg *ipc_kmsg_alloc_to(const struct ipc_port *dest,
                                   uint32_t size_bytes);
/* Frees the bytes; the rights have gone elsewhere. */
void ipc_kmsg_free(struct ipc_kmsg *kmsg);
/* Drops every right and all memory the message holds, and frees it: soon, not
 * always before this returns (ipc/ends.h, which alone uses the other one). */
void ipc_kmsg_destroy(struct ipc_kmsg *kmsg);
void ipc_kmsg_destroy_now(struct ipc_kmsg *kmsg);

/* One item of a body. */
struct ipc_item {
    mach_msg_type_t *type;
    void *data;   /* inline: the data; else the slot with the pointer */
    size_t bytes; /* of the data, wherever it is */
    bool is_port;
};

/* Steps to the item at *AT (which ends at END), checks its form and moves *AT
 * on.  OOL_PORT_BITS is the size that out-of-line ports have: 32 in the user's
 * format, 64 in the kernel's.  Returns MACH_SEND_MSG_TOO_SMALL or
 * MACH_SEND_INVALID_TYPE for a body that is wrong. */
mach_msg_return_t ipc_item_next(char **at, char *end, unsigned ool_port_bits,
                                struct ipc_item *item);

static inline char *ipc_kmsg_body(struct ipc_kmsg *kmsg)
{
    return (char *)(&kmsg->header + 1);
}

static inline char *ipc_kmsg_end(struct ipc_kmsg *kmsg)
{
    return (char *)&kmsg->header + kmsg->header.msgh_size;
}

/* Drops what the items before LIMIT hold. */
void ipc_kmsg_clean_body(struct ipc_kmsg *kmsg, char *limit);

/* Drops a right of kind TYPE (MACH_MSG_TYPE_PORT_*); null and dead pass. */
void ipc_right_drop(struct ipc_port *port, mach_msg_type_name_t type);

/* The kind of right that a disposition makes. */
mach_msg_type_name_t ipc_disposition_result(mach_msg_type_name_t type);

/* --- copyin.c ------------------------------------------------------------- */

/* Reads a message of SIZE_BYTES from user memory and takes the rights and
 * memory it carries.  KERN_WAITING: nothing was changed, try again.  NOTIFY is
 * the name given with MACH_SEND_CANCEL, else null. */
mach_msg_return_t ipc_kmsg_copyin(struct ipc_space *space, struct vm_map *map,
                                  uint64_t user_buffer, uint32_t size_bytes,
                                  mach_port_name_t notify,
                                  struct vm_fault_wait *wait,
                                  struct ipc_kmsg **kmsg_out);

/* The same for a message of the kernel's own, already in place. */
void ipc_kmsg_copyin_from_kernel(struct ipc_kmsg *kmsg);

/* --- copyout.c ------------------------------------------------------------ */

/* Turn the message's contents into names of SPACE and memory of MAP, in
 * place; the bytes can then be copied out.  Errors carry the special bits; the
 * header is always valid afterwards.
 *   copyout         a message that is received
 *   copyout_pseudo  one that could not be sent, back to its sender
 *   copyout_dest    one that does not fit: only the header remains */
mach_msg_return_t ipc_kmsg_copyout(struct ipc_kmsg *kmsg,
                                   struct ipc_space *space, struct vm_map *map,
                                   mach_port_name_t notify);
mach_msg_return_t ipc_kmsg_copyout_pseudo(struct ipc_kmsg *kmsg,
                                          struct ipc_space *space,
                                          struct vm_map *map);
void ipc_kmsg_copyout_dest(struct ipc_kmsg *kmsg, struct ipc_space *space);

/* --- marequest.c ---------------------------------------------------------- */

/* Errors: MACH_SEND_INVALID_NOTIFY, _NOTIFY_IN_PROGRESS, _NO_NOTIFY. */
mach_msg_return_t ipc_marequest_create(struct ipc_space *space,
                                       struct ipc_kmsg *kmsg,
                                       mach_port_name_t notify);
/* The message left the queue: notifies and ends the request. */
void ipc_marequest_done(struct ipc_kmsg *kmsg);

#endif
