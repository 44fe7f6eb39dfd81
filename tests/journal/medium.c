/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/journal/medium.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ext2fs/disk.h"

#define UNIT 1024u

struct event {
    uint64_t offset;
    uint32_t size; /* 0: a barrier */
    char *data;
};

static struct medium {
    char *first, *view;
    size_t size, fail_from;
    unsigned char *dirty; /* of each unit, a bit for each kind */
    struct event *events;
    size_t count, room;
} medium, other;

static void die(const char *what)
{
    perror(what);
    exit(2);
}

void medium_load(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file || fseek(file, 0, SEEK_END))
        die(path);
    medium.size = ftell(file);
    medium.first = malloc(medium.size);
    medium.view = malloc(medium.size);
    medium.dirty = calloc(1, medium.size / UNIT);
    medium.fail_from = ~(size_t)0;
    rewind(file);
    if (!medium.first || !medium.view || !medium.dirty ||
        fread(medium.first, 1, medium.size, file) != medium.size)
        die(path);
    memcpy(medium.view, medium.first, medium.size);
    fclose(file);
}

void medium_forget(void)
{
    for (size_t i = 0; i < medium.count; i++)
        free(medium.events[i].data);
    free(medium.events);
    free(medium.first);
    free(medium.view);
    free(medium.dirty);
    memset(&medium, 0, sizeof medium);
}

void medium_swap(void)
{
    struct medium kept = medium;

    medium = other;
    other = kept;
}

size_t medium_events(void)
{
    return medium.count;
}

const char *medium_view(size_t *size)
{
    *size = medium.size;
    return medium.view;
}

void medium_fail_from(size_t count)
{
    medium.fail_from = count;
}

static void (*meanwhile)(void);

void medium_meanwhile(void (*fn)(void))
{
    meanwhile = fn;
}

/* As the lock is let go while something is written. */
static void let_others(void)
{
    void (*fn)(void) = meanwhile;

    meanwhile = NULL;
    if (fn)
        fn();
    meanwhile = fn;
}

static errcode_t note(uint64_t offset, uint32_t size)
{
    if (medium.count >= medium.fail_from)
        return EIO;
    if (medium.count == medium.room) {
        medium.room = medium.room ? 2 * medium.room : 1024;
        medium.events =
            realloc(medium.events, medium.room * sizeof *medium.events);
        if (!medium.events)
            die("events");
    }
    struct event *event = &medium.events[medium.count++];
    *event = (struct event){offset, size, size ? malloc(size) : NULL};
    if (size)
        memcpy(event->data, medium.view + offset, size);
    return 0;
}

void medium_store(const char *path, size_t count, unsigned *seed)
{
    char *image = malloc(medium.size);
    size_t held = count;
    FILE *file = fopen(path, "wb");

    if (!image || !file)
        die(path);
    memcpy(image, medium.first, medium.size);
    while (seed && held && medium.events[held - 1].size)
        held--;
    for (size_t i = 0; i < count; i++) {
        const struct event *event = &medium.events[i];
        if (event->size && (!seed || i < held || rand_r(seed) % 2))
            memcpy(image + event->offset, event->data, event->size);
    }
    if (fwrite(image, 1, medium.size, file) != medium.size || fclose(file))
        die(path);
    free(image);
}

/* --- disk.h ---------------------------------------------------------------------- */

static int is_within(uint64_t offset, uint64_t size)
{
    return offset <= medium.size && size <= medium.size - offset;
}

errcode_t disk_read(uint64_t offset, void *data, uint64_t size)
{
    if (!is_within(offset, size))
        return EXT2_ET_SHORT_READ;
    memcpy(data, medium.view + offset, size);
    return 0;
}

errcode_t disk_write(uint64_t offset, const void *data, uint64_t size,
                     enum disk_kind kind)
{
    if (!is_within(offset, size))
        return EXT2_ET_SHORT_READ;
    memcpy(medium.view + offset, data, size);
    for (uint64_t at = offset / UNIT; at * UNIT < offset + size; at++)
        medium.dirty[at] |= 1 << kind;
    return 0;
}

errcode_t disk_write_now(uint64_t offset, const void *data, uint64_t size)
{
    if (!is_within(offset, size))
        return EXT2_ET_SHORT_READ;
    memcpy(medium.view + offset, data, size);
    errcode_t err = note(offset, size);
    let_others();
    return err;
}

static errcode_t clean_unit(size_t unit)
{
    errcode_t err = note(unit * UNIT, UNIT);

    if (!err)
        medium.dirty[unit] = 0;
    return err;
}

errcode_t disk_clean(enum disk_kind kind)
{
    errcode_t err = 0;

    for (size_t i = 0; i < medium.size / UNIT; i++) {
        if (!(medium.dirty[i] >> kind & 1))
            continue;
        err = clean_unit(i) ? EIO : err;
        let_others();
    }
    return err;
}

void medium_evict(unsigned *seed)
{
    for (size_t i = 0; i < medium.size / UNIT; i++)
        if (medium.dirty[i] && rand_r(seed) % 4 == 0)
            clean_unit(i);
}

errcode_t disk_flush(void)
{
    errcode_t err = note(0, 0);

    let_others();
    return err;
}

uint64_t disk_room(void)
{
    return 1 << 20;
}

errcode_t disk_commit(void)
{
    return 0;
}

int disk_is_known(uint64_t offset, uint64_t size)
{
    return is_within(offset, size);
}
