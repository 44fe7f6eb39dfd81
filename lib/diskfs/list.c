/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/list.c: dir_readdir.
 *
 * A client counts entries, and asks for those from its number on.  Names that
 * come and go meanwhile would shift the count; so whoever reads a directory in
 * parts reads it as it was at the first part.
 */

#include <diskfs/fs_S.h>
#include <diskfs/private.h>

/* A directory's entries, as they go to clients. */
struct listing {
    char *data;
    size_t size, room;
    boolean_t failed; /* no memory */
    /* Where the next part probably begins. */
    int entry;
    size_t offset;
};

static int list_entry(void *context, const struct diskfs_entry *entry)
{
    struct listing *list = context;
    size_t size = HURD_DIRENT_SIZE(entry->length);

    if (list->size + size > list->room) {
        size_t room = list->room ? list->room * 2 : 4096;
        char *data = realloc(list->data, room);
        list->failed = !data;
        if (!data)
            return 1;
        list->data = data;
        list->room = room;
    }
    struct hurd_dirent *out = (struct hurd_dirent *)(list->data + list->size);
    memset(out, 0, size);
    out->d_ino = entry->ino;
    out->d_reclen = size;
    out->d_type = entry->type;
    out->d_namlen = entry->length;
    memcpy(out->d_name, entry->name, entry->length);
    list->size += size;
    return 0;
}

void diskfs_drop_listing(struct peropen *po)
{
    if (po->listing)
        free(po->listing->data);
    free(po->listing);
    po->listing = NULL;
}

static error_t make_listing(struct peropen *po)
{
    struct listing *list = calloc(1, sizeof *list);

    diskfs_drop_listing(po);
    if (!list)
        return HURD_ENOMEM;
    po->listing = list;
    error_t err = diskfs_format->walk(po->np, list_entry, list);
    if (!err && list->failed)
        err = HURD_ENOMEM;
    if (err)
        diskfs_drop_listing(po);
    else
        diskfs_touch(po->np, TRUE, FALSE, FALSE);
    return err;
}

static size_t record_size(const struct listing *list, size_t offset)
{
    return ((const struct hurd_dirent *)(list->data + offset))->d_reclen;
}

/* The part from ENTRY on, at most LIMIT entries (if not negative) and MAX_SIZE
 * bytes (if not 0): where it begins, how long it is, how many. */
static void find_part(struct listing *list, int entry, int limit,
                      size_t max_size, size_t *start, size_t *size, int *count)
{
    if (entry < list->entry)
        list->entry = list->offset = 0;
    while (list->entry < entry && list->offset < list->size) {
        list->offset += record_size(list, list->offset);
        list->entry++;
    }
    *start = list->offset;
    *size = 0;
    *count = 0;
    while (list->offset < list->size && (limit < 0 || *count < limit)) {
        size_t record = record_size(list, list->offset);
        if (max_size && *size + record > max_size)
            break;
        *size += record;
        ++*count;
        list->offset += record;
        list->entry++;
    }
}

static error_t part_to_caller(const struct listing *list, size_t start,
                              size_t size, data_t *data,
                              mach_msg_type_number_t *length,
                              boolean_t *dealloc)
{
    vm_address_t room = 0;

    *dealloc = size > *length;
    if (*dealloc) {
        error_t err = vm_allocate(mach_task_self(), &room, size, TRUE);
        if (err)
            return err;
        *data = (data_t)room;
    }
    if (size)
        memcpy(*data, list->data + start, size);
    *length = size;
    return 0;
}

static error_t read_part(struct peropen *po, int entry, int limit,
                         size_t max_size, data_t *data,
                         mach_msg_type_number_t *length, boolean_t *dealloc,
                         int *amount)
{
    size_t start, size;
    error_t err = po->listing && entry ? 0 : make_listing(po);

    if (err)
        return err;
    find_part(po->listing, entry, limit, max_size, &start, &size, amount);
    err = part_to_caller(po->listing, start, size, data, length, dealloc);
    if (err || po->listing->offset == po->listing->size)
        diskfs_drop_listing(po);
    return err;
}

kern_return_t diskfs_S_dir_readdir(protid_t cred, data_t *data,
                                   mach_msg_type_number_t *length,
                                   boolean_t *dealloc, int entry, int nentries,
                                   vm_size_t bufsiz, int *amount)
{
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    if (!HS_ISDIR(cred->po->np->st.st_mode))
        err = HURD_ENOTDIR;
    else if (!(cred->po->openstat & HO_READ))
        err = HURD_EBADF;
    else if (entry < 0)
        err = HURD_EINVAL;
    else
        err = read_part(cred->po, entry, nentries, bufsiz, data, length,
                        dealloc, amount);
    return diskfs_end(err);
}
