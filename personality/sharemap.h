/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/sharemap.h: which files are mapped to be changed, and where.
 *
 * Mach's map knows memory objects, not files; but msync has to wait for a file,
 * and tell of its errors.  Every function may be called by any thread.
 */
#ifndef PERSONALITY_SHAREMAP_H
#define PERSONALITY_SHAREMAP_H

#include <mach/port.h>
#include <stdbool.h>
#include <stdint.h>

/* Notes that [START, START + SIZE) shows the file behind PORT, of which the
 * caller keeps its right.  False: no memory. */
bool sharemap_add(uint64_t start, uint64_t size, mach_port_t port);
/* The range shows something else now, or nothing. */
void sharemap_remove(uint64_t start, uint64_t size);
/* Waits until what was stored there has reached the disk; 0 or -errno. */
long sharemap_sync(uint64_t start, uint64_t size);
/* A right for the caller to the file that all of the range shows; null if there
 * is none. */
mach_port_t sharemap_port(uint64_t start, uint64_t size);
/* Runs FN for each right kept (a port may come more than once). */
void sharemap_each(void (*fn)(mach_port_t port, void *arg), void *arg);
/* In a forked child. */
void sharemap_forked(void);

#endif
