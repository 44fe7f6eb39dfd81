/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "personality/ids.h"
#include "personality/fd.h"
#include "personality/lookup.h"
#include "personality/mach.h"
#include "personality/syscalls.h"
#include "personality/unix.h"

#include "hurd/auth.h"
#include "hurd/errors.h"
#include "hurd/process.h"

#define NOBODY 0xffffffffu
#define ROOM   (IDS_GROUPS_MAX + 8)

static struct {
    bool known;
    struct unix_ids ids;
} cache;

void ids_forget(void)
{
    cache.known = false;
}

/* On the Hurd the first effective id counts, and of the available ones the
 * first is the real id and the second the saved one. */
static void ids_from_lists(struct unix_ids *ids, const uid_t *const lists[4],
                           const mach_msg_type_number_t counts[4])
{
    ids->euid = counts[0] ? lists[0][0] : NOBODY;
    ids->ruid = counts[1] ? lists[1][0] : ids->euid;
    ids->suid = counts[1] > 1 ? lists[1][1] : ids->ruid;
    ids->egid = counts[2] ? lists[2][0] : NOBODY;
    ids->rgid = counts[3] ? lists[3][0] : ids->egid;
    ids->sgid = counts[3] > 1 ? lists[3][1] : ids->rgid;
    ids->group_count = 0;
    for (unsigned i = 1; i < counts[2] && i <= IDS_GROUPS_MAX; i++)
        ids->groups[ids->group_count++] = lists[2][i];
}

static kern_return_t ids_ask(struct unix_ids *ids)
{
    uid_t room[4][ROOM];
    uid_t *lists[4] = {room[0], room[1], room[2], room[3]};
    mach_msg_type_number_t counts[4] = {ROOM, ROOM, ROOM, ROOM};
    kern_return_t kr =
        auth_getids(unix_process.auth, &lists[0], &counts[0], &lists[1],
                    &counts[1], &lists[2], &counts[2], &lists[3], &counts[3]);

    if (kr)
        return kr;
    ids_from_lists(ids, (const uid_t *const *)lists, counts);
    for (int i = 0; i < 4; i++) {
        if (lists[i] != room[i])
            pages_free(lists[i], counts[i] * sizeof(uid_t));
    }
    return 0;
}

long ids_get(struct unix_ids *ids)
{
    if (!cache.known) {
        cache.ids = (struct unix_ids){.ruid = NOBODY,
                                      .euid = NOBODY,
                                      .suid = NOBODY,
                                      .rgid = NOBODY,
                                      .egid = NOBODY,
                                      .sgid = NOBODY};
        if (unix_process.auth) {
            kern_return_t kr = ids_ask(&cache.ids);
            if (kr)
                return linux_error(kr);
        }
        cache.known = true;
    }
    *ids = cache.ids;
    return 0;
}

#define GETTER(name, field)                                                    \
    long sys_##name(struct frame *frame)                                       \
    {                                                                          \
        struct unix_ids ids;                                                   \
        long error = ids_get(&ids);                                            \
                                                                               \
        (void)frame;                                                           \
        return error ? error : (long)ids.field;                                \
    }

GETTER(getuid, ruid)
GETTER(geteuid, euid)
GETTER(getgid, rgid)
GETTER(getegid, egid)

long sys_getresuid(struct frame *frame)
{
    struct unix_ids ids;
    long error = ids_get(&ids);

    if (error)
        return error;
    *(uint32_t *)ARG1(frame) = ids.ruid;
    *(uint32_t *)ARG2(frame) = ids.euid;
    *(uint32_t *)ARG3(frame) = ids.suid;
    return 0;
}

long sys_getresgid(struct frame *frame)
{
    struct unix_ids ids;
    long error = ids_get(&ids);

    if (error)
        return error;
    *(uint32_t *)ARG1(frame) = ids.rgid;
    *(uint32_t *)ARG2(frame) = ids.egid;
    *(uint32_t *)ARG3(frame) = ids.sgid;
    return 0;
}

long sys_getgroups(struct frame *frame)
{
    struct unix_ids ids;
    long error = ids_get(&ids);

    if (error)
        return error;
    if (ARG1(frame) && ARG1(frame) < ids.group_count)
        return -EINVAL;
    if (ARG1(frame))
        memcpy((void *)ARG2(frame), ids.groups,
               ids.group_count * sizeof *ids.groups);
    return ids.group_count;
}

/* --- becoming somebody else ---------------------------------------------- */

/* What cannot be had as whom we are now is not kept as whom we were. */
static void port_reauthenticate(mach_port_t *slot)
{
    mach_port_t fresh = MACH_PORT_DEAD;

    if (!*slot)
        return;
    if (reauthenticate(*slot, &fresh))
        fresh = MACH_PORT_DEAD;
    port_deallocate(*slot);
    *slot = fresh;
}

static void file_reauthenticate(struct file *file, void *arg)
{
    (void)arg;
    port_reauthenticate(&file->port);
    file->ctty_generation = unix_process.pgrp_generation - 1;
}

/* proc swaps the process port when it is told that the new one arrived. */
static void proc_port_reauthenticate(void)
{
    mach_port_t rendezvous = mach_reply_port(), fresh;
    kern_return_t kr = proc_reauthenticate(unix_process.proc, rendezvous,
                                           MACH_MSG_TYPE_MAKE_SEND);

    if (!kr)
        kr = auth_user_authenticate(unix_process.auth, rendezvous,
                                    MACH_MSG_TYPE_MAKE_SEND, &fresh);
    port_destroy_receive(rendezvous);
    if (kr || proc_reauthenticate_complete(fresh))
        return;
    port_deallocate(unix_process.proc);
    unix_process.proc = fresh;
}

/* Everything opened so far shall know who we are now. */
static void ids_install(mach_port_t auth)
{
    mach_port_t old = unix_process.auth;

    lock_take(&unix_process.lock);
    unix_process.auth = auth;
    port_reauthenticate(&unix_process.crdir);
    port_reauthenticate(&unix_process.cwdir);
    lock_release(&unix_process.lock);
    fd_each_file(file_reauthenticate, NULL);
    proc_port_reauthenticate();
    port_deallocate(old);
    ids_forget();
}

static kern_return_t ids_make_auth(const struct unix_ids *ids,
                                   mach_port_t *auth)
{
    uid_t euids[1] = {ids->euid}, auids[2] = {ids->ruid, ids->suid};
    gid_t egids[IDS_GROUPS_MAX + 1] = {ids->egid};
    gid_t agids[2] = {ids->rgid, ids->sgid};

    memcpy(egids + 1, ids->groups, ids->group_count * sizeof *egids);
    return auth_makeauth(unix_process.auth, NULL, MACH_MSG_TYPE_COPY_SEND, 0,
                         euids, 1, auids, 2, egids, ids->group_count + 1, agids,
                         2, auth);
}

static long ids_set(const struct unix_ids *ids)
{
    mach_port_t auth;
    kern_return_t kr = ids_make_auth(ids, &auth);

    if (kr)
        return linux_error(kr);
    ids_install(auth);
    proc_setowner(unix_process.proc, ids->euid, 0);
    return 0;
}

kern_return_t ids_for_exec(mach_port_t *auth)
{
    struct unix_ids ids;

    *auth = MACH_PORT_NULL;
    if (!unix_process.auth || ids_get(&ids) ||
        (ids.suid == ids.euid && ids.sgid == ids.egid))
        return 0;
    ids.suid = ids.euid;
    ids.sgid = ids.egid;
    return ids_make_auth(&ids, auth);
}

static bool id_is_mine(uint32_t id, uint32_t a, uint32_t b, uint32_t c)
{
    return id == NOBODY || id == a || id == b || id == c;
}

static long uids_change(uint32_t real, uint32_t effective, uint32_t saved)
{
    struct unix_ids ids;
    long error = ids_get(&ids);

    if (error)
        return error;
    if (ids.euid && !(id_is_mine(real, ids.ruid, ids.euid, ids.suid) &&
                      id_is_mine(effective, ids.ruid, ids.euid, ids.suid) &&
                      id_is_mine(saved, ids.ruid, ids.euid, ids.suid)))
        return -EPERM;
    struct unix_ids new = ids;
    if (real != NOBODY)
        new.ruid = real;
    if (effective != NOBODY)
        new.euid = effective;
    if (saved != NOBODY)
        new.suid = saved;
    return memcmp(&new, &ids, sizeof ids) ? ids_set(&new) : 0;
}

static long gids_change(uint32_t real, uint32_t effective, uint32_t saved)
{
    struct unix_ids ids;
    long error = ids_get(&ids);

    if (error)
        return error;
    if (ids.euid && !(id_is_mine(real, ids.rgid, ids.egid, ids.sgid) &&
                      id_is_mine(effective, ids.rgid, ids.egid, ids.sgid) &&
                      id_is_mine(saved, ids.rgid, ids.egid, ids.sgid)))
        return -EPERM;
    struct unix_ids new = ids;
    if (real != NOBODY)
        new.rgid = real;
    if (effective != NOBODY)
        new.egid = effective;
    if (saved != NOBODY)
        new.sgid = saved;
    return memcmp(&new, &ids, sizeof ids) ? ids_set(&new) : 0;
}

static bool is_root(void)
{
    struct unix_ids ids;

    return !ids_get(&ids) && !ids.euid;
}

long sys_setuid(struct frame *frame)
{
    uint32_t id = (uint32_t)ARG1(frame), all = is_root() ? id : NOBODY;

    return uids_change(all, id, all);
}

long sys_setgid(struct frame *frame)
{
    uint32_t id = (uint32_t)ARG1(frame), all = is_root() ? id : NOBODY;

    return gids_change(all, id, all);
}

/* The saved id follows when the real one is set or the effective one leaves
 * it. */
static uint32_t saved_for(uint32_t real, uint32_t effective, uint32_t old_real)
{
    return real != NOBODY || (effective != NOBODY && effective != old_real)
               ? effective
               : NOBODY;
}

long sys_setreuid(struct frame *frame)
{
    uint32_t real = (uint32_t)ARG1(frame), effective = (uint32_t)ARG2(frame);
    struct unix_ids ids;
    long error = ids_get(&ids);

    return error ? error
                 : uids_change(real, effective,
                               saved_for(real, effective, ids.ruid));
}

long sys_setregid(struct frame *frame)
{
    uint32_t real = (uint32_t)ARG1(frame), effective = (uint32_t)ARG2(frame);
    struct unix_ids ids;
    long error = ids_get(&ids);

    return error ? error
                 : gids_change(real, effective,
                               saved_for(real, effective, ids.rgid));
}

long sys_setresuid(struct frame *frame)
{
    return uids_change((uint32_t)ARG1(frame), (uint32_t)ARG2(frame),
                       (uint32_t)ARG3(frame));
}

long sys_setresgid(struct frame *frame)
{
    return gids_change((uint32_t)ARG1(frame), (uint32_t)ARG2(frame),
                       (uint32_t)ARG3(frame));
}

long sys_setgroups(struct frame *frame)
{
    struct unix_ids ids;
    long error = ids_get(&ids);

    if (error)
        return error;
    if (ids.euid)
        return -EPERM;
    if (ARG1(frame) > IDS_GROUPS_MAX)
        return -EINVAL;
    ids.group_count = (unsigned)ARG1(frame);
    memcpy(ids.groups, (const void *)ARG2(frame),
           ids.group_count * sizeof *ids.groups);
    return ids_set(&ids);
}

/* File access goes by the effective ids alone. */
long sys_setfsuid(struct frame *frame)
{
    struct unix_ids ids;

    (void)frame;
    return ids_get(&ids) ? -EIO : (long)ids.euid;
}

long sys_setfsgid(struct frame *frame)
{
    struct unix_ids ids;

    (void)frame;
    return ids_get(&ids) ? -EIO : (long)ids.egid;
}
