/* SPDX-License-Identifier: GPL-2.0-or-later */
/* device/device.h: the devices of the device master port, as the rest of the
 * kernel uses them.  Nothing here blocks. */
#ifndef DEVICE_DEVICE_H
#define DEVICE_DEVICE_H

#include "core/core.h"
#include "ipc/port.h"

struct task;

/* A send right to the device master port. */
struct ipc_port *device_master_send_right(void);

/* Room for input; when there is none platform_console_resume will follow. */
size_t device_console_room(void);
void device_console_input(const char *text, size_t size_bytes);
void device_console_resized(void);
/* The host wants the machine to end: true if somebody reads the power device
 * and will see to it. */
bool device_power_pressed(void);
/* Whether somebody waits for what is typed, or for the button. */
bool device_waits_for_people(void);
/* Whether a disk has been asked for something and has not answered. */
bool device_is_busy(void);
/* A request of platform_disk_submit has finished. */
void device_disk_done(void *cookie, int status);
/* A disk's medium is gone for good. */
void device_disk_gone(unsigned disk);
/* TASK ends, and still has all its memory: devices that it drives stop. */
void device_task_ends(struct task *task);
/* A port that a driver registered for interrupts has died. */
void device_irq_port_died(void *kobject);
/* The last send right of a device's or io_perm's port is gone. */
void device_no_senders(struct ipc_port *port, enum ipc_kobject_type type,
                       void *kobject);

/* The console's window size, a status flavor of ours: rows and columns. */
#define DEVICE_TTY_WINDOW       (('t' << 16) + 0x100)
#define DEVICE_TTY_WINDOW_COUNT 2
/* Set: whether what is written is shown, or only kept in the message log (see
 * `quiet' in core/kernel.h). */
#define DEVICE_TTY_SHOWN       (('t' << 16) + 0x101)
#define DEVICE_TTY_SHOWN_COUNT 1

/* Brings the mapped time up to date; the end of each kernel entry. */
void device_clock_settle(void);

void device_module_init(void);
void device_module_fini(void);

#endif
