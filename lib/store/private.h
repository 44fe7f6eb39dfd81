/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/store/private.h: between the library's parts. */

#ifndef LIB_STORE_PRIVATE_H
#define LIB_STORE_PRIVATE_H

#include <store/store.h>

/* Whether the sizes make sense; releases STORE if not. */
error_t store_check_sectors(struct store *store);

/* claim.c: remembers how DEVICE of MASTER (borrowed) is claimed. */
void store_set_name(struct store *store, const char *device,
                    mach_port_t master);

/* file.c */
error_t store_file_fetch(const struct store *store, uint64_t offset,
                         uint32_t size, char **data, uint32_t *got);
error_t store_file_put(const struct store *store, uint64_t offset,
                       const char *data, uint32_t size, uint32_t *written);

#endif
