/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hurd/startup_info.h: what a program was started with, told by its auxiliary
 * vector.
 *
 * The personality asks the bootstrap port for exec_startup_get_info before
 * the program runs, and leaves the answer here; the entry AT_HURD_STARTUP of
 * the auxiliary vector holds the address.  The structure and the arrays stay
 * valid and belong to the program.  Rights in the arrays belong to the
 * program; libhurd takes them over.
 */

#ifndef HURD_STARTUP_INFO_H
#define HURD_STARTUP_INFO_H

#include <stdint.h>

#define AT_HURD_STARTUP 0x48454c4c

#define HURD_STARTUP_INFO_VERSION 1

/* bits of `have' */
#define HURD_STARTUP_ANSWERED 1u /* the bootstrap port gave an answer */

struct hurd_startup_info {
    uint32_t version; /* HURD_STARTUP_INFO_VERSION */
    uint32_t have;    /* HURD_STARTUP_... */

    /* The port that was asked, send right or null.  For a program that exec
     * started it is only good for that one question; the program's own
     * bootstrap port is portarray[INIT_PORT_BOOTSTRAP]. */
    uint32_t bootstrap;
    int32_t flags; /* EXEC_..., as answered */

    uint64_t user_entry;
    uint64_t phdr, phdr_size;
    uint64_t stack_base, stack_size;

    uint32_t *dtable;    /* send rights, indexed by descriptor */
    uint32_t *portarray; /* send rights, INIT_PORT_... */
    int32_t *intarray;   /* INIT_... */
    uint32_t dtable_count;
    uint32_t portarray_count;
    uint32_t intarray_count;
    uint32_t spare;
};

_Static_assert(sizeof(struct hurd_startup_info) == 96,
               "struct hurd_startup_info is shared with the personality");

#endif
