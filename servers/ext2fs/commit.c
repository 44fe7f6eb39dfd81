/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/commit.c: a transaction goes into the journal, and what is in
 * the journal goes home. */

#include "ext2fs/journal_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH_SIZE 0x40000u

/* Blocks on their way into the log: those that lie together are one write. */
struct log {
    struct journal *j;
    uint32_t at, used; /* the next block of the log; how many went there */
    char *batch;
    blk64_t batch_home;
    uint32_t batch_count;
    errcode_t err;
};

static void log_flush(struct log *log)
{
    uint32_t size = log->j->block_size;

    if (log->batch_count && !log->err)
        log->err = disk_write_now(log->batch_home * size, log->batch,
                                  (uint64_t)log->batch_count * size);
    log->batch_count = 0;
}

/* Room for the next block, in the batch. */
static char *log_next(struct log *log)
{
    uint32_t size = log->j->block_size;
    blk64_t home = log->j->home[log->at];

    if (log->batch_count && (log->batch_home + log->batch_count != home ||
                             (log->batch_count + 1) * size > BATCH_SIZE))
        log_flush(log);
    if (!log->batch_count)
        log->batch_home = home;
    log->at = journal_next(log->j, log->at);
    log->used++;
    char *block = log->batch + log->batch_count++ * size;
    memset(block, 0, size);
    return block;
}

static void put_header(const struct journal *j, char *block, uint32_t type)
{
    struct jbd2_header header = {htobe32(JBD2_MAGIC), htobe32(type),
                                 htobe32(j->sequence)};

    memcpy(block, &header, sizeof header);
}

static void put_tail(const struct journal *j, char *block)
{
    uint32_t *tail = (uint32_t *)(block + j->block_size - sizeof *tail);

    if (journal_has_checksums(j))
        *tail = htobe32(journal_own_checksum(j, block, tail));
}

/* --- revoke blocks ----------------------------------------------------------------- */

static uint32_t revokes_per_block(const struct journal *j)
{
    return (j->block_size - sizeof(struct jbd2_revoke) - journal_tail_size(j)) /
           (j->incompat & JBD2_INCOMPAT_64BIT ? 8 : 4);
}

static struct block_entry **put_revoke(struct log *log,
                                       struct block_entry **list)
{
    const struct journal *j = log->j;
    char *block = log_next(log), *at = block + sizeof(struct jbd2_revoke);
    bool wide = j->incompat & JBD2_INCOMPAT_64BIT;

    put_header(j, block, JBD2_REVOKE);
    for (uint32_t n = revokes_per_block(j); n && *list; n--, list++) {
        uint64_t number = htobe64((*list)->block);
        memcpy(at, wide ? (char *)&number : (char *)&number + 4, wide ? 8 : 4);
        at += wide ? 8 : 4;
    }
    ((struct jbd2_revoke *)block)->size = htobe32(at - block);
    put_tail(j, block);
    return list;
}

/* --- descriptors --------------------------------------------------------------------- */

static uint32_t tags_per_block(const struct journal *j)
{
    return (j->block_size - sizeof(struct jbd2_header) - journal_tail_size(j) -
            sizeof j->super->uuid) /
           journal_tag_size(j);
}

static char *put_tag(const struct journal *j, char *at, uint64_t block,
                     uint32_t flags, uint32_t checksum)
{
    if (j->incompat & JBD2_INCOMPAT_CSUM_V3) {
        struct jbd2_tag3 tag = {htobe32(block), htobe32(flags),
                                htobe32(block >> 32), htobe32(checksum)};
        memcpy(at, &tag, sizeof tag);
    } else {
        struct jbd2_tag tag = {htobe32(block), htobe16(checksum),
                               htobe16(flags), htobe32(block >> 32)};
        memcpy(at, &tag,
               j->incompat & JBD2_INCOMPAT_64BIT ? sizeof tag : sizeof tag - 4);
    }
    at += journal_tag_size(j);
    if (flags & JBD2_TAG_SAME_UUID)
        return at;
    memcpy(at, j->super->uuid, sizeof j->super->uuid);
    return at + sizeof j->super->uuid;
}

/* A block of the log may not look like one of the journal's own. */
static bool must_escape(const char *data)
{
    uint32_t magic = htobe32(JBD2_MAGIC);

    return memcmp(data, &magic, sizeof magic) == 0;
}

static uint32_t checksum_of(const struct journal *j, const char *data,
                            char *room)
{
    if (!journal_has_checksums(j))
        return 0;
    if (!must_escape(data))
        return journal_block_checksum(j, j->sequence, data);
    memcpy(room, data, j->block_size);
    memset(room, 0, sizeof(uint32_t));
    return journal_block_checksum(j, j->sequence, room);
}

static void make_descriptor(const struct journal *j, char *block,
                            struct block_entry **list, uint32_t count,
                            char *room)
{
    char *at = block + sizeof(struct jbd2_header);

    memset(block, 0, j->block_size);
    put_header(j, block, JBD2_DESCRIPTOR);
    for (uint32_t i = 0; i < count; i++) {
        const char *data = list[i]->data;
        at = put_tag(j, at, list[i]->block,
                     (must_escape(data) ? JBD2_TAG_ESCAPED : 0) |
                         (i ? JBD2_TAG_SAME_UUID : 0) |
                         (i + 1 == count ? JBD2_TAG_LAST : 0),
                     checksum_of(j, data, room));
    }
    put_tail(j, block);
}

static struct block_entry **put_blocks(struct log *log,
                                       struct block_entry **list, char *room)
{
    const struct journal *j = log->j;
    uint32_t count = 0;

    while (list[count] && count < tags_per_block(j))
        count++;
    make_descriptor(j, log_next(log), list, count, room);
    for (uint32_t i = 0; i < count; i++) {
        char *block = log_next(log);
        memcpy(block, list[i]->data, j->block_size);
        if (must_escape(block))
            memset(block, 0, sizeof(uint32_t));
    }
    return list + count;
}

/* --- the transaction ------------------------------------------------------------------- */

static uint32_t blocks_needed(const struct journal *j)
{
    uint32_t per = tags_per_block(j), revokes = revokes_per_block(j);
    uint32_t count = j->committing.count, revoked = j->committing_revoked.count;

    return count + (count + per - 1) / per + (revoked + revokes - 1) / revokes +
           1;
}

static void put_transaction(struct log *log)
{
    struct block_entry **revoked =
        block_set_sorted(&log->j->committing_revoked);
    struct block_entry **running = block_set_sorted(&log->j->committing);
    char *room = malloc(log->j->block_size);

    if (!revoked || !running || !room)
        log->err = EXT2_ET_NO_MEMORY;
    for (struct block_entry **at = revoked; !log->err && *at;)
        at = put_revoke(log, at);
    for (struct block_entry **at = running; !log->err && *at;)
        at = put_blocks(log, at, room);
    if (!log->err)
        log_flush(log);
    free(revoked);
    free(running);
    free(room);
}

static void put_commit(struct log *log)
{
    const struct journal *j = log->j;
    struct jbd2_commit *commit = (struct jbd2_commit *)log_next(log);
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    put_header(j, (char *)commit, JBD2_COMMIT);
    commit->seconds = htobe64(now.tv_sec);
    commit->nanoseconds = htobe32(now.tv_nsec);
    if (journal_has_checksums(j))
        commit->checksum[0] =
            htobe32(journal_own_checksum(j, commit, &commit->checksum[0]));
    log_flush(log);
}

/* An empty log that gets a transaction is not empty any more. */
static errcode_t mark_used(struct journal *j)
{
    if (j->super->start)
        return 0;
    j->super->start = htobe32(j->head);
    j->super->sequence = htobe32(j->sequence);
    errcode_t err = journal_write_super(j);
    if (err)
        j->super->start = 0;
    return err;
}

/* The two barriers: nothing of the transaction is missing when it is said to
 * be whole, and it is whole when the next begins. */
static errcode_t write_transaction(struct journal *j)
{
    struct log log = {
        .j = j,
        .at = j->head,
        .batch =
            malloc(BATCH_SIZE > j->block_size ? BATCH_SIZE : j->block_size)};

    log.err = log.batch ? mark_used(j) : EXT2_ET_NO_MEMORY;
    if (!log.err)
        put_transaction(&log);
    if (!log.err)
        log.err = disk_flush();
    if (!log.err)
        put_commit(&log);
    if (!log.err)
        log.err = disk_flush();
    if (!log.err) {
        j->head = log.at;
        j->room -= log.used;
        j->sequence++;
    }
    free(log.batch);
    return log.err;
}

/* The blocks may go home now.  What the cache cannot take stays, for the next
 * transaction. */
static errcode_t let_go(struct journal *j)
{
    struct block_entry **all = block_set_sorted(&j->committing);
    errcode_t err = all ? 0 : EXT2_ET_NO_MEMORY;

    for (struct block_entry **at = all; all && *at; at++) {
        uint64_t block = (*at)->block;
        if (!block_set_add(&j->logged, block, 0))
            j->broken = true; /* it could not be revoked */
        errcode_t one = disk_write(block * j->block_size, (*at)->data,
                                   j->block_size, DISK_METADATA);
        if (!one)
            block_set_remove(&j->committing, block);
        err = err ? err : one;
    }
    free(all);
    return err;
}

errcode_t journal_checkpoint(struct journal *j)
{
    errcode_t err = disk_clean(DISK_METADATA);

    if (!err)
        err = disk_flush();
    if (err)
        return err;
    j->super->start = htobe32(j->head);
    j->super->sequence = htobe32(j->sequence);
    err = journal_write_super(j);
    if (!err)
        err = disk_flush();
    if (err)
        return err;
    j->room = j->end - j->first;
    block_set_clear(&j->logged);
    return 0;
}

static errcode_t commit_blocks(struct journal *j)
{
    errcode_t err = 0;

    if (blocks_needed(j) > j->room)
        err = journal_checkpoint(j);
    if (!err && blocks_needed(j) > j->room) {
        j->broken = true; /* one operation was larger than the journal */
        return EXT2_ET_JOURNAL_TOO_SMALL;
    }
    if (!err)
        err = write_transaction(j);
    if (err)
        return err;
    block_set_clear(&j->committing_revoked);
    journal_release_freed(j);
    err = let_go(j);
    if (j->room < (j->end - j->first) / 2) {
        errcode_t later = journal_checkpoint(j);
        err = err ? err : later;
    }
    return err;
}

errcode_t journal_commit(struct journal *j)
{
    if (j->broken)
        return EXT2_ET_CORRUPT_JOURNAL_SB;
    journal_begin_commit(j);
    errcode_t data = disk_clean(DISK_DATA), err = 0;
    if (j->committing.count || j->committing_revoked.count)
        err = commit_blocks(j);
    else
        err = disk_flush();
    if (!err)
        journal_release_freed(j);
    journal_undo_commit(j); /* what is left of it */
    /* What cannot be committed is kept until it can: but not without end. */
    if (err && j->running.count > (j->end - j->first) / 2)
        j->broken = true;
    return err ? err : data;
}
