/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/fshelp/misc.c: options, buffers, and the rights of set-id programs. */

#include <argz.h>
#include <fshelp/fshelp.h>
#include <hurd/auth.h>
#include <hurd/libhurd.h>
#include <stdlib.h>
#include <string.h>

error_t fshelp_set_options(const struct argp *argp, int flags, const char *argz,
                           size_t argz_len, void *input)
{
    int argc = argz_count(argz, argz_len);
    char **argv = calloc(argc + 2, sizeof *argv);
    char program[] = "";
    error_t err = HURD_ENOMEM;

    if (argv) {
        argv[0] = program;
        argz_extract(argz, argz_len, argv + 1);
        err = argp_parse(argp, argc + 1, argv,
                         flags | ARGP_NO_ERRS | ARGP_NO_HELP, NULL, input);
        /* argp's own complaints are the C library's. */
        if (err && !HURD_ERR_IS(err))
            err = HURD_EINVAL;
    }
    free(argv);
    return err;
}

error_t fshelp_return_malloced_buffer(char *buf, size_t len, char **rbuf,
                                      mach_msg_type_number_t *rbuf_len)
{
    error_t err = 0;

    if (len > *rbuf_len) {
        vm_address_t room = 0;
        err = vm_allocate(mach_task_self(), &room, len, TRUE);
        if (!err)
            *rbuf = (char *)room;
    }
    if (!err) {
        if (len)
            memcpy(*rbuf, buf, len);
        *rbuf_len = len;
    }
    free(buf);
    return err;
}

#define IDS 64

struct ids {
    uid_t *euids, *auids, *egids, *agids;
    mach_msg_type_number_t n[4];
    uid_t room[4][IDS];
};

/* Puts ID in front of the effective ids and, as saved id, of the available
 * ones.  Arrays have room for two more. */
static void become(uid_t *ids, mach_msg_type_number_t *n, uid_t *available,
                   mach_msg_type_number_t *navailable, uid_t id)
{
    if (*n == 0)
        *n = 1;
    ids[0] = id;
    if (*navailable < 2) {
        if (*navailable == 0)
            available[0] = id;
        *navailable = 2;
    }
    available[1] = id;
}

static error_t make_setid_auth(int suid, uid_t uid, int sgid, gid_t gid,
                               auth_t auth, auth_t user, auth_t *new,
                               int *secure)
{
    struct ids ids = {.n = {IDS - 2, IDS - 2, IDS - 2, IDS - 2}};
    mach_port_t handles[1] = {user};
    error_t err;

    ids.euids = ids.room[0];
    ids.auids = ids.room[1];
    ids.egids = ids.room[2];
    ids.agids = ids.room[3];
    err = auth_getids(user, &ids.euids, &ids.n[0], &ids.auids, &ids.n[1],
                      &ids.egids, &ids.n[2], &ids.agids, &ids.n[3]);
    if (err)
        return err;
    if (ids.euids != ids.room[0] || ids.auids != ids.room[1] ||
        ids.egids != ids.room[2] || ids.agids != ids.room[3])
        return HURD_E2BIG;
    if (suid) {
        *secure |= ids.n[0] == 0 || ids.euids[0] != uid;
        become(ids.euids, &ids.n[0], ids.auids, &ids.n[1], uid);
    }
    if (sgid) {
        *secure |= ids.n[2] == 0 || ids.egids[0] != gid;
        become(ids.egids, &ids.n[2], ids.agids, &ids.n[3], gid);
    }
    return auth_makeauth(auth, handles, MACH_MSG_TYPE_COPY_SEND, 1, ids.euids,
                         ids.n[0], ids.auids, ids.n[1], ids.egids, ids.n[2],
                         ids.agids, ids.n[3], new);
}

static void reauthenticate(mach_port_t *port, auth_t auth)
{
    mach_port_t new;

    if (*port != MACH_PORT_NULL && !hurd_reauthenticate(*port, auth, &new)) {
        mach_port_drop(*port);
        *port = new;
    }
}

/* The process itself stays what it is: exec makes it another with the new task,
 * as whoever runs the old one must never have what the new one may do. */
error_t fshelp_exec_reauth(int suid, uid_t uid, int sgid, gid_t gid,
                           auth_t auth, mach_port_t *ports, unsigned num_ports,
                           mach_port_t *fds, unsigned num_fds, int *secure)
{
    auth_t new;
    error_t err;

    *secure = 0;
    if ((!suid && !sgid) || num_ports <= INIT_PORT_PROC ||
        ports[INIT_PORT_AUTH] == MACH_PORT_NULL)
        return 0;
    err = make_setid_auth(suid, uid, sgid, gid, auth, ports[INIT_PORT_AUTH],
                          &new, secure);
    if (err)
        return err;
    for (unsigned i = 0; i < num_fds; i++)
        reauthenticate(&fds[i], new);
    reauthenticate(&ports[INIT_PORT_CWDIR], new);
    reauthenticate(&ports[INIT_PORT_CRDIR], new);
    mach_port_drop(ports[INIT_PORT_AUTH]);
    ports[INIT_PORT_AUTH] = new;
    return 0;
}
