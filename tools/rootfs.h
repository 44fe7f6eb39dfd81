/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/rootfs.h: filling an ext2 file system that belongs to the Hurd.
 *
 * Everything is owned by root.  Folders on the way are made as they are needed
 * (mode 755).  What exists already stays as it is, unless said otherwise.  All
 * return 0, or -1 after one line on standard error.
 */
#ifndef TOOLS_ROOTFS_H
#define TOOLS_ROOTFS_H

#include <stddef.h>
#include <stdint.h>

struct rootfs;

/* Makes the file PATH of SIZE_BYTES, formats it and opens it; NULL after a line
 * on standard error. */
struct rootfs *rootfs_create(const char *path, uint64_t size_bytes);

/* Writes out what is left and closes; the handle is gone in any case. */
int rootfs_close(struct rootfs *root);

int rootfs_folder(struct rootfs *root, const char *path, unsigned mode);
/* Replaces what was there. */
int rootfs_file(struct rootfs *root, const char *path, unsigned mode,
                const void *data, size_t size);
int rootfs_symlink(struct rootfs *root, const char *path, const char *target);
/* A hard link to a file that exists. */
int rootfs_link(struct rootfs *root, const char *path, const char *existing);
/* A file with a passive translator: SIZE bytes of words, each with a NUL. */
int rootfs_translator(struct rootfs *root, const char *path, unsigned mode,
                      const char *words, size_t size);

#endif /* TOOLS_ROOTFS_H */
