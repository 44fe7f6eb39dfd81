/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine/transfer.h: a request to a disk, from its making to its end.
 *
 * Whoever asked may lose interest (its port was stopped): the transfer then
 * goes on as an orphan, for the host has it and may still touch RAM, and its
 * end is told to the owner only so that it knows that RAM is left alone. */
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
    uint64_t size_bytes; /* of all extents */
    unsigned extent_max;
    struct machine_extent extents[];
};

/* EXTRA bytes of the owner's own stand behind the extents, zeroed.  NULL if
 * memory is short. */
struct transfer *transfer_create(struct machine *machine, unsigned extent_max,
                                 size_t extra);
void *transfer_extra(struct transfer *transfer);
/* For one that was not submitted. */
void transfer_free(struct transfer *transfer);

/* Adds a range, which the caller has checked, to the extents; joins it with the
 * last where it can.  False if there is no room. */
bool transfer_add(struct transfer *transfer, uint64_t phys, uint64_t size);
/* Leaves the first SIZE bytes. */
void transfer_trim(struct transfer *transfer, uint64_t size_bytes);
/* Copies SIZE bytes into the extents' memory from their beginning. */
bool transfer_fill(struct transfer *transfer, struct pci_function *function,
                   const void *from, size_t size);

/* DONE may be called before this returns. */
void transfer_submit(struct transfer *transfer);
void transfer_orphan_all(struct machine *machine, const void *owner);
/* Forgets everything that is under way. */
void transfer_forget_all(struct machine *machine);

#endif
