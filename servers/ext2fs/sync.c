/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/sync.c: when what was changed reaches the disk, and who waits.
 *
 * One thread at a time brings things home; it lets the lock go while it writes, so
 * that nobody waits for it but who wants the same.  What others change meanwhile
 * goes into the next transaction.
 */
#include <time.h>

#include "ext2fs/attempt.h"
#include "ext2fs/io.h"
#include "ext2fs/pieces.h"
#include "ext2fs/private.h"

static boolean_t at_it; /* somebody is, without the lock */
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;

static void wait_for_others(void)
{
    while (at_it)
        pthread_cond_wait(&done, &diskfs_lock);
}

static void aside_begin(void)
{
    wait_for_others();
    at_it = TRUE;
    disk_write_aside(TRUE);
}

static void aside_end(void)
{
    disk_write_aside(FALSE);
    at_it = FALSE;
    pthread_cond_broadcast(&done);
}

/* Nothing can be written any more: what is there can be read. */
static void stop_writing(void)
{
    if (diskfs_readonly || !journal_is_broken(ext2_journal))
        return;
    mach_complain(0,
                  "%s: its journal cannot be written: it can only be read "
                  "from now on",
                  diskfs_source);
    diskfs_readonly = TRUE;
    fs->flags &= ~EXT2_FLAG_RW;
}

static errcode_t flush_changes(void)
{
    if (ext2fs_test_changed(fs) || ext2fs_test_bb_dirty(fs) ||
        ext2fs_test_ib_dirty(fs))
        return ext2fs_flush2(fs, EXT2_FLAG_FLUSH_NO_SYNC);
    return 0;
}

/* Without a journal: what was replaced goes when the names are home. */
static errcode_t sync_in_order(void)
{
    errcode_t err = io_clean(), later = 0;

    if (!err && replaced_any()) {
        replaced_let_go();
        err = flush_changes();
        later = io_clean();
    }
    errcode_t flushed = disk_flush();
    return err ? err : later ? later : flushed;
}

/* Bitmaps and transaction belong together: the lock is held from the one to when
 * the other one has begun to be written. */
static errcode_t sync_metadata(void)
{
    errcode_t err = flush_changes();
    errcode_t rest =
        ext2_journal ? journal_commit(ext2_journal) : sync_in_order();

    if (ext2_journal)
        stop_writing();
    return err ? err : rest;
}

error_t ext2_sync_now(void)
{
    struct attempt before = attempt_pause();

    wait_for_others();
    errcode_t err = sync_metadata();
    attempt_resume(&before);
    return fs_error(err);
}

/* Most of it is data, which may go home at any time.  Without a journal the order
 * of the rest is kept by the lock. */
error_t ext2_sync(void)
{
    struct attempt before = attempt_pause();

    aside_begin();
    errcode_t data = disk_clean(DISK_DATA);
    if (!ext2_journal)
        disk_write_aside(FALSE);
    errcode_t err = sync_metadata();
    aside_end();
    attempt_resume(&before);
    return fs_error(err ? err : data);
}

/* --- when it is time ----------------------------------------------------------- */

/* And could have more. */
static boolean_t is_short_of_room(void)
{
    return replaced_any() && (ext2fs_free_blocks_count(fs->super) < 64 ||
                              fs->super->s_free_inodes_count < 16);
}

static boolean_t is_time(void)
{
    return !diskfs_readonly &&
           (ext2_journal ? journal_is_full(ext2_journal) : is_short_of_room());
}

/* A disk that cannot be written would be tried at each request. */
#define PATIENCE 5 /* seconds */

static void clean_some(void)
{
    while (at_it && pieces_are_dirty() && !pieces_have_failed(PATIENCE)) {
        struct timespec end;
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec++;
        pthread_cond_timedwait(&done, &diskfs_lock, &end);
    }
    if (at_it || !pieces_are_dirty() || pieces_have_failed(PATIENCE))
        return;
    aside_begin();
    pieces_clean_aside(DISK_DATA, FALSE);
    aside_end();
}

void ext2_settled(void)
{
    if (!attempt_has_changed())
        return;
    if (is_time())
        ext2_sync();
    else if (!diskfs_readonly && pieces_are_dirty())
        clean_some();
}

/* While another transaction is written this one may grow somewhat more. */
void ext2_pause(void)
{
    if (is_time() &&
        (!at_it || (ext2_journal && journal_is_overfull(ext2_journal))))
        ext2_sync_now();
}

error_t ext2_sync_for_room(void)
{
    wait_for_others();
    boolean_t some =
        ext2_journal ? journal_has_freed(ext2_journal) : replaced_any();

    return some ? ext2_sync_now() : HURD_ENOSPC;
}
