/* SPDX-License-Identifier: GPL-2.0-or-later */
/* irq: interrupt lines for drivers in tasks.
 *
 * A driver registers a port for a line.  When the line is raised it is masked
 * and each of its ports gets a message (id 100, with the line's number); when
 * all who got one have acknowledged it, it is unmasked, and if the device still
 * holds it up everything begins again.  A port that dies counts as having
 * acknowledged. */
#include "device/device.h"
#include "device/pc.h"
#include "device/private.h"

#include "device_server.h"

#define NOTIFY_ID   100
#define FLAVOR_MODE 0 /* of get_status: which kind of controller */
#define MODE_APIC   1

struct irq_handler {
    struct list link;
    struct ipc_port *port; /* a send right; its kobject is this */
    unsigned line;
    unsigned unacked;
};

struct irq_line {
    struct list handlers;
    unsigned unacked; /* messages that keep it masked */
    bool level;
};

static struct {
    struct device *device;
    struct irq_line lines[MACHINE_IRQ_COUNT];
} irq;

struct irq_message {
    mach_msg_header_t header;
    mach_msg_type_t type;
    int id;
};

static void send_message(struct irq_handler *handler)
{
    struct irq_message message = {
        .header =
            {
                .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND, 0),
                .msgh_size = 48,
                .msgh_remote_port =
                    (mach_port_t)ipc_port_copy_send(handler->port),
                .msgh_id = NOTIFY_ID,
            },
        .type =
            {
                .msgt_name = MACH_MSG_TYPE_INTEGER_32,
                .msgt_size = 32,
                .msgt_number = 1,
                .msgt_inline = true,
            },
        .id = (int)handler->line,
    };

    _Static_assert(sizeof message == 48, "as drivers expect it");
    ipc_send_from_kernel(&message.header, sizeof message);
}

/* Tells everybody who listens, if the line is up and not masked. */
static void deliver(struct irq_line *line)
{
    struct irq_handler *handler;

    if (!line->level || line->unacked != 0) {
        return;
    }
    list_for_each(&line->handlers, handler, link)
    {
        handler->unacked++;
        line->unacked++;
        send_message(handler);
    }
}

void irq_line_set(unsigned number, bool level)
{
    kassert(number < MACHINE_IRQ_COUNT);
    irq.lines[number].level = level;
    deliver(&irq.lines[number]);
}

static void forget(struct irq_handler *handler)
{
    struct irq_line *line = &irq.lines[handler->line];

    list_remove(&handler->link);
    line->unacked -= handler->unacked;
    ipc_port_release_send(handler->port);
    kfree(handler);
    deliver(line);
}

void device_irq_port_died(void *kobject)
{
    forget(kobject);
}

/* --- RPCs ---------------------------------------------------------------------- */

kern_return_t ds_device_intr_register(device_t device, int id, int flags,
                                      ipc_port_t port)
{
    struct irq_handler *handler;

    if (device == NULL) {
        return D_NO_SUCH_DEVICE;
    }
    if (device != irq.device || flags != 0 || id < 0 ||
        id >= MACHINE_IRQ_COUNT) {
        return D_INVALID_OPERATION;
    }
    /* A port is of one line only, and of no other use to the kernel. */
    if (!ipc_port_active(port) || ipc_kobject_type_of(port) != IKOT_NONE) {
        return D_NO_MEMORY; /* what GNU Mach says to a second registration */
    }
    handler = kalloc(sizeof *handler);
    if (handler == NULL) {
        return D_NO_MEMORY;
    }
    handler->port = port;
    handler->line = (unsigned)id;
    ipc_kobject_set(port, IKOT_IRQ_HANDLER, handler);
    list_append(&irq.lines[id].handlers, &handler->link);
    if (irq.lines[id].level && irq.lines[id].unacked == 0) {
        deliver(&irq.lines[id]);
    }
    return D_SUCCESS;
}

kern_return_t ds_device_intr_ack(device_t device, ipc_port_t port)
{
    struct irq_handler *handler = ipc_kobject_get(port, IKOT_IRQ_HANDLER);

    if (device == NULL) {
        return D_NO_SUCH_DEVICE;
    }
    if (device != irq.device) {
        return D_INVALID_OPERATION;
    }
    if (handler == NULL) {
        return KERN_INVALID_ARGUMENT;
    }
    if (handler->unacked == 0) {
        return D_INVALID_OPERATION;
    }
    handler->unacked--;
    irq.lines[handler->line].unacked--;
    deliver(&irq.lines[handler->line]);
    ipc_port_release_send(port);
    return D_SUCCESS;
}

static kern_return_t irq_get_status(struct device *device, dev_flavor_t flavor,
                                    int *status, mach_msg_type_number_t *count)
{
    if (flavor != FLAVOR_MODE || *count < 1) {
        return D_INVALID_OPERATION;
    }
    status[0] = MODE_APIC;
    *count = 1;
    return D_SUCCESS;
}

static const struct device_ops irq_ops = {
    .get_status = irq_get_status,
};

void irq_init(void)
{
    memset(&irq, 0, sizeof irq);
    for (unsigned i = 0; i < MACHINE_IRQ_COUNT; i++) {
        list_init(&irq.lines[i].handlers);
    }
    irq.device = device_add("irq", &irq_ops);
}

void irq_fini(void)
{
    for (unsigned i = 0; i < MACHINE_IRQ_COUNT; i++) {
        struct list *first;

        irq.lines[i].level = false;
        while ((first = list_first(&irq.lines[i].handlers)) != NULL) {
            struct irq_handler *handler =
                list_entry(first, struct irq_handler, link);

            ipc_kobject_set(handler->port, IKOT_NONE, NULL);
            forget(handler);
        }
    }
}
