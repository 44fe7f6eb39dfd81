/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/copy.h"
#include "vm/page.h"
#include "vm/pmap.h"
#include "vm/swap.h"

struct vm_map_copy *vm_copy_create(vm_offset_t offset, vm_size_t size)
{
    struct vm_map_copy *copy = kalloc(sizeof *copy);

    if (copy) {
        copy->offset = offset;
        copy->size = size;
    }
    return copy;
}

bool vm_copy_append(struct vm_map_copy *copy, const struct vm_piece *piece)
{
    if (copy->piece_count == copy->piece_max) {
        unsigned max = copy->piece_max ? copy->piece_max * 2 : 2;
        struct vm_piece *pieces = kalloc(max * sizeof *pieces);
        if (!pieces)
            return false;
        if (copy->pieces)
            memcpy(pieces, copy->pieces, copy->piece_count * sizeof *pieces);
        kfree(copy->pieces);
        copy->pieces = pieces;
        copy->piece_max = max;
    }
    copy->pieces[copy->piece_count++] = *piece;
    return true;
}

void vm_map_copy_discard(struct vm_map_copy *copy)
{
    if (!copy)
        return;
    for (unsigned i = 0; i < copy->piece_count; i++) {
        if (copy->pieces[i].amap)
            vm_amap_release(copy->pieces[i].amap);
        if (copy->pieces[i].object)
            vm_object_release(copy->pieces[i].object);
    }
    kfree(copy->pieces);
    kfree(copy);
}

kern_return_t vm_copy_split(struct vm_map_copy *from,
                            struct vm_map_copy **copy_out)
{
    struct vm_map_copy *copy = kalloc(sizeof *copy);

    if (!copy)
        return KERN_RESOURCE_SHORTAGE;
    *copy = *from;
    from->pieces = NULL;
    from->piece_count = from->piece_max = 0;
    from->size = 0;
    *copy_out = copy;
    return KERN_SUCCESS;
}

void vm_map_copy_hide(struct vm_map_copy *copy)
{
    copy->hidden = true;
}

vm_size_t vm_map_copy_size(const struct vm_map_copy *copy)
{
    return copy->size;
}

struct vm_page *vm_page_duplicate(const struct vm_page *page)
{
    struct vm_page *copy = vm_page_alloc(!page);

    if (copy && page)
        memcpy(vm_page_data(copy), vm_page_data(page), PAGE_SIZE);
    return copy;
}

/* What ANON's copy is; those at the default pager, which no device sees, are
 * had in common. */
static struct vm_anon *vm_anon_duplicate(struct vm_anon *anon)
{
    if (!anon->page) {
        vm_anon_reference(anon);
        return anon;
    }
    struct vm_page *page = vm_page_duplicate(anon->page);
    struct vm_anon *copy = page ? vm_anon_create(page) : NULL;
    if (page && !copy)
        vm_page_free(page);
    return copy;
}

struct vm_amap *vm_amap_duplicate(const struct vm_amap *of, uint64_t first,
                                  uint64_t count)
{
    struct vm_amap *amap = vm_amap_create();

    for (uint64_t i = 0; amap && i < count; i++) {
        struct vm_anon *from = vm_amap_get(of, first + i);
        struct vm_anon *anon = from ? vm_anon_duplicate(from) : NULL;
        if (!from || (anon && vm_amap_set(amap, i, anon)))
            continue;
        if (anon)
            vm_anon_release(anon);
        vm_amap_release(amap);
        return NULL;
    }
    return amap;
}

struct vm_map_copy *vm_copy_empty(uint64_t count)
{
    struct vm_map_copy *copy = vm_copy_create(0, count * PAGE_SIZE);
    struct vm_piece piece = {.count = count, .amap = vm_amap_create()};
    bool made = copy && piece.amap && vm_copy_append(copy, &piece);

    if (!made && piece.amap)
        vm_amap_release(piece.amap);
    for (uint64_t i = 0; made && i < count; i++) {
        struct vm_anon *anon = vm_anon_create(NULL);
        made = anon && vm_amap_set(piece.amap, i, anon);
        if (!made && anon)
            vm_anon_release(anon);
    }
    if (made)
        return copy;
    vm_map_copy_discard(copy);
    return NULL;
}

void vm_copy_fill(struct vm_map_copy *copy, uint64_t index,
                  struct vm_page *page)
{
    struct vm_anon *anon = vm_amap_get(copy->pieces[0].amap, index);

    vm_anon_adopt(anon, page);
}

void vm_copy_cut(struct vm_map_copy *copy, uint64_t count)
{
    struct vm_piece *piece = &copy->pieces[0];

    vm_amap_wipe(piece->amap, count, piece->count - count);
    piece->count = count;
    copy->size = count * PAGE_SIZE;
}

struct vm_map_copy *vm_copy_from_pages(struct vm_page *const *pages,
                                       uint64_t count)
{
    struct vm_map_copy *copy = vm_copy_empty(count);

    for (uint64_t i = 0; copy && i < count; i++)
        vm_copy_fill(copy, i, pages[i]);
    return copy;
}

kern_return_t vm_map_copy_from_kernel(const void *data, vm_size_t size,
                                      struct vm_map_copy **copy_out)
{
    uint64_t count = round_page(size) >> PAGE_SHIFT_BITS, done = 0;
    struct vm_page **pages = kalloc((count + 1) * sizeof *pages);
    struct vm_map_copy *copy = NULL;

    for (; pages && done < count; done++) {
        vm_size_t at = done * PAGE_SIZE, n = min_of(size - at, PAGE_SIZE);
        pages[done] = vm_page_alloc(n < PAGE_SIZE);
        if (!pages[done])
            break;
        memcpy(vm_page_data(pages[done]), (const char *)data + at, n);
    }
    if (pages && done == count)
        copy = vm_copy_from_pages(pages, count);
    if (copy) {
        copy->size = size;
    } else {
        while (done--)
            vm_page_free(pages[done]);
    }
    kfree(pages);
    *copy_out = copy;
    return copy ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

kern_return_t vm_piece_page(const struct vm_piece *piece, uint64_t index,
                            struct vm_fault_wait *wait,
                            struct vm_page **page_out)
{
    struct vm_anon *anon = vm_amap_get(piece->amap, piece->amap_first + index);

    kern_return_t kr = anon ? vm_swap_in(anon, wait) : KERN_SUCCESS;

    *page_out = anon ? anon->page : NULL;
    if (anon || !piece->object)
        return kr;
    return vm_object_get(piece->object, piece->object_first + index,
                         VM_PROT_READ, wait, page_out);
}

static const struct vm_piece *vm_copy_piece(struct vm_map_copy *copy,
                                            uint64_t *index)
{
    unsigned i = copy->last_piece;
    uint64_t first = copy->last_first;

    if (*index < first)
        i = first = 0;
    for (; i < copy->piece_count; i++) {
        if (*index - first < copy->pieces[i].count) {
            copy->last_piece = i;
            copy->last_first = first;
            *index -= first;
            return &copy->pieces[i];
        }
        first += copy->pieces[i].count;
    }
    return NULL;
}

bool vm_copy_is_empty(struct vm_map_copy *copy, uint64_t index)
{
    const struct vm_piece *piece = vm_copy_piece(copy, &index);

    return piece && !piece->object && !(piece->amap && piece->amap->under) &&
           !vm_amap_get(piece->amap, piece->amap_first + index);
}

kern_return_t vm_copy_page(struct vm_map_copy *copy, uint64_t index,
                           struct vm_fault_wait *wait,
                           struct vm_page **page_out)
{
    const struct vm_piece *piece = vm_copy_piece(copy, &index);

    if (!piece)
        return KERN_INVALID_ADDRESS;
    return vm_piece_page(piece, index, wait, page_out);
}

/* The page of ANON alone, leaving ANON to be freed without it. */
static bool vm_piece_steal(const struct vm_piece *piece, uint64_t index,
                           struct vm_page **page_out)
{
    uint64_t slot = piece->amap_first + index;
    struct vm_anon *anon = vm_amap_get(piece->amap, slot);

    if (!anon || !anon->page || piece->amap->references > 1 ||
        !vm_amap_exclusive(piece->amap, slot))
        return false;
    pmap_page_protect(anon->page, VM_PROT_NONE);
    pmap_settle();
    *page_out = anon->page;
    vm_anon_disown(anon);
    radix_set(&piece->amap->anons, slot, NULL);
    kfree(anon);
    return true;
}

kern_return_t vm_copy_take_page(struct vm_map_copy *copy, uint64_t index,
                                struct vm_fault_wait *wait,
                                struct vm_page **page_out)
{
    const struct vm_piece *piece = vm_copy_piece(copy, &index);
    struct vm_page *page;

    if (!piece)
        return KERN_INVALID_ADDRESS;
    if (vm_piece_steal(piece, index, page_out))
        return KERN_SUCCESS;
    kern_return_t kr = vm_piece_page(piece, index, wait, &page);
    if (kr != KERN_SUCCESS)
        return kr;
    *page_out = vm_page_duplicate(page);
    return *page_out ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

kern_return_t vm_map_copy_read(struct vm_map_copy *copy, vm_offset_t offset,
                               void *to, vm_size_t size,
                               struct vm_fault_wait *wait)
{
    if (offset > copy->size || size > copy->size - offset)
        return KERN_INVALID_ADDRESS;
    offset += copy->offset;
    while (size) {
        vm_offset_t in_page = offset & (PAGE_SIZE - 1);
        vm_size_t n = min_of(size, PAGE_SIZE - in_page);
        struct vm_page *page;
        kern_return_t kr =
            vm_copy_page(copy, offset >> PAGE_SHIFT_BITS, wait, &page);
        if (kr != KERN_SUCCESS)
            return kr;
        if (page)
            memcpy(to, (char *)vm_page_data(page) + in_page, n);
        else
            memset(to, 0, n);
        to = (char *)to + n;
        offset += n;
        size -= n;
    }
    return KERN_SUCCESS;
}
