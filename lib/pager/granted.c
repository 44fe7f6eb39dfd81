/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pager/granted.c: the pages that the kernel may have written.
 *
 * From when it is let write a page until it has returned it, or asks for it again,
 * the kernel may have the page's only true contents: in memory, or on their way
 * here.  What is behind the pager must not be supplied for it unasked, as that
 * would come in the place of what is on its way.
 */
#include <pager/private.h>
#include <stdlib.h>
#include <string.h>

/* Bits for pages, in pieces that are made as they are needed. */
#define PIECE_PAGES 32768ul
#define PIECE_BYTES (PIECE_PAGES / 8)
#define PIECES_MAX  65536ul

static vm_offset_t page_of(vm_offset_t offset)
{
    return offset / vm_page_size;
}

/* Makes the table reach to piece NUMBER. */
static boolean_t extend(struct pager_granted *granted, size_t number)
{
    unsigned char **pieces;

    if (number < granted->count)
        return TRUE;
    if (number >= PIECES_MAX)
        return FALSE;
    pieces = realloc(granted->pieces, (number + 1) * sizeof *pieces);
    if (!pieces)
        return FALSE;
    memset(pieces + granted->count, 0,
           (number + 1 - granted->count) * sizeof *pieces);
    granted->pieces = pieces;
    granted->count = number + 1;
    return TRUE;
}

void granted_set(struct pager_granted *granted, vm_offset_t offset,
                 vm_size_t size)
{
    vm_offset_t end = page_of(offset + size);

    for (vm_offset_t page = page_of(offset); page < end; page++) {
        size_t number = page / PIECE_PAGES, bit = page % PIECE_PAGES;
        if (!extend(granted, number) ||
            (!granted->pieces[number] &&
             !(granted->pieces[number] = calloc(1, PIECE_BYTES)))) {
            granted->all = TRUE;
            return;
        }
        granted->pieces[number][bit / 8] |= (unsigned char)(1u << bit % 8);
    }
}

void granted_clear(struct pager_granted *granted, vm_offset_t offset,
                   vm_size_t size)
{
    vm_offset_t page = page_of(offset), end = page_of(offset + size);

    while (page < end && page / PIECE_PAGES < granted->count) {
        size_t number = page / PIECE_PAGES, bit = page % PIECE_PAGES;
        if (!granted->pieces[number]) {
            page = (number + 1) * PIECE_PAGES;
            continue;
        }
        granted->pieces[number][bit / 8] &= (unsigned char)~(1u << bit % 8);
        page++;
    }
}

static boolean_t is_granted(const struct pager_granted *granted,
                            vm_offset_t page)
{
    size_t number = page / PIECE_PAGES, bit = page % PIECE_PAGES;

    return number < granted->count && granted->pieces[number] &&
           granted->pieces[number][bit / 8] & 1u << bit % 8;
}

vm_size_t granted_run(const struct pager_granted *granted, vm_offset_t offset,
                      vm_size_t size)
{
    vm_size_t run = vm_page_size;

    while (run < size && !granted->all &&
           !is_granted(granted, page_of(offset + run)))
        run += vm_page_size;
    return run;
}

void granted_forget(struct pager_granted *granted)
{
    for (size_t n = 0; n < granted->count; n++)
        free(granted->pieces[n]);
    free(granted->pieces);
    *granted = (struct pager_granted){0};
}
