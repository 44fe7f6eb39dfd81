/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/mach-defpager/object.c: objects, and where their pages are. */

#include <stdlib.h>

#include "mach-defpager/defpager.h"

#define CHUNK_PAGES 1024u
#define BUCKETS     64u

static struct object *buckets[BUCKETS]; /* by the port's name */

static struct object **bucket_of(mach_port_t port)
{
    return &buckets[(port >> 2 ^ port) % BUCKETS];
}

struct object *object_create(mach_port_t port, uint64_t limit)
{
    struct object *object = calloc(1, sizeof *object);

    if (!object)
        return NULL;
    object->port = port;
    object->limit = limit;
    object->next = *bucket_of(port);
    *bucket_of(port) = object;
    mach_port_move_member(mach_task_self(), port, defpager_set);
    return object;
}

struct object *object_find(mach_port_t port)
{
    struct object *object = *bucket_of(port);

    while (object && object->port != port)
        object = object->next;
    return object;
}

void object_destroy(struct object *object)
{
    struct object **at = bucket_of(object->port);

    while (*at != object)
        at = &(*at)->next;
    *at = object->next;
    object_cut(object, 0);
    free(object->chunks);
    mach_port_drop(object->control);
    mach_port_drop(object->name);
    mach_port_destroy_receive(object->port);
    free(object);
}

/* Room for chunk NUMBER. */
static boolean_t object_grow(struct object *object, uint64_t number)
{
    uint64_t count = object->chunk_count ? object->chunk_count : 16;

    if (number < object->chunk_count)
        return TRUE;
    while (count <= number)
        count *= 2;
    struct place **chunks = calloc(count, sizeof *chunks);
    if (!chunks)
        return FALSE;
    for (uint64_t i = 0; i < object->chunk_count; i++)
        chunks[i] = object->chunks[i];
    free(object->chunks);
    object->chunks = chunks;
    object->chunk_count = count;
    return TRUE;
}

struct place *object_place(struct object *object, uint64_t index,
                           boolean_t make)
{
    uint64_t number = index / CHUNK_PAGES;

    if (index >= object->limit)
        return NULL;
    if (number >= object->chunk_count &&
        (!make || !object_grow(object, number)))
        return NULL;
    if (!object->chunks[number] && make)
        object->chunks[number] = calloc(CHUNK_PAGES, sizeof(struct place));
    struct place *chunk = object->chunks[number];
    return chunk ? &chunk[index % CHUNK_PAGES] : NULL;
}

void place_clear(struct place *place)
{
    if (place->block != BLOCK_NONE)
        storage_free(place->block);
    if (place->held)
        vm_deallocate(mach_task_self(), place->held, vm_page_size);
    *place = (struct place){0};
}

void object_cut(struct object *object, uint64_t index)
{
    for (uint64_t c = index / CHUNK_PAGES; c < object->chunk_count; c++) {
        uint64_t first = c * CHUNK_PAGES < index ? index % CHUNK_PAGES : 0;
        if (!object->chunks[c])
            continue;
        for (uint64_t i = first; i < CHUNK_PAGES; i++)
            place_clear(&object->chunks[c][i]);
        if (first)
            continue;
        free(object->chunks[c]);
        object->chunks[c] = NULL;
    }
}

static error_t object_visit(struct object *object,
                            error_t (*visit)(struct place *place))
{
    error_t err = 0;

    for (uint64_t c = 0; !err && c < object->chunk_count; c++) {
        for (unsigned i = 0; !err && object->chunks[c] && i < CHUNK_PAGES; i++)
            err = visit(&object->chunks[c][i]);
    }
    return err;
}

error_t objects_visit(error_t (*visit)(struct place *place))
{
    error_t err = 0;

    for (unsigned b = 0; b < BUCKETS; b++) {
        for (struct object *o = buckets[b]; !err && o; o = o->next)
            err = object_visit(o, visit);
    }
    return err;
}
