/* SPDX-License-Identifier: GPL-2.0-or-later */
/* personality/tty.c: ioctl, which is mostly about terminals. */
#include "personality/convert.h"
#include "personality/fd.h"
#include "personality/mach.h"
#include "personality/process.h"
#include "personality/rpc.h"
#include "personality/signals.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/errors.h"
#include "hurd/io.h"
#include "hurd/process.h"
#include "hurd/term.h"
#include "hurd/termios.h"
#include "hurd/tioctl.h"

#include <asm/termbits.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>

/* What a file that is no terminal says. */
static long tty_error(kern_return_t kr)
{
    return kr == MIG_BAD_ID || kr == HURD_EOPNOTSUPP ? -ENOTTY
                                                     : linux_error(kr);
}

/* One that may have come from the background: then the group is stopped, and
 * the call made again. */
static long tty_set_error(kern_return_t kr)
{
    if (kr == HURD_EBACKGROUND)
        return signal_background(SIGTTOU) ? -EINTR : -EIO;
    return tty_error(kr);
}

static long tty_get(mach_port_t port, struct termios *to)
{
    struct hurd_termios modes;
    modes_t flags;
    speeds_t speeds;
    kern_return_t kr = tioctl_tiocgeta(port, flags, (char *)modes.c_cc, speeds);

    if (kr)
        return tty_error(kr);
    modes.c_iflag = (uint32_t)flags[0];
    modes.c_oflag = (uint32_t)flags[1];
    modes.c_cflag = (uint32_t)flags[2];
    modes.c_lflag = (uint32_t)flags[3];
    modes.c_ispeed = speeds[0];
    modes.c_ospeed = speeds[1];
    termios_to_linux(&modes, to);
    return 0;
}

static long tty_set(mach_port_t port, const struct termios *from, uint64_t how)
{
    struct hurd_termios modes;
    kern_return_t kr;

    termios_to_hurd(from, &modes);
    modes_t flags = {(int)modes.c_iflag, (int)modes.c_oflag, (int)modes.c_cflag,
                     (int)modes.c_lflag};
    speeds_t speeds = {modes.c_ispeed, modes.c_ospeed};
    const char *characters = (const char *)modes.c_cc;
    if (how == TCSETS)
        kr = tioctl_tiocseta(port, flags, characters, speeds);
    else if (how == TCSETSW)
        kr = tioctl_tiocsetaw(port, flags, characters, speeds);
    else
        kr = tioctl_tiocsetaf(port, flags, characters, speeds);
    return tty_set_error(kr);
}

static long tty_window(mach_port_t port, struct winsize *to)
{
    winsize_t size;
    kern_return_t kr = tioctl_tiocgwinsz(port, &size);

    if (!kr)
        *to = (struct winsize){size.ws_row, size.ws_col, size.ws_xpixel,
                               size.ws_ypixel};
    return tty_error(kr);
}

static long tty_set_window(mach_port_t port, const struct winsize *from)
{
    winsize_t size = {from->ws_row, from->ws_col, from->ws_xpixel,
                      from->ws_ypixel};

    return tty_error(tioctl_tiocswinsz(port, size));
}

/* --- the controlling terminal -------------------------------------------- */

static long tty_group(mach_port_t port, pid_t *to)
{
    int pgrp;
    kern_return_t kr = tioctl_tiocgpgrp(port, &pgrp);

    if (!kr)
        *to = pgrp;
    return tty_error(kr);
}

static long tty_set_group(mach_port_t port, const pid_t *from)
{
    return tty_set_error(tioctl_tiocspgrp(port, *from));
}

/* Takes FILE's terminal for the session's. */
static long tty_control(struct file *file)
{
    mach_port_t ctty, old;
    kern_return_t kr = term_getctty(file->port, &ctty);

    if (kr)
        return tty_error(kr);
    lock_take(&unix_process.lock);
    old = unix_process.cttyid;
    unix_process.cttyid = ctty;
    unix_process.pgrp_generation++;
    lock_release(&unix_process.lock);
    port_deallocate(old);
    file->tty = FILE_TTY_OURS;
    tioctl_tiocspgrp(file->port, process_pid());
    return 0;
}

static long tty_give_up(void)
{
    lock_take(&unix_process.lock);
    mach_port_t old = unix_process.cttyid;
    unix_process.cttyid = MACH_PORT_NULL;
    lock_release(&unix_process.lock);
    port_deallocate(old);
    return old ? 0 : -ENOTTY;
}

static long tty_session(mach_port_t port, pid_t *to)
{
    mach_port_t ctty;
    pid_t sid;
    kern_return_t kr = term_getctty(port, &ctty);

    if (kr)
        return tty_error(kr);
    port_deallocate(ctty);
    if (ctty != unix_process.cttyid)
        return -ENOTTY;
    kr = proc_getsid(unix_process.proc, process_pid(), &sid);
    if (!kr)
        *to = sid;
    return linux_error(kr);
}

/* --- what every file answers --------------------------------------------- */

static long file_readable(mach_port_t port, int *to)
{
    vm_size_t amount;
    kern_return_t kr = io_readable(port, &amount);

    if (!kr)
        *to = amount > 0x7fffffff ? 0x7fffffff : (int)amount;
    return tty_error(kr);
}

static long file_set_nonblocking(struct file *file, int on)
{
    int bit = status_flags_to_hurd(O_NONBLOCK);
    kern_return_t kr = on ? io_set_some_openmodes(file->port, bit)
                          : io_clear_some_openmodes(file->port, bit);

    return linux_error(kr);
}

static long tty_queue(mach_port_t port, int *to)
{
    return tty_error(tioctl_tiocoutq(port, to));
}

/* Linux's 0, 1 and 2 are bits 1 (in), 2 (out) and both on the wire. */
static long tty_flush(mach_port_t port, uint64_t which)
{
    return which > 2 ? -EINVAL
                     : tty_set_error(tioctl_tiocflush(port, (int)which + 1));
}

static long tty_flow(mach_port_t port, uint64_t action)
{
    switch (action) {
    case TCOOFF:
        return tty_error(tioctl_tiocstop(port));
    case TCOON:
        return tty_error(tioctl_tiocstart(port));
    default:
        return -EINVAL;
    }
}

static long file_ioctl(struct file *file, int fd, uint64_t request,
                       uint64_t argument)
{
    mach_port_t port = file->port;
    void *pointer = (void *)argument;

    switch (request) {
    case TCGETS:
        return tty_get(port, pointer);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return tty_set(file_io_port(file), pointer, request);
    case TIOCGWINSZ:
        return tty_window(port, pointer);
    case TIOCSWINSZ:
        return tty_set_window(port, pointer);
    case TIOCGPGRP:
        return tty_group(port, pointer);
    case TIOCSPGRP:
        return tty_set_group(file_io_port(file), pointer);
    case TIOCGSID:
        return tty_session(port, pointer);
    case TIOCSCTTY:
        return tty_control(file);
    case TIOCNOTTY:
        return tty_give_up();
    case TCFLSH:
        return tty_flush(file_io_port(file), argument);
    case TCSBRK:
    case TCSBRKP:
        return tty_error(INTERRUPTIBLE(tioctl_tiocdrain(port)));
    case TCXONC:
        return tty_flow(port, argument);
    case TIOCOUTQ:
        return tty_queue(port, pointer);
    case TIOCSTI:
        return tty_error(tioctl_tiocsti(port, *(char *)pointer));
    case TIOCEXCL:
        return tty_error(tioctl_tiocexcl(port));
    case TIOCNXCL:
        return tty_error(tioctl_tiocnxcl(port));
    case FIONREAD:
        return file_readable(port, pointer);
    case FIONBIO:
        return file_set_nonblocking(file, *(int *)pointer);
    case FIOCLEX:
    case FIONCLEX:
        fd_set_flags(fd, request == FIOCLEX);
        return 0;
    default:
        return -ENOTTY;
    }
}

long sys_ioctl(struct frame *frame)
{
    struct file *file = fd_get((int)ARG1(frame));

    if (!file)
        return -EBADF;
    long result =
        file_ioctl(file, (int)ARG1(frame), (uint32_t)ARG2(frame), ARG3(frame));
    file_put(file);
    return result;
}
