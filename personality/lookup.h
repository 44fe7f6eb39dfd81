/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/lookup.h: from names to ports.
 *
 * A server answers a lookup with a port, or with whom to ask next; this module
 * does the asking.  Ports that come out are send rights of the caller's.
 * Errors are the Hurd's.  All of it may wait for servers.
 */
#ifndef PERSONALITY_LOOKUP_H
#define PERSONALITY_LOOKUP_H

#include "hurd/fcntl.h"
#include "hurd/hurd_types.h"

/* Opens NAME with the wire's FLAGS; a relative one starts at descriptor DIR, or
 * at the working directory if that is Linux's AT_FDCWD.  EBADF for a bad
 * descriptor; ENOENT for an empty name. */
kern_return_t lookup(int dir, const char *name, int flags, uint32_t mode,
                     mach_port_t *port);
/* The same from the port START. */
kern_return_t lookup_under(mach_port_t start, const char *name, int flags,
                           uint32_t mode, mach_port_t *port);

/* The directory that NAME's last component is in, and that component, in
 * BASE.  Trailing slashes are dropped. */
kern_return_t lookup_parent(int dir, const char *name, mach_port_t *parent,
                            string_t base);

/* A port for what PORT stands for, that honours our auth handle. */
kern_return_t reauthenticate(mach_port_t port, mach_port_t *result);

#endif
