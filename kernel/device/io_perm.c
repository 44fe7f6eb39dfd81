/* SPDX-License-Identifier: GPL-2.0-or-later */
/* I/O ports: an io_perm is the right to a range of them, which can be given to
 * tasks.  What a task has been given it keeps until that is taken back. */
#include "device/access.h"
#include "device/private.h"
#include "task/task.h"

#include "mach_i386_server.h"

/* PCI's configuration ports, which one at a time may have. */
#define PCI_FIRST 0xcf8
#define PCI_LAST  0xcff

struct io_perm {
    struct ipc_port *port; /* kernel port, owned */
    uint16_t from, to;
};

/* Whose range has the configuration ports, or NULL. */
static struct io_perm *pci_holder;

struct io_perm *convert_port_to_io_perm(ipc_port_t port)
{
    return ipc_kobject_get(port, IKOT_IO_PERM);
}

mach_port_t convert_io_perm_to_port(struct io_perm *perm)
{
    return (mach_port_t)ipc_port_make_send(perm->port);
}

/* Nothing: requests borrow it from its port. */
void io_perm_deallocate(struct io_perm *perm)
{
}

void device_io_perm_no_senders(void *kobject)
{
    struct io_perm *perm = kobject;

    if (pci_holder == perm) {
        pci_holder = NULL;
    }
    ipc_port_dealloc_kernel(perm->port);
    kfree(perm);
}

kern_return_t rpc_i386_io_perm_create(ipc_port_t master, io_port_t from,
                                      io_port_t to, io_perm_t *perm_out)
{
    bool pci = from <= PCI_LAST && to >= PCI_FIRST;
    struct io_perm *perm;

    if (ipc_kobject_type_of(master) != IKOT_MASTER_DEVICE || from > to) {
        return KERN_INVALID_ARGUMENT;
    }
    if (pci && pci_holder != NULL) {
        return KERN_PROTECTION_FAILURE;
    }
    perm = kalloc(sizeof *perm);
    if (perm == NULL) {
        return KERN_RESOURCE_SHORTAGE;
    }
    perm->port = ipc_port_alloc_kernel(IKOT_IO_PERM, perm);
    if (perm->port == NULL) {
        kfree(perm);
        return KERN_RESOURCE_SHORTAGE;
    }
    perm->from = from;
    perm->to = to;
    if (pci) {
        pci_holder = perm;
    }
    *perm_out = perm;
    return KERN_SUCCESS;
}

kern_return_t rpc_i386_io_perm_modify(task_t task, io_perm_t perm,
                                      boolean_t enable)
{
    if (task == NULL || perm == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    if (task->io_ports == NULL) {
        if (!enable) {
            return KERN_SUCCESS;
        }
        task->io_ports = kalloc(IO_PORT_COUNT / 8);
        if (task->io_ports == NULL) {
            return KERN_RESOURCE_SHORTAGE;
        }
    }
    for (unsigned port = perm->from; port <= perm->to; port++) {
        uint8_t bit = (uint8_t)(1u << port % 8);

        if (enable) {
            task->io_ports[port / 8] |= bit;
        } else {
            task->io_ports[port / 8] &= (uint8_t)~bit;
        }
    }
    return KERN_SUCCESS;
}

bool io_ports_allowed(const struct task *task, uint64_t port, unsigned count)
{
    if (task->io_ports == NULL || port + count > IO_PORT_COUNT) {
        return false;
    }
    for (uint64_t at = port; at < port + count; at++) {
        if (!(task->io_ports[at / 8] & 1u << at % 8)) {
            return false;
        }
    }
    return true;
}
