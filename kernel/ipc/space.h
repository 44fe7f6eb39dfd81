/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipc/space.h: a task's name space, as the rest of the kernel uses it. */
#ifndef IPC_SPACE_H
#define IPC_SPACE_H

#include "core/core.h"
#include "ipc/port.h"

struct ipc_space;
typedef struct ipc_space *ipc_space_t;

struct task;

/* TASK is for the trace and for notices about bogus names; not referenced. */
struct ipc_space *ipc_space_create(struct task *task);
void ipc_space_reference(struct ipc_space *space);
void ipc_space_release(struct ipc_space *space);
/* Every right in the space dies; operations on it fail from now on.  That may
 * take more than this entry: DONE(CONTEXT) is called when it is over. */
void ipc_space_destroy(struct ipc_space *space, void (*done)(void *),
                       void *context);
struct task *ipc_space_task(struct ipc_space *space);

/* Puts a send right into SPACE and returns its name (an existing one, if the
 * space already names the port); consumes the right.  0 and ~0 for null and
 * dead rights, or if no name can be made. */
mach_port_name_t ipc_space_insert_send(struct ipc_space *space,
                                       struct ipc_port *right);
mach_port_name_t ipc_space_insert_sonce(struct ipc_space *space,
                                        struct ipc_port *right);
/* Whether SPACE has a send right for PORT. */
bool ipc_space_has_send(struct ipc_space *space, struct ipc_port *port);
/* A send right for the port that SPACE names NAME, or IP_NULL. */
struct ipc_port *ipc_space_copyin_send(struct ipc_space *space,
                                       mach_port_name_t name);

#endif
