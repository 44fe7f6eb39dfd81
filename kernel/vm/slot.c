/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/slot.h"
#include "core/account.h"
#include "core/work.h"
#include "ipc/port.h"
#include "vm/object.h"
#include "vm/page.h"

#define WORD_BITS 64u
#define WORDS     (SLOT_AREA_PAGES / WORD_BITS)

struct area {
    struct vm_object *object; /* a reference */
    bool retired;
    unsigned used, fresh; /* slots, and those never written to */
    unsigned next;        /* where the search goes on */
    uint64_t taken[WORDS];
    uint64_t written[WORDS]; /* once: the pager has room for them */
};

static struct {
    struct area *areas[SLOT_AREAS_MAX];
    unsigned count; /* those at and after it are NULL */
    uint64_t used;
} state;

void vm_slot_module_init(void)
{
    memset(&state, 0, sizeof state);
}

static void area_free(unsigned number)
{
    struct area *area = state.areas[number];

    state.areas[number] = NULL;
    area->object->may_cache = false;
    vm_object_release(area->object);
    kfree(area);
}

void vm_slot_module_fini(void)
{
    for (unsigned i = 0; i < state.count; i++) {
        if (state.areas[i])
            area_free(i);
    }
    state.count = 0;
}

/* A place for a new area; SLOT_AREAS_MAX if there is none. */
static unsigned area_place(void)
{
    unsigned place = state.count;

    for (unsigned i = 0; i < state.count; i++) {
        struct area *area = state.areas[i];
        if (area && !area->used && area->object->dead)
            area_free(i);
        if (!state.areas[i])
            place = i;
    }
    return place;
}

bool vm_slot_area_create(struct ipc_port *manager)
{
    struct account *before = account_current;
    unsigned number = area_place();

    if (number == SLOT_AREAS_MAX)
        return false;
    account_current = NULL;
    struct area *area = kalloc(sizeof *area);
    if (area)
        area->object = vm_object_for_manager(manager, (vm_size_t)SLOT_AREA_PAGES
                                                          << PAGE_SHIFT_BITS);
    account_current = before;
    if (!area || !area->object) {
        kfree(area);
        return false;
    }
    area->fresh = SLOT_AREA_PAGES;
    state.areas[number] = area;
    state.count = max_of(state.count, number + 1);
    return true;
}

/* One that is empty goes, but for the last that can be used. */
static void area_look(unsigned number, bool last)
{
    if (!state.areas[number]->used && !last)
        area_free(number);
}

void vm_slot_retire_areas(void)
{
    for (unsigned i = 0; i < state.count; i++) {
        if (state.areas[i]) {
            state.areas[i]->retired = true;
            area_look(i, false);
        }
    }
}

static bool bit(const uint64_t *words, unsigned slot)
{
    return words[slot / WORD_BITS] >> slot % WORD_BITS & 1;
}

static void flip(uint64_t *words, unsigned slot)
{
    words[slot / WORD_BITS] ^= 1ul << slot % WORD_BITS;
}

static bool area_is_open(const struct area *area)
{
    return area && !area->retired && !area->object->dead;
}

/* What was asked for in vain may still come: such a slot is not used anew before.
 * What came, and was not fetched, is nobody's. */
static bool slot_is_free(const struct area *area, unsigned slot)
{
    if (bit(area->taken, slot) || vm_object_asked(area->object, slot))
        return false;
    vm_object_forget(area->object, slot);
    return true;
}

/* Takes what follows SLOT in a row. */
static unsigned area_take(struct area *area, unsigned slot, unsigned count,
                          uint64_t fresh_max, unsigned *fresh)
{
    unsigned n = 0;

    *fresh = 0;
    for (; n < count && slot + n < SLOT_AREA_PAGES; n++) {
        bool is_fresh = !bit(area->written, slot + n);
        if ((is_fresh && *fresh >= fresh_max) || !slot_is_free(area, slot + n))
            break;
        flip(area->taken, slot + n);
        if (is_fresh)
            flip(area->written, slot + n);
        *fresh += is_fresh;
    }
    area->fresh -= *fresh;
    area->used += n;
    state.used += n;
    return n;
}

/* Whole words of slots that are in use are passed by at a time. */
static unsigned area_search(struct area *area, unsigned *count,
                            uint64_t fresh_max, unsigned *fresh)
{
    unsigned slot = area->next;

    for (unsigned looked = 0; looked < SLOT_AREA_PAGES;) {
        if (slot >= SLOT_AREA_PAGES)
            slot = 0;
        unsigned step = 1, n = 0;
        if (slot % WORD_BITS == 0 &&
            (!~area->taken[slot / WORD_BITS] ||
             (!fresh_max && !(area->written[slot / WORD_BITS] &
                              ~area->taken[slot / WORD_BITS]))))
            step = WORD_BITS;
        else
            n = area_take(area, slot, *count, fresh_max, fresh);
        if (n) {
            *count = n;
            area->next = slot + n;
            return slot;
        }
        slot += step;
        looked += step;
    }
    return SLOT_AREA_PAGES;
}

uint32_t vm_slot_take(unsigned *count, uint64_t fresh_max, unsigned *fresh_out)
{
    for (unsigned i = 0; i < state.count; i++) {
        struct area *area = state.areas[i];
        work_step(1);
        if (!area_is_open(area) || area->used == SLOT_AREA_PAGES)
            continue;
        unsigned slot = area_search(area, count, fresh_max, fresh_out);
        if (slot < SLOT_AREA_PAGES)
            return i * SLOT_AREA_PAGES + slot + 1;
    }
    return SLOT_NONE;
}

static struct area *area_of(uint32_t slot, unsigned *in_area)
{
    unsigned number = (slot - 1) / SLOT_AREA_PAGES;

    *in_area = (slot - 1) % SLOT_AREA_PAGES;
    return slot != SLOT_NONE && number < state.count ? state.areas[number]
                                                     : NULL;
}

void vm_slot_release(uint32_t slot)
{
    unsigned in_area;
    struct area *area = area_of(slot, &in_area);

    kassert(area && bit(area->taken, in_area));
    flip(area->taken, in_area);
    area->used--;
    state.used--;
    vm_object_forget(area->object, in_area);
    if (!area->used)
        area_look((slot - 1) / SLOT_AREA_PAGES,
                  area_is_open(area) &&
                      vm_slot_free_count() < 2 * SLOT_AREA_PAGES);
}

bool vm_slot_is_used(uint32_t slot)
{
    unsigned in_area;
    struct area *area = area_of(slot, &in_area);

    return area && bit(area->taken, in_area);
}

uint64_t vm_slot_free_count(void)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < state.count; i++) {
        if (area_is_open(state.areas[i]))
            count += SLOT_AREA_PAGES - state.areas[i]->used;
    }
    return count;
}

uint64_t vm_slot_reusable_count(void)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < state.count; i++) {
        const struct area *area = state.areas[i];
        if (area_is_open(area))
            count += SLOT_AREA_PAGES - area->fresh - area->used;
    }
    return count;
}

uint64_t vm_slot_used_count(void)
{
    return state.used;
}

struct vm_object *vm_slot_object(uint32_t slot, uint64_t *index)
{
    unsigned in_area;
    struct area *area = area_of(slot, &in_area);

    kassert(area);
    *index = in_area;
    return area->object;
}

bool vm_slot_is_sound(void)
{
    uint64_t used = 0;

    for (unsigned i = 0; i < state.count; i++) {
        unsigned taken = 0;
        for (unsigned w = 0; state.areas[i] && w < WORDS; w++)
            taken += (unsigned)__builtin_popcountl(state.areas[i]->taken[w]);
        if (state.areas[i] && taken != state.areas[i]->used)
            return false;
        used += taken;
    }
    return used == state.used;
}
