/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/replay.c: what a journal has after a crash.
 *
 * The log is read three times: to see how far it is whole, to learn which
 * blocks were revoked and by which transaction, and to bring the others home.
 * A transaction is whole if its commit block is there.  One without is the end
 * of the log, whatever else is wrong with it; one with a commit block in which
 * something is wrong is damage, and then nothing is brought home.
 */

#include "ext2fs/journal_private.h"

#include <stdlib.h>
#include <string.h>

static const char damaged[] = "its journal is damaged: run e2fsck";

enum pass { SCAN, REVOKE, REPLAY };
enum found { WHOLE, THE_END, WRONG };

struct reader {
    struct journal *j;
    enum pass pass;
    uint32_t at, left; /* blocks that are not yet read */
    uint32_t sequence;
    uint32_t sum; /* of the transaction, in the oldest way */
    bool summed;
    bool wrong;               /* something of this transaction is */
    struct block_set revoked; /* value: by which transaction */
    char *block, *data;
    errcode_t err;
};

/* Whether sequence number A comes after B: they may begin anew. */
static bool is_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

static bool read_next(struct reader *r, char *block)
{
    if (!r->left || r->err)
        return false;
    r->err = disk_read(r->j->home[r->at] * r->j->block_size, block,
                       r->j->block_size);
    r->at = journal_next(r->j, r->at);
    r->left--;
    return !r->err;
}

static bool skip_next(struct reader *r)
{
    if (!r->left)
        return false;
    r->at = journal_next(r->j, r->at);
    r->left--;
    return true;
}

static bool own_checksum_is_right(struct reader *r, uint32_t *field)
{
    return !journal_has_checksums(r->j) ||
           be32toh(*field) == journal_own_checksum(r->j, r->block, field);
}

static uint32_t *tail_of(const struct journal *j, char *block)
{
    return (uint32_t *)(block + j->block_size - sizeof(uint32_t));
}

/* --- descriptors ------------------------------------------------------------------ */

struct tag {
    uint64_t block;
    uint32_t flags, checksum, checksum_mask;
};

static struct tag parse_tag(const struct journal *j, const char *at)
{
    struct jbd2_tag3 new;
    struct jbd2_tag old;
    struct tag tag;

    if (j->incompat & JBD2_INCOMPAT_CSUM_V3) {
        memcpy(&new, at, sizeof new);
        tag = (struct tag){be32toh(new.block), be32toh(new.flags),
                           be32toh(new.checksum), ~0u};
        if (j->incompat & JBD2_INCOMPAT_64BIT)
            tag.block |= (uint64_t)be32toh(new.block_high) << 32;
        return tag;
    }
    memcpy(&old, at, sizeof old);
    tag = (struct tag){be32toh(old.block), be16toh(old.flags),
                       be16toh(old.checksum),
                       j->incompat & JBD2_INCOMPAT_CSUM_V2 ? 0xffff : 0};
    if (j->incompat & JBD2_INCOMPAT_64BIT)
        tag.block |= (uint64_t)be32toh(old.block_high) << 32;
    return tag;
}

static bool tag_is_right(const struct reader *r, const struct tag *tag)
{
    ext2_filsys fs = r->j->fs;

    return tag->block < ext2fs_blocks_count(fs->super) &&
           tag->block >= fs->super->s_first_data_block &&
           !((tag->checksum ^
              journal_block_checksum(r->j, r->sequence, r->data)) &
             tag->checksum_mask);
}

static void bring_home(struct reader *r, const struct tag *tag)
{
    uint32_t magic = htobe32(JBD2_MAGIC);
    const struct block_entry *revoked = block_set_find(&r->revoked, tag->block);

    if (revoked && !is_after(r->sequence, revoked->value))
        return;
    if (tag->flags & JBD2_TAG_ESCAPED)
        memcpy(r->data, &magic, sizeof magic);
    r->err = disk_write(tag->block * r->j->block_size, r->data,
                        r->j->block_size, DISK_METADATA);
}

static void add_to_sum(struct reader *r, const char *block)
{
    r->sum =
        ext2fs_crc32_be(r->sum, (const unsigned char *)block, r->j->block_size);
    r->summed = true;
}

static void read_descriptor(struct reader *r)
{
    const struct journal *j = r->j;
    uint32_t size = journal_tag_size(j), at = sizeof(struct jbd2_header);
    uint32_t end = j->block_size - journal_tail_size(j);
    struct tag tag = {0};

    if (!own_checksum_is_right(r, tail_of(j, r->block)))
        r->wrong = true;
    if (r->pass == SCAN)
        add_to_sum(r, r->block);
    while (!(tag.flags & JBD2_TAG_LAST) && at + size <= end) {
        tag = parse_tag(j, r->block + at);
        at += size + (tag.flags & JBD2_TAG_SAME_UUID ? 0 : 16);
        if (r->pass == REVOKE ? !skip_next(r) : !read_next(r, r->data)) {
            r->wrong = true;
            return;
        }
        if (r->pass == SCAN) {
            add_to_sum(r, r->data);
            r->wrong |= !tag_is_right(r, &tag);
        } else if (r->pass == REPLAY) {
            bring_home(r, &tag);
        }
    }
}

/* --- revoke and commit blocks --------------------------------------------------------- */

static void read_revoke(struct reader *r)
{
    const struct journal *j = r->j;
    struct jbd2_revoke head;
    uint32_t step = j->incompat & JBD2_INCOMPAT_64BIT ? 8 : 4;

    memcpy(&head, r->block, sizeof head);
    uint32_t size = be32toh(head.size);
    if (!own_checksum_is_right(r, tail_of(j, r->block)) || size < sizeof head ||
        size > j->block_size - journal_tail_size(j))
        r->wrong = true;
    for (uint32_t at = sizeof head; r->pass == REVOKE && at + step <= size;
         at += step) {
        uint32_t word[2];
        memcpy(word, r->block + at, step);
        uint64_t block =
            step == 4 ? be32toh(word[0])
                      : (uint64_t)be32toh(word[0]) << 32 | be32toh(word[1]);
        struct block_entry *entry = block_set_add(&r->revoked, block, 0);
        if (!entry)
            r->err = EXT2_ET_NO_MEMORY;
        else
            entry->value = r->sequence; /* they come in order */
    }
}

/* The oldest kind of checksum, which need not be there. */
static bool sum_is_right(const struct reader *r,
                         const struct jbd2_commit *commit)
{
    if (!(be32toh(r->j->super->compat) & JBD2_COMPAT_CHECKSUM) || !r->summed ||
        (!commit->checksum_type && !commit->checksum_size &&
         !commit->checksum[0]))
        return true;
    return commit->checksum_type == JBD2_CHECKSUM_CRC32 &&
           commit->checksum_size == 4 && be32toh(commit->checksum[0]) == r->sum;
}

static enum found read_commit(struct reader *r)
{
    struct jbd2_commit *commit = (struct jbd2_commit *)r->block;

    if (!own_checksum_is_right(r, &commit->checksum[0]) ||
        !sum_is_right(r, commit))
        r->wrong = true;
    return r->wrong ? WRONG : WHOLE;
}

/* --- the log ---------------------------------------------------------------------------- */

static bool is_of(const char *block, uint32_t sequence, uint32_t *type)
{
    struct jbd2_header header;

    memcpy(&header, block, sizeof header);
    *type = be32toh(header.type);
    return be32toh(header.magic) == JBD2_MAGIC &&
           be32toh(header.sequence) == sequence;
}

/* One transaction. */
static enum found read_transaction(struct reader *r)
{
    r->sum = ~0u;
    r->summed = r->wrong = false;
    while (read_next(r, r->block)) {
        uint32_t type;
        if (!is_of(r->block, r->sequence, &type))
            break;
        if (type == JBD2_DESCRIPTOR)
            read_descriptor(r);
        else if (type == JBD2_REVOKE)
            read_revoke(r);
        else if (type == JBD2_COMMIT)
            return read_commit(r);
        else
            break;
    }
    return r->wrong ? WRONG : THE_END;
}

/* All transactions up to END, or as far as it goes: then END is set. */
static enum found read_log(struct reader *r, enum pass pass, uint32_t *end)
{
    enum found found = WHOLE;

    r->pass = pass;
    r->at = be32toh(r->j->super->start);
    r->left = r->j->end - r->j->first;
    r->sequence = be32toh(r->j->super->sequence);
    while (!r->err && (pass == SCAN || r->sequence != *end)) {
        found = read_transaction(r);
        if (found != WHOLE)
            break;
        r->sequence++;
    }
    if (pass == SCAN)
        *end = r->sequence;
    return found;
}

/* Whether the log has the end of the transaction that is not whole, or of one
 * after it, of which there are no more than blocks: it was written once.  Without
 * a barrier before the commit block
 * (asynchronous commits, or its own sum) that block alone proves nothing. */
static bool was_committed(struct reader *r, uint32_t sequence)
{
    bool alone = r->j->incompat & JBD2_INCOMPAT_ASYNC ||
                 be32toh(r->j->super->compat) & JBD2_COMPAT_CHECKSUM;

    r->at = r->j->first;
    r->left = r->j->end - r->j->first;
    while (read_next(r, r->block)) {
        struct jbd2_header header;
        memcpy(&header, r->block, sizeof header);
        if (be32toh(header.magic) != JBD2_MAGIC ||
            be32toh(header.type) != JBD2_COMMIT ||
            !own_checksum_is_right(
                r, &((struct jbd2_commit *)r->block)->checksum[0]))
            continue;
        uint32_t ahead = be32toh(header.sequence) - sequence;
        if (ahead < r->j->end && (ahead || !alone))
            return true;
    }
    return false;
}

static errcode_t replay(struct reader *r, const char **wrong)
{
    uint32_t end, again;
    enum found last = read_log(r, SCAN, &end);

    if (!r->err && last != WHOLE && was_committed(r, end)) {
        *wrong = damaged;
        return EXT2_ET_CORRUPT_JOURNAL_SB;
    }
    again = end;
    if (!r->err)
        read_log(r, REVOKE, &again);
    if (!r->err)
        read_log(r, REPLAY, &again);
    if (!r->err)
        r->err = disk_clean(DISK_METADATA);
    if (!r->err)
        r->err = disk_flush();
    if (r->err)
        return r->err;
    /* What is left of the transaction at the end must never look like part of
     * a new one. */
    r->j->super->sequence = htobe32(end + 1);
    r->j->super->start = 0;
    errcode_t err = journal_write_super(r->j);
    return err ? err : disk_flush();
}

errcode_t journal_replay(struct journal *j, const char **wrong)
{
    struct reader r = {.j = j,
                       .block = calloc(1, j->block_size),
                       .data = calloc(1, j->block_size)};
    errcode_t err = r.block && r.data ? 0 : EXT2_ET_NO_MEMORY;

    if (!err && j->super->start && j->incompat & JBD2_INCOMPAT_FAST_COMMIT) {
        *wrong = "its journal may have fast commits: run e2fsck";
        err = EXT2_ET_CORRUPT_JOURNAL_SB;
    }
    if (!err && j->super->start)
        err = replay(&r, wrong);
    block_set_clear(&r.revoked);
    free(r.block);
    free(r.data);
    return err;
}
