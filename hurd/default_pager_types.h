/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hurd/default_pager_types.h: what default_pager.defs speaks of. */
#ifndef HURD_DEFAULT_PAGER_TYPES_H
#define HURD_DEFAULT_PAGER_TYPES_H

#include <device/device_types.h>
#include <mach/default_pager_types.h>
#include <mach/std_types.h>

typedef recnum_t *recnum_array_t;
typedef const recnum_t *const_recnum_array_t;
typedef vm_size_t *vm_size_array_t;
typedef const vm_size_t *const_vm_size_array_t;

#endif
