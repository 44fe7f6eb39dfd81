/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/list.c: reading directories.
 *
 * Entries have places, which they keep (struct diskfs_entry); dir_read_at asks
 * by place.  A client of dir_readdir counts entries, and asks for those from
 * its number on; names that come and go meanwhile shift the count.  So an open
 * remembers the place of some numbers that it has told: always that of the one
 * behind the last answer, where nearly everybody goes on, and of the others as
 * many as there is room for.
 */

#include <diskfs/fs_S.h>
#include <diskfs/names_S.h>
#include <diskfs/private.h>

#define ANSWER_MAX   0x10000u /* bytes, however many are asked for */
#define COUNTED_MIN  64u
#define COUNTED_MAX  1024u      /* of one open */
#define COUNTED_ROOM (1u << 20) /* of all */

/* places[i] is that of number i * stride. */
struct counted {
    uint32_t next, next_place; /* behind the last answer */
    uint32_t stride, count, room;
    uint32_t *places;
};

static uint32_t counted_room; /* of all opens; under diskfs_lock */

void diskfs_drop_counted(struct peropen *po)
{
    struct counted *counted = po->counted;

    if (!counted)
        return;
    counted_room -= counted->room;
    free(counted->places);
    free(counted);
    po->counted = NULL;
}

/* Every second one is forgotten. */
static void counted_thin(struct counted *counted)
{
    counted->stride *= 2;
    counted->count = (counted->count + 1) / 2;
    for (uint32_t i = 0; i < counted->count; i++)
        counted->places[i] = counted->places[2 * i];
}

static void counted_grow(struct counted *counted)
{
    uint32_t room = counted->room ? 2 * counted->room : COUNTED_MIN;
    uint32_t *places = NULL;

    if (room <= COUNTED_MAX && counted_room + room <= COUNTED_ROOM)
        places = realloc(counted->places, room * sizeof *places);
    if (!places) {
        if (counted->room)
            counted_thin(counted);
        return;
    }
    counted_room += room - counted->room;
    counted->room = room;
    counted->places = places;
}

static void counted_note(struct counted *counted, uint32_t number,
                         uint32_t place)
{
    if (number != counted->count * counted->stride)
        return;
    if (counted->count == counted->room)
        counted_grow(counted);
    if (counted->count < counted->room &&
        number == counted->count * counted->stride)
        counted->places[counted->count++] = place;
}

/* The nearest number up to NUMBER whose place is known. */
static uint32_t counted_find(const struct counted *counted, uint32_t number,
                             uint32_t *place)
{
    uint32_t i = number / counted->stride;

    *place = 0;
    if (i >= counted->count)
        i = counted->count ? counted->count - 1 : 0;
    if (counted->next <= number && counted->next >= i * counted->stride) {
        *place = counted->next_place;
        return counted->next;
    }
    if (counted->count)
        *place = counted->places[i];
    return i * counted->stride;
}

/* --- an answer ---------------------------------------------------------------- */

struct answer {
    struct counted *counted; /* null: by place */
    char *data;
    size_t size, limit;
    uint32_t number, first; /* of the entry at hand, and which to begin with */
    int count, count_limit; /* negative: none */
    uint32_t next;          /* the place to go on at */
    boolean_t full;
};

static int answer_add(void *context, const struct diskfs_entry *entry)
{
    struct answer *answer = context;
    size_t size = HURD_DIRENT_SIZE(entry->length);

    if (answer->number < answer->first) {
        answer->number++;
        answer->next = entry->next;
        return 0;
    }
    answer->full = answer->size + size > answer->limit ||
                   answer->count == answer->count_limit;
    if (answer->full)
        return 1;
    struct hurd_dirent *out = (void *)(answer->data + answer->size);
    memset(out, 0, size);
    out->d_ino = entry->ino;
    out->d_reclen = size;
    out->d_type = entry->type;
    out->d_namlen = entry->length;
    memcpy(out->d_name, entry->name, entry->length);
    answer->size += size;
    counted_note(answer->counted, answer->number++, entry->place);
    answer->count++;
    answer->next = entry->next;
    return 0;
}

static int answer_add_placed(void *context, const struct diskfs_entry *entry)
{
    struct answer *answer = context;
    size_t size = HURD_PLACED_DIRENT_SIZE(entry->length);

    answer->full = answer->size + size > answer->limit;
    if (answer->full)
        return 1;
    struct hurd_placed_dirent *out = (void *)(answer->data + answer->size);
    memset(out, 0, size);
    out->d_ino = entry->ino;
    out->d_next = entry->next;
    out->d_reclen = size;
    out->d_type = entry->type;
    memcpy(out->d_name, entry->name, entry->length);
    answer->size += size;
    answer->next = entry->next;
    return 0;
}

/* As the answer of a call: in *DATA if the *LENGTH bytes there are enough. */
static error_t answer_give(const struct answer *answer, data_t *data,
                           mach_msg_type_number_t *length, boolean_t *dealloc)
{
    vm_address_t room = 0;

    *dealloc = answer->size > *length;
    if (*dealloc) {
        error_t err = vm_allocate(mach_task_self(), &room, answer->size, TRUE);
        if (err)
            return err;
        *data = (data_t)room;
    }
    memcpy(*data, answer->data, answer->size);
    *length = answer->size;
    return 0;
}

/* Fills ANSWER from its place on.  What can be read before what cannot is told
 * first. */
static error_t answer_fill(struct answer *answer, struct node *np,
                           diskfs_walk_fn add, data_t *data,
                           mach_msg_type_number_t *length, boolean_t *dealloc)
{
    static char room[ANSWER_MAX]; /* under diskfs_lock */

    answer->data = room;
    if (!answer->limit || answer->limit > ANSWER_MAX)
        answer->limit = ANSWER_MAX;
    error_t err = diskfs_format->walk(np, answer->next, add, answer);
    if (err && !answer->size)
        return err;
    diskfs_touch(np, TRUE, FALSE, FALSE);
    return answer_give(answer, data, length, dealloc);
}

static error_t dir_check(protid_t cred)
{
    if (!HS_ISDIR(cred->po->np->st.st_mode))
        return HURD_ENOTDIR;
    return cred->po->openstat & HO_READ ? 0 : HURD_EBADF;
}

/* Number 0 is a new beginning. */
static error_t counted_begin(struct peropen *po, int entry)
{
    if (entry < 0)
        return HURD_EINVAL;
    if (!entry)
        diskfs_drop_counted(po);
    if (!po->counted)
        po->counted = calloc(1, sizeof *po->counted);
    if (!po->counted)
        return HURD_ENOMEM;
    if (!po->counted->stride)
        po->counted->stride = 1;
    return 0;
}

kern_return_t diskfs_S_dir_readdir(protid_t cred, data_t *data,
                                   mach_msg_type_number_t *length,
                                   boolean_t *dealloc, int entry, int nentries,
                                   vm_size_t bufsiz, int *amount)
{
    struct answer answer = {
        .limit = bufsiz, .count_limit = nentries, .first = entry};
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    err = dir_check(cred);
    if (!err)
        err = counted_begin(cred->po, entry);
    if (err)
        return diskfs_end(err);
    struct counted *counted = answer.counted = cred->po->counted;
    answer.number = counted_find(counted, answer.first, &answer.next);
    err = answer_fill(&answer, cred->po->np, answer_add, data, length, dealloc);
    /* Numbers beyond the end are nobody's. */
    if (!err && answer.number >= answer.first) {
        counted->next = answer.number;
        counted->next_place = answer.next;
    }
    *amount = answer.count;
    return diskfs_end(err);
}

kern_return_t diskfs_S_dir_read_at(protid_t cred, loff_t place, vm_size_t size,
                                   data_t *data, mach_msg_type_number_t *length,
                                   boolean_t *dealloc)
{
    struct answer answer = {.limit = size};
    error_t err = diskfs_begin(cred);
    boolean_t own = place == -1;

    if (err)
        return err;
    err = dir_check(cred);
    if (own && !err)
        place = cred->po->filepointer;
    if (!err && (place < 0 || !size))
        err = HURD_EINVAL;
    if (!err && !cred->po->np->st.st_nlink)
        err = HURD_ENOENT; /* removed */
    if (err)
        return diskfs_end(err);
    answer.next = place < INT32_MAX ? place : INT32_MAX;
    err = answer_fill(&answer, cred->po->np, answer_add_placed, data, length,
                      dealloc);
    if (!err && answer.full && !answer.size)
        err = HURD_EINVAL;
    if (!err && own && answer.size)
        cred->po->filepointer = answer.next;
    return diskfs_end(err);
}
