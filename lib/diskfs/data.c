/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/data.c: what is in files, for readers and for those who map them.
 *
 * The kernel keeps pages of mapped files, which may be newer than the format's
 * blocks.  Who reads by a call has what was changed in them written back first;
 * who changes the file by a call holds its pager meanwhile (pager/pager.h says
 * what that means), and is the only one who changes it.
 */

#include <diskfs/private.h>
#include <string.h>

struct pager_bucket diskfs_pagers;
boolean_t diskfs_no_stores;
static pthread_cond_t change_ended = PTHREAD_COND_INITIALIZER;

/* The pager's read and write run in its own thread. */
static error_t data_page_in(void *cookie, vm_offset_t offset, char *buffer,
                            vm_size_t size)
{
    struct node *np = cookie;
    size_t amount = 0;

    pthread_mutex_lock(&diskfs_lock);
    error_t err = diskfs_format->read(np, offset, buffer, size, &amount);
    pthread_mutex_unlock(&diskfs_lock);
    if (!err)
        memset(buffer + amount, 0, size - amount);
    return err;
}

static error_t page_out(struct node *np, vm_offset_t offset, const char *data,
                        vm_size_t size)
{
    int64_t left = np->st.st_size - (int64_t)offset;
    size_t amount;

    if (left <= 0)
        return 0;
    if (diskfs_readonly)
        return HURD_EROFS;
    if (left < (int64_t)size)
        size = left;
    error_t err = diskfs_format->write(np, offset, data, size, &amount);
    diskfs_touch(np, FALSE, TRUE, TRUE);
    return err;
}

/* What goes wrong here is told to whoever syncs the file. */
static error_t data_page_out(void *cookie, vm_offset_t offset,
                             const char *buffer, vm_size_t size)
{
    struct node *np = cookie;
    struct diskfs_attempt attempt = {0};
    error_t err;

    pthread_mutex_lock(&diskfs_lock);
    do {
        diskfs_attempt_begin(&attempt);
        err = page_out(np, offset, buffer, size);
    } while (diskfs_attempt_again(&attempt, &err));
    if (err) {
        np->write_error = err;
        np->write_errors++;
        np->error_untold = TRUE;
    }
    pthread_mutex_unlock(&diskfs_lock);
    return err;
}

static error_t reserve(struct node *np, vm_offset_t offset, vm_size_t *size)
{
    if (diskfs_readonly || diskfs_no_stores)
        return HURD_EROFS;
    return diskfs_format->reserve ? diskfs_format->reserve(np, offset, size)
                                  : 0;
}

static error_t data_reserve(void *cookie, vm_offset_t offset, vm_size_t *size)
{
    struct node *np = cookie;
    struct diskfs_attempt attempt = {0};
    vm_size_t wanted = *size;
    struct iouser *owner;
    error_t err;

    pthread_mutex_lock(&diskfs_lock);
    /* Who writes is not known here: it is as if the file's owner did. */
    err = iohelp_create_simple_iouser(&owner, np->st.st_uid, np->st.st_gid);
    if (!err) {
        diskfs_user = owner;
        do {
            *size = wanted;
            diskfs_attempt_begin(&attempt);
            err = reserve(np, offset, size);
        } while (diskfs_attempt_again(&attempt, &err));
        diskfs_user = NULL;
        iohelp_free_iouser(owner);
    }
    pthread_mutex_unlock(&diskfs_lock);
    return err;
}

static vm_size_t data_size(void *cookie)
{
    return ((struct node *)cookie)->st.st_size;
}

static void data_pager_gone(void *cookie, pager_t pager)
{
    struct node *np = cookie;

    pthread_mutex_lock(&diskfs_lock);
    if (np->pager == pager) /* there may be another one by now */
        np->pager = NULL;
    diskfs_nrele(np);
    pthread_mutex_unlock(&diskfs_lock);
}

static boolean_t data_at_hand(void *cookie, vm_offset_t offset, vm_size_t size,
                              boolean_t read)
{
    struct node *np = cookie;
    error_t err = 0;

    if (!diskfs_format->attempt_begin || !diskfs_format->probe)
        return TRUE;
    pthread_mutex_lock(&diskfs_lock);
    diskfs_format->attempt_begin();
    err = diskfs_format->probe(np, offset, size, read);
    diskfs_format->attempt_end();
    pthread_mutex_unlock(&diskfs_lock);
    return err != DISKFS_NOT_HERE;
}

static const struct pager_ops data_pager_ops = {.read = data_page_in,
                                                .write = data_page_out,
                                                .size = data_size,
                                                .at_hand = data_at_hand,
                                                .gone = data_pager_gone,
                                                .reserve = data_reserve};

/* A reference on NP's pager, or null if there is none that is alive. */
static pager_t data_pager(struct node *np)
{
    return np->pager ? ports_lookup_port(NULL, np->pager->pi.port_right,
                                         diskfs_pagers.class)
                     : NULL;
}

error_t diskfs_get_memory_object(struct node *np, mach_port_t *port)
{
    pager_t pager = data_pager(np);
    error_t err = 0;

    if (!pager) {
        err = pager_create(&diskfs_pagers, &data_pager_ops, np, &pager);
        if (err)
            return err;
        np->pager = pager;
        diskfs_nref(np); /* until data_pager_gone */
    }
    *port = pager_get_port(pager);
    ports_port_deref(pager); /* its senders and the kernel keep it */
    return *port ? 0 : HURD_ENOMEM;
}

boolean_t diskfs_is_mapped_for_writing(struct node *np)
{
    return np->pager && np->pager->written;
}

void diskfs_settle(struct node *np, int64_t offset, size_t size)
{
    pager_t pager = np->pager && np->pager->written ? data_pager(np) : NULL;

    if (!pager)
        return;
    pthread_mutex_unlock(&diskfs_lock);
    pager_sync_some(pager, MACH_PAGE_TRUNC(offset),
                    MACH_PAGE_ROUND(offset + size) - MACH_PAGE_TRUNC(offset));
    ports_port_deref(pager);
    pthread_mutex_lock(&diskfs_lock);
}

error_t diskfs_read(struct node *np, int64_t offset, char *data, size_t size,
                    size_t *amount)
{
    *amount = 0;
    if (offset < 0)
        return HURD_EINVAL;
    diskfs_settle(np, offset, size);
    if (offset >= np->st.st_size)
        return 0;
    if ((int64_t)size > np->st.st_size - offset)
        size = np->st.st_size - offset;
    error_t err = diskfs_format->read(np, offset, data, size, amount);
    if (!err)
        diskfs_touch(np, TRUE, FALSE, FALSE);
    return err;
}

error_t diskfs_check_lock(struct peropen *po)
{
    if (diskfs_format->live &&
        fshelp_rlock_box_status(&po->np->rlocks) == HLOCK_EX &&
        fshelp_rlock_peropen_status(&po->lock_status) != HLOCK_EX)
        return HURD_EBUSY;
    return 0;
}

void diskfs_begin_change(struct node *np)
{
    while (np->changing)
        pthread_cond_wait(&change_ended, &diskfs_lock);
    np->changing = TRUE;
}

void diskfs_end_change(struct node *np)
{
    np->changing = FALSE;
    pthread_cond_broadcast(&change_ended);
}

/* The pages of the range are nobody's but the format's until data_release.  The
 * lock is let go meanwhile. */
static pager_t data_hold(struct node *np, int64_t offset, int64_t size)
{
    pager_t pager = size > 0 ? data_pager(np) : NULL;

    if (!pager)
        return NULL;
    pthread_mutex_unlock(&diskfs_lock);
    pager_hold(pager, offset, size);
    pthread_mutex_lock(&diskfs_lock);
    return pager;
}

/* Likewise. */
static void data_release(pager_t pager)
{
    if (!pager)
        return;
    pthread_mutex_unlock(&diskfs_lock);
    pager_release(pager);
    ports_port_deref(pager);
    pthread_mutex_lock(&diskfs_lock);
}

void diskfs_take_back(struct node *np)
{
    diskfs_begin_change(np);
    data_release(data_hold(np, 0, np->st.st_size));
    diskfs_end_change(np);
}

error_t diskfs_write(struct node *np, int64_t offset, const char *data,
                     size_t size, size_t *amount)
{
    *amount = 0;
    if (offset < 0)
        return HURD_EINVAL;
    if (diskfs_readonly && !diskfs_format->live)
        return HURD_EROFS;
    if (!size)
        return 0;
    /* The page that had the end is changed too if there will be a gap. */
    int64_t start = offset < np->st.st_size ? offset : np->st.st_size;
    pager_t pager = data_hold(np, start, offset + (int64_t)size - start);
    /* The lock was let go if there is a pager. */
    error_t err = diskfs_readonly && !diskfs_format->live
                      ? HURD_EROFS
                      : diskfs_format->write(np, offset, data, size, amount);
    if (*amount)
        diskfs_touch(np, FALSE, TRUE, TRUE);
    data_release(pager);
    return *amount ? 0 : err;
}

/* Beyond an end at the end of a page there is no page to be changed. */
static pager_t data_hold_for_size(struct node *np, int64_t size)
{
    int64_t old = np->st.st_size;

    if (size < old)
        return data_hold(np, size, old - size);
    return data_hold(np, old, old % (int64_t)vm_page_size ? 1 : 0);
}

error_t diskfs_set_size(struct node *np, int64_t size)
{
    error_t err = 0;

    if (size < 0)
        return HURD_EINVAL;
    if (diskfs_readonly)
        return HURD_EROFS;
    diskfs_begin_change(np);
    if (size != np->st.st_size) {
        pager_t pager = data_hold_for_size(np, size);
        err = diskfs_readonly ? HURD_EROFS : diskfs_format->set_size(np, size);
        if (!err)
            diskfs_touch(np, FALSE, TRUE, TRUE);
        data_release(pager);
    }
    diskfs_end_change(np);
    return err;
}
