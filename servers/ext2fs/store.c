/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/store.c: the disk, through a write-back cache.
 *
 * The cache holds aligned pieces of the device, each read with one request,
 * and remembers which units of 4 KiB of a piece were changed.  All of it is
 * used under diskfs_lock.
 *
 * A medium that fails in one place is good in others: what cannot be read or
 * written as a whole is tried unit by unit.  A unit that cannot be written
 * stays in the cache, and is an error at every sync until it can.
 */

#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <stdlib.h>
#include <store/store.h>
#include <string.h>

#include "ext2fs/disk.h"
#include "ext2fs/private.h"

#define PIECE_SIZE 0x10000u
#define UNIT_SIZE  0x1000u
#define PIECES_MAX 1024
#define PIECES_MIN 32
#define ROOM_TRIES 16 /* pieces that are tried to make room for another */
#define BUCKETS    1024

struct piece {
    struct piece *hash_next;
    struct piece *newer, *older; /* in order of use */
    uint64_t index;
    char *data; /* PIECE_SIZE, of its own pages */
    /* A bit for each unit: what in it is not on the device, by kind; and that
     * it could not be read. */
    uint32_t dirty[DISK_KINDS], bad;
};

static struct {
    struct store disk;
    uint64_t size; /* bytes, whole sectors */
    struct piece *buckets[BUCKETS];
    struct piece *newest, *oldest;
    unsigned count, limit;
    boolean_t unflushed; /* the device may keep writes in a cache of its own */
} store;

uint64_t store_size(void)
{
    return store.size;
}

uint32_t store_sector_size(void)
{
    return store.disk.sector_size;
}

/* --- the device ------------------------------------------------------------- */

boolean_t store_writable(void)
{
    return store.disk.writable;
}

/* *DATA is the caller's if this succeeds. */
static errcode_t device_fetch(uint64_t offset, uint32_t size, char **data)
{
    uint32_t got = 0;
    error_t err = store_fetch(&store.disk, offset, size, data, &got);

    if (err)
        return err == HURD_EIO ? EIO : ENXIO;
    if (got >= size)
        return 0;
    vm_deallocate(mach_task_self(), (vm_address_t)*data, got);
    return EIO;
}

static errcode_t device_store(uint64_t offset, char *data, uint32_t size)
{
    uint32_t written = 0;
    error_t err = store_put(&store.disk, offset, data, size, &written);

    store.unflushed = TRUE;
    if (err)
        return err == HURD_EIO ? EIO : ENXIO;
    return written < size ? EIO : 0;
}

/* --- pieces ------------------------------------------------------------------ */

static uint32_t piece_length(uint64_t index)
{
    uint64_t left = store.size - index * PIECE_SIZE;

    return left < PIECE_SIZE ? left : PIECE_SIZE;
}

static void piece_unlink(struct piece *piece)
{
    *(piece->newer ? &piece->newer->older : &store.newest) = piece->older;
    *(piece->older ? &piece->older->newer : &store.oldest) = piece->newer;
}

static void piece_use(struct piece *piece)
{
    piece->older = store.newest;
    piece->newer = NULL;
    *(store.newest ? &store.newest->newer : &store.oldest) = piece;
    store.newest = piece;
}

static uint32_t units(uint32_t first, uint32_t count)
{
    return ((1u << count) - 1) << first;
}

/* The bytes of a piece's units, which may end with the device. */
static uint32_t units_size(const struct piece *piece, uint32_t first,
                           uint32_t count)
{
    uint32_t length = piece_length(piece->index);
    uint32_t end = (first + count) * UNIT_SIZE;

    return (end < length ? end : length) - first * UNIT_SIZE;
}

static uint32_t piece_dirty(const struct piece *piece)
{
    uint32_t dirty = 0;

    for (int kind = 0; kind < DISK_KINDS; kind++)
        dirty |= piece->dirty[kind];
    return dirty;
}

/* Those that could be written are no longer dirty. */
static errcode_t units_store(struct piece *piece, uint32_t first,
                             uint32_t count)
{
    errcode_t err = device_store(piece->index * PIECE_SIZE + first * UNIT_SIZE,
                                 piece->data + first * UNIT_SIZE,
                                 units_size(piece, first, count));

    if (!err)
        for (int kind = 0; kind < DISK_KINDS; kind++)
            piece->dirty[kind] &= ~units(first, count);
    for (uint32_t i = 0; err == EIO && count > 1 && i < count; i++)
        units_store(piece, first + i, 1);
    return err && piece_dirty(piece) & units(first, count) ? err : 0;
}

/* Writes the units of DIRTY, neighbours together. */
static errcode_t piece_clean(struct piece *piece, uint32_t dirty)
{
    errcode_t err = 0;

    for (uint32_t unit = 0; dirty >> unit;) {
        uint32_t first = unit + __builtin_ctz(dirty >> unit);
        uint32_t count = __builtin_ctz(~(dirty >> first));
        errcode_t one = units_store(piece, first, count);
        err = err ? err : one;
        unit = first + count;
    }
    return err;
}

/* Reads one unit again that could not be read before. */
static errcode_t unit_fetch(struct piece *piece, uint32_t unit)
{
    uint32_t size = units_size(piece, unit, 1);
    char *data;
    errcode_t err =
        device_fetch(piece->index * PIECE_SIZE + unit * UNIT_SIZE, size, &data);

    if (err)
        return err;
    memcpy(piece->data + unit * UNIT_SIZE, data, size);
    vm_deallocate(mach_task_self(), (vm_address_t)data, size);
    piece->bad &= ~units(unit, 1);
    return 0;
}

/* What of it can be read; an error if that is nothing. */
static errcode_t piece_fetch_units(struct piece *piece)
{
    vm_address_t data = 0;
    uint32_t count = (piece_length(piece->index) - 1) / UNIT_SIZE + 1;

    if (vm_allocate(mach_task_self(), &data, PIECE_SIZE, TRUE))
        return ENOMEM;
    piece->data = (char *)data;
    piece->bad = units(0, count);
    for (uint32_t unit = 0; unit < count; unit++)
        unit_fetch(piece, unit);
    if (piece->bad != units(0, count))
        return 0;
    vm_deallocate(mach_task_self(), data, PIECE_SIZE);
    return EIO;
}

static errcode_t piece_fetch(struct piece *piece)
{
    errcode_t err = device_fetch(piece->index * PIECE_SIZE,
                                 piece_length(piece->index), &piece->data);

    return err == EIO ? piece_fetch_units(piece) : err;
}

static struct piece **piece_slot(uint64_t index)
{
    struct piece **slot = &store.buckets[index % BUCKETS];

    while (*slot && (*slot)->index != index)
        slot = &(*slot)->hash_next;
    return slot;
}

static void piece_drop(struct piece *piece)
{
    *piece_slot(piece->index) = piece->hash_next;
    piece_unlink(piece);
    vm_deallocate(mach_task_self(), (vm_address_t)piece->data, PIECE_SIZE);
    free(piece);
    store.count--;
}

void store_forget(void)
{
    while (store.oldest)
        piece_drop(store.oldest);
}

/* Writes all of it; what must come home before it, first. */
static errcode_t piece_clean_in_order(struct piece *piece)
{
    int kind = DISK_NAMES;

    while (kind > DISK_METADATA && !piece->dirty[kind])
        kind--;
    for (int before = 0; kind > DISK_METADATA && before < kind; before++)
        disk_clean(before);
    return piece_clean(piece, piece_dirty(piece));
}

/* What cannot be written now is not tried again soon. */
static errcode_t piece_make_room(void)
{
    errcode_t err = 0;

    for (int i = 0; i < ROOM_TRIES && store.count >= store.limit; i++) {
        struct piece *piece = store.oldest;

        err = piece_clean_in_order(piece);
        if (!err) {
            piece_drop(piece);
        } else {
            piece_unlink(piece);
            piece_use(piece);
        }
    }
    return store.count < store.limit ? 0 : err;
}

static errcode_t piece_get(uint64_t index, struct piece **result)
{
    struct piece **slot = piece_slot(index), *piece = *slot;
    errcode_t err = 0;

    if (piece) {
        piece_unlink(piece);
        piece_use(piece);
        *result = piece;
        return 0;
    }
    err = piece_make_room();
    piece = err ? NULL : calloc(1, sizeof *piece);
    if (!piece)
        return err ? err : ENOMEM;
    piece->index = index;
    err = piece_fetch(piece);
    if (err) {
        free(piece);
        return err;
    }
    slot = piece_slot(index);
    piece->hash_next = *slot;
    *slot = piece;
    piece_use(piece);
    store.count++;
    *result = piece;
    return 0;
}

/* Of bad units those that are written as a whole need not be read. */
static errcode_t piece_heal(struct piece *piece, uint32_t at, uint32_t size,
                            boolean_t write)
{
    errcode_t err = 0;

    for (uint32_t unit = at / UNIT_SIZE; !err && unit * UNIT_SIZE < at + size;
         unit++) {
        uint32_t start = unit * UNIT_SIZE;
        uint32_t end = start + units_size(piece, unit, 1);
        if (!(piece->bad >> unit & 1))
            continue;
        if (write && at <= start && at + size >= end)
            piece->bad &= ~units(unit, 1);
        else
            err = unit_fetch(piece, unit);
    }
    return err;
}

static void piece_write(struct piece *piece, uint32_t at, const char *data,
                        uint32_t size, enum disk_kind kind)
{
    memcpy(piece->data + at, data, size);
    for (uint32_t unit = at / UNIT_SIZE; unit * UNIT_SIZE < at + size; unit++)
        piece->dirty[kind] |= 1u << unit;
}

/* --- disk.h -------------------------------------------------------------------- */

/* Of what is read or written, the part within one piece. */
struct part {
    struct piece *piece;
    uint32_t at, size;
    boolean_t known; /* all of the piece could be read */
};

static errcode_t part_get(uint64_t offset, uint64_t size, boolean_t write,
                          struct part *part)
{
    part->at = offset % PIECE_SIZE;
    part->size = PIECE_SIZE - part->at < size ? PIECE_SIZE - part->at : size;
    errcode_t err = piece_get(offset / PIECE_SIZE, &part->piece);
    part->known = err || !part->piece->bad;
    if (!part->known)
        err = piece_heal(part->piece, part->at, part->size, write);
    return err;
}

static boolean_t is_within(uint64_t offset, uint64_t size)
{
    return offset <= store.size && size <= store.size - offset;
}

errcode_t disk_read(uint64_t offset, void *data, uint64_t size)
{
    struct part part;
    errcode_t err = is_within(offset, size) ? 0 : EXT2_ET_SHORT_READ;

    for (char *to = data; !err && size; to += part.size) {
        err = part_get(offset, size, FALSE, &part);
        if (err)
            break;
        memcpy(to, part.piece->data + part.at, part.size);
        offset += part.size;
        size -= part.size;
    }
    return err;
}

/* What is there already need not be written, if it is known to be there. */
errcode_t disk_write(uint64_t offset, const void *data, uint64_t size,
                     enum disk_kind kind)
{
    struct part part;
    errcode_t err = is_within(offset, size) ? 0 : EXT2_ET_SHORT_READ;

    for (const char *from = data; !err && size; from += part.size) {
        err = part_get(offset, size, TRUE, &part);
        if (err)
            break;
        if (!part.known ||
            memcmp(part.piece->data + part.at, from, part.size) != 0)
            piece_write(part.piece, part.at, from, part.size, kind);
        offset += part.size;
        size -= part.size;
    }
    return err;
}

errcode_t disk_write_now(uint64_t offset, const void *data, uint64_t size)
{
    errcode_t err = is_within(offset, size)
                        ? device_store(offset, (char *)data, size)
                        : EXT2_ET_SHORT_READ;

    for (const char *from = data; !err && size;) {
        struct piece *piece = *piece_slot(offset / PIECE_SIZE);
        uint32_t at = offset % PIECE_SIZE;
        uint32_t n = PIECE_SIZE - at < size ? PIECE_SIZE - at : size;
        if (piece)
            memcpy(piece->data + at, from, n);
        from += n;
        offset += n;
        size -= n;
    }
    return err;
}

errcode_t disk_clean(enum disk_kind kind)
{
    errcode_t err = 0;

    for (struct piece *piece = store.newest; piece; piece = piece->older) {
        errcode_t one = piece_clean(piece, piece->dirty[kind]);
        err = err ? err : one;
    }
    return err;
}

errcode_t disk_flush(void)
{
    if (!store.unflushed)
        return 0;
    store.unflushed = store_flush(&store.disk) != 0;
    return store.unflushed ? EIO : 0;
}

uint64_t disk_room(void)
{
    return (uint64_t)store.limit * PIECE_SIZE / 4;
}

/* --- opening -------------------------------------------------------------------- */

/* The cache is memory nobody can take back: an eighth of what there is. */
static void store_set_limit(void)
{
    vm_statistics_data_t stats;

    store.limit = PIECES_MIN;
    if (vm_statistics(mach_task_self(), &stats))
        return;
    uint64_t pieces =
        (uint64_t)stats.free_count * stats.pagesize / 8 / PIECE_SIZE;
    if (pieces > store.limit)
        store.limit = pieces < PIECES_MAX ? pieces : PIECES_MAX;
}

error_t store_take_writing(void)
{
    return store_claim(&store.disk, STORE_WRITE);
}

void store_let_writing_go(void)
{
    if (!store.disk.file)
        store_unclaim_use(&store.disk, STORE_WRITE);
}

error_t store_open(const char *type, const char *name, mach_port_t master,
                   boolean_t *writable)
{
    const char *wrong = name;
    error_t err = HURD_EOPNOTSUPP;

    /* For writing even if it is not written now: that may change. */
    if (!strcmp(type, "typed"))
        err = store_open_typed(name, master, &store.disk, &wrong);
    else if (!strcmp(type, "device"))
        err = store_open_device(name, master, &store.disk);
    else
        wrong = type;
    /* Also if it will only be read: that may change. */
    if (!err) {
        err = store_claim(&store.disk, STORE_MOUNT);
        wrong = name;
    }
    if (!err)
        err = store_claim(&store.disk, STORE_WRITE);
    if (err == HURD_EBUSY)
        mach_complain(0,
                      "%s: in use: it is mounted or open for writing, by "
                      "this or another name",
                      wrong);
    else if (err == HURD_EOPNOTSUPP)
        mach_complain(err, "%s: kind of store", wrong);
    else if (err)
        mach_complain(err, "%s", wrong);
    if (err)
        return err;
    *writable &= store.disk.writable;
    store.size = store_bytes(&store.disk);
    store_set_limit();
    return 0;
}
