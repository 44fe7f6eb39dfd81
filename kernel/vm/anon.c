/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/anon.h"
#include "core/account.h"
#include "vm/age.h"
#include "vm/grave.h"
#include "vm/object.h"
#include "vm/page.h"
#include "vm/pmap.h"
#include "vm/slot.h"
#include "vm/swap.h"

#define SPARE_MAX 16384

/* Anons come and go by the hundred with each large message: some are kept. */
static struct {
    struct vm_anon *first; /* linked by NEXT */
    unsigned count;
} spare;

static struct vm_anon *vm_anon_alloc(void)
{
    struct vm_anon *anon = spare.first;

    if (!anon)
        return kalloc(sizeof *anon);
    if (!kalloc_give(anon, account_current))
        return NULL;
    spare.first = anon->next;
    spare.count--;
    return anon;
}

static void vm_anon_free(struct vm_anon *anon)
{
    if (spare.count == SPARE_MAX || !kalloc_give(anon, NULL)) {
        kfree(anon);
        return;
    }
    anon->next = spare.first;
    spare.first = anon;
    spare.count++;
}

void vm_anon_module_fini(void)
{
    while (spare.first) {
        struct vm_anon *anon = spare.first;
        spare.first = anon->next;
        kfree(anon);
    }
    spare.count = 0;
}

struct vm_anon *vm_anon_create(struct vm_page *page)
{
    struct vm_anon *anon = vm_anon_alloc();

    if (!anon)
        return NULL;
    anon->references = 1;
    anon->slot = SLOT_NONE;
    anon->page = NULL;
    if (page)
        vm_anon_adopt(anon, page);
    return anon;
}

void vm_anon_adopt(struct vm_anon *anon, struct vm_page *page)
{
    anon->page = page;
    page->anon = anon;
    vm_age_add(page);
}

void vm_anon_disown(struct vm_anon *anon)
{
    vm_age_remove(anon->page);
    anon->page->anon = NULL;
    anon->page = NULL;
}

void vm_anon_reference(struct vm_anon *anon)
{
    anon->references++;
}

void vm_anon_release(struct vm_anon *anon)
{
    struct vm_page *page = anon->page;

    if (--anon->references)
        return;
    if (page)
        vm_anon_disown(anon);
    else
        vm_swap_drop(anon);
    vm_anon_free(anon);
    if (!page)
        return;
    if (page->mappings) {
        pmap_page_protect(page, VM_PROT_NONE);
        pmap_settle();
    }
    page->wire_count = 0;
    vm_page_free(page);
}

struct vm_amap *vm_amap_create(void)
{
    struct vm_amap *amap = kalloc(sizeof *amap);

    if (amap)
        amap->references = 1;
    return amap;
}

void vm_amap_reference(struct vm_amap *amap)
{
    amap->references++;
}

void vm_amap_detach(struct vm_amap *amap)
{
    struct vm_object *object = amap->under;

    if (!object)
        return;
    amap->under = NULL;
    list_remove(&amap->snapshot_link);
    vm_object_release(object);
}

void vm_amap_attach(struct vm_amap *amap, struct vm_object *object,
                    uint64_t first, uint64_t from, uint64_t to)
{
    vm_object_reference(object);
    amap->under = object;
    amap->under_first = first;
    amap->under_from = from;
    amap->under_to = to;
    list_append(&object->snapshots, &amap->snapshot_link);
}

void vm_amap_release(struct vm_amap *amap)
{
    if (--amap->references)
        return;
    radix_bury(&amap->anons, vm_grave_nodes());
    vm_grave_run();
    vm_amap_detach(amap);
    kfree(amap);
}

static void vm_anon_hold(void *anon)
{
    vm_anon_reference(anon);
}

struct vm_amap *vm_amap_copy(struct vm_amap *amap, uint64_t first,
                             uint64_t count)
{
    struct vm_amap *copy = vm_amap_create();

    if (!copy)
        return NULL;
    if (!radix_copy(&amap->anons, first, first + count, &copy->anons,
                    vm_anon_hold)) {
        vm_amap_release(copy);
        return NULL;
    }
    if (amap->under)
        vm_amap_attach(copy, amap->under, amap->under_first,
                       max_of(first, amap->under_from),
                       min_of(first + count, amap->under_to));
    return copy;
}

struct vm_amap *vm_amap_split(struct vm_amap *amap, uint64_t at)
{
    struct vm_amap *upper = vm_amap_create();

    if (!upper)
        return NULL;
    if (!radix_split(&amap->anons, at, &upper->anons, vm_anon_hold)) {
        vm_amap_release(upper);
        return NULL;
    }
    if (amap->under) {
        vm_amap_attach(upper, amap->under, amap->under_first,
                       max_of(at, amap->under_from), amap->under_to);
        amap->under_to = min_of(at, amap->under_to);
    }
    return upper;
}

bool vm_amap_exclusive(const struct vm_amap *amap, uint64_t index)
{
    const struct vm_anon *anon = radix_get(&amap->anons, index);

    return anon && anon->references == 1 &&
           radix_exclusive(&amap->anons, index);
}

bool vm_amap_set(struct vm_amap *amap, uint64_t index, struct vm_anon *anon)
{
    if (!radix_own(&amap->anons, index, vm_anon_hold))
        return false;
    struct vm_anon *old = radix_get(&amap->anons, index);
    if (!radix_set(&amap->anons, index, anon))
        return false;
    if (old)
        vm_anon_release(old);
    return true;
}

bool vm_amap_wipe(struct vm_amap *amap, uint64_t first, uint64_t count)
{
    bool done = radix_cut(&amap->anons, first, first + count, vm_anon_hold,
                          vm_grave_nodes());

    vm_grave_run();
    return done;
}
