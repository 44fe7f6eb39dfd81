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

#include <stdbool.h>
#include <stdint.h>

#define PATH_BYTES     4096 /* a path and its 0, as on Linux */
#define NAME_BYTES     256  /* a component and its 0 */
#define LINKS_FOLLOWED 40

/* Opens NAME with the wire's FLAGS; a relative one starts at descriptor DIR, or
 * at the working directory if that is Linux's AT_FDCWD.  EBADF for a bad
 * descriptor; ENOENT for an empty name; ENOTDIR for a name with a slash at its
 * end that is no directory's. */
kern_return_t lookup(int dir, const char *name, int flags, uint32_t mode,
                     mach_port_t *port);
/* The same from the port START. */
kern_return_t lookup_under(mach_port_t start, const char *name, int flags,
                           uint32_t mode, mach_port_t *port);
/* The same for a name that fits into a string_t, taken as it is: what the
 * servers say, links too long for their answers included (ENAMETOOLONG). */
kern_return_t lookup_short(mach_port_t start, const char *name, int flags,
                           uint32_t mode, mach_port_t *port);
/* path.c: the same part by part, for what is too long to be asked at once. */
kern_return_t lookup_long(mach_port_t start, const char *name, int flags,
                          uint32_t mode, mach_port_t *port);

/* A name's last component, and the directory that it is in. */
struct last {
    mach_port_t parent; /* send right of the caller's */
    char base[NAME_BYTES];
    bool special; /* BASE is "." or "..", or "" for the root: is there always */
    bool slash;   /* one or more stand behind it */
};
kern_return_t lookup_last(int dir, const char *name, struct last *last);
/* What it is there, links not followed: HS_IFDIR..., or 0 if it is not; a
 * slash makes no difference. */
kern_return_t last_type(const struct last *last, uint32_t *type);
/* Gives up the right; returns ERR, or ENOTDIR if that is the reason for it. */
kern_return_t last_drop(struct last *last, kern_return_t err);

/* Right copies of where a lookup of NAME starts, and of the root. */
kern_return_t lookup_start(int dir, const char *name, mach_port_t *copy);
/* ENOTDIR if PORT is none. */
kern_return_t lookup_must_be_directory(mach_port_t port);

/* A port for what PORT stands for, that honours our auth handle. */
kern_return_t reauthenticate(mach_port_t port, mach_port_t *result);

#endif
