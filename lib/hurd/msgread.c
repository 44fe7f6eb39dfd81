/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/hurd/msgread.c: what others may read of a server by its message port, as
 * `ps' and debuggers do.  A call that fails leaves the rights that came with it
 * to who took the message. */

#include <hurd/libhurd.h>
#include <hurd/msg_S.h>
#include <hurd/msgread.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static mach_port_t serving; /* send right */

void msgread_served_here(void)
{
    serving = mach_thread_self();
}

/* Who has our task port, or is authenticated as we are. */
static boolean_t may_read(mach_port_t refport)
{
    mach_port_t auth = getauth();
    boolean_t may = MACH_PORT_VALID(refport) &&
                    (refport == mach_task_self() || refport == auth);

    mach_port_drop(auth);
    return may;
}

/* --- init ports and integers ------------------------------------------------ */

kern_return_t libhurd_S_msg_get_init_port(mach_port_t process,
                                          mach_port_t refport, int which,
                                          mach_port_t *port,
                                          mach_msg_type_name_t *kind)
{
    if (!may_read(refport))
        return HURD_EPERM;
    if (which < 0 || which >= INIT_PORT_MAX)
        return HURD_EINVAL;
    mach_port_drop(refport);
    *port = hurd_get_port(which);
    *kind = MACH_MSG_TYPE_MOVE_SEND;
    return 0;
}

/* The stub has room for 256. */
kern_return_t libhurd_S_msg_get_init_ports(mach_port_t process,
                                           mach_port_t refport,
                                           portarray_t *ports,
                                           mach_msg_type_name_t *kind,
                                           mach_msg_type_number_t *count)
{
    if (!may_read(refport))
        return HURD_EPERM;
    mach_port_drop(refport);
    for (int i = 0; i < INIT_PORT_MAX; i++)
        (*ports)[i] = hurd_get_port(i);
    *kind = MACH_MSG_TYPE_MOVE_SEND;
    *count = INIT_PORT_MAX;
    return 0;
}

kern_return_t libhurd_S_msg_get_init_int(mach_port_t process,
                                         mach_port_t refport, int which,
                                         int *value)
{
    if (!may_read(refport))
        return HURD_EPERM;
    if (which < 0 || which >= INIT_INT_MAX)
        return HURD_EINVAL;
    mach_port_drop(refport);
    *value = hurd_get_int(which);
    return 0;
}

kern_return_t libhurd_S_msg_get_init_ints(mach_port_t process,
                                          mach_port_t refport,
                                          intarray_t *values,
                                          mach_msg_type_number_t *count)
{
    if (!may_read(refport))
        return HURD_EPERM;
    mach_port_drop(refport);
    for (int i = 0; i < INIT_INT_MAX; i++)
        (*values)[i] = hurd_get_int(i);
    *count = INIT_INT_MAX;
    return 0;
}

kern_return_t libhurd_S_msg_get_fd(mach_port_t process, mach_port_t refport,
                                   int fd, mach_port_t *port,
                                   mach_msg_type_name_t *kind)
{
    if (!may_read(refport))
        return HURD_EPERM;
    *port = hurd_get_fd(fd);
    *kind = MACH_MSG_TYPE_MOVE_SEND;
    if (*port == MACH_PORT_NULL)
        return HURD_EBADF;
    mach_port_drop(refport);
    return 0;
}

/* --- the environment -------------------------------------------------------- */

/* *DATA has room for *COUNT bytes. */
static kern_return_t make_room(data_t *data, mach_msg_type_number_t *count,
                               size_t size)
{
    vm_address_t room = 0;

    if (size > *count) {
        error_t err = vm_allocate(mach_task_self(), &room, size, TRUE);
        if (err)
            return err;
        *data = (data_t)room;
    }
    *count = size;
    return 0;
}

kern_return_t libhurd_S_msg_get_environment(mach_port_t process, data_t *value,
                                            mach_msg_type_number_t *count)
{
    size_t size = 0;
    char *at;

    for (char **e = environ; e && *e; e++)
        size += strlen(*e) + 1;
    error_t err = make_room(value, count, size);
    if (err)
        return err;
    at = *value;
    for (char **e = environ; e && *e; e++)
        at = stpcpy(at, *e) + 1;
    return 0;
}

/* Without the zero behind it. */
kern_return_t libhurd_S_msg_get_env_variable(mach_port_t process,
                                             const_string_t variable,
                                             data_t *value,
                                             mach_msg_type_number_t *count)
{
    const char *found = getenv(variable);

    if (!found)
        return HURD_ENOENT;
    error_t err = make_room(value, count, strlen(found));
    if (!err)
        memcpy(*value, found, *count);
    return err;
}

/* --- threads ---------------------------------------------------------------- */

/* Where one waits is not known; which one serves the message port is, and is
 * what `ps' leaves out of account. */
kern_return_t libhurd_S_msg_report_wait(mach_port_t process, thread_t thread,
                                        string_t description, mach_msg_id_t *id)
{
    memset(description, 0, sizeof(string_t));
    if (thread == serving)
        strcpy(description, "msgport");
    mach_port_drop(thread);
    *id = 0;
    return 0;
}
