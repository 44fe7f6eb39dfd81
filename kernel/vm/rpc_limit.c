/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm/rpc_limit.c: how much a map may grow (kernel/mig/gnumach_limits.defs). */
#include "vm/entry.h"
#include "vm/rpc.h"

#include "gnumach_limits_server.h"

kern_return_t rpc_vm_set_size_limit(ipc_port_t host, vm_map_t map,
                                    vm_size_t current, vm_size_t maximum)
{
    bool privileged = ipc_kobject_type_of(host) == IKOT_HOST_PRIV;

    if (!privileged && ipc_kobject_type_of(host) != IKOT_HOST)
        return KERN_INVALID_HOST;
    if (!map)
        return KERN_INVALID_TASK;
    if (current > maximum)
        return KERN_INVALID_ARGUMENT;
    if (maximum > map->size_limit_max && !privileged)
        return KERN_NO_ACCESS;
    map->size_limit = current;
    map->size_limit_max = maximum;
    return KERN_SUCCESS;
}

kern_return_t rpc_vm_get_size_limit(vm_map_t map, vm_size_t *current,
                                    vm_size_t *maximum)
{
    if (!map)
        return KERN_INVALID_TASK;
    *current = map->size_limit;
    *maximum = map->size_limit_max;
    return KERN_SUCCESS;
}
