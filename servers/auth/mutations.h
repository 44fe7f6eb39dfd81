/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/auth/mutations.h: how MIG turns ports into handles. */

#define AUTH_INTRAN         authhandle_t auth_port_to_handle(auth_t)
#define AUTH_INTRAN_PAYLOAD authhandle_t auth_payload_to_handle
#define AUTH_DESTRUCTOR     end_using_authhandle(authhandle_t)
#define AUTH_IMPORTS        import <auth/auth.h>;
