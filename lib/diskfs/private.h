/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/private.h: between the library's parts. */

#ifndef LIB_DISKFS_PRIVATE_H
#define LIB_DISKFS_PRIVATE_H

#include <diskfs/diskfs.h>
#include <stdlib.h>
#include <string.h>

void diskfs_opens_init(void);
void diskfs_boot_init(void);
/* exec, startup, and who stands before this one; a failure ends the system. */
void diskfs_boot_system(void);

/* A new open of NP (its reference is consumed) by USER (copied) as the answer
 * of a call: the right is to be made a send right. */
error_t diskfs_answer_open(struct node *np, int flags,
                           const struct peropen *context,
                           const struct iouser *user, mach_port_t *port,
                           mach_msg_type_name_t *type);

void diskfs_drop_counted(struct peropen *po);

/* Changes made through a mapping in the range reach the format; the lock is let
 * go meanwhile, the caller has a reference on NP. */
void diskfs_settle(struct node *np, int64_t offset, size_t size);
boolean_t diskfs_is_mapped_for_writing(struct node *np);
/* The kernel returns and forgets all of the file; the lock is let go. */
void diskfs_take_back(struct node *np);
/* The same of every file that is mapped for writing.  Stores to what is mapped
 * are refused from then on, if so asked. */
error_t diskfs_take_back_all(boolean_t no_stores);
extern boolean_t diskfs_no_stores;

/* In an attempt: DISKFS_NOT_HERE if freeing NP's contents would wait. */
error_t diskfs_prepare_free(struct node *np);
/* The same if NP, of which the caller has the only reference, is going to lose its
 * last name. */
error_t diskfs_prepare_unlink(struct node *np);

/* NP's contents, or (EVEN_ROOT) its owner, are changed by USER: what it was
 * trusted to do does not go with them.  Root changes contents as he likes. */
void diskfs_drop_setid(struct node *np, const struct iouser *user,
                       boolean_t even_root);
/* What is left of a mode that USER gives a file of GID's. */
mode_t diskfs_setgid_mask(gid_t gid, const struct iouser *user);

/* What may be opened how: 0 or an error. */
error_t diskfs_check_open(struct node *np, int flags,
                          const struct iouser *user);

/* An open of DIR for nobody: the `..' of a translator.  A send right. */
error_t diskfs_open_for_nobody(struct node *dir, const struct peropen *context,
                               mach_port_t *port);

/* One request on a file: the lock is held between them. */
static inline error_t diskfs_begin(protid_t cred)
{
    if (!cred)
        return HURD_EOPNOTSUPP;
    pthread_mutex_lock(&diskfs_lock);
    diskfs_user = cred->user;
    return 0;
}

static inline error_t diskfs_end(error_t err)
{
    if (diskfs_format->settled)
        diskfs_format->settled();
    diskfs_user = NULL;
    pthread_mutex_unlock(&diskfs_lock);
    return err;
}

/* --- paths.c: NP was found as NAME in DIR; it has moved.  Under the lock. */
void diskfs_note_name(struct node *np, const struct node *dir,
                      const char *name);
void diskfs_name_moved(struct node *np, const struct node *from,
                       const char *oldname, const struct node *to,
                       const char *newname);

/* --- dir.c: of a directory's names; under the lock but for the first and the
 * last of them */

#define DISKFS_LINK_MAX 32000 /* as pathconf says */

static inline boolean_t diskfs_is_dots(const char *name)
{
    return !strcmp(name, ".") || !strcmp(name, "..");
}

/* An entry's name has no end of its own. */
static inline boolean_t diskfs_entry_is_dots(const struct diskfs_entry *entry)
{
    return entry->name[0] == '.' &&
           (entry->length == 1 ||
            (entry->length == 2 && entry->name[1] == '.'));
}

/* Before a change of a directory, of NAME (may be null) in it. */
error_t diskfs_dir_begin(protid_t cred, const char *name);
error_t diskfs_dir_find(struct node *dir, const char *name, struct node **np);
/* ENOTEMPTY, or why that is not known. */
error_t diskfs_dir_check_empty(struct node *np);
/* NP has one name more or less; DIR has other names. */
void diskfs_links_change(struct node *np, int by);
void diskfs_dir_changed(struct node *dir);
/* NAME in DIR becomes NP, in place of what was there (no directory). */
error_t diskfs_dir_enter(struct node *dir, const char *name, struct node *np,
                         boolean_t excl, const struct iouser *user);
/* MIG translates a second port argument too, but leaves its right to us if the
 * call succeeds. */
error_t diskfs_drop_second(protid_t cred, error_t err);

/* Whether PO has its file locked for itself; and what is to be done, after its
 * locks have changed, if it had. */
boolean_t diskfs_has_locked(struct peropen *po);
void diskfs_tell_unlocked(struct peropen *po, boolean_t had_locked);

/* The death of CLAIM, a send right, is told to diskfs_claim_died; which says
 * whether it was one. */
error_t diskfs_watch_claim(mach_port_t claim);
boolean_t diskfs_claim_died(mach_port_t claim);

#endif
