/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/auth/auth.h: handles and rendezvous.
 *
 * One thread serves and never waits for anybody: who must wait is remembered with
 * his reply port and answered later, by another thread if his time is over.
 */

#ifndef SERVERS_AUTH_AUTH_H
#define SERVERS_AUTH_AUTH_H

#include <iohelp/idvec.h>
#include <ports/ports.h>

/* A handle on four id sets; never changed once made. */
struct authhandle {
    struct port_info pi;
    struct idvec euids, auids, egids, agids;
};
typedef struct authhandle *authhandle_t;

extern struct port_bucket *auth_bucket;
extern struct port_class *authhandle_class;

error_t create_authhandle(struct authhandle **handle);
void clean_authhandle(void *handle);

/* Before serving: from now on those who wait too long get ETIMEDOUT. */
error_t rendezvous_start(void);
/* All who wait at the rendezvous port that just died, or with that reply port, get
 * EINVAL. */
void rendezvous_died(mach_port_t port);
/* All who wait through HANDLE get EINTR. */
void rendezvous_interrupt(struct authhandle *handle);

/* For MIG. */
authhandle_t auth_port_to_handle(mach_port_t port);
authhandle_t auth_payload_to_handle(uint64_t payload);
void end_using_authhandle(authhandle_t handle);

#endif
