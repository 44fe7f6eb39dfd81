/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/diskfs/fsys.c: the control port's calls. */

#include <argz.h>
#include <diskfs/fsys_S.h>
#include <diskfs/private.h>
#include <hurd/fsys.h>

kern_return_t
diskfs_S_fsys_getroot(control_t control, mach_port_t dotdot,
                      const_idarray_t uids, mach_msg_type_number_t nuids,
                      const_idarray_t gids, mach_msg_type_number_t ngids,
                      int flags, retry_type *retry, string_t retry_name,
                      mach_port_t *port, mach_msg_type_name_t *type)
{
    struct iouser *user;
    struct node *np;
    error_t err;

    if (!control)
        return HURD_EOPNOTSUPP;
    err = iohelp_create_complex_iouser(&user, uids, nuids, gids, ngids);
    if (err)
        return err;
    pthread_mutex_lock(&diskfs_lock);
    err = diskfs_cached_lookup(diskfs_format->root, &np);
    if (!err) {
        struct peropen context = {.root_parent = dotdot};
        err = diskfs_check_open(np, flags & HO_HURD, user);
        if (err)
            diskfs_nrele(np);
        else
            err = diskfs_answer_open(np, flags & HO_HURD, &context, user, port,
                                     type);
    }
    pthread_mutex_unlock(&diskfs_lock);
    iohelp_free_iouser(user);
    *retry = FS_RETRY_NORMAL;
    retry_name[0] = 0;
    if (!err)
        mach_port_drop(dotdot);
    return err;
}

static boolean_t any_translated(void)
{
    pthread_mutex_lock(&diskfs_lock);
    boolean_t any = diskfs_any_translated();
    pthread_mutex_unlock(&diskfs_lock);
    return any;
}

kern_return_t diskfs_S_fsys_goaway(control_t control, int flags)
{
    if (!control)
        return HURD_EOPNOTSUPP;
    if (diskfs_boot.boot)
        return HURD_EBUSY; /* everything stands on this one */
    if (!(flags & FSYS_GOAWAY_FORCE) &&
        (ports_count_class(diskfs_protid_class) > 0 || any_translated())) {
        ports_enable_class(diskfs_protid_class);
        return HURD_EBUSY;
    }
    if (!(flags & FSYS_GOAWAY_NOSYNC))
        diskfs_make_readonly(TRUE);
    exit(0);
}

kern_return_t diskfs_S_fsys_syncfs(control_t control, int wait, int do_children)
{
    return control ? diskfs_sync_all(wait) : HURD_EOPNOTSUPP;
}

/* --- options ----------------------------------------------------------------- */

error_t diskfs_get_options(char **argz, size_t *length)
{
    *argz = NULL;
    *length = 0;
    if (argz_add(argz, length, diskfs_readonly ? "--readonly" : "--writable") ||
        (diskfs_must_check && argz_add(argz, length, "--must-check")) ||
        (diskfs_source && argz_add(argz, length, diskfs_source)))
        return HURD_ENOMEM;
    return 0;
}

error_t diskfs_make_readonly(boolean_t force)
{
    pthread_mutex_lock(&diskfs_lock);
    error_t err = diskfs_readonly ? 0 : diskfs_take_back_all(TRUE);
    pthread_mutex_unlock(&diskfs_lock);
    if (!err)
        err = diskfs_sync_all(TRUE);
    pthread_mutex_lock(&diskfs_lock);
    /* From where nobody writes any more the lock is not let go. */
    if (!err && !diskfs_readonly)
        err = diskfs_format->sync();
    if (!err && !diskfs_readonly)
        err = diskfs_drop_orphans(force);
    if (!err && !diskfs_readonly)
        err = diskfs_format->set_read_only(TRUE);
    if (!err)
        diskfs_readonly = TRUE;
    diskfs_no_stores = FALSE; /* DISKFS_READONLY says the same */
    pthread_mutex_unlock(&diskfs_lock);
    return err;
}

static error_t set_option(const char *option)
{
    boolean_t readonly;

    if (!strcmp(option, "--readonly") || !strcmp(option, "-r"))
        readonly = TRUE;
    else if (!strcmp(option, "--writable") || !strcmp(option, "-w"))
        readonly = FALSE;
    else if (!strcmp(option, "--update") || !strcmp(option, "-u") ||
             !strcmp(option, "--remount") || !strcmp(option, "--must-check"))
        return 0;
    else
        return HURD_EINVAL;
    if (readonly == diskfs_readonly)
        return 0;
    if (readonly)
        return diskfs_make_readonly(FALSE);
    pthread_mutex_lock(&diskfs_lock);
    error_t err = diskfs_format->set_read_only(readonly);
    if (!err)
        diskfs_readonly = readonly;
    pthread_mutex_unlock(&diskfs_lock);
    return err;
}

error_t diskfs_set_options(const char *argz, size_t length)
{
    error_t err = 0;

    for (const char *arg = NULL; !err && (arg = argz_next(argz, length, arg));)
        err = set_option(arg);
    return err;
}

kern_return_t diskfs_S_fsys_set_options(control_t control, const_data_t argz,
                                        mach_msg_type_number_t length,
                                        int do_children)
{
    if (!control)
        return HURD_EOPNOTSUPP;
    if (length && argz[length - 1])
        return HURD_EINVAL;
    return diskfs_set_options(argz, length);
}

kern_return_t diskfs_S_fsys_get_options(control_t control, data_t *data,
                                        mach_msg_type_number_t *length)
{
    char *argz = NULL, *name = strdup(diskfs_format->name);
    size_t size = 0, name_size = name ? strlen(name) + 1 : 0;

    if (!control || !name) {
        free(name);
        return control ? HURD_ENOMEM : HURD_EOPNOTSUPP;
    }
    error_t err = diskfs_get_options(&argz, &size);
    if (!err && argz_append(&name, &name_size, argz, size))
        err = HURD_ENOMEM;
    free(argz);
    if (err) {
        free(name);
        return err;
    }
    return fshelp_return_malloced_buffer(name, name_size, data, length);
}

kern_return_t diskfs_S_fsys_get_source(control_t control, string_t source)
{
    if (!control)
        return HURD_EOPNOTSUPP;
    mig_strncpy(source, diskfs_source ? diskfs_source : "", 1024);
    return 0;
}

kern_return_t diskfs_S_fsys_get_children(control_t control, data_t *names,
                                         mach_msg_type_number_t *names_len,
                                         portarray_t *controls,
                                         mach_msg_type_name_t *type,
                                         mach_msg_type_number_t *count)
{
    if (!control)
        return HURD_EOPNOTSUPP;
    *names_len = 0;
    *count = 0;
    *type = MACH_MSG_TYPE_MOVE_SEND;
    return HURD_EOPNOTSUPP; /* CAVEATS.md */
}
