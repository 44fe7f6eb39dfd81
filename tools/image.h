/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/image.h: reading files out of a disk image, as a boot loader does.
 *
 * Read-only, by libext2fs; the image may be an ext2 file system or have an MBR
 * or a GPT with some in its partitions.
 */
#ifndef TOOLS_IMAGE_H
#define TOOLS_IMAGE_H

#include <stddef.h>

#define IMAGE_UUID_SIZE  37
#define IMAGE_LABEL_SIZE 17

struct image; /* one open file system */

/* Opens the file system in partition PARTITION (1.. as in hd0s1) of the disk
 * at PATH, or on the whole disk if PARTITION is 0.  Returns NULL with *ERROR_OUT
 * saying why (a constant string). */
struct image *image_open(const char *path, unsigned partition,
                         const char **error_out);

/* The whole of a file, allocated, with a NUL behind it; symbolic links are
 * followed inside the image.  Returns NULL with *ERROR_OUT saying why. */
void *image_read(struct image *image, const char *path, size_t *size_out,
                 const char **error_out);

/* Of the file system, as GRUB and mke2fs write them. */
void image_uuid(const struct image *image, char text[IMAGE_UUID_SIZE]);
void image_label(const struct image *image, char text[IMAGE_LABEL_SIZE]);

void image_close(struct image *image);

#endif /* TOOLS_IMAGE_H */
