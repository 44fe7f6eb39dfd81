/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/hurd/libhurd.h: what a C library does on the Hurd, for programs whose C
 * library is another one.
 *
 * The ports that make a process (root, working directory, auth, proc) arrive
 * with the start-up information, or are set by a boot server when it has them.
 * Functions that return a port return a new user reference of a send right,
 * which the caller owns, or null.  Errors are the Hurd's.  Everything that
 * sends a message may wait for the server it talks to.
 */

#ifndef LIB_HURD_LIBHURD_H
#define LIB_HURD_LIBHURD_H

#include <hurd/fcntl.h>
#include <hurd/hurd_types.h>
#include <hurd/startup_info.h>
#include <mach/mach.h>
#include <stdarg.h>

/* --- the process ---------------------------------------------------------- */

/* Runs by itself before main. */
void hurd_init(void);
/* What the program was started with, or null if nothing was said. */
const struct hurd_startup_info *hurd_startup(void);

/* The bootstrap port: that of the start-up information, else the task's. */
mach_port_t hurd_bootstrap_port(void);

/* The slot INIT_PORT_...; and its replacement: consumes PORT. */
mach_port_t hurd_get_port(int which);
void hurd_set_port(int which, mach_port_t port);
static inline mach_port_t getauth(void)
{
    return hurd_get_port(INIT_PORT_AUTH);
}
static inline mach_port_t getproc(void)
{
    return hurd_get_port(INIT_PORT_PROC);
}
static inline mach_port_t getcwdir(void)
{
    return hurd_get_port(INIT_PORT_CWDIR);
}
static inline mach_port_t getcrdir(void)
{
    return hurd_get_port(INIT_PORT_CRDIR);
}
static inline mach_port_t getcttyid(void)
{
    return hurd_get_port(INIT_PORT_CTTYID);
}
/* Descriptor FD as it arrived. */
mach_port_t hurd_get_fd(int fd);
int hurd_fd_count(void);
int hurd_get_int(int which);

/* Makes the handle AUTH (consumed) the process's, and asks root, working
 * directory and proc for ports that honour it. */
error_t hurd_set_auth(auth_t auth);

/* A boot server that got its ports late: takes over PORTS (INIT_PORT_...,
 * rights consumed, null ones leave the slot) and starts a thread that answers
 * msg calls, registered with proc. */
error_t hurd_become_process(mach_port_t *ports, unsigned count);
/* Tells proc where main's arguments stand, which is what `ps' shows. */
void hurd_tell_arguments(void);
/* What main gets as argv. */
char **hurd_arguments(void);
/* The thread alone; needs INIT_PORT_PROC. */
error_t hurd_start_msgport(void);

/* host-priv and device master: those that hurd_set_privileged_ports noted, or
 * what proc answers.  Either pointer may be null. */
error_t get_privileged_ports(mach_port_t *host_priv,
                             mach_port_t *device_master);
/* Consumes both. */
void hurd_set_privileged_ports(mach_port_t host_priv,
                               mach_port_t device_master);

/* --- the chain of the boot's servers (HURD-FACTS 4) ------------------------ */

/* Asks the server behind BOOTSTRAP (borrowed) for the privileged ports and
 * notes them as hurd_set_privileged_ports does; *PARENT gets its task. */
error_t hurd_ask_privileged_ports(mach_port_t bootstrap, task_t *parent);
/* Makes the server behind BOOTSTRAP, whose task is PARENT (both borrowed), a
 * process, and hands it its process port and this process's auth handle;
 * returns when it has done its part. */
error_t hurd_introduce_parent(mach_port_t bootstrap, task_t parent);
/* For a server of the boot that looks at its options: if it exits before it is a
 * process, the system stops. */
void hurd_stop_system_on_exit(void);

/* --- files ---------------------------------------------------------------- */

/* Opens NAME with the wire's flags (HO_...); relative names start at the
 * working directory, or at DIR (borrowed). */
error_t hurd_lookup(const char *name, int flags, mode_t mode, file_t *file);
error_t hurd_lookup_under(file_t dir, const char *name, int flags, mode_t mode,
                          file_t *file);
/* The same with another process's ports, borrowed: what it could not open, this
 * cannot either. */
error_t hurd_lookup_as(const mach_port_t ports[INIT_PORT_MAX], const char *name,
                       int flags, mode_t mode, file_t *file);
/* Carries on with an answer of dir_lookup or fsys_getroot; RETRY_NAME is
 * overwritten, *FILE consumed and replaced. */
error_t hurd_lookup_retry(retry_type doretry, char retry_name[1024], int flags,
                          mode_t mode, file_t *file);
/* The directory that NAME's last component is in, and that component. */
error_t hurd_split(const char *name, file_t *dir, const char **base);
/* The Hurd's own calls; they leave the error in hurd_errno. */
extern __thread error_t hurd_errno;
file_t file_name_lookup(const char *name, int flags, mode_t mode);
file_t file_name_lookup_under(file_t dir, const char *name, int flags,
                              mode_t mode);

/* The client's half of a reauthentication of PORT (borrowed) with AUTH. */
error_t hurd_reauthenticate(io_t port, auth_t auth, io_t *result);

/* Writes all of DATA at the file pointer; formatted output of some 1000
 * bytes. */
error_t hurd_write(io_t file, const char *data, size_t length);
error_t hurd_printf(io_t file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- programs ------------------------------------------------------------- */

/* Runs FILE in TASK by file_exec_paths.  All rights are borrowed.  PORTS are
 * INIT_PORT_MAX entries, INTS INIT_INT_MAX. */
error_t hurd_exec(file_t file, task_t task, int flags, const char *path,
                  const char *argv, size_t argv_size, const char *envp,
                  size_t envp_size, mach_port_t *fds, unsigned fd_count,
                  mach_port_t *ports, int *ints);

/* A new task without threads or memory that is this process's child; the
 * caller owns the task right, and the proc right if CHILD_PROC is not null. */
error_t hurd_make_child(task_t *task, process_t *child_proc);

/* Posts SIG to PID on the strength of the process's rights over it. */
error_t hurd_sig_post(pid_t pid, int sig);

/* Tells startup that this task must not die, under NAME. */
error_t hurd_mark_essential(const char *name);
/* The release and version that servers tell proc. */
#define HURD_RELEASE "0.9"
#define HURD_VERSION "HELL"
error_t hurd_register_version(const char *name);

#endif
