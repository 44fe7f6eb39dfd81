/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/irqhelp/irqhelp.h: interrupts for a driver in a task.
 *
 * The kernel's device "irq" masks a line and sends a message to each port that
 * is registered for it; when all have acknowledged, the line is unmasked.  Here
 * is the thread in between: it receives, runs the handler, acknowledges.
 * Several may have the same line.  Names and contracts are the Hurd's.
 */
#ifndef LIB_IRQHELP_IRQHELP_H
#define LIB_IRQHELP_IRQHELP_H

#include <hurd/libhurd.h>

struct irq;

/* The interrupt line of a PCI function as ACPI tells it, from the device "acpi"
 * of the device master or from /servers/acpi; -1 if there is neither. */
int irqhelp_pci_gsi(int bus, int dev, int fun);

/* Registers HANDLER for line GSI, or, if that is -1, for the line that
 * irqhelp_pci_gsi finds.  It runs once irqhelp_server_loop does.  NULL if it
 * cannot be had, after saying why. */
struct irq *irqhelp_install_interrupt_handler(int gsi, int bus, int dev,
                                              int fun, void (*handler)(void *),
                                              void *context);
/* HANDLER is not called any more, and does not run when this returns; not from
 * within it.  IRQ is the loop's own then, which frees it and ends. */
error_t irqhelp_remove_interrupt_handler(struct irq *irq);

/* The body of a thread for IRQ, as pthread_create wants it. */
void *irqhelp_server_loop(void *irq);

/* While disabled interrupts wait, and with them all who share the line. */
void irqhelp_enable_irq(struct irq *irq);
void irqhelp_disable_irq(struct irq *irq);

#endif
