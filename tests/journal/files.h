/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/journal/files.h: files on a file system with a journal, and what should
 * be in them. */
#ifndef TESTS_JOURNAL_FILES_H
#define TESTS_JOURNAL_FILES_H

#include <ext2fs/ext2fs.h>
#include <stdbool.h>

#define FILES_MAX 48

/* What there is: of each name how large it is, and what its contents are made
 * of.  A record's contents are metadata, and begin like a journal's block. */
struct model {
    struct {
        bool there, record;
        unsigned blocks, seed;
    } files[FILES_MAX];
};

/* One change, drawn by SEED, of FS and of MODEL; or an error. */
errcode_t files_change(ext2_filsys fs, struct model *model, unsigned *seed);
/* Whether FS is as MODEL says. */
bool files_match(ext2_filsys fs, const struct model *model);

#endif
