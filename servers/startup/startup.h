/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/startup/startup.h: the first process.
 *
 * It starts proc and auth, introduces the servers of the boot to each other,
 * watches those that must not die, runs the system's start-up program, and
 * takes the system down in order.  It is one thread: while it asks another
 * server nobody gets an answer from it, so it only asks servers that do not ask
 * it, and answers some requests out of turn.
 */

#ifndef SERVERS_STARTUP_STARTUP_H
#define SERVERS_STARTUP_STARTUP_H

#include <hurd/hurd_types.h>
#include <mach/mach.h>

/* What all parts share.  Ports are send rights unless said otherwise. */
struct startup {
    mach_port_t port;     /* receive right with one send right: our service */
    mach_port_t open;     /* the same, for those who are not root */
    mach_port_t control;  /* receive right: as translator */
    mach_port_t bootport; /* the root file system's control port */
    mach_port_t host_priv, device_master, fstask;
    mach_port_t proctask, authtask;
    mach_port_t procserver, authserver;
    mach_port_t kernel_task; /* or null */
    char *boot_args;         /* argz of the kernel's command line */
    size_t boot_args_size;
    char **argv, **envp;
    pid_t child_pid; /* the system's start-up program, or 0 */
};
extern struct startup self;

/* --- boot.c --------------------------------------------------------------- */

/* Runs SERVER with a task of its own. */
error_t boot_server(const char *server, task_t *task);
/* Both proc and auth have come, whose reply ports are given. */
void boot_introduce(mach_port_t proc_reply, mach_msg_type_name_t proc_type,
                    mach_port_t auth_reply, mach_msg_type_name_t auth_type);
/* All essential servers have reported. */
void boot_finish(void);

/* --- launch.c ------------------------------------------------------------- */

/* Runs the system's start-up program, or the next one to try. */
void launch_something(void);
/* Our child PID ended. */
void launch_child_ended(pid_t pid, int status);

/* --- essential.c ----------------------------------------------------------- */

/* Consumes TASK. */
error_t essential_record(const char *name, task_t task);
boolean_t essential_died(mach_port_t name);
/* Consumes NOTIFY.  All who are not TRUSTED are told first, and together have
 * little time. */
error_t notify_record(const char *name, mach_port_t notify, boolean_t trusted);
boolean_t notify_died(mach_port_t name);
/* Tells all who asked, then stops or restarts the machine; HURD_RB_... */
/* Asks to be told when the host wants the machine to end. */
void watch_power(void);
/* Without WHAT there is no system: says so and halts. */
void boot_failed(error_t err, const char *what) __attribute__((noreturn));
void reboot_system(int flags) __attribute__((noreturn));
/* Asks for a dead-name notification on our port. */
error_t watch(mach_port_t name);

extern boolean_t booted;

#endif
