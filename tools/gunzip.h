/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tools/gunzip.h: files that may be compressed, as boot loaders take them. */
#ifndef TOOLS_GUNZIP_H
#define TOOLS_GUNZIP_H

#include <stddef.h>

/* If *DATA (malloced, *SIZE bytes) is a gzip file, puts what is in it in its
 * place.  Returns 0, or -1 with *ERROR_OUT saying why; *DATA stays then. */
int gunzip(void **data, size_t *size, const char **error_out);

#endif /* TOOLS_GUNZIP_H */
