/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/ports/mutations.h: how MIG turns ports into port objects, for the
 * library's own interfaces. */

#define NOTIFY_INTRAN         port_info_t begin_using_port_info_port(mach_port_t)
#define NOTIFY_INTRAN_PAYLOAD port_info_t begin_using_port_info_payload
#define NOTIFY_DESTRUCTOR     end_using_port_info(port_info_t)
#define NOTIFY_IMPORTS        import <ports/ports.h>;
