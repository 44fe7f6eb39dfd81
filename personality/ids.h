/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/ids.h: who the process is, as its auth handle says. */
#ifndef PERSONALITY_IDS_H
#define PERSONALITY_IDS_H

#include <mach/kern_return.h>
#include <mach/port.h>
#include <stdint.h>

#define IDS_GROUPS_MAX 64

struct unix_ids {
    uint32_t ruid, euid, suid, rgid, egid, sgid;
    uint32_t groups[IDS_GROUPS_MAX]; /* supplementary ones */
    unsigned group_count;
};

/* Zero ids (root's) are never made up: without a handle, or with one that has
 * no ids, they are those of nobody (-1). Returns 0 or a negative errno. */
long ids_get(struct unix_ids *ids);
/* A handle for the next program, whose saved ids are its effective ones: a send
 * right that the caller drops, or null if the process's own will do. */
kern_return_t ids_for_exec(mach_port_t *auth);
/* Forgets what was read from the handle. */
void ids_forget(void);

#endif
