/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ext2fs/pieces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ext2fs/attempt.h"
#include "ext2fs/private.h"

#define PIECES_MAX 1024
#define PIECES_MIN 32
#define ROOM_TRIES 4  /* pieces that are tried to make room for another */
#define LOOK_MAX   64 /* that are looked at for one that need not be written */
#define BUCKETS    1024
#define SLACK      64 /* pieces beyond the limit, for a moment */
#define UNIT_MIN   1024u
#define ALL        (~0ull)

static struct {
    struct piece *buckets[BUCKETS];
    struct piece *newest, *oldest;
    unsigned count, limit, dirty_count;
    uint32_t unit; /* bytes: what the smallest blocks have, or a sector */
} cache;

/* --- units -------------------------------------------------------------------- */

static uint32_t piece_length(uint64_t index)
{
    uint64_t left = store_size() - index * PIECE_SIZE;

    return left < PIECE_SIZE ? left : PIECE_SIZE;
}

uint64_t units_from(uint32_t first, uint32_t count)
{
    return (count < 64 ? (1ull << count) - 1 : ~0ull) << first;
}

uint64_t piece_units(uint32_t at, uint32_t size)
{
    uint32_t first = at / cache.unit;

    return units_from(first, (at + size - 1) / cache.unit - first + 1);
}

uint32_t piece_units_size(const struct piece *piece, uint32_t first,
                          uint32_t count)
{
    uint32_t length = piece_length(piece->index);
    uint32_t end = (first + count) * cache.unit;

    return (end < length ? end : length) - first * cache.unit;
}

uint64_t piece_dirty(const struct piece *piece)
{
    uint64_t dirty = 0;

    for (int kind = 0; kind < DISK_KINDS; kind++)
        dirty |= piece->dirty[kind];
    return dirty;
}

/* All changes of what is dirty. */
void piece_set_dirty(struct piece *piece, enum disk_kind kind, uint64_t which)
{
    cache.dirty_count += !piece_dirty(piece) && which;
    piece->dirty[kind] |= which;
}

void piece_set_clean(struct piece *piece, uint64_t which)
{
    boolean_t before = piece_dirty(piece) != 0;

    for (int kind = 0; kind < DISK_KINDS; kind++)
        piece->dirty[kind] &= ~which;
    cache.dirty_count -= before && !piece_dirty(piece);
}

uint32_t pieces_unit(void)
{
    return cache.unit;
}

struct piece *pieces_newest(void)
{
    return cache.newest;
}

boolean_t pieces_are_dirty(void)
{
    return cache.dirty_count > cache.limit / 2;
}

/* --- which there are -------------------------------------------------------------- */

static void piece_unlink(struct piece *piece)
{
    *(piece->newer ? &piece->newer->older : &cache.newest) = piece->older;
    *(piece->older ? &piece->older->newer : &cache.oldest) = piece->newer;
}

static void piece_use(struct piece *piece)
{
    piece->older = cache.newest;
    piece->newer = NULL;
    *(cache.newest ? &cache.newest->newer : &cache.oldest) = piece;
    cache.newest = piece;
}

static struct piece **piece_slot(uint64_t index)
{
    struct piece **slot = &cache.buckets[index % BUCKETS];

    while (*slot && (*slot)->index != index)
        slot = &(*slot)->hash_next;
    return slot;
}

struct piece *piece_find(uint64_t index)
{
    return *piece_slot(index);
}

static void data_free(char *data)
{
    if (data)
        vm_deallocate(mach_task_self(), (vm_address_t)data, PIECE_SIZE);
}

static void piece_drop(struct piece *piece)
{
    *piece_slot(piece->index) = piece->hash_next;
    piece_unlink(piece);
    data_free(piece->data);
    free(piece);
    cache.count--;
}

void pieces_forget(void)
{
    for (struct piece *piece = cache.oldest, *newer; piece; piece = newer) {
        newer = piece->newer;
        if (!piece->coming) {
            piece_drop(piece);
            continue;
        }
        data_free(piece->data);
        piece->data = NULL;
        piece->unknown = ALL;
        piece->generation++; /* what is on its way is out of date */
    }
}

void pieces_init(void)
{
    vm_statistics_data_t stats;

    cache.unit =
        store_sector_size() > UNIT_MIN ? store_sector_size() : UNIT_MIN;
    cache.limit = PIECES_MIN;
    if (vm_statistics(mach_task_self(), &stats))
        return;
    uint64_t pieces =
        (uint64_t)stats.free_count * stats.pagesize / 8 / PIECE_SIZE;
    if (pieces > cache.limit)
        cache.limit = pieces < PIECES_MAX ? pieces : PIECES_MAX;
}

uint64_t pieces_limit(void)
{
    return cache.limit;
}

/* Somebody reads or writes it, without the lock. */
static boolean_t is_needed(const struct piece *piece)
{
    return piece->coming || piece->going;
}

/* Among the oldest, one that can go at once; or NULL. */
static struct piece *clean_one(void)
{
    struct piece *piece = cache.oldest;

    for (int i = 0; piece && i < LOOK_MAX; i++, piece = piece->newer)
        if (!is_needed(piece) && !piece_dirty(piece))
            return piece;
    return NULL;
}

/* The oldest one is to go.  EBUSY: not just now. */
static errcode_t drop_one(void)
{
    struct piece *piece = clean_one();
    errcode_t err = 0;

    if (!piece) {
        piece = cache.oldest;
        err = is_needed(piece) ? EBUSY : piece_clean_in_order(piece);
    }
    if (!err) {
        piece_drop(piece);
    } else { /* what cannot be written now is not tried again soon */
        piece_unlink(piece);
        piece_use(piece);
    }
    return err;
}

/* What others need just now does not keep anybody from a few more. */
static errcode_t make_room(void)
{
    errcode_t err = 0;

    for (int i = 0; i < ROOM_TRIES && cache.count >= cache.limit; i++)
        err = drop_one();
    if (cache.count < cache.limit)
        return 0;
    return err == EBUSY && cache.count < cache.limit + SLACK ? 0 : err;
}

errcode_t piece_get(uint64_t index, struct piece **result)
{
    struct piece *piece = piece_find(index);
    errcode_t err = 0;

    if (piece) {
        piece_unlink(piece);
        piece_use(piece);
        *result = piece;
        return 0;
    }
    err = make_room();
    piece = err ? NULL : calloc(1, sizeof *piece);
    if (!piece)
        return err ? err : ENOMEM;
    piece->index = index;
    piece->unknown = ALL;
    struct piece **slot = piece_slot(index);
    piece->hash_next = *slot;
    *slot = piece;
    piece_use(piece);
    cache.count++;
    *result = piece;
    return 0;
}

/* --- reading -------------------------------------------------------------------- */

/* What was read of a piece, or ERR; may be done without the lock. */
struct arrival {
    char *data; /* PIECE_SIZE, of its own pages */
    uint64_t unknown;
};

static char *data_room(void)
{
    vm_address_t room = 0;

    return vm_allocate(mach_task_self(), &room, PIECE_SIZE, TRUE)
               ? NULL
               : (char *)room;
}

/* Copies what can be read of SIZE bytes at OFFSET to TO. */
static errcode_t read_to(uint64_t offset, uint32_t size, char *to)
{
    char *data;
    errcode_t err = store_read(offset, size, &data);

    if (err)
        return err;
    memcpy(to, data, size);
    vm_deallocate(mach_task_self(), (vm_address_t)data, size);
    return 0;
}

static errcode_t arrival_read_units(struct arrival *arrival, uint64_t index)
{
    struct piece piece = {.index = index};
    uint32_t count = (piece_length(index) - 1) / cache.unit + 1;

    for (uint32_t unit = 0; unit < count; unit++)
        if (!read_to(index * PIECE_SIZE + unit * cache.unit,
                     piece_units_size(&piece, unit, 1),
                     arrival->data + unit * cache.unit))
            arrival->unknown &= ~units_from(unit, 1);
    return 0;
}

/* All of it by one request if that can be. */
static errcode_t arrival_read(struct arrival *arrival, uint64_t index)
{
    uint32_t length = piece_length(index);
    errcode_t err;

    *arrival = (struct arrival){NULL, ALL};
    if (length == PIECE_SIZE) {
        err = store_read(index * PIECE_SIZE, length, &arrival->data);
        arrival->unknown = err ? ALL : 0;
        if (err != EIO)
            return err;
    }
    arrival->data = data_room();
    if (!arrival->data)
        return ENOMEM;
    err = length < PIECE_SIZE
              ? read_to(index * PIECE_SIZE, length, arrival->data)
              : EIO;
    arrival->unknown = err ? ALL : 0;
    return err == EIO ? arrival_read_units(arrival, index) : err;
}

/* What was written meanwhile is newer.  Consumes what arrived. */
static void piece_install(struct piece *piece, struct arrival *arrival)
{
    if (!piece->data) {
        piece->data = arrival->data;
        piece->unknown = arrival->unknown;
        arrival->data = NULL;
    }
    uint64_t news = piece->unknown & ~arrival->unknown;
    for (uint32_t unit = 0; arrival->data && unit < PIECE_SIZE / cache.unit;
         unit++)
        if (news >> unit & 1)
            memcpy(piece->data + unit * cache.unit,
                   arrival->data + unit * cache.unit, cache.unit);
    piece->unknown &= ~news;
    piece->failed = piece->unknown;
    data_free(arrival->data);
}

static errcode_t piece_read(struct piece *piece)
{
    struct arrival arrival;
    errcode_t err = arrival_read(&arrival, piece->index);

    if (err)
        data_free(arrival.data);
    else
        piece_install(piece, &arrival);
    return err;
}

errcode_t piece_know(struct piece *piece, uint64_t wanted)
{
    if (!(piece->unknown & wanted))
        return 0;
    if (attempt_is_on()) {
        if (piece->failed & wanted) { /* the next one may try again */
            piece->failed &= ~wanted;
            return EIO;
        }
        return attempt_want(piece->index);
    }
    errcode_t err = piece_read(piece);
    return err ? err : piece->unknown & wanted ? EIO : 0;
}

/* So that what cannot be written does not take all the cache, one more piece of data
 * may only be dirty if another one is not any more. */
static errcode_t make_one_clean(void)
{
    struct piece *piece = cache.oldest, *newer;
    errcode_t err = 0;
    int tries = 0;

    for (; piece && tries < ROOM_TRIES; piece = newer) {
        newer = piece->newer;
        if (!piece_dirty(piece) || is_needed(piece))
            continue;
        tries++;
        err = piece_clean_in_order(piece);
        if (!err || err == EBUSY)
            return 0;
        piece_unlink(piece);
        piece_use(piece);
    }
    return err;
}

/* Units of which only a part is written. */
static uint64_t units_in_part(const struct piece *piece, uint32_t at,
                              uint32_t size)
{
    uint64_t all = piece_units(at, size);
    uint32_t last = (at + size - 1) / cache.unit;
    uint32_t end = last * cache.unit + piece_units_size(piece, last, 1);
    uint64_t part = 0;

    if (at % cache.unit)
        part |= units_from(at / cache.unit, 1);
    if (at + size < end)
        part |= units_from(last, 1);
    return part & all;
}

errcode_t piece_write(struct piece *piece, uint32_t at, const char *data,
                      uint32_t size, enum disk_kind kind)
{
    uint64_t touched = piece_units(at, size);
    errcode_t err = piece_know(piece, units_in_part(piece, at, size));

    if (!err && kind == DISK_DATA && !piece_dirty(piece) &&
        cache.dirty_count >= cache.limit / 4 * 3)
        err = make_one_clean();
    if (!err && !piece->data) {
        piece->data = data_room();
        err = piece->data ? 0 : ENOMEM;
    }
    if (err)
        return err;
    /* What is there already need not be written. */
    if (!(piece->unknown & touched) && !memcmp(piece->data + at, data, size))
        return 0;
    memcpy(piece->data + at, data, size);
    piece->unknown &= ~touched;
    piece_set_dirty(piece, kind, touched);
    return 0;
}

void piece_note(struct piece *piece, uint32_t at, const char *data,
                uint32_t size)
{
    if (piece->data)
        memcpy(piece->data + at, data, size);
    piece->generation++;
}

/* --- without the lock --------------------------------------------------------------- */

/* What waits for others' reads. */
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;

void piece_wait(uint64_t index)
{
    const struct piece *piece;

    while ((piece = piece_find(index)) && piece->coming)
        pthread_cond_wait(&arrived, &diskfs_lock);
}

/* Several pieces by one request; FALSE: they must be read one by one. */
static boolean_t arrivals_read(struct arrival *arrivals, uint64_t first,
                               uint32_t count)
{
    char *data;

    if (count == 1 || (first + count) * PIECE_SIZE > store_size() ||
        store_read(first * PIECE_SIZE, count * PIECE_SIZE, &data))
        return FALSE;
    for (uint32_t i = 0; i < count; i++)
        arrivals[i] = (struct arrival){data + i * PIECE_SIZE, 0};
    return TRUE;
}

/* Pieces that are to come, and how they were when they were asked for. */
struct fetch {
    struct piece *pieces[FETCH_MAX];
    unsigned generations[FETCH_MAX];
    struct arrival arrivals[FETCH_MAX];
    errcode_t errors[FETCH_MAX];
    uint32_t count;
};

static void fetch_begin(struct fetch *fetch, uint64_t first, uint32_t count)
{
    for (fetch->count = 0; fetch->count < count; fetch->count++) {
        struct piece *piece;
        if (piece_get(first + fetch->count, &piece))
            break;
        piece->coming++;
        fetch->pieces[fetch->count] = piece;
        fetch->generations[fetch->count] = piece->generation;
        fetch->errors[fetch->count] = 0;
    }
}

/* A disk that had no memory has not failed: that is the error of who asked. */
static errcode_t fetch_end(struct fetch *fetch)
{
    errcode_t err = 0;

    for (uint32_t i = 0; i < fetch->count; i++) {
        struct piece *piece = fetch->pieces[i];

        piece->coming--;
        if (fetch->errors[i] == EIO)
            piece->failed = piece->unknown;
        else if (fetch->errors[i])
            err = fetch->errors[i];
        if (fetch->errors[i] || piece->generation != fetch->generations[i])
            data_free(fetch->arrivals[i].data);
        else
            piece_install(piece, &fetch->arrivals[i]);
    }
    pthread_cond_broadcast(&arrived);
    return err;
}

errcode_t pieces_fetch(uint64_t first, uint32_t count)
{
    struct fetch fetch;

    fetch_begin(&fetch, first, count);
    if (!fetch.count)
        return ENOMEM;
    pthread_mutex_unlock(&diskfs_lock);
    if (!arrivals_read(fetch.arrivals, first, fetch.count))
        for (uint32_t i = 0; i < fetch.count; i++)
            fetch.errors[i] = arrival_read(&fetch.arrivals[i], first + i);
    pthread_mutex_lock(&diskfs_lock);
    return fetch_end(&fetch);
}
