/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/jbd2.h: a journal as it stands on the disk.
 *
 * From the description in the Linux kernel's ext4 documentation (Journal).
 * All numbers are big-endian.
 */
#ifndef EXT2FS_JBD2_H
#define EXT2FS_JBD2_H

#include <stdint.h>

#define JBD2_MAGIC 0xc03b3998u

enum {
    JBD2_DESCRIPTOR = 1,
    JBD2_COMMIT = 2,
    JBD2_SUPER_V1 = 3,
    JBD2_SUPER_V2 = 4,
    JBD2_REVOKE = 5
};

#define JBD2_COMPAT_CHECKSUM 0x1u

#define JBD2_INCOMPAT_REVOKE      0x01u
#define JBD2_INCOMPAT_64BIT       0x02u
#define JBD2_INCOMPAT_ASYNC       0x04u
#define JBD2_INCOMPAT_CSUM_V2     0x08u
#define JBD2_INCOMPAT_CSUM_V3     0x10u
#define JBD2_INCOMPAT_FAST_COMMIT 0x20u

#define JBD2_CHECKSUM_CRC32  1
#define JBD2_CHECKSUM_CRC32C 4

/* Of a block in a descriptor. */
#define JBD2_TAG_ESCAPED   1
#define JBD2_TAG_SAME_UUID 2
#define JBD2_TAG_LAST      8

struct jbd2_header {
    uint32_t magic, type, sequence;
};

struct jbd2_super {
    struct jbd2_header header;
    uint32_t block_size, block_count, first;
    uint32_t sequence, start, error;
    uint32_t compat, incompat, ro_compat;
    uint8_t uuid[16];
    uint32_t user_count, dynamic_super, max_transaction, max_data;
    uint8_t checksum_type, padding2[3];
    uint32_t fast_commit_blocks, head;
    uint32_t padding[40];
    uint32_t checksum;
    uint8_t users[16 * 48];
};
_Static_assert(sizeof(struct jbd2_super) == 1024, "as on the disk");

struct jbd2_tag3 {
    uint32_t block, flags, block_high, checksum;
};

/* The last word is there in journals of 64 bits, and then two more bytes if it
 * has checksums of version 2. */
struct jbd2_tag {
    uint32_t block;
    uint16_t checksum, flags;
    uint32_t block_high;
};

struct jbd2_revoke {
    struct jbd2_header header;
    uint32_t size; /* bytes, this included */
};

struct jbd2_commit {
    struct jbd2_header header;
    uint8_t checksum_type, checksum_size, padding[2];
    uint32_t checksum[8];
    uint64_t seconds;
    uint32_t nanoseconds;
};
_Static_assert(sizeof(struct jbd2_commit) == 64, "padded as on the disk");

#endif
