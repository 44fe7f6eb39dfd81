/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/hurd/msgread.h: which thread serves a server's message port.  The rest of
 * msgread.c is msg.defs's own: libhurd_S_msg_get_... and _report_wait, for our
 * message port and for servers that serve theirs by themselves. */

#ifndef LIB_HURD_MSGREAD_H
#define LIB_HURD_MSGREAD_H

/* The calling thread does, from now on. */
void msgread_served_here(void);

#endif
