/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/hurd/io.c: asking servers to honour an auth handle; running programs;
 * writing. */

#include <hurd/auth.h>
#include <hurd/fs.h>
#include <hurd/io.h>
#include <hurd/libhurd.h>
#include <hurd/msg.h>
#include <hurd/process.h>
#include <stdio.h>
#include <string.h>

error_t hurd_reauthenticate(io_t port, auth_t auth, io_t *result)
{
    mach_port_t rend = mach_reply_port();
    error_t err = io_reauthenticate(port, rend, MACH_MSG_TYPE_MAKE_SEND);

    if (!err)
        do
            err = auth_user_authenticate(auth, rend, MACH_MSG_TYPE_MAKE_SEND,
                                         result);
        while (err == HURD_EINTR);
    mach_port_destroy_receive(rend);
    return err;
}

error_t hurd_write(io_t file, const char *data, size_t length)
{
    while (length > 0) {
        vm_size_t written = 0;
        error_t err = io_write(file, data, length, -1, &written);
        if (err)
            return err;
        if (written == 0 || written > length)
            return HURD_EIO;
        data += written;
        length -= written;
    }
    return 0;
}

error_t hurd_printf(io_t file, const char *format, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, format);
    int n = vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (n < 0)
        return HURD_EINVAL;
    return hurd_write(file, text,
                      (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

error_t hurd_exec(file_t file, task_t task, int flags, const char *path,
                  const char *argv, size_t argv_size, const char *envp,
                  size_t envp_size, mach_port_t *fds, unsigned fd_count,
                  mach_port_t *ports, int *ints)
{
    string_t name, absolute;

    mig_strncpy(name, path, sizeof name);
    mig_strncpy(absolute, path[0] == '/' ? path : "", sizeof absolute);
    return file_exec_paths(file, task, flags, name, absolute, argv, argv_size,
                           envp, envp_size, fds, MACH_MSG_TYPE_COPY_SEND,
                           fd_count, ports, MACH_MSG_TYPE_COPY_SEND,
                           INIT_PORT_MAX, ints, INIT_INT_MAX, NULL, 0, NULL, 0);
}

error_t hurd_sig_post(pid_t pid, int sig)
{
    mach_port_t proc = getproc(), msgport = MACH_PORT_NULL;
    mach_port_t refport = MACH_PORT_NULL;
    error_t err = proc_getmsgport(proc, pid, &msgport);

    if (!err)
        err = proc_pid2task(proc, pid, &refport);
    if (!err)
        err = msg_sig_post(msgport, sig, 0, refport);
    mach_port_drop(refport);
    mach_port_drop(msgport);
    mach_port_drop(proc);
    return err;
}
