/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/irqhelp/irqhelp.c: from the kernel's messages to handlers. */

#include <irqhelp/irqhelp.h>

#include <device/device.h>
#include <device/device_types.h>
#include <hurd/acpi.h>
#include <pthread.h>
#include <stdlib.h>

#define NOTIFY_ID          100
#define DEVICE_INTR_ACK_ID 2814

struct irq {
    mach_port_t device; /* send right, "irq" */
    mach_port_t port;   /* receive right, registered there */
    int gsi;
    void (*handler)(void *); /* null: removed */
    void *context;
    pthread_mutex_t lock; /* held while the handler runs */
    pthread_cond_t changed;
    boolean_t disabled;
};

struct irq_message {
    mach_msg_header_t header;
    mach_msg_type_t type;
    int id;
    char room[64];
};

/* device_intr_ack's request, as MIG has it. */
struct irq_ack {
    mach_msg_header_t header;
    mach_msg_type_t type;
    uint64_t port; /* a name */
};

union irq_buffer {
    struct irq_message message;
    struct irq_ack ack;
};

/* --- which line ------------------------------------------------------------- */

/* A device of the master's, or null. */
static mach_port_t open_device(const char *name)
{
    mach_port_t master = MACH_PORT_NULL, device = MACH_PORT_NULL;

    if (get_privileged_ports(NULL, &master))
        return MACH_PORT_NULL;
    if (device_open(master, D_READ | D_WRITE, (char *)name, &device))
        device = MACH_PORT_NULL;
    mach_port_drop(master);
    return device;
}

static mach_port_t open_acpi(void)
{
    mach_port_t acpi = open_device("acpi"), root;

    if (acpi != MACH_PORT_NULL)
        return acpi;
    root = getcrdir();
    if (root == MACH_PORT_NULL)
        return MACH_PORT_NULL; /* no files yet */
    mach_port_drop(root);
    if (hurd_lookup("/servers/acpi", 0, 0, &acpi))
        return MACH_PORT_NULL;
    return acpi;
}

int irqhelp_pci_gsi(int bus, int dev, int fun)
{
    mach_port_t acpi = open_acpi();
    int gsi = -1;

    if (acpi == MACH_PORT_NULL)
        return -1;
    if (acpi_get_pci_irq(acpi, bus, dev, fun, &gsi))
        gsi = -1;
    mach_port_drop(acpi);
    return gsi;
}

/* --- registration ----------------------------------------------------------- */

static void free_irq(struct irq *irq)
{
    mach_port_drop(irq->device);
    pthread_mutex_destroy(&irq->lock);
    pthread_cond_destroy(&irq->changed);
    free(irq);
}

static struct irq *new_irq(int gsi, void (*handler)(void *), void *context)
{
    struct irq *irq = calloc(1, sizeof *irq);

    if (!irq)
        return NULL;
    irq->gsi = gsi;
    irq->handler = handler;
    irq->context = context;
    pthread_mutex_init(&irq->lock, NULL);
    pthread_cond_init(&irq->changed, NULL);
    irq->device = open_device("irq");
    if (irq->device == MACH_PORT_NULL) {
        mach_complain(0, "no device \"irq\"");
        free_irq(irq);
        return NULL;
    }
    irq->port = mach_reply_port();
    return irq;
}

struct irq *irqhelp_install_interrupt_handler(int gsi, int bus, int dev,
                                              int fun, void (*handler)(void *),
                                              void *context)
{
    struct irq *irq;
    error_t err;

    if (gsi < 0 && bus >= 0 && dev >= 0 && fun >= 0)
        gsi = irqhelp_pci_gsi(bus, dev, fun);
    if (gsi < 0 || !handler) {
        mach_complain(0, "the interrupt line of %d:%d.%d is not known", bus,
                      dev, fun);
        return NULL;
    }
    irq = new_irq(gsi, handler, context);
    if (!irq)
        return NULL;
    err = device_intr_register(irq->device, gsi, 0, irq->port,
                               MACH_MSG_TYPE_MAKE_SEND);
    if (err) {
        mach_complain(err, "registering for interrupt %d", gsi);
        mach_port_destroy_receive(irq->port);
        free_irq(irq);
        return NULL;
    }
    return irq;
}

/* The line's other users go on: a port that dies has acknowledged. */
error_t irqhelp_remove_interrupt_handler(struct irq *irq)
{
    mach_port_t port = irq->port;

    pthread_mutex_lock(&irq->lock);
    irq->handler = NULL;
    pthread_cond_broadcast(&irq->changed);
    pthread_mutex_unlock(&irq->lock);
    mach_port_destroy_receive(port);
    return 0;
}

/* --- the thread ------------------------------------------------------------- */

static boolean_t handle(struct irq *irq)
{
    boolean_t live;

    pthread_mutex_lock(&irq->lock);
    while (irq->disabled && irq->handler)
        pthread_cond_wait(&irq->changed, &irq->lock);
    live = irq->handler != NULL;
    if (live)
        irq->handler(irq->context);
    pthread_mutex_unlock(&irq->lock);
    return live;
}

/* device_intr_ack, which nobody waits for the answer of: it goes out with the
 * wait for the next interrupt. */
static void make_ack(const struct irq *irq, union irq_buffer *buffer)
{
    buffer->ack = (struct irq_ack){
        .header = {.msgh_bits = MACH_MSGH_BITS_COMPLEX |
                                MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
                   .msgh_size = sizeof buffer->ack,
                   .msgh_remote_port = irq->device,
                   .msgh_id = DEVICE_INTR_ACK_ID},
        .type = {.msgt_name = MACH_MSG_TYPE_MAKE_SEND,
                 .msgt_size = 64,
                 .msgt_number = 1,
                 .msgt_inline = TRUE},
        .port = irq->port,
    };
}

void *irqhelp_server_loop(void *arg)
{
    struct irq *irq = arg;
    union irq_buffer buffer;
    mach_msg_size_t ack_size = 0;

    while (!mach_msg(&buffer.message.header,
                     MACH_RCV_MSG | (ack_size ? MACH_SEND_MSG : 0), ack_size,
                     sizeof buffer, irq->port, 0, MACH_PORT_NULL)) {
        ack_size = 0;
        if (buffer.message.header.msgh_id != NOTIFY_ID ||
            buffer.message.id != irq->gsi) {
            mach_msg_destroy(&buffer.message.header);
            continue;
        }
        if (!handle(irq))
            break;
        make_ack(irq, &buffer);
        ack_size = sizeof buffer.ack;
    }
    free_irq(irq);
    return NULL;
}

void irqhelp_enable_irq(struct irq *irq)
{
    pthread_mutex_lock(&irq->lock);
    irq->disabled = FALSE;
    pthread_cond_broadcast(&irq->changed);
    pthread_mutex_unlock(&irq->lock);
}

void irqhelp_disable_irq(struct irq *irq)
{
    pthread_mutex_lock(&irq->lock);
    irq->disabled = TRUE;
    pthread_mutex_unlock(&irq->lock);
}
