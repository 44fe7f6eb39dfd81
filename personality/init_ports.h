/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/init_ports.h: what others may read of the process by its message
 * port: with its task port or its auth handle its init ports, descriptors and
 * the file mask (of the init integers no other); without which thread serves the
 * port.  Its environment is refused. */
#ifndef PERSONALITY_INIT_PORTS_H
#define PERSONALITY_INIT_PORTS_H

#include <mach/kern_return.h>
#include <mach/message.h>
#include <stdbool.h>

bool init_ports_are_asked(const mach_msg_header_t *header);
/* Takes such a message, its rights too but for the one to answer.  If it fails
 * nothing was answered, and the caller does. */
kern_return_t init_ports_serve(const mach_msg_header_t *header);

#endif
