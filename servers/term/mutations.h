/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/term/mutations.h: how MIG turns ports into term's structures. */

#define IO_INTRAN           trivfs_protid_t trivfs_begin_using_protid(io_t)
#define IO_INTRAN_PAYLOAD   trivfs_protid_t trivfs_begin_using_protid_payload
#define IO_DESTRUCTOR       trivfs_end_using_protid(trivfs_protid_t)
#define CTTY_INTRAN         port_info_t begin_using_ctty(ctty_t)
#define CTTY_INTRAN_PAYLOAD port_info_t begin_using_ctty_payload
#define CTTY_DESTRUCTOR     end_using_ctty(port_info_t)
#define TERM_IMPORTS        import <term/term.h>;
#define TIOCTL_IMPORTS      import <term/term.h>;
