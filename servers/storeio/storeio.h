/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/storeio/storeio.h: between the server's parts. */

#ifndef STOREIO_STOREIO_H
#define STOREIO_STOREIO_H

#include <hurd/libhurd.h>
#include <store/store.h>
#include <trivfs/trivfs.h>

#define IDLE_MS 120000

/* The store, opened if it is not yet. */
error_t device_get(const struct store **store);
boolean_t device_writable(void);
/* Until nobody has the node open any more; EBUSY if others are in the way. */
error_t device_claim(boolean_t write);
const char *device_name(void);

#endif
