/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/sharemap.h"
#include "personality/lock.h"
#include "personality/mach.h"
#include "personality/syscalls.h"

#include "hurd/errors.h"
#include "hurd/fs.h"

struct range {
    uint64_t start, end;
    mach_port_t port; /* send right */
};

static struct {
    struct lock lock;
    struct range *ranges; /* in no order */
    unsigned count, room;
} table;

static void port_keep(mach_port_t port)
{
    mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, 1);
}

/* The lock is held.  Takes over the right, if there is room. */
static bool range_append(uint64_t start, uint64_t end, mach_port_t port)
{
    if (table.count == table.room) {
        unsigned room =
            table.room ? table.room * 2 : 4096 / sizeof(struct range);
        struct range *ranges = pages_allocate(room * sizeof *ranges);
        if (!ranges)
            return false;
        if (table.room) {
            memcpy(ranges, table.ranges, table.count * sizeof *ranges);
            pages_free(table.ranges, table.room * sizeof *ranges);
        }
        table.ranges = ranges;
        table.room = room;
    }
    table.ranges[table.count++] = (struct range){start, end, port};
    return true;
}

bool sharemap_add(uint64_t start, uint64_t size, mach_port_t port)
{
    port_keep(port);
    lock_take(&table.lock);
    bool added = range_append(start, start + size, port);
    lock_release(&table.lock);
    if (!added)
        port_deallocate(port);
    return added;
}

/* Cuts [START, END) out of a range.  What cannot be noted any more, behind a
 * hole in the middle, stays as if the hole were not there: that only makes
 * msync wait for more than it must. */
static void range_cut(unsigned i, uint64_t start, uint64_t end)
{
    struct range range = table.ranges[i];

    if (start <= range.start && range.end <= end) {
        table.ranges[i] = table.ranges[--table.count];
        port_deallocate(range.port);
    } else if (start <= range.start) {
        table.ranges[i].start = end;
    } else if (range.end <= end) {
        table.ranges[i].end = start;
    } else if (range_append(end, range.end, range.port)) {
        port_keep(range.port);
        table.ranges[i].end = start;
    }
}

void sharemap_remove(uint64_t start, uint64_t size)
{
    uint64_t end = start + size;

    if (!__atomic_load_n(&table.count, __ATOMIC_RELAXED))
        return;
    lock_take(&table.lock);
    for (unsigned i = table.count; i-- > 0;)
        if (table.ranges[i].start < end && start < table.ranges[i].end)
            range_cut(i, start, end);
    lock_release(&table.lock);
}

/* The right of the I-th file or a later one that is seen in the range, for the
 * caller; null if there is no more. */
static mach_port_t next_port(unsigned *i, uint64_t start, uint64_t end)
{
    mach_port_t port = MACH_PORT_NULL;

    lock_take(&table.lock);
    for (; !port && *i < table.count; ++*i)
        if (table.ranges[*i].start < end && start < table.ranges[*i].end)
            port = table.ranges[*i].port;
    if (port)
        port_keep(port);
    lock_release(&table.lock);
    return port;
}

long sharemap_sync(uint64_t start, uint64_t size)
{
    mach_port_t port;
    kern_return_t first = 0;

    for (unsigned i = 0; (port = next_port(&i, start, start + size));) {
        kern_return_t kr = file_sync(port, 1, 1);
        port_deallocate(port);
        /* What is no file on a disk has nothing to wait for. */
        if (kr != HURD_EOPNOTSUPP && kr != MIG_BAD_ID && !first)
            first = kr;
    }
    return linux_error(first);
}

mach_port_t sharemap_port(uint64_t start, uint64_t size)
{
    mach_port_t port = MACH_PORT_NULL;

    lock_take(&table.lock);
    for (unsigned i = 0; !port && i < table.count; i++)
        if (table.ranges[i].start <= start &&
            start + size <= table.ranges[i].end)
            port = table.ranges[i].port;
    if (port)
        port_keep(port);
    lock_release(&table.lock);
    return port;
}

void sharemap_each(void (*fn)(mach_port_t port, void *arg), void *arg)
{
    lock_take(&table.lock);
    for (unsigned i = 0; i < table.count; i++)
        fn(table.ranges[i].port, arg);
    lock_release(&table.lock);
}

void sharemap_forked(void)
{
    table.lock = (struct lock){0};
}
