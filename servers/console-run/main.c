/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/console-run/main.c: runs a program on the console as its terminal.
 *
 *     console-run PROGRAM [ARGUMENT...]
 *
 * The terminal is what /dev/console already is, or becomes: if it is no
 * terminal, /hurd/term is started there on the Mach console.  If the node
 * cannot take a translator, the terminal stays without a name.
 */

#include <argz.h>
#include <fshelp/fshelp.h>
#include <hurd/fs.h>
#include <hurd/fsys.h>
#include <hurd/libhurd.h>
#include <hurd/process.h>
#include <hurd/term.h>
#include <hurd/tioctl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONSOLE    "/dev/console"
#define TERM       "/hurd/term"
#define START_MS   60000
#define OPEN_FLAGS (HO_READ | HO_WRITE)

/* Is the open FILE a terminal? */
static boolean_t is_terminal(io_t file)
{
    mach_port_t ctty;

    if (term_getctty(file, &ctty))
        return FALSE;
    mach_port_drop(ctty);
    return TRUE;
}

static error_t open_node(int flags, file_t *node, mach_msg_type_name_t *kind,
                         task_t task, void *cookie)
{
    *kind = MACH_MSG_TYPE_COPY_SEND;
    *node = *(file_t *)cookie;
    return 0;
}

/* Starts the terminal on NODE (borrowed; may be null). */
static error_t start_term(file_t node, fsys_t *control)
{
    static const char argz[] = TERM "\0" CONSOLE "\0device\0console";

    return fshelp_start_translator(open_node, &node, TERM, argz, sizeof argz,
                                   START_MS, control);
}

static error_t make_node(file_t *node)
{
    error_t err = hurd_lookup(CONSOLE, HO_NOTRANS, 0, node);

    if (err == HURD_ENOENT)
        err = hurd_lookup(CONSOLE, HO_NOTRANS | HO_CREAT, 0600, node);
    return err;
}

/* Opens the root of a translator that no name leads to. */
static error_t open_root(fsys_t control, io_t *tty)
{
    uid_t uid = 0;
    gid_t gid = 0;
    retry_type retry;
    string_t name;
    mach_port_t dotdot = getcrdir();
    error_t err = fsys_getroot(control, dotdot, MACH_MSG_TYPE_COPY_SEND, &uid,
                               1, &gid, 1, OPEN_FLAGS, &retry, name, tty);

    mach_port_drop(dotdot);
    return err ? err : hurd_lookup_retry(retry, name, OPEN_FLAGS, 0, tty);
}

static error_t open_console(io_t *tty)
{
    file_t node = MACH_PORT_NULL;
    fsys_t control = MACH_PORT_NULL;
    error_t err;

    if (!hurd_lookup(CONSOLE, OPEN_FLAGS, 0, tty)) {
        if (is_terminal(*tty))
            return 0;
        mach_port_drop(*tty);
    }
    err = make_node(&node);
    if (err) {
        mach_complain(err, CONSOLE);
        node = MACH_PORT_NULL;
    }
    err = start_term(node, &control);
    if (err)
        return err;
    if (node != MACH_PORT_NULL) {
        err = file_set_translator(node, 0, FS_TRANS_SET, 0, NULL, 0, control,
                                  MACH_MSG_TYPE_COPY_SEND);
        if (err)
            mach_complain(err, CONSOLE ": setting the translator");
    }
    err = open_root(control, tty);
    mach_port_drop(node);
    mach_port_drop(control);
    return err;
}

/* Makes TTY the controlling terminal of this process's new session; *OPENED is
 * the terminal as such. */
static error_t take_control(io_t tty, io_t *opened, mach_port_t *ctty)
{
    mach_port_t proc = getproc(), auth = getauth(), raw;
    pid_t pid, ppid;
    int orphaned;
    error_t err;

    proc_setsid(proc); /* fails if it leads one already */
    err = proc_getpids(proc, &pid, &ppid, &orphaned);
    if (!err)
        err = term_getctty(tty, ctty);
    if (!err)
        err = term_open_ctty(tty, pid, pid, &raw);
    if (!err) {
        err = hurd_reauthenticate(raw, auth, opened);
        if (err) {
            *opened = raw;
            err = 0;
        } else {
            mach_port_drop(raw);
        }
    }
    if (!err)
        tioctl_tiocspgrp(tty, pid);
    mach_port_drop(auth);
    mach_port_drop(proc);
    return err;
}

static error_t run(char **argv, io_t tty, mach_port_t ctty)
{
    mach_port_t fds[3] = {tty, tty, tty};
    mach_port_t ports[INIT_PORT_MAX];
    int ints[INIT_INT_MAX];
    char *argz, *envz;
    size_t argz_size, envz_size;
    file_t file;
    error_t err = hurd_lookup(argv[0], HO_EXEC, 0, &file);

    if (err)
        return err;
    for (int i = 0; i < INIT_PORT_MAX; i++)
        ports[i] = i == INIT_PORT_CTTYID      ? ctty
                   : i == INIT_PORT_BOOTSTRAP ? MACH_PORT_NULL
                                              : hurd_get_port(i);
    for (int i = 0; i < INIT_INT_MAX; i++)
        ints[i] = hurd_get_int(i);
    if (argz_create(argv, &argz, &argz_size) ||
        argz_create(environ, &envz, &envz_size))
        return HURD_ENOMEM;
    return hurd_exec(file, mach_task_self(), 0, argv[0], argz, argz_size, envz,
                     envz_size, fds, 3, ports, ints);
}

int main(int argc, char **argv)
{
    mach_port_t ctty = MACH_PORT_NULL;
    io_t tty, opened = MACH_PORT_NULL;
    error_t err;

    if (argc < 2)
        mach_die(0, "usage: console-run PROGRAM [ARGUMENT...]");
    err = open_console(&tty);
    if (err)
        mach_die(err, CONSOLE);
    err = take_control(tty, &opened, &ctty);
    if (err) {
        mach_complain(err, "taking control of the terminal");
        opened = tty;
    }
    err = run(argv + 1, opened, ctty);
    mach_die(err, "%s", argv[1]);
}
