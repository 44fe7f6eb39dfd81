/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/transfer.h: a request to a disk, from its making to its end.
 *
 * Whoever asked may lose interest (its port was stopped): the transfer is an
 * orphan then, and ends at once if the host can abandon it.  Else it goes on,
 * for the host may still touch RAM, and its end is told to the owner only so
 * that it knows that RAM is left alone. */
#ifndef MACHINE_TRANSFER_H
#define MACHINE_TRANSFER_H

#include "machine/machine.h"

struct pci_function;

struct transfer {
    struct machine_block_request block;
    struct machine *machine;
    void *owner;
    /* Told once, then the transfer is freed.  If it is an orphan STATUS says
     * nothing. */
    void (*done)(struct transfer *transfer, int status);
    bool orphan;
    bool flush_after; /* a write that must be on the medium at its end */
    struct transfer *next, *prev;
    /* Not submitted, or NULL: another part of the owner's request. */
    struct transfer *rest;
    uint64_t size_bytes; /* of all extents */
    unsigned extent_max;
    struct machine_extent extents[];
};

/* EXTRA bytes of the owner's own stand behind the extents, zeroed.  NULL if
 * memory is short. */
struct transfer *transfer_create(struct machine *machine, unsigned extent_max,
                                 size_t extra);
void *transfer_extra(struct transfer *transfer);
/* For one that was not submitted; its rest goes too. */
void transfer_free(struct transfer *transfer);

/* Adds a range, which the caller has checked, to the extents; joins it with the
 * last where it can.  False if there is no room. */
bool transfer_add(struct transfer *transfer, uint64_t phys, uint64_t size);
/* Leaves the first SIZE bytes. */
void transfer_trim(struct transfer *transfer, uint64_t size_bytes);
/* Copies SIZE bytes into the extents' memory from their beginning. */
bool transfer_fill(struct transfer *transfer, struct pci_function *function,
                   const void *from, size_t size);

/* Two transfers like FROM, one for its first SIZE bytes, and behind that, as its
 * REST, one for the others; with EXTRA bytes of the owner's copied.  NULL if
 * memory is short. */
struct transfer *transfer_split(struct transfer *from, uint64_t size_bytes,
                                size_t extra);

/* DONE may be called before this returns. */
void transfer_submit(struct transfer *transfer);
/* Each of OWNER's ends, now or when the host has ended it. */
void transfer_orphan_all(struct machine *machine, const void *owner);
/* Forgets everything that is under way. */
void transfer_forget_all(struct machine *machine);

#endif
