/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform/linux/ranges.h: a set of addresses, as disjoint sorted ranges.
 *
 * A task's record of what is mapped: Linux refuses to change the protection of
 * a range with a hole in it, so the platform must know where the holes are.
 */
#ifndef PLATFORM_LINUX_RANGES_H
#define PLATFORM_LINUX_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t start, end;
};

struct ranges {
    struct range *list;
    size_t count, room;
};

/* All return false only if the host has no memory left. */
bool ranges_add(struct ranges *ranges, uint64_t start, uint64_t end);
bool ranges_remove(struct ranges *ranges, uint64_t start, uint64_t end);

/* The first part of [START, END) that is in the set; false if there is none. */
bool ranges_next(const struct ranges *ranges, uint64_t start, uint64_t end,
                 struct range *part_out);

void ranges_free(struct ranges *ranges);

#endif /* PLATFORM_LINUX_RANGES_H */
