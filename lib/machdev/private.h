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
/* Who may open devices by way of an open of a node: nobody, whoever may write
 * there (the server's own devices), or root (all that the device master has).
 * Control ports are root's. */
enum machdev_rights { MACHDEV_NONE, MACHDEV_OWN, MACHDEV_ALL };
extern enum machdev_rights (*machdev_node_rights)(mach_port_t port);
/* Whether CLASS is that of the stage's own port. */
boolean_t machdev_is_stage_class(const struct port_class *class);

/* A request on a device master; false if it is none (master.c). */
boolean_t machdev_master_demuxer(mach_msg_header_t *in, mach_msg_header_t *out,
                                 mach_port_t port,
                                 const struct port_class *class);

/* The file system whose control port is FSYS (borrowed) is up, and this is a
 * process: attaches the server and reports to startup. */
void machdev_install(mach_port_t fsys);
void machdev_install_init(void);
/* Whether CLASS is that of the port that startup tells of the end. */
boolean_t machdev_is_notify_class(const struct port_class *class);

#endif
