/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/paths.c: by which name a file is known.
 *
 * A file does not know its names.  So a node remembers the one that it was last
 * looked up by, which costs a lookup a comparison; a rename takes it along.
 * Who asks is told what is true then: the name is looked up again, and the
 * directories above it are found by their `..'.
 */

#include <diskfs/names_S.h>
#include <diskfs/private.h>
#include <hurd/names.h>

#define PATH_MAX_LENGTH 1023 /* a string_t */
#define NAME_ROOM       256

void diskfs_note_name(struct node *np, const struct node *dir, const char *name)
{
    if (!*name || diskfs_is_dots(name))
        return;
    if (!np->name || strcmp(np->name, name)) {
        free(np->name);
        np->name = strdup(name);
    }
    np->name_dir = dir->ino;
    np->name_dir_gen = dir->st.st_gen;
}

void diskfs_name_moved(struct node *np, const struct node *from,
                       const char *oldname, const struct node *to,
                       const char *newname)
{
    if (np->name && np->name_dir == from->ino && !strcmp(np->name, oldname))
        diskfs_note_name(np, to, newname);
}

/* One step up: a name, and where it is. */
struct step {
    ino64_t ino, dir;
    char name[NAME_ROOM];
    boolean_t removed; /* is not there any more */
};

/* A directory that was freed, or whose number is another's now, says nothing. */
static error_t step_check(struct step *step, struct node *np, struct node *dir)
{
    ino64_t ino;

    if (!HS_ISDIR(dir->st.st_mode) || !dir->st.st_nlink ||
        dir->st.st_gen != np->name_dir_gen)
        return HURD_ENOENT;
    error_t err = diskfs_format->lookup(dir, np->name, &ino);
    if (err && err != HURD_ENOENT)
        return err;
    step->removed = err || ino != np->ino;
    step->dir = dir->ino;
    mig_strncpy(step->name, np->name, sizeof step->name);
    return 0;
}

static error_t step_by_name(struct step *step, struct node *np)
{
    struct node *dir;

    if (!np->name)
        return HURD_ENOENT;
    error_t err = diskfs_cached_lookup(np->name_dir, &dir);
    if (err)
        return err;
    err = step_check(step, np, dir);
    diskfs_nrele(dir);
    return err;
}

static int step_compare(void *context, const struct diskfs_entry *entry)
{
    struct step *step = context;

    if (entry->ino != step->ino || entry->length >= NAME_ROOM ||
        diskfs_entry_is_dots(entry))
        return 0;
    memcpy(step->name, entry->name, entry->length);
    step->name[entry->length] = 0;
    return 1;
}

/* A directory that is in one is found there. */
static error_t step_by_search(struct step *step, struct node *np)
{
    struct node *dir;
    error_t err = diskfs_format->lookup(np, "..", &step->dir);

    if (!err)
        err = diskfs_cached_lookup(step->dir, &dir);
    if (err)
        return err;
    step->removed = FALSE;
    step->name[0] = 0;
    err = diskfs_format->walk(dir, 0, step_compare, step);
    diskfs_nrele(dir);
    return err || step->name[0] ? err : HURD_ENOENT;
}

static error_t step_up(struct step *step, struct node *np)
{
    error_t err = step_by_name(step, np);

    step->ino = np->ino;
    if (err == DISKFS_NOT_HERE || !HS_ISDIR(np->st.st_mode) ||
        !np->st.st_nlink || (!err && !step->removed))
        return err;
    return step_by_search(step, np);
}

/* Puts the path of NP at the end of TEXT; *START is where it begins. */
static error_t path_make(struct node *np, char *text, size_t *start,
                         boolean_t *removed)
{
    struct step step;
    error_t err = 0;

    diskfs_nref(np);
    text[ *start = PATH_MAX_LENGTH] = 0;
    while (!err && np->ino != diskfs_format->root) {
        err = step_up(&step, np);
        diskfs_nrele(np);
        if (err)
            return err;
        size_t length = strlen(step.name);
        if (length + 1 > *start)
            return HURD_ENAMETOOLONG;
        *start -= length + 1;
        text[*start] = '/';
        memcpy(text + *start + 1, step.name, length);
        *removed |= step.removed;
        err = diskfs_cached_lookup(step.dir, &np);
    }
    if (!err)
        diskfs_nrele(np);
    return err;
}

/* TEXT, or it behind the path of what this file system sits on; the lock is not
 * held. */
static error_t path_whole(const char *text, string_t path, mach_port_t *fs,
                          mach_msg_type_name_t *fs_type)
{
    int removed; /* that it sits on something else */

    *path = 0;
    if (diskfs_underlying && !diskfs_boot.boot &&
        !file_get_path(diskfs_underlying, path, &removed, fs)) {
        *fs_type = MACH_MSG_TYPE_MOVE_SEND;
    } else {
        *path = 0;
        *fs = diskfs_fsid_port;
        *fs_type = MACH_MSG_TYPE_MAKE_SEND;
    }
    size_t length = strcmp(path, "/") ? strlen(path) : 0;
    if (length + strlen(text) > PATH_MAX_LENGTH) {
        if (*fs_type == MACH_MSG_TYPE_MOVE_SEND)
            mach_port_drop(*fs);
        return HURD_ENAMETOOLONG;
    }
    strcpy(path + length, *text || length ? text : "/");
    return 0;
}

kern_return_t diskfs_S_file_get_path(protid_t cred, string_t path, int *removed,
                                     mach_port_t *fs,
                                     mach_msg_type_name_t *fs_type)
{
    char text[PATH_MAX_LENGTH + 1];
    size_t start;
    error_t err = diskfs_begin(cred);

    if (err)
        return err;
    *removed = FALSE;
    err = diskfs_end(path_make(cred->po->np, text, &start, removed));
    return err ? err : path_whole(text + start, path, fs, fs_type);
}
