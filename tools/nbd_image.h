/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/nbd_image.h: file systems on an NBD server's export, for libext2fs. */
#ifndef TOOLS_NBD_IMAGE_H
#define TOOLS_NBD_IMAGE_H

#include <ext2fs/ext2fs.h>

/* For ext2fs_open, which gets the export's URI as a path; reads only. */
extern struct struct_io_manager nbd_image_manager;

#endif /* TOOLS_NBD_IMAGE_H */
