/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/places.h: where the parts that come with hell are: in the tree it was
 * built in, or below the prefix it was installed under. */
#ifndef TOOLS_PLACES_H
#define TOOLS_PLACES_H

#include <stddef.h>

/* The path of NAME, as in "personality.so", "servers/auth" or "boot/x.cfg",
 * written to PATH.  It may not exist. */
void places_find(const char *name, char *path, size_t size);

/* The whole of a host's file, allocated, with a NUL behind it; NULL with errno
 * set if it can't be read. */
void *places_read(const char *path, size_t *size_out);

#endif /* TOOLS_PLACES_H */
