/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/ownfd.h: /proc/self/fd, the descriptors as names.
 *
 * procfs has the directories, and in each a link for every number; which of
 * them there are, what they are like and where they lead only the process
 * knows.  Other processes' are EACCES.  Errors are the Hurd's; all but the
 * first may wait for servers.
 */
#ifndef PERSONALITY_OWNFD_H
#define PERSONALITY_OWNFD_H

#include "hurd/hurd_types.h"

#include <mach/port.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether ST is such a link's. */
bool ownfd_is_link(const io_statbuf_t *st);
/* Makes ST, which procfs has filled in, the descriptor's; leaves any other as
 * it is.  ENOENT if the descriptor is closed. */
kern_return_t ownfd_stat(io_statbuf_t *st);
/* Where the link leads; TO has SIZE bytes, *LENGTH are used. */
kern_return_t ownfd_read_link(const io_statbuf_t *st, char *to, size_t size,
                              size_t *length);
/* Opens what descriptor FD of process PID stands for anew, by the wire's
 * FLAGS; if they open nothing, a right to the same open file. */
kern_return_t ownfd_open(int pid, int fd, int flags, mach_port_t *port);
/* Leaves out of the *SIZE bytes of directory entries at DATA the links whose
 * descriptors are closed. */
kern_return_t ownfd_filter(char *data, uint64_t *size);

/* The path of what PORT is, "" if it is not known or has no room in SIZE. */
void port_path(mach_port_t port, char *to, size_t size);
/* directory.c: the path of DIR from our root at the end of ROOM, which has SIZE
 * bytes; consumes the right. */
kern_return_t directory_path(mach_port_t dir, char *room, size_t size,
                             char **path);

#endif
