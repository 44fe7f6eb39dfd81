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

void vm_grave_drain(uint64_t wanted)
{
    if (grave.running)
        return;
    grave.running = true;
    for (unsigned n = 0; n < DRAIN_STEPS_MAX && vm_page_free_count() < wanted &&
                         vm_grave_step();
         n++)
        continue;
    grave.running = false;
}
