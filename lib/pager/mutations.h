/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/pager/mutations.h: how MIG finds the pager behind a message. */

#define MEMORY_OBJECT_INTRAN         pager_t pager_begin_using(mach_port_t)
#define MEMORY_OBJECT_INTRAN_PAYLOAD pager_t pager_begin_using_payload
#define MEMORY_OBJECT_DESTRUCTOR     pager_end_using(pager_t)
#define MEMORY_OBJECT_IMPORTS        import <pager/private.h>;
