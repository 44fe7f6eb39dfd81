/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/startup/msgread.c: what others may read of startup by its message
 * port is what they may read of any server. */

#define msg_server_routine libhurd_msg_server_routine
#include <hurd/msg_S.h>
#undef msg_server_routine
#undef _msg_server_ /* the same calls by startup's names */
#include <startup/msg_S.h>

kern_return_t S_msg_get_init_port(mach_port_t process, mach_port_t refport,
                                  int which, mach_port_t *port,
                                  mach_msg_type_name_t *kind)
{
    return libhurd_S_msg_get_init_port(process, refport, which, port, kind);
}

kern_return_t S_msg_get_init_ports(mach_port_t process, mach_port_t refport,
                                   portarray_t *ports,
                                   mach_msg_type_name_t *kind,
                                   mach_msg_type_number_t *count)
{
    return libhurd_S_msg_get_init_ports(process, refport, ports, kind, count);
}

kern_return_t S_msg_get_init_int(mach_port_t process, mach_port_t refport,
                                 int which, int *value)
{
    return libhurd_S_msg_get_init_int(process, refport, which, value);
}

kern_return_t S_msg_get_init_ints(mach_port_t process, mach_port_t refport,
                                  intarray_t *values,
                                  mach_msg_type_number_t *count)
{
    return libhurd_S_msg_get_init_ints(process, refport, values, count);
}

kern_return_t S_msg_get_fd(mach_port_t process, mach_port_t refport, int fd,
                           mach_port_t *port, mach_msg_type_name_t *kind)
{
    return libhurd_S_msg_get_fd(process, refport, fd, port, kind);
}

kern_return_t S_msg_get_environment(mach_port_t process, data_t *value,
                                    mach_msg_type_number_t *count)
{
    return libhurd_S_msg_get_environment(process, value, count);
}

kern_return_t S_msg_get_env_variable(mach_port_t process,
                                     const_string_t variable, data_t *value,
                                     mach_msg_type_number_t *count)
{
    return libhurd_S_msg_get_env_variable(process, variable, value, count);
}

kern_return_t S_msg_report_wait(mach_port_t process, thread_t thread,
                                string_t description, mach_msg_id_t *id)
{
    return libhurd_S_msg_report_wait(process, thread, description, id);
}
