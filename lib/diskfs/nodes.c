/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <diskfs/private.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BUCKETS 512

const struct diskfs_format *diskfs_format;
pthread_mutex_t diskfs_lock = PTHREAD_MUTEX_INITIALIZER;
boolean_t diskfs_readonly, diskfs_must_check;

static struct node *buckets[BUCKETS];

/* Nodes without references, in order of their last use. */
static struct {
    struct node *newest, *oldest;
    unsigned count;
} unused;

static void unused_remove(struct node *np)
{
    *(np->newer ? &np->newer->older : &unused.newest) = np->older;
    *(np->older ? &np->older->newer : &unused.oldest) = np->newer;
    unused.count--;
}

static void unused_add(struct node *np)
{
    np->older = unused.newest;
    np->newer = NULL;
    *(unused.newest ? &unused.newest->newer : &unused.oldest) = np;
    unused.newest = np;
    unused.count++;
}

static struct node **node_slot(ino64_t ino)
{
    struct node **slot = &buckets[ino % BUCKETS];

    while (*slot && (*slot)->ino != ino)
        slot = &(*slot)->hash_next;
    return slot;
}

error_t diskfs_cached_lookup(ino64_t ino, struct node **result)
{
    struct node **slot = node_slot(ino), *np = *slot;

    if (np) {
        diskfs_nref(np);
        *result = np;
        return 0;
    }
    np = calloc(1, sizeof *np);
    if (!np)
        return HURD_ENOMEM;
    np->ino = ino;
    np->refs = 1;
    error_t err = diskfs_format->read_node(np); /* does not let the lock go */
    if (err) {
        free(np);
        return err;
    }
    fshelp_transbox_init(&np->transbox, &diskfs_lock, np);
    fshelp_rlock_init(&np->rlocks);
    *slot = np;
    *result = np;
    return 0;
}

void diskfs_nref(struct node *np)
{
    if (!np->refs++ && (np->newer || np->older || unused.newest == np))
        unused_remove(np);
}

/* Forgets NP, which is in no list but its bucket's. */
static void node_drop(struct node *np)
{
    diskfs_update(np);
    fshelp_drop_transbox(&np->transbox);
    if (diskfs_format->drop_node)
        diskfs_format->drop_node(np);
    free(np->name);
    *node_slot(np->ino) = np->hash_next;
    mach_port_destroy_receive(np->identity);
    free(np);
}

/* Forgets the oldest unused nodes, but for those with a translator: it is
 * known to nobody else. */
static void unused_trim(void)
{
    struct node *np = unused.oldest;

    while (np && unused.count > diskfs_format->keep_nodes) {
        struct node *newer = np->newer;
        if (!fshelp_translated(&np->transbox)) {
            unused_remove(np);
            node_drop(np);
        }
        np = newer;
    }
}

void diskfs_reread_nodes(void)
{
    for (struct node *np = unused.oldest, *newer; np; np = newer) {
        newer = np->newer;
        if (fshelp_translated(&np->transbox))
            continue;
        unused_remove(np);
        node_drop(np);
    }
    for (int i = 0; i < BUCKETS && diskfs_format->reread_node; i++)
        for (struct node *np = buckets[i]; np; np = np->hash_next)
            diskfs_format->reread_node(np);
}

/* Under diskfs_lock. */
static struct {
    boolean_t there;
    pthread_cond_t wakeup;
} change = {.wakeup = PTHREAD_COND_INITIALIZER};

static void note_change(void)
{
    if (change.there)
        return;
    change.there = TRUE;
    pthread_cond_signal(&change.wakeup);
}

void diskfs_wait_for_change(void)
{
    pthread_mutex_lock(&diskfs_lock);
    while (!change.there)
        pthread_cond_wait(&change.wakeup, &diskfs_lock);
    pthread_mutex_unlock(&diskfs_lock);
}

error_t diskfs_prepare_free(struct node *np)
{
    return np->freed || diskfs_readonly || !diskfs_format->prepare_free
               ? 0
               : diskfs_format->prepare_free(np);
}

error_t diskfs_prepare_unlink(struct node *np)
{
    return np->refs == 1 && np->st.st_nlink == 1 ? diskfs_prepare_free(np) : 0;
}

static void node_free(struct node *np)
{
    if (np->freed || diskfs_readonly)
        return;
    np->refs++; /* the lock may be let go */
    diskfs_format->free_node(np);
    np->refs--;
    np->freed = TRUE;
    np->dirty = np->accessed = FALSE;
    note_change();
}

void diskfs_nrele(struct node *np)
{
    /* Only the kernel's pages keep it: they shall go when nobody maps them. */
    if (np->refs == 2 && np->pager && !np->st.st_nlink)
        pager_forget(np->pager);
    if (--np->refs)
        return;
    if (!np->st.st_nlink) {
        node_free(np);
        if (!np->refs) /* on a disk that is wrong it may have been found */
            node_drop(np);
        return;
    }
    unused_add(np);
    unused_trim();
}

boolean_t diskfs_any_translated(void)
{
    for (int i = 0; i < BUCKETS; i++)
        for (struct node *np = buckets[i]; np; np = np->hash_next)
            if (fshelp_translated(&np->transbox))
                return TRUE;
    return FALSE;
}

error_t diskfs_drop_orphans(boolean_t force)
{
    for (int i = 0; i < BUCKETS; i++) {
        for (struct node *np = buckets[i]; np; np = np->hash_next) {
            if (np->st.st_nlink || np->freed)
                continue;
            if (!force)
                return HURD_EBUSY;
            node_free(np);
        }
    }
    return 0;
}

static boolean_t is_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec ||
           (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* A file that is read over and over has been read since it was changed: that
 * is known already, and the hour of it is not worth asking for the time. */
static boolean_t access_is_known(const struct node *np)
{
    return is_before(&np->st.st_mtim, &np->st.st_atim) &&
           is_before(&np->st.st_ctim, &np->st.st_atim);
}

struct timespec diskfs_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (diskfs_format->whole_seconds)
        now.tv_nsec = 0;
    return now;
}

void diskfs_touch(struct node *np, boolean_t atime, boolean_t mtime,
                  boolean_t ctime)
{
    struct timespec now;

    if (diskfs_readonly || (!mtime && !ctime && access_is_known(np)))
        return;
    now = diskfs_now();
    /* An access only is not worth a write before the next change. */
    if (atime)
        np->st.st_atim = now;
    if (mtime)
        np->st.st_mtim = now;
    if (ctime || mtime)
        np->st.st_ctim = now;
    if (mtime || ctime)
        np->dirty = TRUE;
    else
        np->accessed = TRUE;
    note_change();
}

error_t diskfs_update(struct node *np)
{
    error_t err = 0;

    if (diskfs_readonly || np->freed || !(np->dirty || np->accessed))
        return 0;
    err = diskfs_format->write_node(np);
    if (!err)
        np->dirty = np->accessed = FALSE;
    return err;
}

/* References on all nodes that are mapped for writing, in a malloced array. */
static error_t mapped_nodes(struct node ***nodes, size_t *count)
{
    size_t room = 0;

    *nodes = NULL;
    *count = 0;
    for (int i = 0; i < BUCKETS; i++)
        for (struct node *np = buckets[i]; np; np = np->hash_next)
            room += diskfs_is_mapped_for_writing(np);
    if (room && !(*nodes = malloc(room * sizeof **nodes)))
        return HURD_ENOMEM;
    for (int i = 0; i < BUCKETS; i++) {
        for (struct node *np = buckets[i]; np; np = np->hash_next) {
            if (!diskfs_is_mapped_for_writing(np))
                continue;
            diskfs_nref(np);
            (*nodes)[(*count)++] = np;
        }
    }
    return 0;
}

/* Does FN, which may let the lock go, to each of them. */
static error_t each_mapped(void (*fn)(struct node *np))
{
    struct node **nodes;
    size_t count;
    error_t err = mapped_nodes(&nodes, &count);

    for (size_t i = 0; i < count; i++) {
        fn(nodes[i]);
        diskfs_nrele(nodes[i]);
    }
    free(nodes);
    return err;
}

/* What was changed through mappings comes back. */
static void settle_node(struct node *np)
{
    note_change(); /* nobody tells us when it is written again */
    diskfs_settle(np, 0, np->st.st_size);
}

/* Under diskfs_lock: nodes and metadata reach the disk. */
static error_t sync_nodes(void)
{
    error_t err = 0;

    if (diskfs_readonly)
        return 0;
    for (int i = 0; i < BUCKETS; i++) {
        for (struct node *np = buckets[i]; np; np = np->hash_next) {
            error_t one = diskfs_update(np);
            err = err ? err : one;
        }
    }
    error_t all = diskfs_format->sync(); /* whatever a bad node said */
    return err ? err : all;
}

error_t diskfs_sync_all(boolean_t wait)
{
    pthread_mutex_lock(&diskfs_lock);
    change.there = FALSE;
    error_t err = each_mapped(settle_node);
    error_t rest = sync_nodes();
    pthread_mutex_unlock(&diskfs_lock);
    return err ? err : rest;
}

error_t diskfs_sync_node(struct node *np, struct peropen *po)
{
    pthread_mutex_lock(&diskfs_lock);
    diskfs_settle(np, 0, np->st.st_size);
    error_t err = sync_nodes();
    if (po && po->write_errors != np->write_errors) {
        err = err ? err : np->write_error;
        po->write_errors = np->write_errors;
        np->error_untold = FALSE;
    }
    pthread_mutex_unlock(&diskfs_lock);
    return err;
}

error_t diskfs_take_back_all(boolean_t no_stores)
{
    diskfs_no_stores = no_stores;
    return each_mapped(diskfs_take_back);
}

mode_t diskfs_setgid_mask(gid_t gid, const struct iouser *user)
{
    return idvec_contains(user->uids, 0) || idvec_contains(user->gids, gid)
               ? ~0u
               : ~(mode_t)HS_ISGID;
}

void diskfs_drop_setid(struct node *np, const struct iouser *user,
                       boolean_t even_root)
{
    mode_t drop = 0;

    if (!HS_ISREG(np->st.st_mode))
        return;
    if (even_root || !idvec_contains(user->uids, 0))
        drop = HS_ISUID | (np->st.st_mode & 010 ? HS_ISGID : 0);
    drop |= ~diskfs_setgid_mask(np->st.st_gid, user);
    drop &= np->st.st_mode;
    if (!drop)
        return;
    np->st.st_mode &= ~drop;
    diskfs_touch(np, FALSE, FALSE, TRUE);
}

/* As on Linux: who has no ids is this one. */
#define OVERFLOW_ID 65534

/* Whose a new file is: the user's first ids, but in a set-group directory the
 * directory's group. */
static void node_set_owner(struct node *np, const struct node *dir,
                           const struct iouser *user)
{
    np->st.st_uid = user->uids->num ? user->uids->ids[0] : OVERFLOW_ID;
    np->st.st_author = np->st.st_uid;
    if (dir->st.st_mode & HS_ISGID)
        np->st.st_gid = dir->st.st_gid;
    else
        np->st.st_gid = user->gids->num ? user->gids->ids[0] : OVERFLOW_ID;
    if (HS_ISDIR(np->st.st_mode)) {
        np->st.st_mode &= ~(HS_ISUID | HS_ISGID);
        np->st.st_mode |= dir->st.st_mode & HS_ISGID;
    }
    /* A program that is to run as somebody is made by him. */
    if (!user->uids->num)
        np->st.st_mode &= ~HS_ISUID;
    if (HS_ISREG(np->st.st_mode) && np->st.st_mode & 010)
        np->st.st_mode &= diskfs_setgid_mask(np->st.st_gid, user);
}

error_t diskfs_create(struct node *dir, mode_t mode, const struct iouser *user,
                      struct node **result)
{
    ino64_t ino;

    if (diskfs_readonly)
        return HURD_EROFS;
    if (!dir->st.st_nlink)
        return HURD_ENOENT;
    error_t err = diskfs_format->make_node(dir, mode, &ino);
    if (!err)
        err = diskfs_cached_lookup(ino, result);
    if (err)
        return err;
    (*result)->freed = FALSE;
    (*result)->st.st_mode = mode;
    (*result)->st.st_nlink = 0;
    node_set_owner(*result, dir, user);
    diskfs_touch(*result, TRUE, TRUE, TRUE);
    err = diskfs_update(*result);
    if (err)
        diskfs_nrele(*result);
    return err;
}
