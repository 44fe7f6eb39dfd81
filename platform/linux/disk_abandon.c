/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that nobody waits for any more.
 *
 * A driver that stops its controller may use the memory of its commands anew,
 * at once; but a read that hangs in the host's kernel cannot be called back, and
 * will write there when it ends.  So backings reach memory by a mapping of their
 * own, and a request is cut off by putting pages of this process in the place of
 * its own there, for as long as it lasts.  What a write has yet to write is
 * copied into them, and they come into place in one step.
 *
 * Two requests that share a page cannot be cut off one by one; nor one that
 * began while its pages were cut off, which goes to memory directly.
 */
#define _GNU_SOURCE
#include "platform/linux/disk.h"
#include "platform/linux/machine.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096ull
/* Each may cost Linux a mapping, of which a process has 65,530. */
#define RANGES_MAX 1024u

static struct disk_request *newest;

/* The whole pages of an extent. */
static struct platform_extent pages_of(const struct iovec *extent,
                                       const uint8_t *base)
{
    uint64_t start = (uint64_t)((uint8_t *)extent->iov_base - base);
    uint64_t end = (start + extent->iov_len + PAGE - 1) & ~(PAGE - 1);

    start &= ~(PAGE - 1);
    return (struct platform_extent){start, end - start};
}

static bool ranges_meet(const struct disk_request *a,
                        const struct disk_request *b)
{
    for (unsigned i = 0; i < a->page_range_count; i++) {
        const struct platform_extent *one = &a->page_ranges[i];

        for (unsigned k = 0; k < b->page_range_count; k++) {
            const struct platform_extent *other = &b->page_ranges[k];

            if (one->phys < other->phys + other->size_bytes &&
                other->phys < one->phys + one->size_bytes)
                return true;
        }
    }
    return false;
}

static bool remember_pages(struct disk_request *request)
{
    request->page_ranges = request->extent_count <= RANGES_MAX
                               ? malloc((request->extent_count + 1) *
                                        sizeof(struct platform_extent))
                               : NULL;
    if (!request->page_ranges)
        return false;
    for (unsigned i = 0; i < request->extent_count; i++)
        request->page_ranges[i] = pages_of(&request->extents[i], machine.base);
    request->page_range_count = request->extent_count;
    return true;
}

/* Whether some of its pages are cut off at the moment. */
static bool meets_abandoned(const struct disk_request *request)
{
    for (struct disk_request *other = newest; other; other = other->older)
        if (other->abandoned && !other->direct && ranges_meet(request, other))
            return true;
    return false;
}

void disk_detachable(struct disk_request *request)
{
    bool known = remember_pages(request);

    request->direct = !known || meets_abandoned(request);
    for (unsigned i = 0; !request->direct && i < request->extent_count; i++) {
        struct iovec *extent = &request->extents[i];
        extent->iov_base =
            machine.disk_base + ((uint8_t *)extent->iov_base - machine.base);
    }
    request->older = newest;
    if (newest)
        newest->newer = request;
    newest = request;
}

/* --- cutting off ------------------------------------------------------------- */

static void show_memory(const struct platform_extent *pages)
{
    void *at = machine.disk_base + pages->phys;

    if (mmap(at, pages->size_bytes, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_NORESERVE | MAP_FIXED, machine.memory_fd,
             (off_t)pages->phys) != at)
        abort(); /* disks would miss what they are to move */
}

static bool hide_memory(const struct platform_extent *pages, bool keep)
{
    size_t size = pages->size_bytes;
    void *copy = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (copy == MAP_FAILED)
        return false;
    if (keep)
        memcpy(copy, machine.base + pages->phys, size);
    if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
               machine.disk_base + pages->phys) != MAP_FAILED)
        return true;
    munmap(copy, size);
    return false;
}

static bool hide_all(struct disk_request *request)
{
    unsigned done = 0;

    while (done < request->page_range_count &&
           hide_memory(&request->page_ranges[done],
                       request->op == PLATFORM_DISK_WRITE))
        done++;
    if (done == request->page_range_count)
        return true;
    while (done-- > 0)
        show_memory(&request->page_ranges[done]);
    return false;
}

/* Whether its pages are nobody else's, extents of its own among them. */
static bool is_alone(const struct disk_request *request)
{
    for (struct disk_request *other = newest; other; other = other->older)
        if (other != request && !other->direct && ranges_meet(request, other))
            return false;
    return true;
}

bool platform_disk_abandon(void *cookie)
{
    struct disk_request *request = newest;

    while (request && request->cookie != cookie)
        request = request->older;
    if (!request || request->abandoned)
        return false; /* done already, and about to be told */
    if (request->op != PLATFORM_DISK_FLUSH &&
        (request->direct || !is_alone(request) || !hide_all(request)))
        return false;
    request->abandoned = true;
    return true;
}

void disk_undetach(struct disk_request *request)
{
    bool listed = request->older || request->newer || newest == request;

    if (!listed)
        return;
    *(request->newer ? &request->newer->older : &newest) = request->older;
    if (request->older)
        request->older->newer = request->newer;
    for (unsigned i = 0; request->abandoned && i < request->page_range_count;
         i++)
        show_memory(&request->page_ranges[i]);
    free(request->page_ranges);
}
