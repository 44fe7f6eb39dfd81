/* SPDX-License-Identifier: GPL-2.0-or-later */
/* servers/auth/handles.c: making handles and showing what is in them. */

#include <auth/auth.h>
#include <auth/auth_S.h>
#include <string.h>

authhandle_t auth_port_to_handle(mach_port_t port)
{
    return ports_lookup_port(auth_bucket, port, authhandle_class);
}

authhandle_t auth_payload_to_handle(uint64_t payload)
{
    return ports_lookup_payload(auth_bucket, payload, authhandle_class);
}

void end_using_authhandle(authhandle_t handle)
{
    if (handle)
        ports_port_deref(handle);
}

void clean_authhandle(void *object)
{
    struct authhandle *handle = object;

    idvec_fini(&handle->euids);
    idvec_fini(&handle->auids);
    idvec_fini(&handle->egids);
    idvec_fini(&handle->agids);
}

error_t create_authhandle(struct authhandle **handle)
{
    return ports_create_port(authhandle_class, auth_bucket, sizeof **handle,
                             handle);
}

/* As much as fits inline in MIG's answer; no set gets near that. */
static error_t put_ids(const struct idvec *set, uid_t **ids,
                       mach_msg_type_number_t *n)
{
    if (set->num > *n) {
        vm_address_t room = 0;
        error_t err =
            vm_allocate(mach_task_self(), &room, set->num * sizeof **ids, TRUE);
        if (err)
            return err;
        *ids = (uid_t *)room;
    }
    if (set->num)
        memcpy(*ids, set->ids, set->num * sizeof **ids);
    *n = set->num;
    return 0;
}

kern_return_t S_auth_getids(authhandle_t handle, uid_t **euids,
                            mach_msg_type_number_t *neuids, uid_t **auids,
                            mach_msg_type_number_t *nauids, uid_t **egids,
                            mach_msg_type_number_t *negids, uid_t **agids,
                            mach_msg_type_number_t *nagids)
{
    error_t err;

    if (!handle)
        return HURD_EOPNOTSUPP;
    err = put_ids(&handle->euids, euids, neuids);
    if (!err)
        err = put_ids(&handle->auids, auids, nauids);
    if (!err)
        err = put_ids(&handle->egids, egids, negids);
    if (!err)
        err = put_ids(&handle->agids, agids, nagids);
    return err;
}

static boolean_t has_uid(const struct authhandle *handle, uid_t uid)
{
    return idvec_contains(&handle->euids, uid) ||
           idvec_contains(&handle->auids, uid);
}

static boolean_t has_gid(const struct authhandle *handle, gid_t gid)
{
    return idvec_contains(&handle->egids, gid) ||
           idvec_contains(&handle->agids, gid);
}

/* Whether each id is in one of the handles, or one of them is root. */
static boolean_t is_covered(struct authhandle **handles, unsigned nhandles,
                            const uid_t *ids, unsigned nids,
                            boolean_t (*has)(const struct authhandle *, uid_t))
{
    for (unsigned h = 0; h < nhandles; h++)
        if (has_uid(handles[h], 0))
            return TRUE;
    for (unsigned i = 0; i < nids; i++) {
        unsigned h = 0;
        while (h < nhandles && !has(handles[h], ids[i]))
            h++;
        if (h == nhandles)
            return FALSE;
    }
    return TRUE;
}

#define OTHERS_MAX 64

kern_return_t S_auth_makeauth(authhandle_t handle, const mach_port_t *others,
                              mach_msg_type_number_t nothers,
                              const uid_t *euids, mach_msg_type_number_t neuids,
                              const uid_t *auids, mach_msg_type_number_t nauids,
                              const uid_t *egids, mach_msg_type_number_t negids,
                              const uid_t *agids, mach_msg_type_number_t nagids,
                              mach_port_t *newhandle)
{
    struct authhandle *handles[OTHERS_MAX + 1], *new;
    unsigned n = 0;
    error_t err = 0;

    if (!handle)
        return HURD_EOPNOTSUPP;
    if (nothers > OTHERS_MAX)
        return HURD_E2BIG;
    ports_port_ref(handle);
    handles[n++] = handle;
    /* What is no handle of ours gives no ids. */
    for (unsigned i = 0; i < nothers; i++)
        if ((handles[n] = auth_port_to_handle(others[i])))
            n++;
    if (!is_covered(handles, n, euids, neuids, has_uid) ||
        !is_covered(handles, n, auids, nauids, has_uid) ||
        !is_covered(handles, n, egids, negids, has_gid) ||
        !is_covered(handles, n, agids, nagids, has_gid))
        err = HURD_EPERM;
    for (unsigned i = 0; i < n; i++)
        ports_port_deref(handles[i]);
    if (!err)
        err = create_authhandle(&new);
    if (err)
        return err;
    err = idvec_set_ids(&new->euids, euids, neuids);
    if (!err)
        err = idvec_set_ids(&new->auids, auids, nauids);
    if (!err)
        err = idvec_set_ids(&new->egids, egids, negids);
    if (!err)
        err = idvec_set_ids(&new->agids, agids, nagids);
    if (!err) {
        *newhandle = ports_get_right(new);
        for (unsigned i = 0; i < nothers; i++)
            mach_port_drop(others[i]);
    }
    ports_port_deref(new);
    return err;
}
