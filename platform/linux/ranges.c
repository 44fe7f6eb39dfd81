/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platform/linux/ranges.h"
#include <stdlib.h>
#include <string.h>

/* The index of the first range that ends after ADDRESS. */
static size_t find(const struct ranges *ranges, uint64_t address)
{
    size_t low = 0, high = ranges->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ranges->list[middle].end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool make_room(struct ranges *ranges)
{
    if (ranges->count < ranges->room)
        return true;
    size_t room = ranges->room ? ranges->room * 2 : 16;
    struct range *list = realloc(ranges->list, room * sizeof(*list));
    if (!list)
        return false;
    ranges->list = list;
    ranges->room = room;
    return true;
}

/* Replaces the COUNT ranges from AT on by none. */
static void cut(struct ranges *ranges, size_t at, size_t count)
{
    memmove(ranges->list + at, ranges->list + at + count,
            (ranges->count - at - count) * sizeof(struct range));
    ranges->count -= count;
}

static bool insert(struct ranges *ranges, size_t at, struct range range)
{
    if (!make_room(ranges))
        return false;
    memmove(ranges->list + at + 1, ranges->list + at,
            (ranges->count - at) * sizeof(struct range));
    ranges->list[at] = range;
    ranges->count++;
    return true;
}

bool ranges_add(struct ranges *ranges, uint64_t start, uint64_t end)
{
    /* From the range that touches START on, all that touch the new one. */
    size_t at = find(ranges, start ? start - 1 : 0);
    size_t last = at;

    while (last < ranges->count && ranges->list[last].start <= end)
        last++;
    if (at == last)
        return insert(ranges, at, (struct range){start, end});
    if (ranges->list[at].start > start)
        ranges->list[at].start = start;
    if (ranges->list[last - 1].end > end)
        end = ranges->list[last - 1].end;
    ranges->list[at].end = end;
    cut(ranges, at + 1, last - at - 1);
    return true;
}

bool ranges_remove(struct ranges *ranges, uint64_t start, uint64_t end)
{
    size_t at = find(ranges, start), last;
    struct range *range = ranges->list + at;

    if (at == ranges->count || range->start >= end)
        return true;
    if (range->start < start && range->end > end) {
        uint64_t rest = range->end;
        if (!insert(ranges, at + 1, (struct range){end, rest}))
            return false;
        ranges->list[at].end = start;
        return true;
    }
    if (range->start < start) {
        range->end = start;
        at++;
    }
    for (last = at; last < ranges->count && ranges->list[last].end <= end;)
        last++;
    if (last < ranges->count && ranges->list[last].start < end)
        ranges->list[last].start = end;
    cut(ranges, at, last - at);
    return true;
}

bool ranges_next(const struct ranges *ranges, uint64_t start, uint64_t end,
                 struct range *part_out)
{
    size_t at = find(ranges, start);

    if (start >= end || at == ranges->count || ranges->list[at].start >= end)
        return false;
    *part_out = ranges->list[at];
    if (part_out->start < start)
        part_out->start = start;
    if (part_out->end > end)
        part_out->end = end;
    return true;
}

void ranges_free(struct ranges *ranges)
{
    free(ranges->list);
    *ranges = (struct ranges){0};
}
