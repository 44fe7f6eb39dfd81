/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/grave.h"
#include "core/work.h"
#include "vm/anon.h"
#include "vm/entry.h"
#include "vm/page.h"

/* Some milliseconds; mostly each step frees a frame. */
#define DRAIN_STEPS_MAX 65536u

static void vm_grave_work(struct work *work);

static struct {
    struct radix_dead anons;
    struct list maps; /* of struct vm_map.grave_link */
    bool running;
    struct work work;
} grave;

void vm_grave_module_init(void)
{
    list_init(&grave.maps);
    grave.work.run = vm_grave_work;
}

struct radix_dead *vm_grave_nodes(void)
{
    return &grave.anons;
}

void vm_grave_bury_map(struct vm_map *map)
{
    list_append(&grave.maps, &map->grave_link);
    vm_grave_run();
}

/* False if nothing is left. */
static bool vm_grave_step(void)
{
    void *anon;

    if (radix_dead_step(&grave.anons, &anon)) {
        if (anon)
            vm_anon_release(anon);
        return true;
    }
    struct vm_map *map =
        list_first_entry(&grave.maps, struct vm_map, grave_link);
    if (!map)
        return false;
    if (!vm_map_dismantle_step(map)) {
        list_remove(&map->grave_link);
        vm_map_deallocate(map);
    }
    return true;
}

void vm_grave_run(void)
{
    /* What is taken apart may bury what it referred to. */
    if (grave.running)
        return;
    grave.running = true;
    bool left = true;
    while (left && !work_spent())
        left = vm_grave_step();
    grave.running = false;
    if (left)
        work_later(&grave.work);
}

static void vm_grave_work(struct work *work)
{
    vm_grave_run();
}

/* False if MAP has no frames left that could be had by this. */
static bool vm_grave_drain_step(struct vm_map *map)
{
    void *anon;

    if (!radix_dead_step(&grave.anons, &anon))
        return map && vm_map_bury_step(map);
    if (anon)
        vm_anon_release(anon);
    return true;
}

void vm_grave_drain(uint64_t wanted)
{
    struct vm_map *map;
    unsigned n = 0;

    if (grave.running)
        return;
    grave.running = true;
    while (n < DRAIN_STEPS_MAX && vm_page_free_count() < wanted &&
           vm_grave_drain_step(NULL))
        n++;
    list_for_each(&grave.maps, map, grave_link)
    {
        while (n < DRAIN_STEPS_MAX && vm_page_free_count() < wanted &&
               vm_grave_drain_step(map))
            n++;
        if (++n >= DRAIN_STEPS_MAX)
            break;
    }
    grave.running = false;
}
