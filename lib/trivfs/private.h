/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/trivfs/private.h: between the library's parts. */

#ifndef LIB_TRIVFS_PRIVATE_H
#define LIB_TRIVFS_PRIVATE_H

#include <trivfs/trivfs.h>

/* Makes trivfs_S_NAME answer EOPNOTSUPP unless the program defines it.  All
 * such requests, whatever their arguments, share one function. */
#define TRIVFS_UNSUPPORTED(name)                                               \
    __asm__(".weak trivfs_S_" #name "\n"                                       \
            ".set trivfs_S_" #name ", trivfs_unsupported_here")

/* One copy for each file that uses the above. */
__attribute__((used)) static kern_return_t
trivfs_unsupported(void) __asm__("trivfs_unsupported_here");
static kern_return_t trivfs_unsupported(void)
{
    return HURD_EOPNOTSUPP;
}

/* Checks and opens; consumes USER and REALNODE in any case. */
error_t trivfs_open_for(struct trivfs_control *cntl, struct iouser *user,
                        mach_port_t dotdot, int flags, mach_port_t realnode,
                        mach_port_t *node, mach_msg_type_name_t *node_type);

/* trivfs_protid_dup, but requests on the new port wait for
 * ports_install_port. */
error_t trivfs_protid_dup_noinstall(struct trivfs_protid *cred,
                                    struct trivfs_protid **dup);

/* The arguments that every request on a file begins with. */
#define TRIVFS_ON                                                              \
    trivfs_protid_t cred, mach_port_t reply, mach_msg_type_name_t reply_type

#endif
