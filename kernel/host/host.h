/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host/host.h: the host, its one processor and its one processor set. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "core/core.h"
#include "ipc/port.h"

struct host {
    struct ipc_port *port;      /* unprivileged; owned */
    struct ipc_port *priv_port; /* owned */
};

/* Send rights for the boot script and mach_host_self. */
struct ipc_port *host_send_right(void);
struct ipc_port *host_priv_send_right(void);

void host_module_init(void);
void host_module_fini(void);

#endif
