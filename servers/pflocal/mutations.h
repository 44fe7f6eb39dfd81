/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/pflocal/mutations.h: how MIG turns ports into pflocal's structures. */

#define IO_INTRAN             sock_user_t sock_user_begin(io_t)
#define IO_INTRAN_PAYLOAD     sock_user_t sock_user_begin_payload
#define IO_DESTRUCTOR         sock_user_end(sock_user_t)
#define SOCKET_INTRAN         sock_user_t sock_user_begin(socket_t)
#define SOCKET_INTRAN_PAYLOAD sock_user_t sock_user_begin_payload
#define SOCKET_DESTRUCTOR     sock_user_end(sock_user_t)
#define PF_INTRAN             trivfs_protid_t trivfs_begin_using_protid(pf_t)
#define PF_INTRAN_PAYLOAD     trivfs_protid_t trivfs_begin_using_protid_payload
#define PF_DESTRUCTOR         trivfs_end_using_protid(trivfs_protid_t)
#define IO_IMPORTS            import <pflocal/pflocal.h>;
#define SOCKET_IMPORTS        import <pflocal/pflocal.h>; import <trivfs/trivfs.h>;
