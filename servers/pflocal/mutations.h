/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/mutations.h: how MIG turns ports into pflocal's structures. */

/* lib/trivfs has stubs of io already: these get another name. */
#define io sock_io
#define IO_SELECT_REPLY_PORT
#define IO_INTRAN               sock_user_t begin_using_sock(io_t)
#define IO_INTRAN_PAYLOAD       sock_user_t begin_using_sock_payload
#define IO_DESTRUCTOR           end_using_sock(sock_user_t)
#define SOCKET_INTRAN           sock_user_t begin_using_sock(socket_t)
#define SOCKET_INTRAN_PAYLOAD   sock_user_t begin_using_sock_payload
#define SOCKET_DESTRUCTOR       end_using_sock(sock_user_t)
#define ADDRPORT_INTRAN         addr_object_t begin_using_addr(addr_port_t)
#define ADDRPORT_INTRAN_PAYLOAD addr_object_t begin_using_addr_payload
#define ADDRPORT_DESTRUCTOR     end_using_addr(addr_object_t)
#define PF_INTRAN               trivfs_protid_t trivfs_begin_using_protid(pf_t)
#define PF_INTRAN_PAYLOAD       trivfs_protid_t trivfs_begin_using_protid_payload
#define PF_DESTRUCTOR           trivfs_end_using_protid(trivfs_protid_t)
#define IO_IMPORTS              import <pflocal/pflocal.h>;
#define SOCKET_IMPORTS          import <pflocal/pflocal.h>;
