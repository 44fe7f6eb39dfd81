/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/term/ioctl.c: ioctls, and the calls of terminals' own. */

#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <hurd/signal.h>
#include <stdlib.h>
#include <string.h>
#include <term/term.h>
#include <term/term_S.h>
#include <term/tioctl_S.h>

#define FLUSH_READ  1
#define FLUSH_WRITE 2

#define CHECK(cred)                                                            \
    do {                                                                       \
        if (!(cred))                                                           \
            return HURD_EOPNOTSUPP;                                            \
    } while (0)

#define CHECK_OPEN(cred)                                                       \
    do {                                                                       \
        CHECK(cred);                                                           \
        if (!((cred)->po->openmodes & (HO_READ | HO_WRITE)))                   \
            return HURD_EBADF;                                                 \
    } while (0)

/* --- modes ---------------------------------------------------------------- */

kern_return_t S_tioctl_tiocgeta(trivfs_protid_t cred, modes_t modes, ccs_t ccs,
                                speeds_t speeds)
{
    CHECK(cred);
    pthread_mutex_lock(&term.lock);
    modes[0] = term.modes.c_iflag;
    modes[1] = term.modes.c_oflag;
    modes[2] = term.modes.c_cflag;
    modes[3] = term.modes.c_lflag;
    memcpy(ccs, term.modes.c_cc, HT_NCCS);
    speeds[0] = term.modes.c_ispeed;
    speeds[1] = term.modes.c_ospeed;
    pthread_mutex_unlock(&term.lock);
    return 0;
}

static error_t set_modes(trivfs_protid_t cred, const int *modes,
                         const char *ccs, const int *speeds, boolean_t flush)
{
    struct hurd_termios new = {
        .c_iflag = modes[0],
        .c_oflag = modes[1],
        .c_cflag = modes[2],
        .c_lflag = modes[3],
        .c_ispeed = speeds[0],
        .c_ospeed = speeds[1],
    };

    CHECK_OPEN(cred);
    memcpy(new.c_cc, ccs, HT_NCCS);
    if (new.c_cflag & HT_CIGNORE)
        new.c_cflag = term.modes.c_cflag;
    pthread_mutex_lock(&term.lock);
    if (flush)
        line_flush_input();
    line_set_modes(&new);
    pthread_mutex_unlock(&term.lock);
    return 0;
}

kern_return_t S_tioctl_tiocseta(trivfs_protid_t cred, const modes_t modes,
                                const ccs_t ccs, const speeds_t speeds)
{
    return set_modes(cred, modes, ccs, speeds, FALSE);
}

/* Output is written at once, so there is nothing to drain. */
kern_return_t S_tioctl_tiocsetaw(trivfs_protid_t cred, const modes_t modes,
                                 const ccs_t ccs, const speeds_t speeds)
{
    return set_modes(cred, modes, ccs, speeds, FALSE);
}

kern_return_t S_tioctl_tiocsetaf(trivfs_protid_t cred, const modes_t modes,
                                 const ccs_t ccs, const speeds_t speeds)
{
    return set_modes(cred, modes, ccs, speeds, TRUE);
}

kern_return_t S_tioctl_tiocgetd(trivfs_protid_t cred, int *discipline)
{
    CHECK(cred);
    *discipline = 0;
    return 0;
}

kern_return_t S_tioctl_tiocdrain(trivfs_protid_t cred)
{
    CHECK_OPEN(cred);
    return 0;
}

kern_return_t S_tioctl_tiocflush(trivfs_protid_t cred, int which)
{
    CHECK_OPEN(cred);
    pthread_mutex_lock(&term.lock);
    if (which == 0 || which & FLUSH_READ)
        line_flush_input();
    pthread_mutex_unlock(&term.lock);
    return 0;
}

kern_return_t S_tioctl_tiocoutq(trivfs_protid_t cred, int *size)
{
    CHECK(cred);
    *size = 0;
    return 0;
}

static error_t set_stopped(trivfs_protid_t cred, boolean_t stopped)
{
    CHECK_OPEN(cred);
    pthread_mutex_lock(&term.lock);
    term.stopped = stopped;
    pthread_cond_broadcast(&term.output);
    pthread_cond_broadcast(&term.input); /* selects */
    pthread_mutex_unlock(&term.lock);
    return 0;
}

kern_return_t S_tioctl_tiocstart(trivfs_protid_t cred)
{
    return set_stopped(cred, FALSE);
}

kern_return_t S_tioctl_tiocstop(trivfs_protid_t cred)
{
    return set_stopped(cred, TRUE);
}

kern_return_t S_tioctl_tiocsti(trivfs_protid_t cred, char c)
{
    CHECK(cred);
    if (!cred->isroot)
        return HURD_EPERM;
    pthread_mutex_lock(&term.lock);
    line_input(c);
    pthread_mutex_unlock(&term.lock);
    return 0;
}

static error_t set_exclusive(trivfs_protid_t cred, boolean_t exclusive)
{
    CHECK_OPEN(cred);
    term.exclusive = exclusive;
    return 0;
}

kern_return_t S_tioctl_tiocexcl(trivfs_protid_t cred)
{
    return set_exclusive(cred, TRUE);
}

kern_return_t S_tioctl_tiocnxcl(trivfs_protid_t cred)
{
    return set_exclusive(cred, FALSE);
}

/* --- size and foreground -------------------------------------------------- */

kern_return_t S_tioctl_tiocgwinsz(trivfs_protid_t cred, winsize_t *size)
{
    CHECK(cred);
    pthread_mutex_lock(&term.lock);
    struct hurd_winsize old = term.size;
    device_window(); /* nothing tells us when it changes */
    if (memcmp(&old, &term.size, sizeof old) != 0 && !term.is_terminal)
        term.size = old;
    *size = term.size;
    pthread_mutex_unlock(&term.lock);
    return 0;
}

kern_return_t S_tioctl_tiocswinsz(trivfs_protid_t cred, winsize_t size)
{
    CHECK_OPEN(cred);
    pthread_mutex_lock(&term.lock);
    if (memcmp(&size, &term.size, sizeof size) != 0) {
        term.size = size;
        signal_foreground(HSIGWINCH);
    }
    pthread_mutex_unlock(&term.lock);
    return 0;
}

kern_return_t S_tioctl_tiocspgrp(trivfs_protid_t cred, int pgrp)
{
    CHECK_OPEN(cred);
    pthread_mutex_lock(&term.lock);
    term.foreground = -pgrp;
    pthread_cond_broadcast(&term.input);
    pthread_mutex_unlock(&term.lock);
    return 0;
}

kern_return_t S_tioctl_tiocgpgrp(trivfs_protid_t cred, int *pgrp)
{
    CHECK(cred);
    if (term.foreground >= 0)
        return HURD_ENOTTY;
    *pgrp = -term.foreground;
    return 0;
}

/* --- modem lines: a console has none -------------------------------------- */

kern_return_t S_tioctl_tiocmget(trivfs_protid_t cred, int *bits)
{
    CHECK(cred);
    *bits = 0;
    return 0;
}

/* --- term ----------------------------------------------------------------- */

port_info_t begin_using_ctty(mach_port_t port)
{
    return ports_lookup_port(term_bucket, port, ctty_class);
}

port_info_t begin_using_ctty_payload(uint64_t payload)
{
    return ports_lookup_payload(term_bucket, payload, ctty_class);
}

void end_using_ctty(port_info_t ctty)
{
    if (ctty)
        ports_port_deref(ctty);
}

kern_return_t S_term_getctty(trivfs_protid_t cred, mach_port_t *ctty,
                             mach_msg_type_name_t *type)
{
    CHECK(cred);
    if (!may_have_id(cred))
        return HURD_EBADF;
    *ctty = ports_get_right(term.ctty);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    return 0;
}

kern_return_t S_term_open_ctty(trivfs_protid_t cred, pid_t pid, pid_t pgrp,
                               mach_port_t *port, mach_msg_type_name_t *type)
{
    struct trivfs_protid *new;
    struct opener *opener;
    error_t err;

    CHECK_OPEN(cred);
    if (pid <= 0 || pgrp <= 0)
        return HURD_EINVAL;
    opener = calloc(1, sizeof *opener);
    if (!opener)
        return HURD_ENOMEM;
    err = trivfs_protid_dup(cred, &new);
    if (err) {
        free(opener);
        return err;
    }
    *opener = (struct opener){pid, pgrp};
    free(new->hook);
    new->hook = opener;
    *port = ports_get_right(new);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(new);
    return 0;
}

kern_return_t S_termctty_open_terminal(port_info_t ctty, int flags,
                                       mach_port_t *port,
                                       mach_msg_type_name_t *type)
{
    struct trivfs_protid *new;
    struct iouser *nobody;
    error_t err = 0;

    CHECK(ctty);
    mach_port_t real = MACH_PORT_NULL;
    if (term.control->underlying != MACH_PORT_NULL)
        err =
            io_restrict_auth(term.control->underlying, &real, NULL, 0, NULL, 0);
    if (err)
        return err;
    err = iohelp_create_empty_iouser(&nobody);
    if (err) {
        mach_port_drop(real);
        return err;
    }
    err = trivfs_open(term.control, nobody, flags & HO_HURD, real, &new);
    if (err) {
        iohelp_free_iouser(nobody);
        mach_port_drop(real);
        return err;
    }
    new->po->hook = &term;
    *port = ports_get_right(new);
    *type = MACH_MSG_TYPE_MAKE_SEND;
    ports_port_deref(new);
    return 0;
}

kern_return_t S_term_get_nodename(trivfs_protid_t cred, string_t name)
{
    CHECK(cred);
    if (!term.name[0])
        return HURD_ENOENT;
    mig_strncpy(name, term.name, sizeof(string_t));
    return 0;
}

kern_return_t S_term_set_nodename(trivfs_protid_t cred, const_string_t name)
{
    CHECK(cred);
    if (!cred->isroot)
        return HURD_EPERM;
    mig_strncpy(term.name, name, sizeof term.name);
    return 0;
}

kern_return_t S_term_get_bottom_type(trivfs_protid_t cred, int *type)
{
    CHECK(cred);
    *type = TERM_ON_MACHDEV;
    return 0;
}
