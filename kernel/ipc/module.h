/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/module.h: the state of the ipc module; for ipc/ only. */
#ifndef IPC_MODULE_H
#define IPC_MODULE_H

#include "ipc/kmsg.h"

#define IPC_KMSG_CACHE_MAX 64

struct ipc_module {
    struct list doomed; /* messages to destroy, by port_link */
    bool destroying;
    struct list no_senders;      /* of struct ipc_port.deferred_link */
    struct list kernel_messages; /* for kobjects, by port_link */
    struct ipc_kmsg *cache[IPC_KMSG_CACHE_MAX];
    unsigned cached;
    uint64_t port_count; /* ports made so far */
};

extern struct ipc_module ipc;

#endif
