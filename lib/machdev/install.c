/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/machdev/install.c: a stage becomes a server among others, when the file
 * system is up. */

#include <hurd/fs.h>
#include <hurd/fsys.h>
#include <hurd/process.h>
#include <hurd/startup.h>
#include <machdev/private.h>

static struct port_class *notify_class;

void machdev_install_init(void)
{
    notify_class = ports_create_class(NULL, NULL);
}

boolean_t machdev_is_notify_class(const struct port_class *class)
{
    return class && class == notify_class;
}

static void step(error_t err, const char *what)
{
    if (err)
        mach_complain(err, "%s", what);
}

static error_t set_root(mach_port_t fsys)
{
    uid_t root_id = 0;
    retry_type retry;
    string_t name;
    file_t root;
    error_t err =
        fsys_getroot(fsys, MACH_PORT_NULL, MACH_MSG_TYPE_COPY_SEND, &root_id, 1,
                     &root_id, 1, HO_READ | HO_EXEC, &retry, name, &root);

    if (err)
        return err;
    mach_port_ref_send(root, 1);
    hurd_set_port(INIT_PORT_CRDIR, root);
    hurd_set_port(INIT_PORT_CWDIR, root);
    return 0;
}

static error_t attach(const char *path)
{
    mach_port_t control = MACH_PORT_NULL;
    file_t node, underlying;
    error_t err = hurd_lookup(path, HO_NOTRANS, 0, &node);

    if (err == HURD_ENOENT)
        err = hurd_lookup(path, HO_NOTRANS | HO_CREAT, 0600, &node);
    if (err)
        return err;
    underlying = node;
    mach_port_ref_send(underlying, 1);
    err = machdev_ops->control(underlying, &control);
    if (!err)
        err = file_set_translator(node, 0, FS_TRANS_SET, FSYS_GOAWAY_FORCE,
                                  NULL, 0, control, MACH_MSG_TYPE_MOVE_SEND);
    mach_port_drop(node);
    return err;
}

static error_t request_shutdown_notice(void)
{
    struct port_info *notify;
    string_t name;
    file_t startup;
    error_t err = hurd_lookup(HURD_SERVERS_STARTUP, 0, 0, &startup);

    if (err)
        return err;
    err = ports_create_port(notify_class, machdev_bucket, sizeof *notify,
                            &notify);
    if (!err) {
        mach_port_t right = ports_get_send_right(notify);
        mig_strncpy(name, machdev_ops->name, sizeof name);
        err = startup_request_notification(startup, right,
                                           MACH_MSG_TYPE_MOVE_SEND, name);
    }
    mach_port_drop(startup);
    return err;
}

void machdev_install(mach_port_t fsys)
{
    const char *const *path = machdev_ops->nodes;

    step(set_root(fsys), "the root file system");
    for (; machdev_ops->control && path && *path; path++)
        step(attach(*path), *path);
    if (machdev_ops->install)
        step(machdev_ops->install(), "installing");
    hurd_register_version(machdev_ops->name);
    step(hurd_mark_essential(machdev_ops->name), "startup_essential_task");
    step(request_shutdown_notice(), "asking for shutdown notice");
}
