/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host/host.h: the host, its one processor and its one processor set.
 *
 * All exist as long as the kernel does.  The clock is the platform's, shifted
 * by what host_set_time has asked for.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "core/core.h"
#include "ipc/port.h"
#include "ipc/space.h"

struct host {
    struct ipc_port *port;      /* unprivileged; owned */
    struct ipc_port *priv_port; /* owned */
};

struct processor {
    struct ipc_port *port; /* owned */
};

struct processor_set {
    struct ipc_port *port, *name_port; /* owned */
    int max_priority;
};

extern struct host the_host;
extern struct processor the_processor;
extern struct processor_set the_pset;

/* Nanoseconds since 1970, as the machine's users have set the clock. */
uint64_t host_clock_ns(void);

/* Send rights for the boot script and mach_host_self. */
struct ipc_port *host_send_right(void);
struct ipc_port *host_priv_send_right(void);

/* Whether SPACE has the privileged port. */
bool host_is_privileged(struct ipc_space *space);

void host_module_init(void);
void host_module_fini(void);

#endif
