/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/machdev/private.h: between the library's parts. */

#ifndef LIB_MACHDEV_PRIVATE_H
#define LIB_MACHDEV_PRIVATE_H

#include <machdev/machdev.h>

/* What the command line says; null ports were not given. */
struct machdev_options {
    mach_port_t next_task, host_priv, device_master;
    const char *next_option; /* as it was written, for complaints */
};
extern struct machdev_options machdev_options;

extern const struct machdev_ops *machdev_ops;

/* Requests on nodes, if the program has any (node.c). */
extern mach_msg_demuxer_t machdev_node_demuxer;

/* The file system whose control port is FSYS (borrowed) is up, and this is a
 * process: attaches the server and reports to startup. */
void machdev_install(mach_port_t fsys);
void machdev_install_init(void);
/* Whether CLASS is that of the port that startup tells of the end. */
boolean_t machdev_is_notify_class(const struct port_class *class);

#endif
