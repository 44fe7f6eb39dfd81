/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/data.c: what is in files, for readers and for those who map them.
 *
 * The kernel keeps pages of mapped files.  Who writes the file by a call makes
 * the kernel forget the pages concerned; who reads it by a call first gets back
 * what was changed through a mapping, if anyone has write access to one.
 */

#include <diskfs/private.h>
#include <string.h>

struct pager_bucket diskfs_pagers;

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

static error_t data_page_out(void *cookie, vm_offset_t offset,
                             const char *buffer, vm_size_t size)
{
    struct node *np = cookie;
    size_t amount;
    error_t err = 0;

    pthread_mutex_lock(&diskfs_lock);
    int64_t left = np->st.st_size - (int64_t)offset;
    if (left > 0 && !diskfs_readonly) {
        if (left < (int64_t)size)
            size = left;
        err = diskfs_format->write(np, offset, buffer, size, &amount);
        diskfs_touch(np, FALSE, TRUE, TRUE);
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

static const struct pager_ops data_pager_ops = {data_page_in, data_page_out,
                                                data_size, data_pager_gone};

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

static void data_changed(struct node *np, int64_t offset, size_t size)
{
    if (np->pager)
        pager_flush_some(np->pager, MACH_PAGE_TRUNC(offset),
                         MACH_PAGE_ROUND(offset + size) -
                             MACH_PAGE_TRUNC(offset));
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
    diskfs_settle(np, offset, size);
    error_t err = diskfs_format->write(np, offset, data, size, amount);
    if (*amount) {
        diskfs_touch(np, FALSE, TRUE, TRUE);
        data_changed(np, offset, *amount);
    }
    return *amount ? 0 : err;
}

error_t diskfs_set_size(struct node *np, int64_t size)
{
    int64_t old = np->st.st_size;

    if (size < 0)
        return HURD_EINVAL;
    if (diskfs_readonly)
        return HURD_EROFS;
    if (size == old)
        return 0;
    if (size < old)
        diskfs_settle(np, 0, old);
    error_t err = diskfs_format->set_size(np, size);
    if (err)
        return err;
    diskfs_touch(np, FALSE, TRUE, TRUE);
    data_changed(np, size < old ? size : old,
                 size < old ? old - size : size - old);
    return 0;
}
