/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pager/private.h: for MIG's stubs. */

#ifndef LIB_PAGER_PRIVATE_H
#define LIB_PAGER_PRIVATE_H

#include <pager/pager.h>

pager_t pager_begin_using(mach_port_t port);
pager_t pager_begin_using_payload(uint64_t payload);
void pager_end_using(pager_t pager);

#endif
