/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/mach-defpager/storage.c: areas of devices, a page for each block. */

#include <device/device.h>
#include <stdlib.h>
#include <string.h>

#include "mach-defpager/defpager.h"

#define AREA_SHIFT 25
#define BLOCKS_MAX ((1u << AREA_SHIFT) - 1)
#define WORD_BITS  64u

struct run {
    uint64_t first, count; /* pages' worth of records, FIRST in records */
};

struct area {
    char *name;
    mach_port_t device; /* send right */
    unsigned per_page;  /* records */
    boolean_t leaves;
    struct run *runs;
    unsigned run_count;
    unsigned pages, free, next; /* blocks; where the search goes on */
    uint64_t *taken;            /* a bit for each */
};

static struct area *areas[AREAS_MAX];

/* --- adding ---------------------------------------------------------------- */

static struct area *area_named(const char *name, unsigned *number)
{
    for (*number = 0; *number < AREAS_MAX; ++*number) {
        if (areas[*number] && !strcmp(areas[*number]->name, name))
            return areas[*number];
    }
    return NULL;
}

static void area_free(struct area *area)
{
    mach_port_drop(area->device);
    free(area->name);
    free(area->runs);
    free(area->taken);
    free(area);
}

static error_t area_measure(const struct area *area, uint64_t *records,
                            unsigned *per_page)
{
    int status[DEV_GET_RECORDS_COUNT];
    mach_msg_type_number_t count = DEV_GET_RECORDS_COUNT;
    error_t err =
        device_get_status(area->device, DEV_GET_RECORDS, status, &count);

    if (err)
        return err;
    unsigned size = (unsigned)status[DEV_GET_RECORDS_RECORD_SIZE];
    if (!size || vm_page_size % size)
        return HURD_EINVAL;
    *records = (unsigned)status[DEV_GET_RECORDS_DEVICE_RECORDS];
    *per_page = (unsigned)(vm_page_size / size);
    return 0;
}

/* Of each run the whole pages are used. */
static error_t area_take_runs(struct area *area, const recnum_t *runs,
                              unsigned count, uint64_t records)
{
    uint64_t pages = 0;

    area->run_count = count / 2;
    area->runs = calloc(area->run_count, sizeof *area->runs);
    if (!area->runs)
        return HURD_ENOMEM;
    for (unsigned i = 0; i < area->run_count; i++) {
        uint64_t first = runs[2 * i], length = runs[2 * i + 1];
        if (first > records || length > records - first)
            return HURD_EINVAL;
        area->runs[i] = (struct run){first, length / area->per_page};
        pages += area->runs[i].count;
    }
    if (!pages)
        return HURD_EINVAL;
    area->pages = (unsigned)(pages < BLOCKS_MAX ? pages : BLOCKS_MAX);
    area->free = area->pages;
    area->taken = calloc(area->pages / WORD_BITS + 1, sizeof *area->taken);
    return area->taken ? 0 : HURD_ENOMEM;
}

error_t storage_add(mach_port_t device, const recnum_t *runs, unsigned count,
                    const char *name)
{
    unsigned number;
    uint64_t records;

    if (count < 2 || count % 2)
        return HURD_EINVAL;
    if (area_named(name, &number))
        return HURD_EEXIST;
    for (number = 0; number < AREAS_MAX && areas[number]; number++)
        continue;
    if (number == AREAS_MAX)
        return HURD_ENOSPC;
    struct area *area = calloc(1, sizeof *area);
    if (!area)
        return HURD_ENOMEM;
    area->device = device;
    area->name = strdup(name);
    error_t err = area->name ? area_measure(area, &records, &area->per_page)
                             : HURD_ENOMEM;
    if (!err)
        err = area_take_runs(area, runs, count, records);
    if (err) {
        area->device = MACH_PORT_NULL; /* the caller's */
        area_free(area);
        return err;
    }
    areas[number] = area;
    return 0;
}

/* --- blocks ----------------------------------------------------------------- */

static struct area *area_of(block_t block, unsigned *page)
{
    *page = (block & BLOCKS_MAX) - 1;
    return areas[block >> AREA_SHIFT];
}

static boolean_t is_taken(const struct area *area, unsigned page)
{
    return area->taken[page / WORD_BITS] >> page % WORD_BITS & 1;
}

static void flip(struct area *area, unsigned page)
{
    area->taken[page / WORD_BITS] ^= 1ul << page % WORD_BITS;
}

/* The first free page from where the search ended last. */
static unsigned area_find(const struct area *area)
{
    unsigned page = area->next;

    for (unsigned looked = 0; looked < area->pages + WORD_BITS;) {
        if (page >= area->pages)
            page = 0;
        boolean_t full =
            page % WORD_BITS == 0 && !~area->taken[page / WORD_BITS];
        if (!full && !is_taken(area, page))
            return page;
        page += full ? WORD_BITS : 1;
        looked += full ? WORD_BITS : 1;
    }
    return area->pages;
}

block_t storage_take(unsigned *count)
{
    for (unsigned i = 0; i < AREAS_MAX; i++) {
        struct area *area = areas[i];
        if (!area || area->leaves || !area->free)
            continue;
        unsigned page = area_find(area), n = 0;
        if (page == area->pages)
            continue;
        while (n < *count && page + n < area->pages &&
               !is_taken(area, page + n)) {
            flip(area, page + n);
            n++;
        }
        area->free -= n;
        area->next = page + n;
        *count = n;
        return (block_t)i << AREA_SHIFT | (page + 1);
    }
    return BLOCK_NONE;
}

void storage_free(block_t block)
{
    unsigned page;
    struct area *area = area_of(block, &page);

    flip(area, page);
    area->free++;
}

boolean_t storage_leaves(block_t block)
{
    unsigned page;

    return block != BLOCK_NONE && area_of(block, &page)->leaves;
}

/* Where PAGE of AREA is on the device; *COUNT is cut to what follows it there. */
static recnum_t area_record(const struct area *area, unsigned page,
                            unsigned *count)
{
    const struct run *run = area->runs;

    while (page >= run->count) {
        page -= (unsigned)run->count;
        run++;
    }
    if (*count > run->count - page)
        *count = (unsigned)(run->count - page);
    return (recnum_t)(run->first + (uint64_t)page * area->per_page);
}

error_t storage_read(block_t block, unsigned *count, vm_address_t *data)
{
    unsigned page;
    struct area *area = area_of(block, &page);
    recnum_t record = area_record(area, page, count);
    mach_msg_type_number_t got = 0;
    char *memory;
    error_t err = device_read(area->device, 0, record,
                              (int)(*count * vm_page_size), &memory, &got);

    if (!err && got < vm_page_size) {
        vm_deallocate(mach_task_self(), (vm_address_t)memory, got);
        err = HURD_EIO;
    }
    if (err) {
        mach_complain(err, "%s: reading page %u", area->name, page);
        return err;
    }
    *count = (unsigned)(got / vm_page_size);
    *data = (vm_address_t)memory;
    return 0;
}

error_t storage_write(block_t block, unsigned count, vm_address_t data)
{
    unsigned page;
    struct area *area = area_of(block, &page);

    while (count) {
        unsigned now = count;
        recnum_t record = area_record(area, page, &now);
        int written = 0;
        error_t err = device_write(area->device, 0, record, (char *)data,
                                   (mach_msg_type_number_t)(now * vm_page_size),
                                   &written);
        if (!err && (unsigned)written != now * vm_page_size)
            err = HURD_EIO;
        if (err) {
            mach_complain(err, "%s: writing page %u", area->name, page);
            return err;
        }
        page += now;
        count -= now;
        data += now * vm_page_size;
    }
    return 0;
}

/* --- the whole -------------------------------------------------------------- */

/* A page of the area that leaves goes to another. */
static error_t move_away(struct place *place)
{
    vm_address_t data;
    struct place to = {0};

    if (!storage_leaves(place->block))
        return 0;
    error_t err = page_fetch(place, &data);
    if (err)
        return err;
    err = page_store(&to, data);
    vm_deallocate(mach_task_self(), data, vm_page_size);
    if (!err && to.held) { /* memory is no place to stay */
        place_clear(&to);
        err = HURD_ENOSPC;
    }
    if (err)
        return err;
    place_clear(place);
    *place = to;
    return 0;
}

error_t storage_remove(const char *name)
{
    unsigned number;
    struct area *area = area_named(name, &number);

    if (!area)
        return HURD_ENOENT;
    area->leaves = TRUE;
    error_t err = area->pages - area->free > storage_free_pages()
                      ? HURD_ENOSPC
                      : objects_visit(move_away);
    area->leaves = FALSE;
    if (err)
        return err;
    areas[number] = NULL;
    area_free(area);
    return 0;
}

uint64_t storage_pages(void)
{
    uint64_t pages = 0;

    for (unsigned i = 0; i < AREAS_MAX; i++)
        pages += areas[i] ? areas[i]->pages : 0;
    return pages;
}

uint64_t storage_free_pages(void)
{
    uint64_t pages = 0;

    for (unsigned i = 0; i < AREAS_MAX; i++)
        pages += areas[i] && !areas[i]->leaves ? areas[i]->free : 0;
    return pages;
}

boolean_t storage_view(unsigned number, struct storage_view *view)
{
    for (unsigned i = 0; i < AREAS_MAX; i++) {
        if (!areas[i] || number--)
            continue;
        *view = (struct storage_view){areas[i]->name, areas[i]->pages,
                                      areas[i]->free};
        return TRUE;
    }
    return FALSE;
}
