/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/features.c: what a file system has that we do not cope with. */

#include "ext2fs/private.h"

/* Not: data in inodes, encryption, names whose case does not matter, several
 * machines at once. */
#define SERVED                                                                 \
    (EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_RECOVER |          \
     EXT3_FEATURE_INCOMPAT_EXTENTS | EXT4_FEATURE_INCOMPAT_64BIT |             \
     EXT4_FEATURE_INCOMPAT_FLEX_BG | EXT2_FEATURE_INCOMPAT_META_BG |           \
     EXT4_FEATURE_INCOMPAT_CSUM_SEED | EXT4_FEATURE_INCOMPAT_EA_INODE |        \
     EXT4_FEATURE_INCOMPAT_LARGEDIR)

#define WRITTEN                                                                \
    (EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE | \
     EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |      \
     EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |   \
     EXT4_FEATURE_RO_COMPAT_BIGALLOC | EXT4_FEATURE_RO_COMPAT_METADATA_CSUM |  \
     EXT4_FEATURE_RO_COMPAT_PROJECT)

static const struct {
    uint32_t bit;
    const char *name;
} incompat[] = {
    {EXT4_FEATURE_INCOMPAT_INLINE_DATA, "inline_data"},
    {EXT4_FEATURE_INCOMPAT_ENCRYPT, "encrypt"},
    {EXT4_FEATURE_INCOMPAT_CASEFOLD, "casefold"},
    {EXT4_FEATURE_INCOMPAT_MMP, "mmp"},
    {EXT3_FEATURE_INCOMPAT_JOURNAL_DEV, "journal_dev"},
    {EXT2_FEATURE_INCOMPAT_COMPRESSION, "compression"},
    {EXT4_FEATURE_INCOMPAT_DIRDATA, "dirdata"},
};

const char *ext2_why_not_served(void)
{
    uint32_t unknown = fs->super->s_feature_incompat & ~SERVED;

    for (size_t i = 0; i < sizeof incompat / sizeof *incompat; i++)
        if (unknown & incompat[i].bit)
            return incompat[i].name;
    return unknown ? "something newer" : NULL;
}

boolean_t ext2_is_clean(void)
{
    return (fs->super->s_state & (EXT2_VALID_FS | EXT2_ERROR_FS)) ==
           EXT2_VALID_FS;
}

const char *ext2_why_not_written(void)
{
    struct ext2_super_block *super = fs->super;

    if (!(super->s_state & EXT2_VALID_FS))
        return "not unmounted cleanly the last time: check it with e2fsck "
               "before it is written";
    if (super->s_state & EXT2_ERROR_FS)
        return "has errors: check it with e2fsck before it is written";
    if (super->s_feature_ro_compat & EXT4_FEATURE_RO_COMPAT_QUOTA ||
        super->s_usr_quota_inum || super->s_grp_quota_inum)
        return "has quotas, which would become wrong: it can only be read";
    if (super->s_feature_ro_compat & EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT)
        return "has files to be deleted that Linux noted: check it with e2fsck "
               "before it is written";
    if (ext2fs_has_feature_journal(super) && !super->s_journal_inum)
        return "its journal is on another device: it can only be read";
    if (ext2fs_has_feature_journal(super) &&
        store_sector_size() > fs->blocksize)
        return "its journal's blocks are smaller than the device's: it can "
               "only be read";
    if (super->s_feature_ro_compat & ~WRITTEN)
        return "has features of which only reading is known";
    return NULL;
}
