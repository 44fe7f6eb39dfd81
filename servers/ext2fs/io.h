/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/ext2fs/io.h: how libext2fs reaches the disk. */
#ifndef EXT2FS_IO_H
#define EXT2FS_IO_H

#include "ext2fs/disk.h"
#include "ext2fs/journal.h"

extern struct struct_io_manager io_manager_here;

/* What is written from now on goes into JOURNAL's running transaction; at once
 * to the cache if it is NULL. */
void io_use_journal(struct journal *journal);
/* Without a journal: what is written from now on is of KIND, but for inodes. */
void io_write_as(enum disk_kind kind);
/* Brings everything home, in the order that its kinds want. */
errcode_t io_clean(void);

#endif
