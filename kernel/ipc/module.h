/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/module.h: the state of the ipc module; for ipc/ only. */
#ifndef IPC_MODULE_H
#define IPC_MODULE_H

#include "core/work.h"
#include "ipc/kmsg.h"

#define IPC_KMSG_CACHE_MAX 64

/* Messages of one size, kept for the next use, at nobody's expense. */
struct ipc_kmsg_cache {
    struct ipc_kmsg *kmsgs[IPC_KMSG_CACHE_MAX];
    unsigned count;
};

struct ipc_module {
    struct list doomed; /* messages to destroy, by port_link */
    struct list dying_ports, dying_spaces, dying_psets; /* by dying_link */
    bool ending;                                        /* ends.c is at work */
    struct work work;            /* the rest of it, and of what is deferred */
    struct list no_senders;      /* of struct ipc_port.deferred_link */
    struct list kernel_messages; /* for kobjects, by port_link */
    struct ipc_kmsg_cache tiny, small;
    uint64_t port_count; /* ports made so far */
    uint64_t arrivals;   /* messages queued so far */
};

extern struct ipc_module ipc;

#endif
