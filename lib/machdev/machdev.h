/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/machdev/machdev.h: servers of devices, and the chain that they form at
 * boot (HURD-FACTS 4.2 and 4.3).
 *
 * A stage of the chain is started by the one before it, whose port is its
 * bootstrap port, and starts the next one.  Its own port is the next one's
 * device master: a device that it does not have is asked for at its own device
 * master, and so on to the kernel's.  When the file system at the end of the
 * chain is up, every stage becomes a process, attaches itself to its nodes and
 * reports to startup.
 *
 * The same program is an ordinary translator when it is started by a file
 * system: then there is no next task, and no stage port.
 *
 * Requests run in many threads at once.  Errors are the wire's.
 */
#ifndef LIB_MACHDEV_MACHDEV_H
#define LIB_MACHDEV_MACHDEV_H

#include <argp.h>
#include <device/device_types.h>
#include <hurd/libhurd.h>
#include <ports/ports.h>

/* What a server says of itself.  All functions but `control' and `translate'
 * may be null. */
struct machdev_ops {
    const char *name; /* "rumpdisk" */
    /* Where it is attached when the file system is up, null at the end; a node
     * that is missing is made. */
    const char *const *nodes;
    /* Its own start, when the privileged ports are known and the next task
     * runs, before any request is answered.  A failure ends the boot: it says
     * what failed, machdev adds the error unless it is MACHDEV_TOLD. */
    error_t (*init)(void);
    /* Opens the device NAME for MODE (D_READ, D_WRITE): a new send right, the
     * caller's.  D_NO_SUCH_DEVICE: the next master is asked. */
    error_t (*open)(const char *name, dev_mode_t mode, mach_port_t *device);
    /* Requests on the server's own ports in machdev_bucket. */
    mach_msg_demuxer_t demuxer;
    /* The system goes down: everything to the medium. */
    void (*sync)(void);
    /* More to do when it is attached to its nodes. */
    error_t (*install)(void);
    /* The control port for the node UNDERLYING (consumed): a new send right.  A
     * server of devices takes machdev_node_control. */
    error_t (*control)(file_t underlying, mach_port_t *control);
    /* Tells BOOTSTRAP (borrowed) that this translator is there.  A server of
     * devices takes machdev_node_translate. */
    error_t (*translate)(mach_port_t bootstrap);
};

/* What init returns when it has said itself what was wrong. */
#define MACHDEV_TOLD HURD_EGRATUITOUS

/* The options of a stage, for the child list of a program's own argp:
 * --next-task=N (-N; also --disk-server-task, --fs-server-task),
 * --host-priv-port=N (-H, -h), --device-master-port=N (-P, -d). */
extern const struct argp machdev_argp;

/* Everything after the options: never returns. */
_Noreturn void machdev_run(const struct machdev_ops *ops);

/* Whether this is a stage of the boot. */
boolean_t machdev_is_stage(void);
/* The privileged ports: borrowed, null before machdev_run. */
mach_port_t machdev_host_priv(void);
mach_port_t machdev_device_master(void);

/* What machdev_run serves. */
extern struct port_bucket *machdev_bucket;
/* Objects of CLASS (in machdev_bucket) answer device_open as the stage does. */
void machdev_opens_devices(struct port_class *class);

/* A memory object of SIZE bytes of physical memory from BASE on, both of whole
 * pages, by the device "mem" of MASTER (borrowed): a new send right. */
error_t machdev_physical_object(mach_port_t master, uint64_t base,
                                uint64_t size, vm_prot_t prot,
                                mach_port_t *object);
/* Maps such memory for reading, from any BASE; *ADDRESS is that of BASE. */
error_t machdev_map_physical(mach_port_t master, uint64_t base, uint64_t size,
                             const void **address);
/* Gives this task the I/O ports FROM ... TO; *PORTS is the right to them, to be
 * kept as long as they are used, and dropped by the second function. */
error_t machdev_take_io_ports(mach_port_t master, unsigned from, unsigned to,
                              mach_port_t *ports);
void machdev_drop_io_ports(mach_port_t ports);

/* "NAME: text: error", then the end: of the system if this is a stage. */
_Noreturn void machdev_die(error_t err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A node whose every open answers device_open (lib/trivfs). */
error_t machdev_node_control(file_t underlying, mach_port_t *control);
error_t machdev_node_translate(mach_port_t bootstrap);

#endif
